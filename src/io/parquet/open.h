// Rows of Parquet files. The reader and Arrow, which it is made of, are a shared library of their
// own, librestem_parquet.so, which is loaded when the first such file is met: Arrow takes 7 ms and
// 16 MiB that most processes do not need, and a machine without it reads all other files.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "io/record_reader.h"

namespace restem {

// Errors: what is no Parquet file, a column name twice, a wanted column of a type that has no JSON,
// Arrow's library missing.
//
// A value becomes the JSON of what pyarrow's to_pylist gives: numbers, text and booleans are
// themselves, dictionaries their values, lists (of any kind) lists, structs objects, maps lists of
// [key, value]. What JSON has not: a decimal is text, as are dates, times and timestamps (ISO 8601;
// with a time zone in UTC), NaN is null, and binary data is text if it is UTF-8. Refused: infinity,
// other binary data, durations, unions.
absl::StatusOr<std::unique_ptr<RecordReader>> OpenParquet(const std::string& path,
                                                          WantedFields wanted);

// What the library has, as restem_open_parquet.
using OpenParquetFn = void(const std::string& path,
                           const WantedFields& wanted,
                           absl::StatusOr<std::unique_ptr<RecordReader>>& reader);

}  // namespace restem
