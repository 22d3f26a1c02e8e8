// Agreement with the reference implementation, the PyPI package `safetensors`.
#include <gtest/gtest.h>

#include <cstring>

#include "io/run_python.h"
#include "io/safetensors.h"

namespace restem {
namespace {

constexpr char kRead[] = R"(
import sys
import torch
from safetensors.torch import load_file, save_file
tensors = load_file(sys.argv[1])
assert tensors["f"].dtype == torch.float32 and tensors["f"].tolist() == [[1.5, -2.0], [3.0, 4.0]]
assert tensors["i"].dtype == torch.int64 and tensors["i"].item() == -7
assert tensors["h"].dtype == torch.bfloat16 and tensors["h"].tolist() == [1.0, 2.0]
only = {k: v for k, v in tensors.items() if k == "f"} | {"g": torch.zeros(3), "Z": torch.ones(1)}
save_file(only, sys.argv[2], metadata={"format": "pt"})
)";

TEST(SafetensorsPython, EachReadsWhatTheOtherWrites) {
  RESTEM_REQUIRE_PYTHON();
  const std::string dir = testing::TestDir();
  const std::vector<float> f = {1.5F, -2.0F, 3.0F, 4.0F};
  const std::vector<int64_t> i = {-7};
  const std::vector<uint16_t> h = {0x3f80, 0x4000};
  const std::vector<TensorView> tensors = {
      {"h", DType::kBFloat16, {2}, std::as_bytes(std::span(h))},
      {"f", DType::kFloat32, {2, 2}, std::as_bytes(std::span(f))},
      {"i", DType::kInt64, {}, std::as_bytes(std::span(i))}};
  ASSERT_TRUE(WriteSafetensors(dir + "/ours", tensors).ok());
  const auto run = testing::RunPython(dir, kRead, {dir + "/ours", dir + "/theirs"});
  ASSERT_EQ(run.exit_code, 0) << run.output;

  const auto theirs = SafetensorsFile::open(dir + "/theirs");
  ASSERT_TRUE(theirs.ok()) << theirs.status();
  const TensorView& got = theirs->tensors().at("f");
  ASSERT_EQ(got.bytes.size(), 16U);
  EXPECT_EQ(std::memcmp(got.bytes.data(), f.data(), 16), 0);

  // Same tensors, same bytes.
  const std::vector<float> zeros(3, 0.0F), ones(1, 1.0F);
  const std::vector<TensorView> same = {
      {"g", DType::kFloat32, {3}, std::as_bytes(std::span(zeros))},
      {"f", DType::kFloat32, {2, 2}, std::as_bytes(std::span(f))},
      {"Z", DType::kFloat32, {1}, std::as_bytes(std::span(ones))}};
  ASSERT_TRUE(WriteSafetensors(dir + "/same", same).ok());
  EXPECT_EQ(*ReadFile(dir + "/same"), *ReadFile(dir + "/theirs"));
}

constexpr char kReadShards[] = R"(
import json, sys
from safetensors import safe_open
folder = sys.argv[1]
index = json.load(open(folder + "/model.safetensors.index.json"))
assert index["metadata"]["total_size"] == 48, index
for name, shard in index["weight_map"].items():
    with safe_open(folder + "/" + shard, "pt") as file:
        assert file.metadata()["format"] == "pt"
        assert file.get_tensor(name).tolist() == [1.5, -2.0, 3.0, 4.0]
)";

TEST(SafetensorsPython, ReadsOurShards) {
  RESTEM_REQUIRE_PYTHON();
  const std::string dir = testing::TestDir();
  const std::vector<float> f = {1.5F, -2.0F, 3.0F, 4.0F};
  const auto bytes = std::as_bytes(std::span(f));
  const std::vector<TensorView> tensors = {{"a", DType::kFloat32, {4}, bytes},
                                           {"b", DType::kFloat32, {4}, bytes},
                                           {"c", DType::kFloat32, {4}, bytes}};
  ASSERT_TRUE(WriteSafetensorsModel(dir, tensors, /*max_shard_bytes=*/20).ok());
  const auto run = testing::RunPython(dir, kReadShards, {dir});
  EXPECT_EQ(run.exit_code, 0) << run.output;
}

}  // namespace
}  // namespace restem
