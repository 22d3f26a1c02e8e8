#include "app/verdict_journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "base/file.h"
#include "base/log.h"
#include "config/print.h"
#include "io/json_file.h"

namespace restem {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kOutputKey = R"(","output":)";

// {"input":"<hash>","output":{…}}: the output's own bytes, so that they need no second printing.
std::string WithInput(const VerdictLine& verdict) {
  return fmt::format(R"({{"input":"{}{}{}}})", verdict.input_hash, kOutputKey, verdict.line);
}
std::string_view OutputOf(std::string_view line) {
  const size_t begin = line.find(kOutputKey) + kOutputKey.size();
  return line.substr(begin, line.size() - begin - 1);
}

// All that verdicts depend on beside the completions.
absl::StatusOr<ordered_json> Fingerprint(RewardOptions reward) {
  reward.jobs.reset();
  reward.max_error_rate = RewardOptions().max_error_rate;
  ordered_json print;
  print["reward"] = config::PrintYaml([&reward](config::Fields& f) { reward.visit(f); });
  print["files"] = ordered_json::object();
  if (reward.spec == nullptr) return print;
  for (const std::string& file : reward.spec->files()) {
    RESTEM_ASSIGN_OR_RETURN(print["files"][file], HashFile(file));
  }
  return print;
}

constexpr const char* kAdvice = "undo the change, or start over with --fresh";

absl::Status CheckReward(const ordered_json& before, const ordered_json& now) {
  if (before == now) return absl::OkStatus();
  if (!before.contains("reward") || !before["reward"].is_string())
    return InvalidInput("is not a journal of verdicts; remove it or give another --output");
  RESTEM_ASSIGN_OR_RETURN(
      auto differences,
      config::DiffYaml(before["reward"].get<std::string>(), now["reward"].get<std::string>()));
  if (differences.empty()) differences.push_back("a file that the reward reads has changed");
  return InvalidInput(fmt::format(
      "was begun with another reward:\n  {}\n{}", fmt::join(differences, "\n  "), kAdvice));
}

absl::StatusOr<Verdict> ParseOutput(const ordered_json& output) {
  Verdict verdict;
  const ordered_json& id = output.at("id");
  verdict.problem = id.is_string() ? id.get<std::string>() : id.dump();
  verdict.extracted = output.at("extracted");
  verdict.reason = output.at("reason");
  for (const VerdictKind kind : {VerdictKind::kCorrect, VerdictKind::kWrong, VerdictKind::kError}) {
    if (output.at("verdict") == ToString(kind)) verdict.verdict = kind;
  }
  return verdict;
}

// The next completion is the one that `line` judges.
absl::StatusOr<Verdict> Match(const ordered_json& line, CompletionReader& completions) {
  RESTEM_ASSIGN_OR_RETURN(const auto completion, completions.next());
  if (!completion)
    return InvalidInput(fmt::format("judges more than the input holds; {}", kAdvice));
  if (line.value("input", "") != completion->hash) {
    return InvalidInput(fmt::format(
        "was begun with another input: {} changed; {}", completion->record.where, kAdvice));
  }
  return ParseOutput(line.at("output"));
}

absl::StatusOr<int> Lock(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return FileError("write to", path, errno);
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  ::close(fd);
  return InvalidInput(fmt::format("{}: another process is writing this output", path));
}

}  // namespace

absl::StatusOr<std::unique_ptr<VerdictJournal>> VerdictJournal::open(
    const std::string& output,
    const RewardOptions& reward,
    bool fresh,
    CompletionReader& completions,
    const std::function<void(const Verdict&)>& replay) {
  // Where a link points to, not in place of the link.
  const std::string target = std::filesystem::weakly_canonical(output).string();
  const std::string path = target + ".partial";
  RESTEM_ASSIGN_OR_RETURN(const int lock, Lock(path));
  std::unique_ptr<VerdictJournal> verdicts(new VerdictJournal(target, path, lock));
  if (fresh && ::ftruncate(lock, 0) != 0) return FileError("empty", path, errno);
  RESTEM_ASSIGN_OR_RETURN(const ordered_json print, Fingerprint(reward));
  bool begun = false;
  RESTEM_ASSIGN_OR_RETURN(
      verdicts->journal_,
      Journal::open(path, [&](std::string_view text, int64_t number) -> absl::Status {
        const auto line = ordered_json::parse(text);
        begun = true;
        if (number == 1) return CheckReward(line, print);
        RESTEM_ASSIGN_OR_RETURN(const Verdict verdict, Match(line, completions));
        ++verdicts->verdicts_;
        replay(verdict);
        return absl::OkStatus();
      }));
  if (!begun) RESTEM_RETURN_IF_ERROR(verdicts->journal_->append(print.dump()));
  if (verdicts->verdicts_ > 0)
    spdlog::info("{}: continued after {} verdicts", path, verdicts->verdicts_);
  return verdicts;
}

VerdictJournal::~VerdictJournal() { ::close(lock_); }

absl::Status VerdictJournal::add(const VerdictLine& verdict) {
  RESTEM_RETURN_IF_ERROR(journal_->append(WithInput(verdict)));
  ++verdicts_;
  return absl::OkStatus();
}

absl::Status VerdictJournal::finish(
    const std::function<absl::Status(std::string_view line)>& visit) {
  RESTEM_RETURN_IF_ERROR(journal_->close());
  const absl::Status written = WriteFileAtomic(output_, [&](const WriteFn& write) {
    std::string block;
    const auto copy = [&](std::string_view line, int64_t number) -> absl::Status {
      if (number == 1) return absl::OkStatus();
      RESTEM_RETURN_IF_ERROR(visit(OutputOf(line)));
      block.append(OutputOf(line)).push_back('\n');
      if (block.size() < (1U << 20)) return absl::OkStatus();
      RESTEM_RETURN_IF_ERROR(write(block));
      block.clear();
      return absl::OkStatus();
    };
    const absl::Status copied = ReadJournal(path_, copy);
    return copied.ok() ? write(block) : copied;
  });
  RESTEM_RETURN_IF_ERROR(written);
  ::unlink(path_.c_str());
  return absl::OkStatus();
}

void VerdictJournal::drop_if_empty() {
  if (verdicts_ == 0) ::unlink(path_.c_str());
}

}  // namespace restem
