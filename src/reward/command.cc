// Reward `command`: a program of the user's judges; JSON lines in, JSON lines out.
#include <fmt/format.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "reward/verifier.h"
#include "reward/worker.h"

namespace restem {
namespace {

using nlohmann::json;

struct CommandOptions {
  WorkerCommand command;
  double timeout_seconds = 10.0;
  double start_seconds = 60.0;
};

// Workers that wait for a request. A caller takes one or starts one, so there are as many as there
// are callers at once.
class WorkerPool {
 public:
  explicit WorkerPool(WorkerCommand command) : command_(std::move(command)) {}
  ~WorkerPool() {
    for (const auto& worker : idle_) worker->close_input();  // all may finish at the same time
  }

  absl::StatusOr<std::unique_ptr<Worker>> take() {
    {
      std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        std::unique_ptr<Worker> worker = std::move(idle_.back());
        idle_.pop_back();
        return worker;
      }
    }
    return start();
  }
  absl::StatusOr<std::unique_ptr<Worker>> start() const { return Worker::start(command_); }
  void give_back(std::unique_ptr<Worker> worker) {
    std::lock_guard lock(mutex_);
    idle_.push_back(std::move(worker));
  }

 private:
  const WorkerCommand command_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Worker>> idle_;
};

// The problem's own "id" and "text", if it has them, give way to the request's.
std::string RequestLine(const Problem& problem, std::string_view completion) {
  json request = problem.fields.is_object() ? problem.fields : json::object();
  request["id"] = problem.id;
  request["text"] = std::string(completion);
  return request.dump(-1, ' ', false, json::error_handler_t::replace);
}

absl::StatusOr<Judgement> ParseAnswer(const std::string& line, const Problem& problem) {
  const auto bad = [&](std::string_view what) {
    return Failed(fmt::format("the worker {}: {}", what, line.substr(0, 200)));
  };
  const json answer = json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!answer.is_object()) return bad("wrote no JSON object");
  if (answer.contains("id") && answer["id"] != problem.id) {
    return bad(fmt::format("answered another problem than '{}'", problem.id));
  }
  const auto text = [&](const char* key) {
    const auto found = answer.find(key);
    if (found == answer.end() || found->is_null()) return std::string();
    return found->is_string() ? found->get<std::string>()
                              : found->dump(-1, ' ', false, json::error_handler_t::replace);
  };
  const std::string verdict = text("verdict");
  for (const VerdictKind kind : {VerdictKind::kCorrect, VerdictKind::kWrong, VerdictKind::kError}) {
    if (verdict == ToString(kind)) return Judgement{kind, text("extracted"), text("reason")};
  }
  return bad(R"(gave no "verdict" of "correct", "wrong" or "error")");
}

class CommandVerifier : public Verifier {
 public:
  CommandVerifier(CommandOptions options, std::unique_ptr<Worker> first)
      : options_(std::move(options)), pool_(options_.command) {
    pool_.give_back(std::move(first));
  }

  Judgement judge(const Problem& problem, std::string_view completion) const override {
    const std::string request = RequestLine(problem, completion);
    absl::Status failure;
    for (int attempt = 0; attempt < 2; ++attempt) {
      // Other idle workers may have died of the same cause, so the second try is with a new one.
      auto worker = attempt == 0 ? pool_.take() : pool_.start();
      if (!worker.ok()) return {VerdictKind::kError, "", std::string(MessageOf(worker.status()))};
      auto judgement = ask(**worker, request, problem);
      if (judgement.ok()) {
        pool_.give_back(*std::move(worker));
        return *std::move(judgement);
      }
      failure = judgement.status();
      spdlog::warn("reward worker restarted: problem '{}': {}", problem.id, MessageOf(failure));
    }
    return {VerdictKind::kError, "", std::string(MessageOf(failure))};
  }

 private:
  absl::StatusOr<Judgement> ask(Worker& worker,
                                const std::string& request,
                                const Problem& problem) const {
    // Loading its libraries is not the completion's time.
    const double seconds =
        options_.timeout_seconds + (worker.fresh() ? options_.start_seconds : 0.0);
    const auto limit = std::chrono::duration_cast<std::chrono::steady_clock::duration>(
        std::chrono::duration<double>(seconds));
    RESTEM_ASSIGN_OR_RETURN(const std::string line,
                            worker.exchange(request, std::chrono::steady_clock::now() + limit));
    return ParseAnswer(line, problem);
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
    RESTEM_ASSIGN_OR_RETURN(auto first, Worker::start(options_.command));
    return std::make_unique<CommandVerifier>(options_, std::move(first));
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
