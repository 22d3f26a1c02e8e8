#include "loop/score_journal.h"

#include <fmt/format.h>

#include "data/records.h"

namespace restem {

absl::StatusOr<std::unique_ptr<ScoreJournal>> ScoreJournal::open(const Run& run,
                                                                 int64_t iteration) {
  std::unique_ptr<ScoreJournal> scores(new ScoreJournal(run));
  RESTEM_ASSIGN_OR_RETURN(
      scores->journal_,
      Journal::open(JournalPath(run.paths.verdicts(iteration), /*rank=*/0),
                    [&](std::string_view line, int64_t) { return scores->replay(line); }));
  scores->pool_ = std::make_unique<ScoringPool>(
      *run.inputs.verifier,
      run.inputs.scoring(),
      [journal = scores->journal_.get()](Verdict&& verdict, double /*seconds*/) {
        return journal->append(FormatVerdict(verdict));
      });
  return scores;
}

ScoreJournal::ScoreJournal(const Run& run) {
  for (const Problem& problem : run.inputs.train.problems) problems_[problem.id] = &problem;
}

absl::Status ScoreJournal::replay(std::string_view line) {
  RESTEM_ASSIGN_OR_RETURN(const Verdict verdict, ParseVerdict(line));
  if (verdict.verdict == VerdictKind::kError || judged_.contains(verdict.problem, verdict.sample))
    return absl::OkStatus();
  judged_.insert(verdict.problem, verdict.sample);
  earlier_.add(verdict);
  return absl::OkStatus();
}

absl::Status ScoreJournal::submit(const Sample& sample) {
  const auto problem = problems_.find(sample.problem);
  if (problem == problems_.end())
    return InvalidInput(fmt::format("problem {} is not in the data", sample.problem));
  return pool_->submit(*problem->second, sample);
}

absl::Status ScoreJournal::close() {
  RESTEM_RETURN_IF_ERROR(pool_->close());
  return journal_->close();
}

ScoreCounts ScoreJournal::counts() const {
  ScoreCounts counts = pool_->counts();
  counts.correct += earlier_.correct;
  counts.wrong += earlier_.wrong;
  return counts;
}

}  // namespace restem
