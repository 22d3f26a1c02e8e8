#include "reward/judge.h"

#include <fmt/format.h>

#include <exception>

#include "base/shutdown.h"

namespace restem {
namespace {

Judgement JudgeOnce(const Verifier& verifier, const Problem& problem, std::string_view completion) {
  try {
    return verifier.judge(problem, completion);
  } catch (const std::exception& e) {
    return {VerdictKind::kError, "", fmt::format("the verifier threw: {}", e.what())};
  } catch (...) {
    return {VerdictKind::kError, "", "the verifier threw"};
  }
}

}  // namespace

Judgement Judge(const Verifier& verifier,
                const Problem& problem,
                std::string_view completion,
                int tries) {
  Judgement judgement = JudgeOnce(verifier, problem, completion);
  for (int i = 1; i < tries && judgement.verdict == VerdictKind::kError && !StopRequested(); ++i) {
    judgement = JudgeOnce(verifier, problem, completion);
  }
  return judgement;
}

}  // namespace restem
