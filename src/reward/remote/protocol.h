// What a judge outside this process is asked and answers: the same JSON objects whether they travel
// as lines (reward `command`) or in a list (reward `http`).
//
//   request: {"id", "text", the problem's other fields}
//   answer:  {"verdict": "correct" | "wrong" | "error", "extracted", "reason"}
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/status.h"
#include "data/types.h"
#include "reward/verifier.h"

namespace restem {

// The problem's own "id" and "text", if it has them, give way to the request's.
nlohmann::json JudgeRequest(const Problem& problem, std::string_view completion);

// One line; what is not UTF-8 becomes U+FFFD.
std::string PrintJson(const nlohmann::json& value);

// `is_discarded()` where the text is not JSON, or nests so deeply that copying it would not end
// well.
nlohmann::json ParseForeignJson(std::string_view text);

// "extracted" and "reason" may be missing; an "id" may be echoed and must then be the problem's.
// Otherwise Failed, e.g. "wrote no JSON object", to be put between who it was and what it wrote.
absl::StatusOr<Judgement> ParseJudgement(const nlohmann::json& answer, std::string_view problem_id);

// The first bytes of what somebody else wrote, for a message.
std::string Quote(std::string_view text);

}  // namespace restem
