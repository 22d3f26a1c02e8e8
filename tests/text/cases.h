// The tokenizers and expected results that make_cases.py writes, made once in a test run.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "support/paths.h"

namespace restem::testing {

// The folder with a sub-folder for each kind; nullopt without Python, "" if the script failed.
inline std::optional<std::string> CasesDir() {
  static const std::optional<std::string> dir = []() -> std::optional<std::string> {
    const auto python = Python();
    if (!python) return std::nullopt;
    const std::filesystem::path out =
        std::filesystem::path(RESTEM_BINARY_DIR) / "test-output" / "text-cases";
    std::filesystem::remove_all(out);
    std::filesystem::create_directories(out);
    const std::string command = fmt::format("'{}' '{}/tests/text/make_cases.py' '{}' {}",
                                            *python,
                                            RESTEM_SOURCE_DIR,
                                            out.string(),
                                            DataDir() ? fmt::format("'{}'", *DataDir()) : "");
    return std::system(command.c_str()) == 0 ? out.string() : "";
  }();
  return dir;
}

inline std::vector<nlohmann::json> ReadLines(const std::string& path) {
  std::vector<nlohmann::json> records;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) records.push_back(nlohmann::json::parse(line));
  return records;
}

inline std::string FromHex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

}  // namespace restem::testing

// Names the folder of `kind`, or skips the test where the library to compare with, or the kind's
// data, is not there.
#define RESTEM_REQUIRE_KIND(variable, kind)                                        \
  const auto variable##_root = ::restem::testing::CasesDir();                      \
  if (!variable##_root) GTEST_SKIP() << "no Python with the `tokenizers` package"; \
  ASSERT_NE(*variable##_root, "") << "make_cases.py failed";                       \
  const std::string variable = *variable##_root + "/" + (kind);                    \
  if (!std::filesystem::exists(variable)) {                                        \
    ASSERT_FALSE(::restem::testing::DataDir()) << (kind) << " was not written";    \
    GTEST_SKIP() << "RESTEM_DATA does not name the data folder";                   \
  }                                                                                \
  static_assert(true)
