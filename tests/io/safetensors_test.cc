#include "io/safetensors.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "support/paths.h"

namespace restem {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename T>
TensorView View(std::string name,
                DType dtype,
                std::vector<int64_t> shape,
                const std::vector<T>& values) {
  return {std::move(name), dtype, std::move(shape), std::as_bytes(std::span(values))};
}

// A file with this header and `data_bytes` zeros after it.
std::string WriteRaw(std::string_view header, size_t data_bytes) {
  const std::string path = testing::TestDir() + "/raw.safetensors";
  std::ofstream out(path, std::ios::binary);
  const uint64_t length = header.size();
  out.write(reinterpret_cast<const char*>(&length), sizeof length);
  out << header << std::string(data_bytes, '\0');
  return path;
}

std::string ErrorOfHeader(std::string_view header, size_t data_bytes) {
  const auto file = SafetensorsFile::open(WriteRaw(header, data_bytes));
  EXPECT_EQ(file.status().code(), absl::StatusCode::kInvalidArgument) << header;
  return std::string(MessageOf(file.status()));
}

std::string Entry(std::string_view name, std::string_view shape, size_t begin, size_t end) {
  return fmt::format(
      R"("{}":{{"dtype":"F32","shape":{},"data_offsets":[{},{}]}})", name, shape, begin, end);
}

std::string Header(std::string_view first, std::string_view second = "") {
  return fmt::format("{{{}{}{}}}", first, second.empty() ? "" : ",", second);
}

TEST(Safetensors, RoundTripsEveryTypeAligned) {
  const std::string path = testing::TestDir() + "/a.safetensors";
  const std::vector<float> floats = {1.5F, -2.0F, 3.25F};
  const std::vector<int64_t> longs = {-7};
  const std::vector<uint8_t> bytes = {1, 2, 3};
  const std::vector<uint16_t> halves = {0x3f80};
  const std::vector<float> none;
  const std::vector<TensorView> tensors = {View("bytes", DType::kUInt8, {3}, bytes),
                                           View("half", DType::kBFloat16, {1, 1}, halves),
                                           View("x", DType::kFloat32, {3, 1}, floats),
                                           View("empty", DType::kFloat32, {0, 4}, none),
                                           View("scalar", DType::kInt64, {}, longs)};
  ASSERT_TRUE(WriteSafetensors(path, tensors, {{"format", "pt"}, {"step", "3"}}).ok());
  const auto file = SafetensorsFile::open(path);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->tensors().size(), tensors.size());
  EXPECT_EQ(file->metadata().at("step"), "3");
  for (const TensorView& wanted : tensors) {
    const TensorView& got = file->tensors().at(wanted.name);
    EXPECT_EQ(got.dtype, wanted.dtype);
    EXPECT_EQ(got.shape, wanted.shape);
    ASSERT_EQ(got.bytes.size(), wanted.bytes.size());
    EXPECT_TRUE(std::equal(got.bytes.begin(), got.bytes.end(), wanted.bytes.begin()))
        << wanted.name;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(got.bytes.data()) % ElementSize(got.dtype), 0U)
        << wanted.name;
  }
}

TEST(Safetensors, ViewsOutliveTheFirstCopy) {
  const std::string path = testing::TestDir() + "/a.safetensors";
  const std::vector<float> floats = {4.0F};
  ASSERT_TRUE(WriteSafetensors(path, std::vector{View("x", DType::kFloat32, {1}, floats)}).ok());
  std::optional<SafetensorsFile> copy;
  {
    auto file = SafetensorsFile::open(path);
    copy = *file;
  }
  float value = 0;
  std::memcpy(&value, copy->tensors().at("x").bytes.data(), sizeof value);
  EXPECT_EQ(value, 4.0F);
}

TEST(Safetensors, WritesTheSameBytesWhateverTheOrder) {
  const std::string dir = testing::TestDir();
  const std::vector<float> a = {1}, b = {2};
  const auto x = View("x", DType::kFloat32, {1}, a);
  const auto y = View("y", DType::kFloat32, {1}, b);
  ASSERT_TRUE(WriteSafetensors(dir + "/1", std::vector{x, y}).ok());
  ASSERT_TRUE(WriteSafetensors(dir + "/2", std::vector{y, x}).ok());
  EXPECT_EQ(*ReadFile(dir + "/1"), *ReadFile(dir + "/2"));
}

TEST(Safetensors, RefusesToWriteWhatCannotBeRead) {
  const std::string path = testing::TestDir() + "/a.safetensors";
  const std::vector<float> a = {1, 2};
  const auto x = View("x", DType::kFloat32, {2}, a);
  EXPECT_THAT(std::string(MessageOf(WriteSafetensors(path, std::vector{x, x}))),
              HasSubstr("tensor x is there twice"));
  const auto wrong = View("x", DType::kFloat32, {3}, a);
  EXPECT_THAT(std::string(MessageOf(WriteSafetensors(path, std::vector{wrong}))),
              HasSubstr("has 8 bytes where its shape needs 12"));
  EXPECT_FALSE(FileExists(path));
}

TEST(Safetensors, FullDiskLeavesTheOldFile) {
  const std::string path = testing::TestDir() + "/a.safetensors";
  const std::vector<float> a = {1, 2};
  const std::vector tensors = {View("x", DType::kFloat32, {2}, a)};
  ASSERT_TRUE(WriteSafetensors(path, tensors).ok());
  const std::string before = *ReadFile(path);
  std::filesystem::create_symlink("/dev/full", path + ".tmp");
  const absl::Status status = WriteSafetensors(path, tensors, {{"format", "np"}});
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(MessageOf(status)), HasSubstr("No space left on device"));
  EXPECT_EQ(*ReadFile(path), before);
}

TEST(Safetensors, TruncatedFileNamesBothSizes) {
  const std::string path = testing::TestDir() + "/a.safetensors";
  const std::vector<float> a(100, 1.0F);
  ASSERT_TRUE(WriteSafetensors(path, std::vector{View("x", DType::kFloat32, {100}, a)}).ok());
  const auto size = std::filesystem::file_size(path);
  std::filesystem::resize_file(path, size - 3);
  const auto file = SafetensorsFile::open(path);
  EXPECT_EQ(file.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(
      MessageOf(file.status()),
      fmt::format("{}: truncated: {} bytes, but the header describes {}", path, size - 3, size));
  for (const size_t left : {20U, 8U, 7U, 0U}) {
    std::filesystem::resize_file(path, left);
    EXPECT_THAT(std::string(MessageOf(SafetensorsFile::open(path).status())),
                HasSubstr(fmt::format("{}: truncated: {} bytes", path, left)));
  }
}

TEST(Safetensors, RefusesWrongHeaders) {
  EXPECT_THAT(ErrorOfHeader("{oops", 0), HasSubstr("its header is not valid JSON"));
  EXPECT_THAT(ErrorOfHeader("[]", 0), HasSubstr("its header is not a JSON object"));
  EXPECT_THAT(ErrorOfHeader("{}", 4), HasSubstr("too long: 14 bytes, but the header describes 10"));
  EXPECT_THAT(ErrorOfHeader(Header(Entry("a", "[2]", 0, 4)), 4),
              HasSubstr("tensor a: data_offsets [0,4] do not match shape [2] of F32"));
  EXPECT_THAT(ErrorOfHeader(Header(Entry("a", "[1]", 4, 0)), 4), HasSubstr("do not match"));
  EXPECT_THAT(ErrorOfHeader(Header(Entry("a", "[-1]", 0, 4)), 4), HasSubstr("not a list of sizes"));
  EXPECT_THAT(ErrorOfHeader(Header(Entry("a", "[4611686018427387904, 4]", 0, 0)), 0),
              HasSubstr("do not match"));
  EXPECT_THAT(ErrorOfHeader(Header(Entry("a", "[1]", 0, 4), Entry("b", "[1]", 0, 4)), 4),
              HasSubstr("tensor b: begins at 0, but the one before it ends at 4"));
  EXPECT_THAT(ErrorOfHeader(Header(Entry("a", "[1]", 0, 4), Entry("b", "[1]", 8, 12)), 12),
              HasSubstr("tensor b: begins at 8"));
  EXPECT_THAT(ErrorOfHeader(Header(Entry("a", "[1]", 0, 4), Entry("a", "[1]", 0, 4)), 4),
              HasSubstr("tensor a is there twice"));
  EXPECT_THAT(ErrorOfHeader(R"({"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}})", 4),
              HasSubstr("tensor a: dtype \"F33\" is not known"));
  EXPECT_THAT(ErrorOfHeader(R"({"a":3})", 4), HasSubstr("entry is not an object"));
  EXPECT_THAT(ErrorOfHeader(R"({"__metadata__":{"a":3}})", 0),
              HasSubstr("__metadata__: a is not text"));
}

class Model : public ::testing::Test {
 protected:
  void SetUp() override {
    for (size_t i = 0; i < values_.size(); ++i) {
      tensors_.push_back(View(fmt::format("t{}", i), DType::kFloat32, {10}, values_[i]));
    }
  }
  const std::string dir_ = testing::TestDir();
  const std::vector<std::vector<float>> values_{5, std::vector<float>(10, 1.0F)};
  std::vector<TensorView> tensors_;
};

TEST_F(Model, SingleFileUnderTheLimit) {
  ASSERT_TRUE(WriteSafetensorsModel(dir_, tensors_).ok());
  EXPECT_TRUE(FileExists(dir_ + "/model.safetensors"));
  const auto model = SafetensorsModel::open(dir_);
  ASSERT_TRUE(model.ok());
  EXPECT_THAT(model->get("t3")->shape, ElementsAre(10));
  EXPECT_EQ(MessageOf(model->get("t9").status()), dir_ + ": tensor t9 is missing");
}

TEST_F(Model, ShardsAboveTheLimitAndBack) {
  ASSERT_TRUE(WriteSafetensorsModel(dir_, tensors_).ok());
  ASSERT_TRUE(WriteSafetensorsModel(dir_, tensors_, /*max_shard_bytes=*/80).ok());
  EXPECT_FALSE(FileExists(dir_ + "/model.safetensors"));
  EXPECT_TRUE(FileExists(dir_ + "/model-00003-of-00003.safetensors"));
  const auto model = SafetensorsModel::open(dir_);
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->tensors().size(), 5U);
  ASSERT_TRUE(WriteSafetensorsModel(dir_, tensors_).ok());
  EXPECT_FALSE(FileExists(dir_ + "/model.safetensors.index.json"));
}

// As after a kill in the middle: what is there is kept, what is missing or another is written.
TEST_F(Model, WhatIsWrittenIsNotWrittenAgain) {
  const auto node = [&](const std::string& name) {
    struct stat status = {};
    EXPECT_EQ(stat((dir_ + "/" + name).c_str(), &status), 0) << name;
    return status.st_ino;
  };
  const std::string first = "model-00001-of-00003.safetensors";
  const std::string second = "model-00002-of-00003.safetensors";
  ASSERT_TRUE(WriteSafetensorsModel(dir_, tensors_, 80).ok());
  const auto kept = node(first);
  std::filesystem::remove(dir_ + "/" + second);
  std::filesystem::remove(dir_ + "/model.safetensors.index.json");
  ASSERT_TRUE(WriteFileAtomic(dir_ + "/" + second + ".tmp", "half").ok());
  ASSERT_TRUE(WriteSafetensorsModel(dir_, tensors_, 80).ok());
  EXPECT_EQ(node(first), kept);
  EXPECT_FALSE(FileExists(dir_ + "/" + second + ".tmp"));
  EXPECT_TRUE(SafetensorsModel::open(dir_).ok());
  // Other numbers of the same shapes.
  std::vector<std::byte> other(tensors_[0].bytes.begin(), tensors_[0].bytes.end());
  other[0] ^= std::byte{1};
  tensors_[0].bytes = other;
  ASSERT_TRUE(WriteSafetensorsModel(dir_, tensors_, 80).ok());
  EXPECT_NE(node(first), kept);
  EXPECT_EQ(SafetensorsModel::open(dir_)->get(tensors_[0].name)->bytes[0], other[0]);
}

// Only one shard's bytes are there at a time.
TEST_F(Model, BytesAreMadeShardByShard) {
  std::vector<TensorView> later = tensors_;
  for (TensorView& tensor : later) tensor.bytes = {};
  std::vector<size_t> shards;
  std::vector<std::vector<float>> made;
  const auto make = [&](std::span<TensorView> shard) {
    shards.push_back(shard.size());
    made.clear();
    for (TensorView& tensor : shard) {
      made.push_back(values_[static_cast<size_t>(tensor.name[1] - '0')]);
      tensor.bytes = std::as_bytes(std::span(made.back()));
    }
    return absl::OkStatus();
  };
  ASSERT_TRUE(WriteSafetensorsModel(dir_, later, make, 80).ok());
  EXPECT_THAT(shards, ElementsAre(2, 2, 1));
  const auto model = SafetensorsModel::open(dir_);
  ASSERT_TRUE(model.ok()) << model.status();
  for (const TensorView& tensor : tensors_)
    EXPECT_TRUE(std::ranges::equal(model->get(tensor.name)->bytes, tensor.bytes)) << tensor.name;
  const auto nothing = [](std::span<TensorView>) { return absl::OkStatus(); };
  EXPECT_THAT(std::string(MessageOf(WriteSafetensorsModel(dir_, later, nothing, 80))),
              HasSubstr("tensor t0 has 0 bytes where its shape needs 40"));
  const auto fails = [](std::span<TensorView>) { return Failed("not to be had"); };
  EXPECT_EQ(MessageOf(WriteSafetensorsModel(dir_, later, fails, 80)), "not to be had");
}

TEST_F(Model, NamesMissingShardAndTensor) {
  EXPECT_THAT(std::string(MessageOf(SafetensorsModel::open(dir_).status())),
              HasSubstr(dir_ + " has no weights"));
  ASSERT_TRUE(WriteSafetensorsModel(dir_, tensors_, 80).ok());
  const std::string second = dir_ + "/model-00002-of-00003.safetensors";
  ASSERT_TRUE(WriteSafetensors(second, std::vector{tensors_[2]}).ok());
  EXPECT_THAT(std::string(MessageOf(SafetensorsModel::open(dir_).status())),
              HasSubstr("tensor t3 is missing from shard model-00002-of-00003.safetensors"));
  std::filesystem::remove(second);
  EXPECT_THAT(std::string(MessageOf(SafetensorsModel::open(dir_).status())),
              HasSubstr("shard model-00002-of-00003.safetensors (with tensor t2) is missing"));
}

TEST_F(Model, RefusesAnIndexThatLeavesTheFolder) {
  ASSERT_TRUE(
      WriteFileAtomic(dir_ + "/model.safetensors.index.json", R"({"weight_map":{"a":"../x"}})")
          .ok());
  EXPECT_THAT(std::string(MessageOf(SafetensorsModel::open(dir_).status())),
              HasSubstr("tensor a must map"));
  ASSERT_TRUE(WriteFileAtomic(dir_ + "/model.safetensors.index.json", "{}").ok());
  EXPECT_THAT(std::string(MessageOf(SafetensorsModel::open(dir_).status())),
              HasSubstr("\"weight_map\" is missing"));
}

TEST(Safetensors, OpensAPublishedModel) {
  RESTEM_REQUIRE_DATA(data);
  const auto model = SafetensorsModel::open(data + "/stories260K/hf");
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_THAT(model->get("model.embed_tokens.weight")->shape, ElementsAre(512, 64));
}

}  // namespace
}  // namespace restem
