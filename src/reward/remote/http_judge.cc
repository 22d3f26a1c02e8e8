#include "reward/remote/http_judge.h"

#include <absl/strings/str_replace.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/shutdown.h"
#include "reward/remote/backoff.h"
#include "reward/remote/protocol.h"

namespace restem {
namespace {

using nlohmann::json;

// The service may be able to answer later.
bool IsPassing(const HttpReply& reply) {
  if (!reply.failure.empty()) return reply.passing;
  return reply.status == 408 || reply.status == 429 || reply.status >= 500;
}

// One completion may be why the service failed, and then the others do without it.
bool MayBeOne(const HttpReply& reply) {
  if (reply.status == 0) return reply.timed_out || reply.connected;
  return !reply.failure.empty() || reply.status == 400 || reply.status == 413 ||
         reply.status == 422 || reply.status >= 500;
}

absl::StatusOr<std::string> TokenOf(const std::string& variable) {
  if (variable.empty()) return std::string();
  const char* value = std::getenv(variable.c_str());
  if (value == nullptr || *value == '\0') {
    return InvalidInput(fmt::format(
        "auth_env: the environment has no {}; set it to the service's token", variable));
  }
  const std::string token = value;
  const bool printable =
      std::all_of(token.begin(), token.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (printable) return token;
  return InvalidInput(fmt::format(
      "auth_env: the value of {} holds characters that no token has (a blank or line end?)",
      variable));
}

}  // namespace

absl::StatusOr<std::unique_ptr<HttpJudge>> HttpJudge::make(const HttpOptions& options) {
  RESTEM_ASSIGN_OR_RETURN(std::string token, TokenOf(options.auth_env));
  HttpClient::Options client;
  client.url = options.url;
  client.timeout_seconds = options.timeout_seconds;
  client.headers = options.headers;
  if (!token.empty()) client.headers.push_back("Authorization: Bearer " + token);
  return std::unique_ptr<HttpJudge>(new HttpJudge(options, std::move(token), std::move(client)));
}

BatchOutcome HttpJudge::judge(std::span<const json* const> requests, bool alone) {
  json list = json::array();
  for (const json* request : requests) {
    list.push_back(*request);
    list.back()["index"] = list.size() - 1;
  }
  const HttpReply reply = post_until_answered(PrintJson(list), requests.size(), alone);
  if (!reply.failure.empty() || reply.status < 200 || reply.status > 299)
    return failure(requests.size(), MayBeOne(reply), explain(reply));
  return read(requests, reply);
}

HttpReply HttpJudge::post_until_answered(const std::string& body, size_t requests, bool alone) {
  // One try went by in the batch that failed.
  const int64_t tries = alone ? std::max<int64_t>(1, options_.tries - 1) : options_.tries;
  for (int64_t failures = 1;; ++failures) {
    HttpReply reply = client_.post(body);
    if (!IsPassing(reply) || StopRequested()) return reply;
    log_.say(spdlog::level::warn, explain(reply));
    // A batch that took too long is not tried again as a whole: one of it may be what hangs.
    if (failures >= tries || (reply.timed_out && requests > 1)) return reply;
    if (!SleepUnlessStopped(BackOff(static_cast<int>(failures), reply.retry_after))) return reply;
  }
}

BatchOutcome HttpJudge::read(std::span<const json* const> requests, const HttpReply& reply) const {
  const json answers = ParseForeignJson(reply.body);
  if (!answers.is_array()) {
    return failure(
        requests.size(),
        /*divisible=*/false,
        fmt::format(
            "{} answered with no JSON list: {}", options_.url, Quote(without_token(reply.body))));
  }
  if (answers.size() != requests.size()) {
    return failure(requests.size(),
                   /*divisible=*/false,
                   fmt::format("{} answered {} completions with {} verdicts",
                               options_.url,
                               requests.size(),
                               answers.size()));
  }
  BatchOutcome outcome;
  for (size_t i = 0; i < requests.size(); ++i)
    outcome.judgements.push_back(read_one(*requests[i], answers[i], i));
  return outcome;
}

Judgement HttpJudge::read_one(const json& request, const json& answer, size_t index) const {
  if (answer.is_object() && answer.contains("index") && answer["index"] != index) {
    const std::string why =
        fmt::format("{} gave index {} where {} was due: are its verdicts in order?",
                    options_.url,
                    Quote(without_token(PrintJson(answer["index"]))),
                    index);
    return {VerdictKind::kError, "", without_token(why)};
  }
  auto judgement = ParseJudgement(answer, request["id"].get_ref<const std::string&>());
  if (!judgement.ok()) {
    const std::string why = fmt::format("{} {}: {}",
                                        options_.url,
                                        MessageOf(judgement.status()),
                                        Quote(without_token(PrintJson(answer))));
    return {VerdictKind::kError, "", without_token(why)};
  }
  return {judgement->verdict,
          without_token(std::move(judgement->extracted)),
          without_token(std::move(judgement->reason))};
}

BatchOutcome HttpJudge::failure(size_t requests, bool divisible, const std::string& why) const {
  BatchOutcome outcome;
  outcome.failed = true;
  outcome.divisible = divisible;
  outcome.judgements.assign(requests, {VerdictKind::kError, "", without_token(why)});
  return outcome;
}

std::string HttpJudge::explain(const HttpReply& reply) const {
  if (!reply.failure.empty()) return fmt::format("{}: {}", options_.url, reply.failure);
  std::string why = fmt::format("{} answered with status {}", options_.url, reply.status);
  if (reply.status >= 300 && reply.status < 400) why += " (redirections are not followed)";
  if (reply.status == 401 || reply.status == 403)
    why += options_.auth_env.empty() ? " (auth_env names no token)" : " (is the token right?)";
  if (!reply.body.empty()) why += ": " + Quote(without_token(reply.body));
  return without_token(std::move(why));
}

// A service may send back what it was sent.
std::string HttpJudge::without_token(std::string text) const {
  if (token_.empty()) return text;
  return absl::StrReplaceAll(text, {{token_, "***"}});
}

}  // namespace restem
