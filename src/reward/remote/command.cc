// Reward `command`: a program of the user's judges; JSON lines in, JSON lines out.
#include <fmt/format.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <memory>

#include "reward/remote/protocol.h"
#include "reward/remote/worker_pool.h"
#include "reward/verifier.h"

namespace restem {
namespace {

struct CommandOptions {
  WorkerCommand command;
  double timeout_seconds = 10.0;
  double start_seconds = 60.0;
};

class CommandVerifier : public Verifier {
 public:
  explicit CommandVerifier(CommandOptions options)
      : options_(std::move(options)), pool_(options_.command) {}

  // So that a program that cannot be started is known before anything is judged.
  absl::Status start_first() {
    RESTEM_ASSIGN_OR_RETURN(auto first, pool_.start());
    pool_.give_back(std::move(first));
    return absl::OkStatus();
  }

  // Tried once: who asks again gets another worker.
  Judgement judge(const Problem& problem, std::string_view completion) const override {
    auto worker = pool_.take();
    if (!worker.ok()) return {VerdictKind::kError, "", std::string(MessageOf(worker.status()))};
    auto judgement = ask(**worker, problem, completion);
    if (judgement.ok()) {
      pool_.give_back(*std::move(worker));
      return *std::move(judgement);
    }
    pool_.discard(*std::move(worker), judgement.status());
    return {VerdictKind::kError, "", std::string(MessageOf(judgement.status()))};
  }

 private:
  absl::StatusOr<Judgement> ask(Worker& worker,
                                const Problem& problem,
                                std::string_view completion) const {
    // Loading its libraries is not the completion's time.
    const double seconds =
        options_.timeout_seconds + (worker.fresh() ? options_.start_seconds : 0.0);
    const auto limit = std::chrono::duration_cast<std::chrono::steady_clock::duration>(
        std::chrono::duration<double>(seconds));
    RESTEM_ASSIGN_OR_RETURN(const std::string line,
                            worker.exchange(PrintJson(JudgeRequest(problem, completion)),
                                            std::chrono::steady_clock::now() + limit));
    auto judgement = ParseJudgement(ParseForeignJson(line), problem.id);
    if (judgement.ok()) return judgement;
    return Failed(fmt::format("the worker {}: {}", MessageOf(judgement.status()), Quote(line)));
  }

  const CommandOptions options_;
  mutable WorkerPool pool_;
};

class CommandSpec : public VerifierSpec {
 public:
  void visit(config::Fields& f) override {
    f.texts(
        "argv",
        options_.command.argv,
        R"(Program and arguments. It answers each line {"id","text",problem fields} of its stdin )"
        R"(with a line {"id","verdict","extracted","reason"}.)");
    f.require(!options_.command.argv.empty(), "argv", "names no program");
    f.path("directory",
           options_.command.directory,
           "Folder that the program runs in; empty: the current one.");
    f.real("timeout_seconds",
           options_.timeout_seconds,
           {.min = 0, .max = 86400, .open_min = true},
           "Longest wait for an answer; then the worker is restarted.");
    f.real("start_seconds",
           options_.start_seconds,
           {.min = 0, .max = 86400},
           "How much longer a worker's first answer may take.");
  }
  absl::StatusOr<std::unique_ptr<Verifier>> build() const override {
    // A worker that dies is an error of a write, not the end of this process.
    ::signal(SIGPIPE, SIG_IGN);
    auto verifier = std::make_unique<CommandVerifier>(options_);
    RESTEM_RETURN_IF_ERROR(verifier->start_first());
    return verifier;
  }
  // Those arguments that name a file: the program, or the script that an interpreter runs.
  std::vector<std::string> files() const override {
    std::vector<std::string> files;
    for (const std::string& argument : options_.command.argv) {
      const auto path = std::filesystem::path(options_.command.directory) / argument;
      std::error_code error;
      if (std::filesystem::is_regular_file(path, error)) files.push_back(path.string());
    }
    return files;
  }

 private:
  CommandOptions options_;
};

const VerifierRegistration kRegistration("command",
                                         "A program of yours judges: JSON lines in and out.",
                                         [] { return std::make_unique<CommandSpec>(); });

}  // namespace
}  // namespace restem
