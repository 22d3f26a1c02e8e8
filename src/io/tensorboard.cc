#include "io/tensorboard.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/file.h"
#include "base/host.h"

namespace restem {
namespace {

// ---- Protocol buffer wire format ----
void PutVarint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

void PutKey(std::string& out, uint32_t field, uint32_t wire_type) {
  PutVarint(out, field << 3 | wire_type);
}

void PutInteger(std::string& out, uint32_t field, int64_t value) {
  PutKey(out, field, 0);
  PutVarint(out, static_cast<uint64_t>(value));
}

template <typename T>
void PutRaw(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void PutDouble(std::string& out, uint32_t field, double value) {
  PutKey(out, field, 1);
  PutRaw(out, value);
}

void PutFloat(std::string& out, uint32_t field, float value) {
  PutKey(out, field, 5);
  PutRaw(out, value);
}

void PutBytes(std::string& out, uint32_t field, std::string_view value) {
  PutKey(out, field, 2);
  PutVarint(out, value.size());
  out.append(value);
}

// ---- Fields of tensorboard/compat/proto/{event,summary,tensor}.proto ----
constexpr uint32_t kEventWallTime = 1;
constexpr uint32_t kEventStep = 2;
constexpr uint32_t kEventFileVersion = 3;
constexpr uint32_t kEventSummary = 5;
constexpr uint32_t kSummaryValue = 1;
constexpr uint32_t kValueTag = 1;
constexpr uint32_t kValueSimpleValue = 2;
constexpr uint32_t kValueTensor = 8;
constexpr uint32_t kValueMetadata = 9;
constexpr uint32_t kMetadataPluginData = 1;
constexpr uint32_t kPluginDataName = 1;
constexpr uint32_t kTensorDType = 1;
constexpr uint32_t kTensorShape = 2;
constexpr uint32_t kTensorStringVal = 8;
constexpr uint32_t kShapeDim = 2;
constexpr uint32_t kDimSize = 1;
constexpr int64_t kDTypeString = 7;

std::string SummaryOf(std::string_view value) {
  std::string summary;
  PutBytes(summary, kSummaryValue, value);
  std::string event;
  PutBytes(event, kEventSummary, summary);
  return event;
}

// ---- TFRecord framing ----
constexpr std::array<uint32_t, 256> CrcTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78U : 0U);
    table[i] = crc;
  }
  return table;
}

uint32_t MaskedCrc(std::string_view bytes) {
  const uint32_t crc = Crc32c(bytes);
  return ((crc >> 15) | (crc << 17)) + 0xA282EAD8U;
}

std::string Framed(std::string_view event) {
  std::string record;
  PutRaw(record, static_cast<uint64_t>(event.size()));
  PutRaw(record, MaskedCrc(record));
  record.append(event);
  PutRaw(record, MaskedCrc(event));
  return record;
}

double WallTime() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

uint32_t Crc32c(std::string_view bytes) {
  static constexpr std::array<uint32_t, 256> kTable = CrcTable();
  uint32_t crc = 0xFFFFFFFFU;
  for (const char c : bytes) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<uint8_t>(c)) & 0xFF];
  return ~crc;
}

absl::StatusOr<std::unique_ptr<TensorBoardWriter>> TensorBoardWriter::open(const std::string& dir) {
  static std::atomic<int> files = 0;  // of this process: two may be opened within one second
  RESTEM_RETURN_IF_ERROR(MakeDirs(dir));
  const std::string path = fmt::format("{}/events.out.tfevents.{:010}.{}.{}.{}",
                                       dir,
                                       static_cast<int64_t>(WallTime()),
                                       HostName(),
                                       ::getpid(),
                                       files++);
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) return Failed(fmt::format("cannot create {}: {}", path, std::strerror(errno)));
  std::unique_ptr<TensorBoardWriter> writer(new TensorBoardWriter(path, fd));
  std::string version;
  PutBytes(version, kEventFileVersion, "brain.Event:2");
  RESTEM_RETURN_IF_ERROR(writer->write_event(version, /*step=*/0));
  return writer;
}

TensorBoardWriter::~TensorBoardWriter() { ::close(fd_); }

absl::Status TensorBoardWriter::scalar(std::string_view tag, int64_t step, double value) {
  std::string entry;
  PutBytes(entry, kValueTag, tag);
  PutFloat(entry, kValueSimpleValue, static_cast<float>(value));
  return write_event(SummaryOf(entry), step);
}

absl::Status TensorBoardWriter::text(std::string_view tag,
                                     int64_t step,
                                     std::string_view markdown) {
  std::string plugin;
  PutBytes(plugin, kPluginDataName, "text");
  std::string metadata;
  PutBytes(metadata, kMetadataPluginData, plugin);
  std::string dim;
  PutInteger(dim, kDimSize, 1);
  std::string shape;
  PutBytes(shape, kShapeDim, dim);
  std::string tensor;
  PutInteger(tensor, kTensorDType, kDTypeString);
  PutBytes(tensor, kTensorShape, shape);
  PutBytes(tensor, kTensorStringVal, markdown);
  std::string entry;
  PutBytes(entry, kValueTag, tag);
  PutBytes(entry, kValueTensor, tensor);
  PutBytes(entry, kValueMetadata, metadata);
  return write_event(SummaryOf(entry), step);
}

absl::Status TensorBoardWriter::write_event(std::string_view fields, int64_t step) {
  std::string event;
  PutDouble(event, kEventWallTime, WallTime());
  PutInteger(event, kEventStep, step);
  event.append(fields);
  const std::string record = Framed(event);
  std::lock_guard lock(mutex_);
  return WriteAll(fd_, record, path_);
}

}  // namespace restem
