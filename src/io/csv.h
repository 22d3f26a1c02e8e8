// Tables of text as RFC 4180 has them: a header that names the columns, quoted cells that may hold
// separators, line ends and doubled quotes, LF or CRLF. A quote inside a cell that does not begin
// with one is a character. Every value stays text; blank lines are passed over.
#pragma once

#include <string>
#include <vector>

#include "io/byte_cursor.h"
#include "io/record_reader.h"

namespace restem {

class CsvReader final : public RecordReader {
 public:
  // `separator`: ',' or '\t'. Errors of the header are those of `open`: a name twice, or no UTF-8.
  static absl::StatusOr<CsvReader> open(const std::string& path,
                                        char separator,
                                        WantedFields wanted = std::nullopt);

  // Errors: a row that is longer or shorter than the header, a quote that is never closed or
  // closed before the cell's end, a carriage return by itself, a value that is not UTF-8.
  absl::StatusOr<std::optional<nlohmann::json>> next() override;
  absl::StatusOr<int64_t> skip(int64_t count) override;
  int64_t number() const override { return begin_; }
  std::string where() const override;
  std::vector<std::string> names() const override { return header_; }

 private:
  CsvReader(ByteCursor bytes, char separator) : bytes_(std::move(bytes)), separator_(separator) {}

  enum class CellEnd { kSeparator, kRow, kFile };
  absl::Status read_header(const WantedFields& wanted);
  absl::StatusOr<bool> read_row();          // false at the end
  absl::StatusOr<bool> read_checked_row();  // and as long as the header
  absl::StatusOr<CellEnd> read_cell(std::string* cell);
  absl::Status read_plain(std::string* cell);
  absl::Status read_quoted(std::string* cell);
  absl::Status take(size_t bytes, std::string* cell);
  std::string* next_cell();  // nullptr for one that nobody wants

  ByteCursor bytes_;
  const char separator_;
  std::vector<std::string> header_;
  std::vector<bool> wanted_;  // [header_]; empty before it is read
  // The row in hand.
  std::vector<std::string> cells_;  // [at most header_]
  size_t count_ = 0;
  size_t size_ = 0;  // bytes
  int64_t begin_ = 0;
};

}  // namespace restem
