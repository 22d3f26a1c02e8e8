#include "io/parquet/arrow_json.h"

#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/type.h>
#include <arrow/util/float16.h>
#include <arrow/util/utf8.h>
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace restem {
namespace {

using nlohmann::json;
using Type = arrow::Type;

constexpr int kMaxDepth = 100;

absl::Status NoJson(std::string_view what) {
  return InvalidInput(fmt::format("{}, which has no JSON: leave the column out", what));
}

absl::StatusOr<json> TextOf(std::string_view bytes, bool is_text) {
  if (arrow::util::ValidateUTF8(bytes)) return json(bytes);
  if (is_text) return InvalidInput("holds text that is not UTF-8");
  return NoJson("holds binary data that is no text");
}

absl::StatusOr<json> NumberOf(double value) {
  if (std::isinf(value)) return NoJson("holds infinity");
  return std::isnan(value) ? json() : json(value);
}

int64_t UnitsPerSecond(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return 1;
    case arrow::TimeUnit::MILLI:
      return 1'000;
    case arrow::TimeUnit::MICRO:
      return 1'000'000;
    default:
      return 1'000'000'000;
  }
}

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// As Python's isoformat: no fraction where there is none, else six digits; nine where it has no
// more than nanoseconds.
std::string TimeText(int64_t value, int64_t per_second) {
  const int64_t seconds = value / per_second;
  const int64_t nanos = value % per_second * (1'000'000'000 / per_second);
  std::string text =
      fmt::format("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (nanos % 1000 != 0) return text + fmt::format(".{:09}", nanos);
  return nanos == 0 ? text : text + fmt::format(".{:06}", nanos / 1000);
}

absl::StatusOr<std::string> DateText(int64_t days) {
  constexpr int64_t kFirst = -719162;  // of the year 1
  constexpr int64_t kLast = 2932896;   // of the year 9999
  if (days < kFirst || days > kLast)
    return InvalidInput("holds a date outside of the years 1 to 9999");
  const std::chrono::year_month_day date(
      std::chrono::sys_days(std::chrono::days(static_cast<int>(days))));
  return fmt::format("{:04}-{:02}-{:02}",
                     static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

absl::StatusOr<json> TimestampOf(const arrow::Array& array, int64_t i) {
  const auto& type = static_cast<const arrow::TimestampType&>(*array.type());
  const int64_t value = static_cast<const arrow::TimestampArray&>(array).Value(i);
  const int64_t per_day = 86'400 * UnitsPerSecond(type.unit());
  const int64_t day = FloorDiv(value, per_day);
  RESTEM_ASSIGN_OR_RETURN(const std::string date, DateText(day));
  return json(fmt::format("{}T{}{}",
                          date,
                          TimeText(value - day * per_day, UnitsPerSecond(type.unit())),
                          type.timezone().empty() ? "" : "+00:00"));
}

absl::StatusOr<json> DateOf(int64_t days) {
  RESTEM_ASSIGN_OR_RETURN(std::string text, DateText(days));
  return json(std::move(text));
}

absl::StatusOr<json> TimeOf(int64_t value, const arrow::DataType& type) {
  const int64_t per_second = UnitsPerSecond(static_cast<const arrow::TimeType&>(type).unit());
  if (value < 0 || value >= 86'400 * per_second)
    return InvalidInput("holds a time outside of a day");
  return json(TimeText(value, per_second));
}

template <typename List>
absl::StatusOr<json> ListOf(const arrow::Array& array, int64_t i) {
  const auto& list = static_cast<const List&>(array);
  json result = json::array();
  const int64_t begin = list.value_offset(i);
  for (int64_t k = begin; k < begin + list.value_length(i); ++k) {
    RESTEM_ASSIGN_OR_RETURN(json value, JsonOf(*list.values(), k));
    result.push_back(std::move(value));
  }
  return result;
}

absl::StatusOr<json> MapOf(const arrow::Array& array, int64_t i) {
  const auto& map = static_cast<const arrow::MapArray&>(array);
  json result = json::array();
  const int64_t begin = map.value_offset(i);
  for (int64_t k = begin; k < begin + map.value_length(i); ++k) {
    RESTEM_ASSIGN_OR_RETURN(json key, JsonOf(*map.keys(), k));
    RESTEM_ASSIGN_OR_RETURN(json value, JsonOf(*map.items(), k));
    result.push_back(json::array({std::move(key), std::move(value)}));
  }
  return result;
}

absl::StatusOr<json> StructOf(const arrow::Array& array, int64_t i) {
  const auto& fields = static_cast<const arrow::StructArray&>(array);
  json result = json::object();
  for (int f = 0; f < fields.num_fields(); ++f) {
    RESTEM_ASSIGN_OR_RETURN(result[fields.type()->field(f)->name()], JsonOf(*fields.field(f), i));
  }
  return result;
}

template <typename Array>
const Array& As(const arrow::Array& array) {
  return static_cast<const Array&>(array);
}

absl::StatusOr<json> ScalarOf(const arrow::Array& array, int64_t i) {
  switch (array.type_id()) {
    case Type::BOOL:
      return json(As<arrow::BooleanArray>(array).Value(i));
    case Type::INT8:
      return json(As<arrow::Int8Array>(array).Value(i));
    case Type::INT16:
      return json(As<arrow::Int16Array>(array).Value(i));
    case Type::INT32:
      return json(As<arrow::Int32Array>(array).Value(i));
    case Type::INT64:
      return json(As<arrow::Int64Array>(array).Value(i));
    case Type::UINT8:
      return json(As<arrow::UInt8Array>(array).Value(i));
    case Type::UINT16:
      return json(As<arrow::UInt16Array>(array).Value(i));
    case Type::UINT32:
      return json(As<arrow::UInt32Array>(array).Value(i));
    case Type::UINT64:
      return json(As<arrow::UInt64Array>(array).Value(i));
    case Type::HALF_FLOAT:
      return NumberOf(
          arrow::util::Float16::FromBits(As<arrow::HalfFloatArray>(array).Value(i)).ToDouble());
    case Type::FLOAT:
      return NumberOf(As<arrow::FloatArray>(array).Value(i));
    case Type::DOUBLE:
      return NumberOf(As<arrow::DoubleArray>(array).Value(i));
    case Type::STRING:
      return TextOf(As<arrow::StringArray>(array).GetView(i), /*is_text=*/true);
    case Type::LARGE_STRING:
      return TextOf(As<arrow::LargeStringArray>(array).GetView(i), /*is_text=*/true);
    case Type::BINARY:
      return TextOf(As<arrow::BinaryArray>(array).GetView(i), /*is_text=*/false);
    case Type::LARGE_BINARY:
      return TextOf(As<arrow::LargeBinaryArray>(array).GetView(i), /*is_text=*/false);
    case Type::FIXED_SIZE_BINARY:
      return TextOf(As<arrow::FixedSizeBinaryArray>(array).GetView(i), /*is_text=*/false);
    case Type::DECIMAL32:
      return json(As<arrow::Decimal32Array>(array).FormatValue(i));
    case Type::DECIMAL64:
      return json(As<arrow::Decimal64Array>(array).FormatValue(i));
    case Type::DECIMAL128:
      return json(As<arrow::Decimal128Array>(array).FormatValue(i));
    case Type::DECIMAL256:
      return json(As<arrow::Decimal256Array>(array).FormatValue(i));
    case Type::DATE32:
      return DateOf(As<arrow::Date32Array>(array).Value(i));
    case Type::DATE64:
      return DateOf(FloorDiv(As<arrow::Date64Array>(array).Value(i), 86'400'000));
    case Type::TIME32:
      return TimeOf(As<arrow::Time32Array>(array).Value(i), *array.type());
    case Type::TIME64:
      return TimeOf(As<arrow::Time64Array>(array).Value(i), *array.type());
    case Type::TIMESTAMP:
      return TimestampOf(array, i);
    default:
      return NoJson(fmt::format("has the type {}", array.type()->ToString()));
  }
}

absl::Status CheckType(const arrow::DataType& type, int depth) {
  if (depth > kMaxDepth) return InvalidInput(fmt::format("is nested deeper than {}", kMaxDepth));
  switch (type.id()) {
    case Type::DURATION:
    case Type::INTERVAL_MONTHS:
    case Type::INTERVAL_DAY_TIME:
    case Type::INTERVAL_MONTH_DAY_NANO:
    case Type::SPARSE_UNION:
    case Type::DENSE_UNION:
      return NoJson(fmt::format("has the type {}", type.ToString()));
    default:
      break;
  }
  std::set<std::string> seen;
  for (const auto& field : type.fields()) {
    RESTEM_RETURN_IF_ERROR(CheckType(*field->type(), depth + 1));
    if (type.id() == Type::STRUCT && !seen.insert(field->name()).second)
      return InvalidInput(fmt::format("has two members named \"{}\"", field->name()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckHasJson(const arrow::DataType& type) { return CheckType(type, 0); }

absl::StatusOr<json> JsonOf(const arrow::Array& array, int64_t i) {
  if (array.type_id() == Type::NA || array.IsNull(i)) return json();
  switch (array.type_id()) {
    case Type::DICTIONARY: {
      const auto& coded = As<arrow::DictionaryArray>(array);
      return JsonOf(*coded.dictionary(), coded.GetValueIndex(i));
    }
    case Type::LIST:
      return ListOf<arrow::ListArray>(array, i);
    case Type::LARGE_LIST:
      return ListOf<arrow::LargeListArray>(array, i);
    case Type::FIXED_SIZE_LIST:
      return ListOf<arrow::FixedSizeListArray>(array, i);
    case Type::MAP:
      return MapOf(array, i);
    case Type::STRUCT:
      return StructOf(array, i);
    case Type::EXTENSION:
      return JsonOf(*As<arrow::ExtensionArray>(array).storage(), i);
    default:
      return ScalarOf(array, i);
  }
}

}  // namespace restem
