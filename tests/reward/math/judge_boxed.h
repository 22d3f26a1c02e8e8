// What the math reward says of an answer in \boxed{…}.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "reward/json_fields.h"

namespace restem::testing {

inline const Verifier& MathReward() {
  static const std::unique_ptr<Verifier> verifier = Reward({{"type", "math"}});
  return *verifier;
}

inline Judgement JudgeBoxed(std::string_view gold, std::string_view answer) {
  return MathReward().judge(WithAnswer(std::string(gold)), fmt::format("\\boxed{{{}}}", answer));
}

}  // namespace restem::testing
