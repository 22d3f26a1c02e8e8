// Where tests find real data, and where they may write.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

namespace restem::testing {

// The folder with the public data sets and pretrained weights: $RESTEM_DATA, or nullopt where it is
// not set.
inline std::optional<std::string> DataDir() {
  const char* dir = std::getenv("RESTEM_DATA");
  if (dir == nullptr || !std::filesystem::is_directory(dir)) return std::nullopt;
  return dir;
}

// Python with transformers and tokenizers, to compare with: $RESTEM_PYTHON, else the repository's
// .venv.
inline std::optional<std::string> Python() {
  const char* python = std::getenv("RESTEM_PYTHON");
  const std::string path =
      python != nullptr ? python : std::string(RESTEM_SOURCE_DIR) + "/.venv/bin/python";
  if (!std::filesystem::exists(path)) return std::nullopt;
  return path;
}

// An empty folder of the running test's own.
inline std::string TestDir() {
  const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
  std::filesystem::path dir =
      std::filesystem::path(RESTEM_BINARY_DIR) / "test-output" / info->test_suite_name();
  std::string name = info->name();
  for (char& c : name) c = c == '/' ? '_' : c;
  dir /= name;
  std::filesystem::remove_all(dir);
  std::filesystem::create_directories(dir);
  return dir.string();
}

}  // namespace restem::testing

// Skips the running test, saying why, where the public data is not there.
#define RESTEM_REQUIRE_DATA(variable)                                              \
  const auto variable##_or = ::restem::testing::DataDir();                         \
  if (!variable##_or) GTEST_SKIP() << "RESTEM_DATA does not name the data folder"; \
  const std::string variable = *variable##_or
