// Reward `code`: the completion is a program that passes the problem's tests, run in a sandbox.
#include <fmt/format.h>

#include <memory>
#include <utility>

#include "reward/code/completion.h"
#include "reward/code/options.h"
#include "reward/code/rooms.h"
#include "reward/code/run_tests.h"
#include "reward/code/task.h"
#include "reward/sandbox/escape.h"
#include "reward/verifier.h"

namespace restem {
namespace {

constexpr size_t kMaxExtracted = 4096;  // bytes of the program in a verdict

class CodeVerifier : public Verifier {
 public:
  CodeVerifier(CodeOptions options, std::shared_ptr<Rooms> rooms)
      : options_(std::move(options)), rooms_(std::move(rooms)) {}

  Judgement judge(const Problem& problem, std::string_view completion) const override {
    const auto task = ReadCodeTask(problem, options_.code_format());
    if (!task.ok()) return {VerdictKind::kError, "", std::string(MessageOf(task.status()))};
    const bool streams = std::holds_alternative<StreamCases>(task->tests);
    if (options_.code_language() == CodeLanguage::kCpp && !streams)
      return {
          VerdictKind::kError, "", "programs in C++ are judged by standard input and output only"};
    const std::string code = CodeOf(completion, options_.code_language(), task->wanted);
    const std::string program = ProgramOf(*task, code);
    Rooms::Lease room(*rooms_);
    Judgement judgement = streams ? JudgeStreams(room, options_, *task, program)
                                  : JudgeFunctions(room, options_, *task, program);
    judgement.extracted = code.substr(0, kMaxExtracted);
    return judgement;
  }

  std::string gold_completion(const Problem& problem) const override {
    return ReferenceProgram(problem);
  }
  std::optional<std::vector<std::string>> reads() const override { return CodeTaskFields(); }
  bool refuses_nothing() const override { return true; }
  size_t concurrency(size_t threads) const override {
    return options_.workers ? options_.rooms() : threads;
  }
  absl::StatusOr<std::string> prove() const override {
    RESTEM_ASSIGN_OR_RETURN(const int attempts,
                            TryToEscape(options_.sandbox(), options_.program_limits()));
    return fmt::format("sandbox: {} attempts to get out of it failed", attempts);
  }

 private:
  const CodeOptions options_;
  const std::shared_ptr<Rooms> rooms_;
};

class CodeSpec : public VerifierSpec {
 public:
  void visit(config::Fields& f) override { options_.visit(f); }
  absl::StatusOr<std::unique_ptr<Verifier>> build() const override {
    auto rooms = std::make_shared<Rooms>(options_.sandbox(), options_.rooms());
    Rooms::Lease room(*rooms);  // where isolation cannot be had, nothing begins
    RESTEM_RETURN_IF_ERROR(room.program().status());
    return std::make_unique<CodeVerifier>(options_, rooms);
  }

 private:
  CodeOptions options_;
};

const VerifierRegistration kRegistration("code", "A program passes its tests in a sandbox.", [] {
  return std::make_unique<CodeSpec>();
});

}  // namespace
}  // namespace restem
