// The math reward on any bytes: gold answer and completion, divided by the first zero byte or
// "|||". Nothing crashes, leaks or overruns; a verdict is the same when asked again; equality holds
// both ways.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "reward/make_verifier.h"
#include "reward/math/compare.h"
#include "reward/math/parse.h"

namespace restem {
namespace {

const Verifier& Math() {
  static const std::unique_ptr<Verifier> verifier = [] {
    RewardOptions options;
    options.type = "math";
    auto made = MakeVerifier(options);
    if (!made.ok()) std::abort();
    return *std::move(made);
  }();
  return *verifier;
}

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

// What is equal is so from both sides, and a tree equals itself.
void CompareBothWays(std::string_view first, std::string_view second) {
  const auto a = math::Parse(first);
  const auto b = math::Parse(second);
  if (!a || !b) return;
  math::Budget there(1.0);
  math::Budget back(1.0);
  const bool same = math::Compare(*a, *b, 0.0, there) == math::Sameness::kSame;
  const bool mirrored = math::Compare(*b, *a, 0.0, back) == math::Sameness::kSame;
  Require(same == mirrored || there.spent() || back.spent(), "equality holds both ways");
  math::Budget itself(1.0);
  Require(math::Compare(*a, *a, 0.0, itself) == math::Sameness::kSame, "a tree equals itself");
}

}  // namespace
}  // namespace restem

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace restem;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t middle = std::min(input.find('\0'), input.find("|||"));
  const bool divided = middle != std::string_view::npos;
  const std::string gold(input.substr(0, divided ? middle : size / 2));
  const std::string_view completion =
      divided ? input.substr(middle + (input[middle] == '|' ? 3 : 1)) : input.substr(size / 2);
  const Problem problem{"fuzz", {{"answer", gold}}, "fuzz:1"};
  const Judgement judgement = Math().judge(problem, completion);
  Require(judgement.reason.empty() == (judgement.verdict == VerdictKind::kCorrect), "reasons");
  Require(Math().judge(problem, completion).verdict == judgement.verdict, "the same verdict again");
  CompareBothWays(gold, judgement.extracted);
  // What was read out of a completion answers a problem whose answer that is.
  if (judgement.extracted.empty()) return 0;
  const Problem own{"fuzz", {{"answer", completion}}, "fuzz:1"};
  const bool valid = Math().judge(own, completion).verdict != VerdictKind::kError;
  Require(valid, "an answer that was read is a gold answer");
  return 0;
}
