// restem verify over files of any size: continued where it stopped, compared with what was said
// before.
#include <signal.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <thread>

#include "app/records.h"

#ifdef RESTEM_HAS_HTTPLIB
#include "support/judge_server.h"
#endif

namespace restem::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class Verify : public Records {
 protected:
  // A reward that takes a moment, and writes down what it is asked.
  void use_slow_reward(const json& more = json::object()) {
    const std::string script = R"(while read -r line; do echo x >> asked; sleep 0.01
case "$line" in *'"text":"18"'*) echo '{"verdict":"correct","extracted":"18"}';;
*'"text":"broken"'*) echo '{"verdict":"error","reason":"broken"}';;
*) echo '{"verdict":"wrong","reason":"no"}';; esac; done)";
    json reward = {{"type", "command"}, {"argv", {"sh", "-c", script}}, {"directory", dir_}};
    reward.update(more);
    WriteText(dir_ + "/reward.yaml", reward.dump());
  }
  void use(const std::string& reward) { WriteText(dir_ + "/reward.yaml", reward); }

  // `wrong`: every so many.
  static std::string completions(int count, int wrong = 3) {
    std::string lines;
    for (int i = 0; i < count; ++i) {
      const std::string text = i % wrong == 0 ? "17" : "18";
      lines += json{{"id", i / 2}, {"sample", i % 2}, {"text", text}, {"answer", 18}}.dump() + "\n";
    }
    return lines;
  }
  std::vector<std::string> command(const std::vector<std::string>& flags = {}) const {
    std::vector<std::string> words = {
        "verify", "--reward", dir_ + "/reward.yaml", "--input", in(), "--output", out()};
    words.insert(words.end(), flags.begin(), flags.end());
    return words;
  }
  std::string in() const { return dir_ + "/in.jsonl"; }
  std::string out() const { return dir_ + "/out.jsonl"; }
  std::string partial() const { return out() + ".partial"; }

  // The output without its times.
  static std::vector<json> verdicts(const std::string& text) {
    std::vector<json> lines = ParseLines(text);
    for (json& line : lines) line.erase("seconds");
    return lines;
  }
  static int64_t lines_of(const std::string& path) {
    if (!fs::exists(path)) return 0;
    const std::string text = ReadText(path);
    return std::count(text.begin(), text.end(), '\n');
  }
  // Kills the command with `signal` once it has recorded `lines`; its outcome.
  Outcome stop_after(int64_t lines, int signal) const {
    Process process(command({"--jobs", "2"}));
    while (process.running() && lines_of(partial()) <= lines)
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    process.send(signal);
    return process.wait();
  }
};

TEST_F(Verify, ContinuesWhereItWasKilled) {
  use_slow_reward();
  WriteText(in(), completions(120));
  ASSERT_EQ(Restem(command()).exit_code, 0);
  const std::vector<json> reference = verdicts(ReadText(out()));
  ASSERT_EQ(reference.size(), 120U);
  fs::remove(out());
  fs::remove(dir_ + "/asked");
  EXPECT_EQ(stop_after(20, SIGKILL).signal, SIGKILL);
  EXPECT_FALSE(fs::exists(out()));
  std::ofstream(partial(), std::ios::app) << R"({"input":"12)";  // torn
  const Outcome stopped = stop_after(60, SIGTERM);
  EXPECT_EQ(stopped.exit_code, 75);
  EXPECT_THAT(stopped.err, HasSubstr("the same command continues there"));
  const Outcome last = Restem(command());
  EXPECT_EQ(last.exit_code, 0) << last.err;
  EXPECT_EQ(verdicts(ReadText(out())), reference);
  EXPECT_FALSE(fs::exists(partial()));
  // What is recorded is not asked again; what a kill cut off is.
  EXPECT_LE(lines_of(dir_ + "/asked"), 120 + 2 * 4);
  EXPECT_EQ(ParseLines(last.out).back()["correct"], 80);
}

TEST_F(Verify, RefusesToMixRewardsOrInputs) {
  use("type: exact\n");
  const std::string good = completions(4);
  WriteText(in(), good + "{\"id\": 9}\n" + completions(2));
  Outcome outcome = Restem(command());
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr(in() + ":5: `text` is missing"),
                    HasSubstr("4 verdicts are kept in " + partial())));
  use("type: exact\nnormalize: false\n");
  outcome = Restem(command());
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(
      outcome.err,
      AllOf(HasSubstr(partial()), HasSubstr("normalize: true -> false"), HasSubstr("--fresh")));
  use("type: exact\nmax_error_rate: 0.5\njobs: 3\n");  // what no verdict depends on
  WriteText(in(), completions(4, 2) + completions(2));
  outcome = Restem(command());
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr(in() + ":"), HasSubstr("--fresh")));
  // The line that was wrong is mended.
  WriteText(in(), good + completions(2));
  outcome = Restem(command());
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(ParseLines(outcome.out).back()["items"], 6);
  EXPECT_EQ(lines_of(out()), 6);
}

TEST_F(Verify, FreshStartsOver) {
  use("type: exact\n");
  WriteText(in(), completions(4) + "{}\n");
  ASSERT_EQ(Restem(command()).exit_code, 2);
  ASSERT_TRUE(fs::exists(partial()));
  WriteText(in(), completions(3, 2));
  EXPECT_EQ(Restem(command()).exit_code, 2);
  const Outcome outcome = Restem(command({"--fresh"}));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(lines_of(out()), 3);
}

TEST_F(Verify, AFileThatIsNoJournalIsLeftAlone) {
  use("type: exact\n");
  WriteText(in(), completions(4));
  WriteText(partial(), "{\"my\": \"notes\"}\n");
  const Outcome outcome = Restem(command());
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(ReadText(partial()), "{\"my\": \"notes\"}\n");
}

TEST_F(Verify, TooManyErrorsFailOnceAllIsWritten) {
  use_slow_reward();
  std::string lines;
  for (const char* text : {"18", "broken", "17", "18"})
    lines += json{{"id", "p"}, {"text", text}}.dump() + "\n";
  WriteText(in(), lines);
  const Outcome outcome = Restem(command());
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("could not judge 1 of 4 samples (25.0%"), HasSubstr("broken")));
  const json summary = ParseLines(outcome.out).back();
  EXPECT_EQ(summary["correct"], 2);
  EXPECT_EQ(summary["wrong"], 1);
  EXPECT_EQ(summary["error"], 1);
  EXPECT_EQ(lines_of(out()), 4);
  use_slow_reward({{"max_error_rate", 0.25}});
  EXPECT_EQ(Restem(command()).exit_code, 0);
}

TEST_F(Verify, AgainstNamesWhatChanged) {
  const auto old = [](const json& id, const json& sample, const char* verdict, const char* text) {
    json line = {{"id", id}, {"verdict", verdict}, {"extracted", text}};
    if (!sample.is_null()) line["sample"] = sample;
    return line.dump() + "\n";
  };
  use("type: exact\n");
  WriteText(dir_ + "/old.jsonl",
            old("b", 0, "wrong", "1") + old("a", 0, "correct", "18") +
                old("a", 0, "wrong", "second a") + old("gone", nullptr, "wrong", "") +
                old("c", nullptr, "error", ""));
  std::string lines;
  const auto ask = [&](const char* id, const json& sample, const char* text) {
    json line = {{"id", id}, {"text", text}, {"answer", 18}};
    if (!sample.is_null()) line["sample"] = sample;
    lines += line.dump() + "\n";
  };
  ask("a", 0, "18");
  ask("a", 0, "18");
  ask("b", 0, "17");
  ask("b", 1, "18");
  ask("c", nullptr, "18");
  WriteText(in(), lines);
  const Outcome outcome = Restem(command({"--against", dir_ + "/old.jsonl"}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const std::vector<json> said = ParseLines(outcome.out);
  ASSERT_EQ(said.size(), 3U) << outcome.out;
  EXPECT_EQ(said[0],
            (json{{"id", "a"},
                  {"sample", 0},
                  {"old", "wrong"},
                  {"new", "correct"},
                  {"old_extracted", "second a"},
                  {"new_extracted", "18"}}));
  EXPECT_EQ(said[1]["id"], "c");
  EXPECT_FALSE(said[1].contains("sample"));
  EXPECT_EQ(said[2]["against"],
            (json{{"same", 2},
                  {"changed", 2},
                  {"changes", {{"wrong->correct", 1}, {"error->correct", 1}}},
                  {"only_old", 1},
                  {"only_new", 1}}));
  // Against itself, which is replaced meanwhile.
  const Outcome same = Restem(command({"--against", out()}));
  EXPECT_EQ(same.exit_code, 0) << same.err;
  EXPECT_EQ(ParseLines(same.out).back()["against"]["same"], 5);
  EXPECT_THAT(Restem(command({"--against", dir_ + "/none.jsonl"})).err, HasSubstr("none.jsonl"));
}

TEST_F(Verify, StdoutThatIsAFileIsNotReplaced) {
  use("type: exact\n");
  WriteText(in(), completions(5));
  std::vector<std::string> words = command();
  words[6] = "/dev/stdout";
  const Outcome outcome = Restem(words);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const std::vector<json> said = ParseLines(outcome.out);
  ASSERT_EQ(said.size(), 6U) << outcome.out;
  EXPECT_EQ(said[0]["verdict"], "wrong");
  EXPECT_EQ(said[5]["items"], 5);
  words.insert(words.end(), {"--against", in()});
  EXPECT_EQ(Restem(words).exit_code, 2);
}

TEST_F(Verify, APipeIsWrittenTo) {
  use("type: exact\n");
  WriteText(in(), completions(5));
  ASSERT_EQ(::mkfifo(out().c_str(), 0600), 0);
  std::string text;
  std::thread reader([&] { text = ReadText(out()); });
  const Outcome outcome = Restem(command());
  reader.join();
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(ParseLines(text).size(), 5U);
  EXPECT_TRUE(fs::is_fifo(out()));
}

TEST_F(Verify, MemoryDoesNotFollowTheFilesSize) {
  use("type: contains\n");
  const auto peak = [&](int count) {
    std::ofstream file(in());
    const std::string text(4000, 'x');
    for (int i = 0; i < count; ++i)
      file << json{{"id", i}, {"text", text}, {"answer", "y"}} << "\n";
    file.close();
    const Outcome outcome = Restem(command());
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return ParseLines(outcome.out).back()["peak_rss_bytes"].get<int64_t>();
  };
  const int64_t little = peak(10'000);
  EXPECT_LT(peak(40'000), little + (64 << 20));  // the file has 160 MB
  fs::remove(in());
  fs::remove(out());
}

#ifdef RESTEM_HAS_HTTPLIB
TEST_F(Verify, AServiceThatHangsDoesNotKeepASignalWaiting) {
  std::atomic<bool> hangs = true;
  JudgeServer* self = nullptr;
  JudgeServer server([&](const httplib::Request& request, httplib::Response&) {
    if (!hangs || request.body.find("\"hang\"") == std::string::npos) return false;
    self->hang();
    return true;
  });
  self = &server;
  use("type: http\nurl: " + server.url() + "\nbatch_size: 4\ntimeout_seconds: 600\n");
  std::string lines = completions(40);
  lines += json{{"id", "slow"}, {"text", "hang"}, {"answer", "hang"}}.dump() + "\n";
  WriteText(in(), lines + completions(2));
  Process process(command());
  while (process.running() && lines_of(partial()) < 30)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  process.send(SIGTERM);
  const Outcome stopped = process.wait();  // fails after two minutes
  EXPECT_EQ(stopped.exit_code, 75) << stopped.err;
  hangs = false;
  const Outcome last = Restem(command());
  EXPECT_EQ(last.exit_code, 0) << last.err;
  const json summary = ParseLines(last.out).back();
  EXPECT_EQ(summary["items"], 43);
  EXPECT_EQ(summary["error"], 0);
}

TEST_F(Verify, AServiceJudgesARunAndItsTokenIsNowhere) {
  const std::string token = "s3cret-t0ken";
  ::setenv("RESTEM_TEST_TOKEN", token.c_str(), 1);
  std::atomic<bool> sent = true;
  JudgeServer server([&](const httplib::Request& request, httplib::Response&) {
    sent = sent && request.get_header_value("Authorization") == "Bearer " + token;
    return false;
  });
  const std::string job = WriteTinyJob(dir_);
  std::string said;
  for (const char* stage : {"sample", "score"}) {
    const Outcome outcome = Restem({stage,
                                    job,
                                    "--iteration",
                                    "1",
                                    "--set",
                                    "reward.type=http",
                                    "--set",
                                    "reward.url=" + server.url(),
                                    "--set",
                                    "reward.auth_env=RESTEM_TEST_TOKEN"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    said += outcome.out + outcome.err;
  }
  EXPECT_TRUE(sent);
  EXPECT_EQ(lines_of(dir_ + "/runs/tiny/iterations/01/verdicts.jsonl"), 48);
  EXPECT_THAT(said, Not(HasSubstr(token)));
  for (const auto& entry : fs::recursive_directory_iterator(dir_ + "/runs")) {
    if (!entry.is_regular_file()) continue;
    EXPECT_THAT(ReadText(entry.path()), Not(HasSubstr(token))) << entry.path();
  }
  ::unsetenv("RESTEM_TEST_TOKEN");
}
#endif

}  // namespace
}  // namespace restem::testing
