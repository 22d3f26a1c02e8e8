// A batch of requests to a service that judges, and its answer.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "base/status.h"
#include "reward/remote/batcher.h"
#include "reward/remote/http_client.h"
#include "reward/remote/http_options.h"
#include "reward/remote/repeat_log.h"

namespace restem {

class HttpJudge {
 public:
  // InvalidInput where the environment has no such token, or one that no header can carry.
  static absl::StatusOr<std::unique_ptr<HttpJudge>> make(const HttpOptions& options);

  // Thread-safe. Never throws for what the service does: that is an outcome with errors, which name
  // the service and what is wrong.
  BatchOutcome judge(std::span<const nlohmann::json* const> requests, bool alone);

 private:
  HttpJudge(const HttpOptions& options, std::string token, HttpClient::Options client)
      : options_(options), token_(std::move(token)), client_(std::move(client)) {}

  HttpReply post_until_answered(const std::string& body, size_t requests, bool alone);
  BatchOutcome read(std::span<const nlohmann::json* const> requests, const HttpReply& reply) const;
  Judgement read_one(const nlohmann::json& request,
                     const nlohmann::json& answer,
                     size_t index) const;
  BatchOutcome failure(size_t requests, bool divisible, const std::string& why) const;
  std::string explain(const HttpReply& reply) const;
  std::string without_token(std::string text) const;

  const HttpOptions options_;
  const std::string token_;  // empty: none
  HttpClient client_;
  RepeatLog log_;
};

}  // namespace restem
