#include "config/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sample_options.h"

namespace restem::config {
namespace {

struct Flags {
  std::string model;
  int64_t top_k = 40;
  double temperature = 1.0;
  bool quiet = false;
  bool color = true;
  std::string device = "auto";
  std::optional<int64_t> batch_tokens;
  std::vector<std::string> stop;
  std::vector<std::string> set;

  void visit(Fields& f) {
    static constexpr std::array<std::string_view, 3> kDevices = {"cpu", "cuda", "auto"};
    f.path("model", model, "Model directory.");
    f.require(!model.empty(), "model", "is needed");
    f.integer("top_k", top_k, {.min = 0}, "Draw among the k likeliest tokens; 0: all.");
    f.real("temperature", temperature, {.min = 0}, "Divides the logits.");
    f.boolean("quiet", quiet, "Say less.");
    f.boolean("color", color, "Use colours.");
    f.choice("device", device, kDevices, "Where to run.");
    f.auto_or("batch_tokens", batch_tokens, {.min = 1}, "Tokens at once.");
    f.texts("stop", stop, "Stop strings.");
    f.texts("set", set, "Change a key.");
  }
};

std::string ProblemsOfArgs(std::vector<std::string> args) {
  Flags flags;
  std::vector<std::string> positionals;
  const absl::Status status = ParseFlags(args, flags, positionals);
  return status.ok() ? "OK" : std::string(MessageOf(status));
}

TEST(Flags, TakesEveryForm) {
  Flags flags;
  std::vector<std::string> positionals;
  const std::vector<std::string> args = {"job.yaml",
                                         "--top-k",
                                         "4",
                                         "--model=m",
                                         "--temperature",
                                         "0.5",
                                         "--quiet",
                                         "--no-color",
                                         "--stop",
                                         "\n\n",
                                         "--stop=5",
                                         "--set",
                                         "a.b=c=d",
                                         "--set",
                                         "e=",
                                         "--batch-tokens=auto",
                                         "-",
                                         "--",
                                         "--quiet",
                                         "--not-a-flag"};
  const absl::Status status = ParseFlags(args, flags, positionals);
  ASSERT_TRUE(status.ok()) << MessageOf(status);
  EXPECT_EQ(flags.top_k, 4);
  EXPECT_EQ(flags.model, "m");
  EXPECT_EQ(flags.temperature, 0.5);
  EXPECT_TRUE(flags.quiet);
  EXPECT_FALSE(flags.color);
  EXPECT_EQ(flags.stop, (std::vector<std::string>{"\n\n", "5"}));
  EXPECT_EQ(flags.set, (std::vector<std::string>{"a.b=c=d", "e="}));
  EXPECT_EQ(flags.batch_tokens, std::nullopt);
  EXPECT_THAT(positionals, ::testing::ElementsAre("job.yaml", "-", "--quiet", "--not-a-flag"));
}

TEST(Flags, ReportsAllProblemsInTheOrderGiven) {
  EXPECT_EQ(ProblemsOfArgs({"--topk",
                            "4",
                            "--temperature=-1",
                            "--device",
                            "gpu",
                            "--quiet=maybe",
                            "--xyz",
                            "-q",
                            "--top-k",
                            "1.5",
                            "--no-quiet=1",
                            "--batch-tokens"}),
            "--model: is needed\n"
            "--topk: unknown flag; did you mean --top-k?\n"
            "--temperature: -1 is out of range, must be >= 0\n"
            "--device: gpu is not one of cpu, cuda, auto; did you mean cpu?\n"
            "--quiet: expected true or false, got maybe\n"
            "--xyz: unknown flag\n"
            "-q: unknown flag\n"
            "--top-k: expected an integer, got 1.5\n"
            "--no-quiet: takes no value\n"
            "--batch-tokens: needs a value (integer | auto)");
}

TEST(Flags, AnOptionIsNotTakenForAValue) {
  EXPECT_EQ(ProblemsOfArgs({"--model", "--quiet"}),
            "--model: is needed\n--model: needs a value (path)");
  EXPECT_EQ(ProblemsOfArgs({"--model", "m", "--temperature", "-1"}),
            "--temperature: -1 is out of range, must be >= 0");
}

TEST(Flags, GivenTwiceIsAnError) {
  EXPECT_EQ(ProblemsOfArgs({"--model", "m", "--top-k", "1", "--top-k", "2"}),
            "--top-k: given twice");
}

TEST(Flags, HelpIsMadeOfTheFields) {
  EXPECT_EQ(FlagsHelp(Flags{}),
            "  --model PATH                Model directory.\n"
            "  --top-k N                   Draw among the k likeliest tokens; 0: all. [>= 0; "
            "default 40]\n"
            "  --temperature N             Divides the logits. [>= 0; default 1]\n"
            "  --quiet                     Say less.\n"
            "  --no-color                  Use colours. [default true]\n"
            "  --device cpu|cuda|auto      Where to run. [default auto]\n"
            "  --batch-tokens integer|auto\n"
            "                              Tokens at once. [>= 1; default auto]\n"
            "  --stop TEXT                 Stop strings. [may be repeated]\n"
            "  --set TEXT                  Change a key. [may be repeated]\n");
}

}  // namespace
}  // namespace restem::config
