#include "reward/remote/protocol.h"

#include <fmt/format.h>

#include "io/json_file.h"

namespace restem {

using nlohmann::json;

json JudgeRequest(const Problem& problem, std::string_view completion) {
  json request = problem.fields.is_object() ? problem.fields : json::object();
  request["id"] = problem.id;
  request["text"] = std::string(completion);
  return request;
}

std::string PrintJson(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json ParseForeignJson(std::string_view text) {
  if (!CheckJsonDepth(text, "").ok()) return json(json::value_t::discarded);
  return json::parse(text, nullptr, /*allow_exceptions=*/false);
}

absl::StatusOr<Judgement> ParseJudgement(const json& answer, std::string_view problem_id) {
  if (!answer.is_object()) return Failed("wrote no JSON object");
  // Compared as the request was sent: bytes of an id that are not UTF-8 were replaced.
  if (answer.contains("id") && PrintJson(answer["id"]) != PrintJson(std::string(problem_id)))
    return Failed(fmt::format("answered another problem than '{}'", problem_id));
  const auto text = [&](const char* key) {
    const auto found = answer.find(key);
    if (found == answer.end() || found->is_null()) return std::string();
    return found->is_string() ? found->get<std::string>() : PrintJson(*found);
  };
  const std::string verdict = text("verdict");
  for (const VerdictKind kind : {VerdictKind::kCorrect, VerdictKind::kWrong, VerdictKind::kError}) {
    if (verdict == ToString(kind)) return Judgement{kind, text("extracted"), text("reason")};
  }
  return Failed(R"(gave no "verdict" of "correct", "wrong" or "error")");
}

std::string Quote(std::string_view text) {
  constexpr size_t kMost = 200;
  return std::string(text.substr(0, kMost));
}

}  // namespace restem
