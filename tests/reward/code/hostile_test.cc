// Programs that try to pass without solving anything, to get out, or to do harm. None may be judged
// correct, nothing outside may change, and the next program must not notice.
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "base/parallel.h"
#include "base/unique_fd.h"
#include "reward/code/problems.h"
#include "reward/sandbox/processes.h"

namespace restem {
namespace {

namespace fs = std::filesystem;

std::string TextOfFile(const fs::path& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::vector<fs::path> HostilePrograms(const std::string& extension) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(RESTEM_SOURCE_DIR "/tests/reward/code/hostile")) {
    if (entry.path().extension() == extension && entry.path().stem() != "state_probe")
      paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

Problem AddProblem() {
  return testing::MakeProblem(
      {{"prompt", "def add(a: int, b: int) -> int:\n    \"\"\"Return the sum.\"\"\"\n"},
       {"entry_point", "add"},
       {"test",
        "def check(candidate):\n    assert candidate(1, 2) == 3\n"
        "    assert candidate(-1, 1) == 0\n    assert candidate(10**6, 1) == 10**6 + 1\n"}});
}

Problem SumProblem() {
  return testing::MakeProblem(
      {{"input_output", {{"inputs", {"1 2\n", "-1 1\n"}}, {"outputs", {"3\n", "0\n"}}}}});
}

std::string WithLines(std::string text) {
  for (size_t at = 0; (at = text.find("\\n", at)) != std::string::npos;) text.replace(at, 2, "\n");
  return text;
}

// A program, and what its first lines say of it: "# key: value".
struct Attack {
  explicit Attack(const fs::path& path) : name(path.filename()), text(TextOfFile(path)) {
    std::istringstream lines(text);
    const std::string mark = path.extension() == ".py" ? "# " : "// ";
    for (std::string line; std::getline(lines, line) && line.starts_with(mark);) {
      const size_t colon = line.find(": ");
      if (colon != std::string::npos)
        said[line.substr(mark.size(), colon - mark.size())] = line.substr(colon + 2);
    }
  }
  // The problem that it pretends to solve.
  Problem problem() const {
    if (said.contains("io")) {
      return testing::MakeProblem({{"input_output", nlohmann::json::parse(said.at("io"))}});
    }
    if (said.contains("problem") || !name.ends_with(".py")) return SumProblem();
    Problem add = AddProblem();
    if (said.contains("test")) add.fields["test"] = WithLines(said.at("test"));
    return add;
  }
  std::string expected() const { return said.at("expect"); }

  std::string name;
  std::string text;
  std::map<std::string, std::string> said;
};

// Sockets that the programs look for; whoever connects is seen.
class Canary {
 public:
  Canary()
      : tcp_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)),
        abstract_(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(47614);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listens_ = ::bind(tcp_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
               ::listen(tcp_.get(), 4) == 0;
    sockaddr_un name = {};
    name.sun_family = AF_UNIX;
    constexpr std::string_view kName = "restem-canary";
    std::copy(kName.begin(), kName.end(), name.sun_path + 1);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + kName.size());
    listens_ = listens_ && ::bind(abstract_.get(), reinterpret_cast<sockaddr*>(&name), size) == 0 &&
               ::listen(abstract_.get(), 4) == 0;
  }
  bool listens() const { return listens_; }
  bool reached() const {
    return ::accept(tcp_.get(), nullptr, nullptr) >= 0 ||
           ::accept(abstract_.get(), nullptr, nullptr) >= 0;
  }

 private:
  UniqueFd tcp_;
  UniqueFd abstract_;
  bool listens_ = false;
};

// Files with the programs' mark, where one could have left them.
std::vector<std::string> Traces() {
  std::vector<std::string> traces;
  std::vector<fs::path> folders = {"/",
                                   "/usr",
                                   "/usr/bin",
                                   "/usr/lib",
                                   "/etc",
                                   "/var",
                                   "/var/tmp",
                                   "/run",
                                   "/run/lock",
                                   "/dev",
                                   "/dev/shm",
                                   "/dev/mqueue",
                                   "/home",
                                   "/root",
                                   "/tmp",
                                   "/opt",
                                   fs::current_path()};
  for (const fs::path& folder : folders) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      if (entry.path().string().find("restem-hostile") != std::string::npos)
        traces.push_back(entry.path());
    }
  }
  return traces;
}

// Processes that run as a sandbox's user, or are copies of its process 1.
std::set<pid_t> SandboxProcesses() {
  std::set<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto pid = static_cast<pid_t>(std::stol(name));
    const auto uid = ProcessStatus(pid, "Uid");
    const bool ours = uid && std::strtoll(uid->c_str(), nullptr, 10) >= 1879048192;
    std::ifstream file(entry.path() / "cmdline");
    std::string command;
    std::getline(file, command, '\n');  // no exception where it ended meanwhile
    if (ours || command.find("/restem/init.py") != std::string::npos) found.insert(pid);
  }
  return found;
}

constexpr const char* kRight = "    return a + b\n";

class HostileCode : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("RESTEM_CANARY", "restem-canary-secret", 1);
    ASSERT_TRUE(canary_.listens());
    core_pattern_ = TextOfFile("/proc/sys/kernel/core_pattern");
  }
  void TearDown() override {
    EXPECT_FALSE(canary_.reached());
    EXPECT_EQ(TextOfFile("/proc/sys/kernel/core_pattern"), core_pattern_);
    EXPECT_THAT(Traces(), ::testing::IsEmpty());
    EXPECT_THAT(SandboxProcesses(), ::testing::ContainerEq(before_));
  }

  Canary canary_;
  std::string core_pattern_;
  const std::set<pid_t> before_ = SandboxProcesses();
};

TEST_F(HostileCode, PythonIsContained) {
  const auto verifier = testing::CodeReward({{"timeout_seconds", 2.0}, {"workers", 2}});
  ASSERT_NE(verifier, nullptr);
  const Problem problem = AddProblem();
  const std::string probe =
      TextOfFile(RESTEM_SOURCE_DIR "/tests/reward/code/hostile/state_probe.py");
  const std::vector<fs::path> programs = HostilePrograms(".py");
  ASSERT_GE(programs.size(), 100u);
  ForEachUntilStop(programs.size(), 2, [&](size_t i) {
    const Attack attack(programs[i]);
    const std::string& name = attack.name;
    const Judgement judged = verifier->judge(attack.problem(), attack.text);
    EXPECT_EQ(ToString(judged.verdict), attack.expected()) << name << ": " << judged.reason;
    // The pool hands out the room that was given back last.
    const Judgement after = verifier->judge(problem, probe);
    EXPECT_EQ(ToString(after.verdict), "wrong") << name;
    EXPECT_EQ(after.reason.find("state leaked"), std::string::npos) << name << ": " << after.reason;
    const Judgement right = verifier->judge(problem, kRight);
    EXPECT_EQ(ToString(right.verdict), "correct") << name << ": " << right.reason;
  });
}

TEST_F(HostileCode, CppIsContained) {
  const auto verifier = testing::CodeReward(
      {{"timeout_seconds", 2.0}, {"compile_seconds", 10.0}, {"workers", 2}, {"language", "cpp"}});
  ASSERT_NE(verifier, nullptr);
  const std::string right =
      "#include <iostream>\nint main() { int a, b; std::cin >> a >> b; std::cout << a + b; }\n";
  const std::vector<fs::path> programs = HostilePrograms(".cc");
  ASSERT_GE(programs.size(), 10u);
  ForEachUntilStop(programs.size(), 2, [&](size_t i) {
    const Attack attack(programs[i]);
    const Judgement judged = verifier->judge(attack.problem(), attack.text);
    EXPECT_EQ(ToString(judged.verdict), attack.expected()) << programs[i] << ": " << judged.reason;
    const Judgement after = verifier->judge(SumProblem(), right);
    EXPECT_EQ(ToString(after.verdict), "correct") << programs[i] << ": " << after.reason;
  });
}

}  // namespace
}  // namespace restem
