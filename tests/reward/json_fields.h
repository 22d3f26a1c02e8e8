// Options from JSON, for tests of rewards: what the job file's reader does, without a file.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reward/make_verifier.h"

namespace restem::testing {

class JsonFields : public config::Fields {
 public:
  using Json = nlohmann::json;
  explicit JsonFields(Json json) : json_(std::move(json)) {}

  std::vector<std::string> problems;  // "key: message"

  config::Purpose purpose() const override { return config::Purpose::kRead; }
  void boolean(std::string_view name, bool& value, std::string_view) override { get(name, value); }
  void integer(std::string_view name, int64_t& value, config::IntRange, std::string_view) override {
    get(name, value);
  }
  void real(std::string_view name, double& value, config::RealRange, std::string_view) override {
    get(name, value);
  }
  void text(std::string_view name, std::string& value, std::string_view) override {
    get(name, value);
  }
  void path(std::string_view name, std::string& value, std::string_view) override {
    get(name, value);
  }
  bool choice(std::string_view name,
              std::string& value,
              std::span<const std::string_view> allowed,
              std::string_view) override {
    std::string given = value;
    get(name, given);
    if (given != value && std::find(allowed.begin(), allowed.end(), given) == allowed.end()) {
      problems.push_back(std::string(name) + ": unknown " + given);
      return false;
    }
    value = given;
    return true;
  }
  void auto_or(std::string_view name,
               std::optional<int64_t>& value,
               config::IntRange,
               std::string_view) override {
    if (json_.contains(std::string(name))) value = json_[std::string(name)].get<int64_t>();
  }
  void auto_or_bytes(std::string_view, std::optional<int64_t>&, std::string_view) override {}
  void texts(std::string_view name, std::vector<std::string>& value, std::string_view) override {
    get(name, value);
  }
  void integers(std::string_view name,
                std::vector<int64_t>& value,
                config::IntRange,
                std::string_view) override {
    get(name, value);
  }
  void reals(std::string_view name,
             std::vector<double>& value,
             config::RealRange,
             std::string_view) override {
    get(name, value);
  }
  void text_map(std::string_view,
                std::map<std::string, std::vector<std::string>>&,
                std::string_view) override {}
  void section(std::string_view,
               const std::function<void(Fields&)>&,
               bool*,
               std::string_view) override {}
  void sections(std::string_view name,
                const std::function<size_t()>&,
                const std::function<void(size_t)>& resize,
                const std::function<void(size_t, Fields&)>& visit,
                std::string_view) override {
    const std::string key(name);
    if (!json_.contains(key)) return;
    resize(json_[key].size());
    for (size_t i = 0; i < json_[key].size(); ++i) {
      JsonFields inner(json_[key][i]);
      visit(i, inner);
      problems.insert(problems.end(), inner.problems.begin(), inner.problems.end());
    }
  }
  void require(bool holds, std::string_view name, std::string_view message) override {
    if (!holds) problems.push_back(std::string(name) + ": " + std::string(message));
  }
  using config::Fields::section;

 private:
  template <typename T>
  void get(std::string_view name, T& value) {
    const auto found = json_.find(std::string(name));
    if (found != json_.end()) value = found->template get<T>();
  }
  Json json_;
};

// What the reward section's visit finds wrong.
inline std::vector<std::string> RewardProblems(const nlohmann::json& json) {
  JsonFields fields(json);
  RewardOptions options;
  options.visit(fields);
  return fields.problems;
}

inline absl::StatusOr<std::unique_ptr<Verifier>> TryReward(const nlohmann::json& json) {
  JsonFields fields(json);
  RewardOptions options;
  options.visit(fields);
  EXPECT_TRUE(fields.problems.empty()) << json << ": " << fields.problems.front();
  return MakeVerifier(options);
}

// Hands on of a problem only what the verifier says that it reads, as a job does.
class OnlyWhatIsRead : public Verifier {
 public:
  explicit OnlyWhatIsRead(std::unique_ptr<Verifier> verifier) : verifier_(std::move(verifier)) {}

  Judgement judge(const Problem& problem, std::string_view completion) const override {
    return verifier_->judge(reduced(problem), completion);
  }
  std::string gold_completion(const Problem& problem) const override {
    return verifier_->gold_completion(reduced(problem));
  }
  bool refuses_nothing() const override { return verifier_->refuses_nothing(); }
  absl::StatusOr<std::string> prove() const override { return verifier_->prove(); }
  std::optional<std::vector<std::string>> reads() const override { return verifier_->reads(); }
  size_t concurrency(size_t threads) const override { return verifier_->concurrency(threads); }

 private:
  Problem reduced(const Problem& problem) const {
    const auto names = verifier_->reads();
    if (!names || !problem.fields.is_object()) return problem;
    Problem some{problem.id, nlohmann::json::object(), problem.source};
    for (const std::string& name : *names) {
      if (problem.fields.contains(name)) some.fields[name] = problem.fields[name];
    }
    return some;
  }
  const std::unique_ptr<Verifier> verifier_;
};

inline std::unique_ptr<Verifier> Reward(const nlohmann::json& json) {
  auto verifier = TryReward(json);
  if (!verifier.ok()) {
    ADD_FAILURE() << MessageOf(verifier.status());
    return nullptr;
  }
  return std::make_unique<OnlyWhatIsRead>(*std::move(verifier));
}

inline Problem MakeProblem(nlohmann::json fields, std::string id = "p") {
  return Problem{std::move(id), std::move(fields), "test:1"};
}

inline Problem WithAnswer(const nlohmann::json& answer) {
  return MakeProblem({{"answer", answer}});
}

inline std::string VerdictOf(const Judgement& judgement) {
  return std::string(ToString(judgement.verdict));
}

}  // namespace restem::testing
