// Reward `http` with a real service that is slow, fails, hangs, lies and never ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <sstream>

#include "base/parallel.h"
#include "reward/json_fields.h"
#include "reward/log_capture.h"
#include "reward/pool.h"
#include "reward/remote/backoff.h"
#include "support/judge_server.h"

namespace restem {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using testing::JudgeServer;
using testing::MakeProblem;
using ::testing::Not;

class HttpReward : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { ::setenv("no_proxy", "127.0.0.1", 1); }

  static json spec(const std::string& url, json changes = json::object()) {
    json spec = {{"type", "http"}, {"url", url}, {"timeout_seconds", 20.0}, {"tries", 2}};
    spec.update(changes);
    return spec;
  }
  static std::unique_ptr<Verifier> reward(const JudgeServer& server,
                                          json changes = json::object()) {
    return testing::Reward(spec(server.url(), std::move(changes)));
  }
  static std::string judge(const Verifier& verifier, const std::string& text) {
    const Judgement judgement = verifier.judge(problem(), text);
    return testing::VerdictOf(judgement) +
           (judgement.reason.empty() ? "" : ": " + judgement.reason);
  }
  static const Problem& problem() {
    static const Problem problem = MakeProblem({{"answer", 18}}, "p1");
    return problem;
  }
  // The texts' verdicts, all asked at once.
  static std::vector<std::string> judge_all(const Verifier& verifier,
                                            const std::vector<std::string>& texts) {
    std::vector<std::string> verdicts(texts.size());
    RunLanes(texts.size(), [&](size_t i) { verdicts[i] = judge(verifier, texts[i]); });
    return verdicts;
  }
};

JudgeServer::Trouble Answer(int status, const std::string& body) {
  return [=](const httplib::Request&, httplib::Response& response) {
    response.status = status;
    response.set_content(body, "application/json");
    return true;
  };
}

TEST_F(HttpReward, Judges) {
  JudgeServer server;
  const auto verifier = reward(server);
  EXPECT_EQ(judge(*verifier, "18"), "correct");
  EXPECT_EQ(judge(*verifier, "19"), "wrong: not 18");
  EXPECT_EQ(verifier->judge(problem(), "19").extracted, "19");
  for (const std::string& text :
       {std::string("a\nb\r\n\"c\"\\ \t"), std::string("\xff\xfe\x80"), std::string()}) {
    EXPECT_THAT(judge(*verifier, text), HasSubstr("wrong")) << text;
  }
  const std::string large(3'000'000, 'z');
  EXPECT_EQ(verifier->judge(problem(), large).extracted, large);
}

TEST_F(HttpReward, SendsTheProblemsFieldsAndHeaders) {
  std::string body, type, extra;
  JudgeServer server([&](const httplib::Request& request, httplib::Response&) {
    body = request.body;
    type = request.get_header_value("Content-Type");
    extra = request.get_header_value("X-Team");
    return false;
  });
  const auto verifier = reward(server, {{"headers", {"X-Team: maths"}}});
  const Problem rich =
      MakeProblem({{"id", "not this"}, {"text", "nor this"}, {"answer", 1}, {"tests", {"a", "b"}}},
                  "näme\n\"1\"");
  EXPECT_EQ(testing::VerdictOf(verifier->judge(rich, "1")), "correct");
  EXPECT_EQ(json::parse(body),
            json::array({{{"index", 0},
                          {"id", "näme\n\"1\""},
                          {"text", "1"},
                          {"answer", 1},
                          {"tests", {"a", "b"}}}}));
  EXPECT_EQ(type, "application/json");
  EXPECT_EQ(extra, "maths");
}

TEST_F(HttpReward, CallersShareBoundedRoundTrips) {
  JudgeServer server([](const httplib::Request&, httplib::Response&) {
    std::this_thread::sleep_for(milliseconds(20));
    return false;
  });
  const auto verifier = reward(server, {{"batch_size", 8}, {"max_in_flight", 2}});
  std::atomic<int> correct = 0;
  RunLanes(32, [&](size_t lane) {
    for (int i = 0; i < 10; ++i) {
      const std::string answer = std::to_string(lane * 100 + static_cast<size_t>(i));
      const Problem own = MakeProblem({{"answer", answer}}, "p" + answer);
      correct += verifier->judge(own, answer).verdict == VerdictKind::kCorrect;
    }
  });
  EXPECT_EQ(correct, 320);
  EXPECT_LE(server.most_inside(), 2);
  const std::vector<size_t> batches = server.batches();
  EXPECT_LE(*std::max_element(batches.begin(), batches.end()), 8u);
  EXPECT_LT(batches.size(), 160u) << "callers did not share";
}

TEST_F(HttpReward, MoreCallersThanThreadsAreOfUse) {
  JudgeServer server;
  const auto verifier = reward(server, {{"batch_size", 8}, {"max_in_flight", 3}});
  EXPECT_EQ(verifier->concurrency(2), 24u);
  const auto both = testing::Reward(
      {{"type", "all"}, {"of", {{{"type", "numeric"}}, spec(server.url(), {{"batch_size", 5}})}}});
  EXPECT_EQ(both->concurrency(2), 20u);
  EXPECT_EQ(ScoringJobs(*both, std::nullopt, 2), 20u);
  EXPECT_EQ(ScoringJobs(*both, 3, 2), 3u);
  EXPECT_EQ(ScoringJobs(*testing::Reward({{"type", "numeric"}}), std::nullopt, 2), 2u);
}

TEST_F(HttpReward, WhatPassesIsTriedAgain) {
  for (const int status : {408, 429, 500, 503}) {
    std::atomic<int> left = 2;
    JudgeServer server([&](const httplib::Request&, httplib::Response& response) {
      if (left-- <= 0) return false;
      response.status = status;
      return true;
    });
    EXPECT_EQ(judge(*reward(server, {{"tries", 3}}), "18"), "correct") << status;
    EXPECT_EQ(server.posts(), 3);
  }
}

TEST_F(HttpReward, WhatDoesNotPassIsNot) {
  for (const int status : {301, 400, 401, 404, 422}) {
    JudgeServer server(Answer(status, "no such thing"));
    EXPECT_THAT(judge(*reward(server, {{"tries", 5}}), "18"),
                ::testing::AllOf(HasSubstr("error: " + server.url()),
                                 HasSubstr("answered with status " + std::to_string(status)),
                                 HasSubstr("no such thing")));
    EXPECT_EQ(server.posts(), 1);
  }
}

TEST(BackOffTime, GrowsIsCappedAndHonoursWhatIsAsked) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_GE(BackOff(1, std::nullopt), milliseconds(250));
    EXPECT_LE(BackOff(1, std::nullopt), milliseconds(500));
    EXPECT_GE(BackOff(3, std::nullopt), milliseconds(1000));
    EXPECT_LE(BackOff(1000, std::nullopt), seconds(30));
  }
  EXPECT_EQ(BackOff(1, seconds(7)), seconds(7));
  EXPECT_EQ(BackOff(1, seconds(100'000)), seconds(120));
}

TEST_F(HttpReward, HonoursRetryAfter) {
  std::atomic<int> left = 1;
  std::atomic<bool> early = false;
  std::chrono::steady_clock::time_point refused;
  JudgeServer server([&](const httplib::Request&, httplib::Response& response) {
    if (left-- <= 0) {
      early = std::chrono::steady_clock::now() - refused < milliseconds(990);
      return false;
    }
    refused = std::chrono::steady_clock::now();
    response.status = 429;
    response.set_header("Retry-After", "1");
    return true;
  });
  EXPECT_EQ(judge(*reward(server), "18"), "correct");
  EXPECT_FALSE(early);
}

TEST_F(HttpReward, NobodyThere) {
  std::string url;
  {
    const JudgeServer server;
    url = server.url();
  }
  EXPECT_THAT(judge(*testing::Reward(spec(url)), "18"),
              ::testing::AllOf(HasSubstr("error: " + url), HasSubstr("connect")));
}

TEST_F(HttpReward, AnswersOfAnotherShapeAreErrors) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{\"verdict\": \"correct\"}", "answered with no JSON list: {\"verdict\""},
      {"\x01\xff garbage", "answered with no JSON list"},
      {"", "answered with no JSON list"},
      {deep, "answered with no JSON list"},
      {"[]", "answered 1 completions with 0 verdicts"},
      {R"([{"verdict":"correct"},{"verdict":"correct"}])", "1 completions with 2 verdicts"},
      {"[7]", "wrote no JSON object: 7"},
      {R"([{"verdict":"maybe"}])", "gave no \"verdict\""},
      {R"([{"verdict":"correct","id":"p2"}])", "answered another problem than 'p1'"},
      {R"([{"verdict":"correct","index":1}])", "gave index 1 where 0 was due"},
      {R"([{"verdict":"error","reason":"no GPU"}])", "error: no GPU"},
  };
  for (const auto& [body, message] : cases) {
    JudgeServer server(Answer(200, body));
    EXPECT_THAT(judge(*reward(server), "18"),
                ::testing::AllOf(HasSubstr("error: "), HasSubstr(message)));
  }
  JudgeServer plain(Answer(201, R"([{"verdict":"correct"}])"));
  EXPECT_EQ(judge(*reward(plain), "18"), "correct");
}

TEST_F(HttpReward, OneBadAnswerIsOneError) {
  JudgeServer server([](const httplib::Request& request, httplib::Response& response) {
    auto answers = json::array();
    for (const auto& one : json::parse(request.body))
      answers.push_back(one["text"] == "odd" ? json("?") : JudgeServer::verdict_of(one));
    response.set_content(answers.dump(), "application/json");
    return true;
  });
  const auto verdicts =
      judge_all(*reward(server, {{"max_in_flight", 1}}), {"18", "odd", "18", "18"});
  EXPECT_EQ(std::count(verdicts.begin(), verdicts.end(), "correct"), 3);
  EXPECT_THAT(verdicts[1], HasSubstr("wrote no JSON object"));
}

TEST_F(HttpReward, HalfABodyIsAnError) {
  JudgeServer server([](const httplib::Request&, httplib::Response& response) {
    response.set_content_provider(
        1000, "application/json", [](size_t offset, size_t, httplib::DataSink& sink) {
          if (offset > 0) return false;
          return sink.write("[{\"verdict\"", 11);
        });
    return true;
  });
  EXPECT_THAT(judge(*reward(server), "18"), HasSubstr("error: " + server.url()));
  EXPECT_EQ(server.posts(), 2);  // it may be whole the next time
}

TEST_F(HttpReward, AnEndlessBodyIsAnErrorAndNotKept) {
  JudgeServer server([](const httplib::Request&, httplib::Response& response) {
    response.set_chunked_content_provider(
        "application/json", [block = std::string(1 << 20, '[')](size_t, httplib::DataSink& sink) {
          return sink.write(block.data(), block.size());
        });
    return true;
  });
  EXPECT_THAT(judge(*reward(server), "18"), HasSubstr("the answer is longer than 64 MiB"));
  EXPECT_EQ(server.posts(), 1);
}

TEST_F(HttpReward, AHangIsAnErrorInTime) {
  JudgeServer* hangs = nullptr;
  JudgeServer server([&](const httplib::Request&, httplib::Response&) {
    hangs->hang();
    return true;
  });
  hangs = &server;
  EXPECT_THAT(judge(*reward(server, {{"timeout_seconds", 0.3}}), "18"),
              ::testing::AllOf(HasSubstr("error: "), HasSubstr("timed out")));
}

// Whatever a completion does to the service, those that were sent with it are judged.
class OneOfMany : public HttpReward {
 protected:
  void expect_others_judged(const JudgeServer& server, const json& changes) {
    const auto verifier = reward(server, changes);
    std::vector<std::string> texts(15, "18");
    texts[4] = "trouble";
    const auto verdicts = judge_all(*verifier, texts);
    for (size_t i = 0; i < texts.size(); ++i) {
      EXPECT_THAT(verdicts[i], i == 4 ? HasSubstr("error: ") : HasSubstr("correct")) << i;
    }
  }
  static bool holds_trouble(const httplib::Request& request) {
    return request.body.find("trouble") != std::string::npos;
  }
};

TEST_F(OneOfMany, Hangs) {
  JudgeServer* self = nullptr;
  JudgeServer server([&](const httplib::Request& request, httplib::Response&) {
    if (!holds_trouble(request)) return false;
    self->hang();
    return true;
  });
  self = &server;
  expect_others_judged(server, {{"timeout_seconds", 1.0}, {"max_in_flight", 2}});
}

TEST_F(OneOfMany, BreaksTheService) {
  JudgeServer server([&](const httplib::Request& request, httplib::Response& response) {
    if (!holds_trouble(request)) return false;
    response.status = 500;
    return true;
  });
  expect_others_judged(server, {{"max_in_flight", 1}});
}

TEST_F(OneOfMany, IsRefused) {
  JudgeServer server([&](const httplib::Request& request, httplib::Response& response) {
    if (!holds_trouble(request)) return false;
    response.status = 422;
    return true;
  });
  expect_others_judged(server, {{"max_in_flight", 1}});
}

TEST_F(HttpReward, AServiceThatAlwaysFailsIsNotAskedForEachOfABatch) {
  JudgeServer server(Answer(500, "down"));
  const auto verifier = reward(server, {{"max_in_flight", 1}, {"batch_size", 16}, {"tries", 1}});
  for (int round = 0; round < 3; ++round) {
    for (const auto& verdict : judge_all(*verifier, std::vector<std::string>(16, "18")))
      EXPECT_THAT(verdict, HasSubstr("status 500"));
  }
  EXPECT_LT(server.posts(), 48);
}

// A slow service must not keep what is sampled waiting, nor other judges.
TEST_F(HttpReward, ASlowRoundTripDoesNotHoldTheOthersUp) {
  JudgeServer* self = nullptr;
  JudgeServer server([&](const httplib::Request& request, httplib::Response&) {
    if (request.body.find("slow") == std::string::npos) return false;
    self->hang();
    return true;
  });
  self = &server;
  const auto verifier = reward(
      server, {{"batch_size", 1}, {"max_in_flight", 2}, {"timeout_seconds", 3.0}, {"tries", 1}});
  std::atomic<int> quick = 0;
  std::atomic<int> quick_before_slow = -1;
  const auto sink = [&](Verdict&& verdict, double) {
    if (verdict.sample == 0) quick_before_slow = quick.load();
    if (verdict.verdict == VerdictKind::kCorrect) ++quick;
    return absl::OkStatus();
  };
  ScoringPool pool(*verifier, {.jobs = 4, .tries = 1}, sink);
  ASSERT_TRUE(pool.submit(problem(), 0, "slow").ok());
  for (int i = 1; i <= 100; ++i) ASSERT_TRUE(pool.submit(problem(), i, "18").ok());
  ASSERT_TRUE(pool.close().ok());
  // All of them, but for a machine that is busy for seconds; none or a few where they had to wait.
  EXPECT_GT(quick_before_slow, 10);
}

TEST_F(HttpReward, TheTokenIsSentAndNeverShown) {
  const std::string token = "s3cret-t0ken";
  ::setenv("RESTEM_TEST_TOKEN", token.c_str(), 1);
  std::ostringstream log;
  const testing::LogCapture capture(log);
  std::string sent;
  std::atomic<int> post = 0;
  JudgeServer server([&](const httplib::Request& request, httplib::Response& response) {
    sent = request.get_header_value("Authorization");
    const int which = post++;
    if (which == 0) response.status = 503;
    if (which == 1) response.status = 403;
    response.set_content(
        which < 3
            ? "you sent " + sent
            : json::array({{{"verdict", "wrong"}, {"extracted", sent}, {"reason", sent}}}).dump(),
        "text/plain");
    return true;
  });
  const auto verifier = reward(server, {{"auth_env", "RESTEM_TEST_TOKEN"}});
  for (int i = 0; i < 3; ++i) {
    const Judgement judgement = verifier->judge(problem(), "18");
    EXPECT_THAT(judgement.extracted + judgement.reason,
                ::testing::AllOf(HasSubstr("Bearer ***"), Not(HasSubstr(token))));
  }
  EXPECT_EQ(sent, "Bearer " + token);
  EXPECT_THAT(log.str(), ::testing::AllOf(HasSubstr("Bearer ***"), Not(HasSubstr(token))));
}

TEST_F(HttpReward, TheTokenMustBeThere) {
  ::unsetenv("RESTEM_TEST_TOKEN");
  const json with = spec("http://127.0.0.1:1/", {{"auth_env", "RESTEM_TEST_TOKEN"}});
  const auto missing = testing::TryReward(with);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(MessageOf(missing.status())),
              HasSubstr("the environment has no RESTEM_TEST_TOKEN"));
  ::setenv("RESTEM_TEST_TOKEN", "two\r\nX-Evil: lines", 1);
  const auto evil = testing::TryReward(with);
  ASSERT_FALSE(evil.ok());
  EXPECT_THAT(std::string(MessageOf(evil.status())), Not(HasSubstr("Evil")));
}

TEST_F(HttpReward, ARedirectionIsNotFollowed) {
  JudgeServer other;
  JudgeServer server([&](const httplib::Request&, httplib::Response& response) {
    response.set_redirect(other.url(), 307);
    return true;
  });
  EXPECT_THAT(judge(*reward(server), "18"), HasSubstr("redirections are not followed"));
  EXPECT_EQ(other.posts(), 0);
}

TEST(HttpOptions, NamesWhatIsWrong) {
  using ::testing::ElementsAre;
  const auto problems = [](json changes) {
    json spec = {{"type", "http"}, {"url", "http://judge:8000/v1"}};
    spec.update(changes);
    return testing::RewardProblems(spec);
  };
  EXPECT_THAT(problems(json::object()), ElementsAre());
  EXPECT_THAT(problems({{"url", ""}}), ElementsAre("url: is missing: the service that judges"));
  EXPECT_THAT(problems({{"url", "file:///etc/passwd"}}),
              ElementsAre("url: must begin with http:// or https://"));
  EXPECT_THAT(problems({{"url", "https://me:pw@judge/"}}),
              ElementsAre("url: names a user or password: use auth_env"));
  EXPECT_THAT(problems({{"url", "https://judge/@me"}}), ElementsAre());
  EXPECT_THAT(problems({{"headers", {"X-A: b", "nonsense"}}}),
              ElementsAre("headers: must each be `Name: value`"));
}

}  // namespace
}  // namespace restem
