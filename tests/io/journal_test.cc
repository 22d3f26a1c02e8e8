#include "io/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "base/file.h"
#include "base/parallel.h"
#include "support/paths.h"

namespace restem {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Opened {
  std::unique_ptr<Journal> journal;
  std::vector<std::string> lines;
  absl::Status status;
};

Opened Open(const std::string& path) {
  Opened result;
  auto journal = Journal::open(path, [&](std::string_view line, int64_t number) {
    result.lines.emplace_back(line);
    EXPECT_EQ(number, static_cast<int64_t>(result.lines.size()));
    return absl::OkStatus();
  });
  result.status = journal.status();
  if (journal.ok()) result.journal = *std::move(journal);
  return result;
}

class JournalTest : public ::testing::Test {
 protected:
  void put(std::string_view content) { ASSERT_TRUE(WriteFileAtomic(path_, content).ok()); }
  std::string content() const { return *ReadFile(path_); }
  const std::string dir_ = testing::TestDir();
  const std::string path_ = dir_ + "/j.jsonl";
};

TEST_F(JournalTest, ContinuesWhereItStopped) {
  {
    const auto first = Open(path_);
    EXPECT_THAT(first.lines, IsEmpty());
    ASSERT_TRUE(first.journal->append(R"({"a":1})").ok());
    ASSERT_TRUE(first.journal->append(R"({"a":2})").ok());
    ASSERT_TRUE(first.journal->close().ok());
    EXPECT_FALSE(first.journal->append("{}").ok());
  }
  const auto second = Open(path_);
  EXPECT_THAT(second.lines, ElementsAre(R"({"a":1})", R"({"a":2})"));
  ASSERT_TRUE(second.journal->append("{}").ok());
  EXPECT_EQ(content(), "{\"a\":1}\n{\"a\":2}\n{}\n");
}

// Cut at every byte, the journal keeps exactly the lines that were complete, and goes on.
TEST_F(JournalTest, SurvivesACutAtEveryByte) {
  const std::string whole = "{\"a\":1}\n{\"b\":\"x y\"}\n[2]\n";
  for (size_t cut = 0; cut <= whole.size(); ++cut) {
    put(std::string_view(whole).substr(0, cut));
    const std::string kept = whole.substr(0, whole.rfind('\n', cut == 0 ? 0 : cut - 1) + 1);
    const std::string expected = cut < 8 ? "" : kept;
    const auto opened = Open(path_);
    ASSERT_TRUE(opened.status.ok()) << opened.status;
    EXPECT_EQ(content(), expected) << cut;
    ASSERT_TRUE(opened.journal->append("{}").ok());
    EXPECT_EQ(content(), expected + "{}\n") << cut;
  }
}

TEST_F(JournalTest, DropsADamagedLastLine) {
  put(fmt::format("{{}}\n{}\n", std::string(20, '\0')));
  EXPECT_THAT(Open(path_).lines, ElementsAre("{}"));
  EXPECT_EQ(content(), "{}\n");
}

TEST_F(JournalTest, RefusesDamageElsewhere) {
  put("{}\n{oops\n{}\n");
  const auto opened = Open(path_);
  EXPECT_EQ(opened.status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(MessageOf(opened.status)), HasSubstr(path_ + ":2: not valid JSON"));
  EXPECT_EQ(content(), "{}\n{oops\n{}\n");
}

TEST_F(JournalTest, NamesTheLineThatTheReaderRefuses) {
  put("{}\n{}\n");
  const auto refuse = [](std::string_view, int64_t number) {
    return number == 2 ? InvalidInput("no") : absl::OkStatus();
  };
  EXPECT_EQ(MessageOf(Journal::open(path_, refuse).status()), path_ + ":2: no");
}

TEST_F(JournalTest, ReadingAloneChangesNothing) {
  put("{}\n{\"torn");
  int lines = 0;
  const auto count = [&](std::string_view, int64_t) { return ++lines, absl::OkStatus(); };
  ASSERT_TRUE(ReadJournal(path_, count).ok());
  EXPECT_EQ(lines, 1);
  EXPECT_EQ(content(), "{}\n{\"torn");
  EXPECT_TRUE(ReadJournal(dir_ + "/absent", count).ok());
  EXPECT_FALSE(FileExists(dir_ + "/absent"));
}

TEST_F(JournalTest, RefusesARecordOfTwoLines) {
  const auto opened = Open(path_);
  EXPECT_FALSE(opened.journal->append("{\n}").ok());
  EXPECT_FALSE(opened.journal->append("").ok());
  EXPECT_EQ(content(), "");
}

TEST_F(JournalTest, NamesAFolderThatIsNotThere) {
  EXPECT_THAT(std::string(MessageOf(Open(dir_ + "/no/j").status)), HasSubstr("cannot open"));
}

TEST_F(JournalTest, ThreadsNeverMixLines) {
  const auto opened = Open(path_);
  constexpr size_t kThreads = 4;
  constexpr int kLines = 500;
  RunLanes(kThreads, [&](size_t lane) {
    for (int i = 0; i < kLines; ++i) {
      const std::string filler(static_cast<size_t>(i), static_cast<char>('a' + lane));
      EXPECT_TRUE(opened.journal->append(fmt::format("[{},{},\"{}\"]", lane, i, filler)).ok());
    }
  });
  ASSERT_TRUE(opened.journal->close().ok());
  EXPECT_EQ(Open(path_).lines.size(), kThreads * kLines);
}

// A write that fails half-way: the file-size limit gives a short write, then EFBIG.
TEST_F(JournalTest, TakesBackALineThatDidNotFit) {
  const auto opened = Open(path_);
  ASSERT_TRUE(opened.journal->append(R"({"a":1})").ok());
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  auto* const handler = ::signal(SIGXFSZ, SIG_IGN);
  rlimit tight = before;
  tight.rlim_cur = 12;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  const absl::Status status = opened.journal->append(R"({"a":"does not fit"})");
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, handler);
  EXPECT_EQ(MessageOf(status), fmt::format("cannot write {}: File too large", path_));
  EXPECT_EQ(content(), "{\"a\":1}\n");
  ASSERT_TRUE(opened.journal->append("{}").ok());
  EXPECT_EQ(content(), "{\"a\":1}\n{}\n");
}

TEST_F(JournalTest, ReportsAFullDiskAndGoesOnOnceThereIsRoom) {
  const std::string mount = dir_ + "/full";
  std::filesystem::create_directory(mount);
  if (::mount("none", mount.c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "mounting a small file system needs root";
  }
  const std::string path = mount + "/j.jsonl";
  const std::string line = fmt::format("\"{}\"", std::string(10000, 'x'));
  size_t written = 0;
  absl::Status status;
  {
    const auto opened = Open(path);
    for (; written < 100 && status.ok(); ++written) status = opened.journal->append(line);
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(MessageOf(status), fmt::format("cannot write {}: No space left on device", path));
  {
    const auto again = Open(path);
    EXPECT_EQ(again.lines.size(), written - 1);
    EXPECT_TRUE(again.journal->append("{}").ok());
  }
  ::umount(mount.c_str());
}

// kill -9 of a writing process, at many instants: every line left is whole.
TEST_F(JournalTest, SurvivesKill9) {
  for (int trial = 0; trial < 5; ++trial) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto journal =
          Journal::open(path_, [](std::string_view, int64_t) { return absl::OkStatus(); });
      const std::string line = fmt::format("[\"{}\"]", std::string(3000, 'x'));
      while (journal.ok() && (*journal)->append(line).ok()) {
      }
      ::_exit(1);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5 + 3 * trial));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const auto opened = Open(path_);
    ASSERT_TRUE(opened.status.ok()) << opened.status;
    for (const std::string& line : opened.lines) EXPECT_EQ(line.size(), 3004U);
  }
}

}  // namespace
}  // namespace restem
