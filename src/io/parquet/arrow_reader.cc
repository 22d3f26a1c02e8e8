// librestem_parquet.so: Parquet files row by row.
#include <arrow/io/file.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/utf8.h>
#include <fmt/format.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/schema.h>

#include <algorithm>
#include <exception>
#include <set>
#include <utility>

#include "io/parquet/arrow_json.h"
#include "io/parquet/open.h"

namespace restem {
namespace {

using nlohmann::json;

// A column chunk is read through a buffer, and rows come in batches of about this size.
constexpr int64_t kBufferBytes = 1 << 20;
constexpr int64_t kBatchBytes = 8 << 20;
constexpr int64_t kMaxBatchRows = 1024;
// Pages that claim to hold more than this do not fit: a broken file, or a hostile one.
constexpr int64_t kMaxMemory = int64_t{4} << 30;

arrow::MemoryPool* Pool() {
  static auto* const pool = new arrow::CappedMemoryPool(arrow::system_memory_pool(), kMaxMemory);
  return pool;
}

class ArrowReader final : public RecordReader {
 public:
  explicit ArrowReader(std::string path) : path_(std::move(path)) {}

  absl::Status open(const WantedFields& wanted);
  absl::StatusOr<std::optional<json>> next() override;
  absl::StatusOr<int64_t> skip(int64_t count) override;
  int64_t number() const override { return row_; }
  std::string where() const override { return fmt::format("{}: row {}", path_, row_); }
  std::vector<std::string> names() const override { return names_; }

 private:
  absl::Status choose_columns(const arrow::Schema& schema, const WantedFields& wanted);
  int64_t group_rows() const { return metadata_->RowGroup(group_)->num_rows(); }
  absl::Status open_group();
  absl::StatusOr<bool> next_batch();  // with a row in it; false at the end
  absl::Status broken(const std::string& why) const;

  const std::string path_;
  std::unique_ptr<parquet::arrow::FileReader> file_;
  std::shared_ptr<parquet::FileMetaData> metadata_;
  std::vector<std::string> names_;                     // of all columns
  std::vector<int> leaves_;                            // that are read: a nested column has several
  int group_ = 0;                                      // the one that is read next
  std::unique_ptr<arrow::RecordBatchReader> batches_;  // of the group before; null: none
  std::shared_ptr<arrow::RecordBatch> batch_;
  int64_t at_ = 0;   // in the batch
  int64_t row_ = 0;  // last handed out, from 1
};

absl::Status ArrowReader::broken(const std::string& why) const {
  return InvalidInput(fmt::format("{}: row {}: cannot be read: {}", path_, row_ + 1, why));
}

absl::Status ArrowReader::open(const WantedFields& wanted) {
  auto input = arrow::io::ReadableFile::Open(path_, Pool());
  if (!input.ok())
    return InvalidInput(fmt::format("cannot open {}: {}", path_, input.status().message()));
  parquet::ReaderProperties properties(Pool());
  properties.enable_buffered_stream();
  properties.set_buffer_size(kBufferBytes);
  parquet::arrow::FileReaderBuilder builder;
  arrow::Status status = builder.Open(*input, properties);
  // Without reading ahead: that would hold whole row groups.
  parquet::ArrowReaderProperties arrow_properties(/*use_threads=*/false);
  arrow_properties.set_pre_buffer(false);
  if (status.ok())
    status = builder.memory_pool(Pool())->properties(arrow_properties)->Build(&file_);
  std::shared_ptr<arrow::Schema> schema;
  if (status.ok()) status = file_->GetSchema(&schema);
  if (!status.ok()) {
    return InvalidInput(
        fmt::format("{}: is no Parquet file that can be read: {}", path_, status.message()));
  }
  metadata_ = file_->parquet_reader()->metadata();
  return choose_columns(*schema, wanted);
}

absl::Status ArrowReader::choose_columns(const arrow::Schema& schema, const WantedFields& wanted) {
  std::set<std::string> seen;
  for (const auto& field : schema.fields()) {
    names_.push_back(field->name());
    if (!seen.insert(field->name()).second)
      return InvalidInput(fmt::format("{}: two columns are named \"{}\"", path_, field->name()));
    if (!IsWanted(wanted, field->name())) continue;
    const absl::Status has_json = CheckHasJson(*field->type());
    if (!has_json.ok()) {
      return InvalidInput(
          fmt::format("{}: the column \"{}\" {}", path_, field->name(), MessageOf(has_json)));
    }
  }
  const parquet::SchemaDescriptor& leaves = *metadata_->schema();
  for (int i = 0; i < leaves.num_columns(); ++i) {
    if (IsWanted(wanted, leaves.GetColumnRoot(i)->name())) leaves_.push_back(i);
  }
  return absl::OkStatus();
}

absl::Status ArrowReader::open_group() {
  const auto group = metadata_->RowGroup(group_);
  int64_t bytes = 0;
  for (const int leaf : leaves_) bytes += group->ColumnChunk(leaf)->total_uncompressed_size();
  const int64_t row_bytes = bytes / std::max<int64_t>(group->num_rows(), 1) + 1;
  file_->set_batch_size(std::clamp<int64_t>(kBatchBytes / row_bytes, 1, kMaxBatchRows));
  auto batches = file_->GetRecordBatchReader({group_}, leaves_);
  if (!batches.ok()) return broken(batches.status().message());
  batches_ = *std::move(batches);
  ++group_;
  return absl::OkStatus();
}

absl::StatusOr<bool> ArrowReader::next_batch() {
  while (batch_ == nullptr || at_ == batch_->num_rows()) {
    if (batch_ == nullptr) {
      if (group_ >= metadata_->num_row_groups()) return false;
      RESTEM_RETURN_IF_ERROR(open_group());
    }
    at_ = 0;
    const arrow::Status status = batches_->ReadNext(&batch_);
    if (!status.ok()) return broken(status.message());
  }
  return true;
}

absl::StatusOr<std::optional<json>> ArrowReader::next() {
  RESTEM_ASSIGN_OR_RETURN(const bool there, next_batch());
  if (!there) return std::optional<json>();
  ++row_;
  json record = json::object();
  for (int c = 0; c < batch_->num_columns(); ++c) {
    auto value = JsonOf(*batch_->column(c), at_);
    if (!value.ok()) {
      return InvalidInput(fmt::format(
          "{}: the column \"{}\" {}", where(), batch_->column_name(c), MessageOf(value.status())));
    }
    record[batch_->column_name(c)] = *std::move(value);
  }
  ++at_;
  return std::optional<json>(std::move(record));
}

absl::StatusOr<int64_t> ArrowReader::skip(int64_t count) {
  int64_t skipped = 0;
  while (skipped < count) {
    const bool at_group = batch_ == nullptr && group_ < metadata_->num_row_groups();
    int64_t rows = 0;
    if (at_group && group_rows() <= count - skipped) {
      rows = group_rows();
      ++group_;
    } else {
      RESTEM_ASSIGN_OR_RETURN(const bool there, next_batch());
      if (!there) break;
      rows = std::min(batch_->num_rows() - at_, count - skipped);
      at_ += rows;
    }
    skipped += rows;
    row_ += rows;
  }
  return skipped;
}

// Arrow reports most of what is wrong by a status, and throws the rest.
class WithoutExceptions final : public RecordReader {
 public:
  explicit WithoutExceptions(std::unique_ptr<ArrowReader> reader) : reader_(std::move(reader)) {}

  absl::StatusOr<std::optional<json>> next() override {
    return guarded<std::optional<json>>([&] { return reader_->next(); });
  }
  absl::StatusOr<int64_t> skip(int64_t count) override {
    return guarded<int64_t>([&] { return reader_->skip(count); });
  }
  int64_t number() const override { return reader_->number(); }
  std::string where() const override { return reader_->where(); }
  std::vector<std::string> names() const override { return reader_->names(); }

 private:
  template <typename T, typename Call>
  absl::StatusOr<T> guarded(const Call& call) {
    try {
      return call();
    } catch (const std::exception& error) {
      return InvalidInput(fmt::format("{}: cannot be read: {}", reader_->where(), error.what()));
    }
  }
  const std::unique_ptr<ArrowReader> reader_;
};

}  // namespace
}  // namespace restem

extern "C" __attribute__((visibility("default"))) restem::OpenParquetFn restem_open_parquet;

void restem_open_parquet(const std::string& path,
                         const restem::WantedFields& wanted,
                         absl::StatusOr<std::unique_ptr<restem::RecordReader>>& reader) {
  using namespace restem;
  try {
    arrow::util::InitializeUTF8();  // without it nothing is invalid
    auto rows = std::make_unique<ArrowReader>(path);
    const absl::Status opened = rows->open(wanted);
    if (opened.ok()) {
      reader = std::make_unique<WithoutExceptions>(std::move(rows));
    } else {
      reader = opened;
    }
  } catch (const std::exception& error) {
    reader = InvalidInput(
        fmt::format("{}: is no Parquet file that can be read: {}", path, error.what()));
  }
}
