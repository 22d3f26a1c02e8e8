#include "base/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/paths.h"

namespace restem {
namespace {

using ::testing::HasSubstr;

TEST(WriteFileAtomic, ReplacesTheWholeFile) {
  const std::string path = testing::TestDir() + "/f";
  ASSERT_TRUE(WriteFileAtomic(path, "one").ok());
  ASSERT_TRUE(WriteFileAtomic(path, "two").ok());
  EXPECT_EQ(*ReadFile(path), "two");
  EXPECT_FALSE(FileExists(path + ".tmp"));
}

TEST(WriteFileAtomic, AFailureLeavesTheOldFile) {
  const std::string path = testing::TestDir() + "/f";
  ASSERT_TRUE(WriteFileAtomic(path, "one").ok());
  const absl::Status status = WriteFileAtomic(path, [](const WriteFn& write) {
    RESTEM_RETURN_IF_ERROR(write("half"));
    return Failed("the producer broke");
  });
  EXPECT_EQ(MessageOf(status), "the producer broke");
  EXPECT_EQ(*ReadFile(path), "one");
  EXPECT_FALSE(FileExists(path + ".tmp"));
}

TEST(ReadFile, AMissingFileIsNamed) {
  const auto content = ReadFile("/nowhere/at/all");
  EXPECT_THAT(std::string(MessageOf(content.status())),
              HasSubstr("cannot open /nowhere/at/all: No such file"));
  EXPECT_TRUE(absl::IsInvalidArgument(content.status()));
}

TEST(MappedFile, MapsTheBytes) {
  const std::string path = testing::TestDir() + "/f";
  ASSERT_TRUE(WriteFileAtomic(path, "abc").ok());
  const auto file = MappedFile::open(path);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ((*file)->bytes().size(), 3U);
  EXPECT_EQ(static_cast<char>((*file)->bytes()[2]), 'c');
  EXPECT_EQ(*HashFile(path), HashBytes("abc"));
}

TEST(MappedFile, AnEmptyFileIsEmpty) {
  const std::string path = testing::TestDir() + "/f";
  ASSERT_TRUE(WriteFileAtomic(path, "").ok());
  EXPECT_EQ((*MappedFile::open(path))->bytes().size(), 0U);
}

}  // namespace
}  // namespace restem
