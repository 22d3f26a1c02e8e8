// A run directory that cannot be written, or that fills up.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "app/process.h"
#include "app/run_files.h"
#include "app/tiny_job.h"
#include "support/paths.h"

namespace restem::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// A file system in memory, mounted over a folder for the test's time.
class SmallDisk {
 public:
  SmallDisk(const std::string& dir, const std::string& options) : dir_(dir) {
    fs::create_directories(dir);
    mounted_ = ::mount("tmpfs", dir.c_str(), "tmpfs", 0, options.c_str()) == 0;
    error_ = mounted_ ? "" : std::strerror(errno);
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(dir_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  const std::string& error() const { return error_; }
  bool make_read_only() const {
    return ::mount(nullptr, dir_.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0;
  }
  bool make_writable() const {
    return ::mount(nullptr, dir_.c_str(), nullptr, MS_REMOUNT, nullptr) == 0;
  }
  int64_t free_bytes() const {
    struct statvfs info = {};
    return ::statvfs(dir_.c_str(), &info) == 0
               ? static_cast<int64_t>(info.f_bavail) * static_cast<int64_t>(info.f_frsize)
               : -1;
  }
  // Puts a file there that leaves `bytes` free.
  void leave(int64_t bytes) const {
    const int fd = ::open(ballast().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    ASSERT_EQ(::posix_fallocate(fd, 0, free_bytes() - bytes), 0);
    ::close(fd);
  }
  void free() const { fs::remove(ballast()); }

 private:
  std::string ballast() const { return dir_ + "/ballast"; }

  std::string dir_;
  bool mounted_ = false;
  std::string error_;
};

TEST(Disk, ReadOnlyRunDirectory) {
  const std::string dir = TestDir();
  const std::string job = WriteTinyJob(dir);
  const std::vector<std::string> command = {"run", job, "--run-dir", dir + "/disk/run"};
  const SmallDisk disk(dir + "/disk", "size=1m");
  if (!disk.mounted()) GTEST_SKIP() << "no file system can be mounted here: " << disk.error();
  ASSERT_TRUE(disk.make_read_only());
  Outcome outcome = Restem(command);  // the folder cannot be made
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr(dir + "/disk/run"));
  EXPECT_THAT(outcome.err, HasSubstr("Read-only file system"));

  ASSERT_TRUE(disk.make_writable());
  ASSERT_EQ(Restem({"evaluate", job, "--iteration", "0", "--run-dir", dir + "/disk/run"}).exit_code,
            0);
  ASSERT_TRUE(disk.make_read_only());
  outcome = Restem(command);  // the folder is there
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr(dir + "/disk/run"));
  EXPECT_THAT(outcome.err, HasSubstr("Read-only file system"));
}

TEST(Disk, ReadOnlyFolderOfAnOrdinaryUser) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  const std::string dir = TestDir();
  const std::string job = WriteTinyJob(dir);
  fs::create_directories(dir + "/locked");
  fs::permissions(dir + "/locked", fs::perms::owner_read | fs::perms::owner_exec);
  const Outcome outcome = Restem({"run", job, "--run-dir", dir + "/locked"});
  fs::permissions(dir + "/locked", fs::perms::owner_all);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr(dir + "/locked"));
  EXPECT_THAT(outcome.err, HasSubstr("Permission denied"));
}

TEST(Disk, FullDiskIsSaidAndTheRunGoesOnOnceThereIsRoom) {
  const std::string dir = TestDir();
  const std::string job = WriteTinyJob(dir);
  const Outcome reference = Restem({"run", job});
  ASSERT_EQ(reference.exit_code, 0) << reference.err;
  const auto expected = FinishedFiles(dir + "/runs/tiny");

  const std::string run_dir = dir + "/disk/run";
  const std::vector<std::string> command = {"run", job, "--run-dir", run_dir};
  const SmallDisk disk(dir + "/disk", "size=8m");
  if (!disk.mounted()) GTEST_SKIP() << "no file system can be mounted here: " << disk.error();
  int full = 0;
  // Each time with a little more room than the last: the disk fills up in one stage after another.
  for (int64_t room = 4096; room < 1'000'000; room += 57344) {
    disk.leave(room);
    const Outcome outcome = Restem(command);
    disk.free();
    if (outcome.exit_code == 0) break;
    EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("No space left on device"));
    EXPECT_THAT(outcome.err, HasSubstr(dir + "/disk"));
    ++full;
  }
  EXPECT_GE(full, 3) << "the disk was hardly ever full";
  const Outcome last = Restem(command);
  ASSERT_EQ(last.exit_code, 0) << last.err;
  EXPECT_EQ(Difference(expected, FinishedFiles(run_dir)), "");
  EXPECT_EQ(Leftovers(run_dir), std::set<std::string>{});
}

}  // namespace
}  // namespace restem::testing
