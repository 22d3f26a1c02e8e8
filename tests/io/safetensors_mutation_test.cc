// Damaged files are refused or read within their bounds, and never crash.
#include <gtest/gtest.h>

#include <string>

#include "base/random.h"
#include "io/safetensors.h"
#include "support/paths.h"

namespace restem {
namespace {

// Overwrites, inserts or removes a few bytes, or cuts the tail.
std::string Mutate(std::string content, const RandomStream& stream) {
  const uint64_t edits = 1 + UniformBelow(stream, 0, 4);
  for (uint64_t i = 0; i < edits && !content.empty(); ++i) {
    const size_t at = UniformBelow(stream, 4 * i + 1, std::min<size_t>(content.size(), 300));
    // Bytes that mean something in a header come up more often than others.
    constexpr std::string_view kTelling = "{}[],:\"-0123456789eE. \\";
    const uint64_t pick = UniformBelow(stream, 4 * i + 2, 256 + 8 * kTelling.size());
    const char c = pick < 256 ? static_cast<char>(pick) : kTelling[(pick - 256) / 8];
    switch (UniformBelow(stream, 4 * i + 3, 4)) {
      case 0:
        content.insert(content.begin() + static_cast<ptrdiff_t>(at), c);
        break;
      case 1:
        content.erase(at, 1 + UniformBelow(stream, 4 * i + 4, 8));
        break;
      case 2:
        content.resize(at);
        break;
      default:
        content[at] = c;
    }
  }
  return content;
}

TEST(SafetensorsMutation, NeverReadsOutsideTheFile) {
  const std::string dir = testing::TestDir();
  const std::vector<float> values(64, 1.0F);
  const auto bytes = std::as_bytes(std::span(values));
  const std::vector<TensorView> tensors = {{"a", DType::kFloat32, {4, 4}, bytes.first(64)},
                                           {"b", DType::kBFloat16, {32}, bytes.first(64)}};
  ASSERT_TRUE(WriteSafetensors(dir + "/good", tensors).ok());
  const std::string good = *ReadFile(dir + "/good");
  const std::string path = dir + "/bad";
  int refused = 0;
  constexpr int kTrials = 3000;
  for (int trial = 0; trial < kTrials; ++trial) {
    const RandomStream stream(1, StreamPurpose::kInit, 0, "mutation", static_cast<uint64_t>(trial));
    std::remove(path.c_str());  // some file systems flush a file that is truncated and rewritten
    FILE* out = std::fopen(path.c_str(), "wb");
    const std::string bad = Mutate(good, stream);
    std::fwrite(bad.data(), 1, bad.size(), out);
    std::fclose(out);
    const auto file = SafetensorsFile::open(path);
    if (!file.ok()) {
      EXPECT_EQ(file.status().code(), absl::StatusCode::kInvalidArgument) << file.status();
      ++refused;
      continue;
    }
    unsigned sum = 0;  // touches every byte: a view outside the map would fault
    size_t total = 0;
    for (const auto& [name, tensor] : file->tensors()) {
      for (const std::byte b : tensor.bytes) sum += static_cast<unsigned>(b);
      total += tensor.bytes.size();
    }
    EXPECT_LE(total, bad.size()) << sum;
  }
  EXPECT_GT(refused, kTrials / 2);
  EXPECT_LT(refused, kTrials);
}

}  // namespace
}  // namespace restem
