// Reads one record's line without building a JSON tree: a sample of 500 tokens is 1,000 numbers.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "data/records.h"

namespace restem {
namespace {

// Where one key's value goes; the pointer that is set tells the type.
struct Field {
  std::string_view name;
  bool required = true;
  std::string* text = nullptr;
  int64_t* integer = nullptr;
  double* real = nullptr;
  std::vector<int32_t>* ids = nullptr;
  std::vector<float>* floats = nullptr;
  bool seen = false;

  bool is_list() const { return ids != nullptr || floats != nullptr; }
  std::string_view kind() const {
    if (text != nullptr) return "text";
    if (integer != nullptr) return "an integer";
    if (real != nullptr) return "a number";
    return ids != nullptr ? "a list of token ids" : "a list of numbers";
  }
};

// nlohmann's event interface. Returning false ends the parsing with the error noted.
class Handler {
 public:
  explicit Handler(std::span<Field> fields) : fields_(fields) {}

  const std::string& error() const { return error_; }

  bool null() {
    if (depth_ == 2 && field_ != nullptr && field_->floats != nullptr) {
      field_->floats->push_back(std::numeric_limits<float>::quiet_NaN());
      return true;
    }
    return skip_or_fail();
  }
  bool boolean(bool) { return skip_or_fail(); }
  bool number_integer(int64_t value) { return number(value, static_cast<double>(value), nullptr); }
  bool number_unsigned(uint64_t value) {
    if (value > static_cast<uint64_t>(INT64_MAX)) return skip_or_fail();
    return number(static_cast<int64_t>(value), static_cast<double>(value), nullptr);
  }
  bool number_float(double value, const std::string& raw) {
    return number(std::nullopt, value, &raw);
  }
  bool string(std::string& value) {
    if (field_ == nullptr) return skip_or_fail();
    if (depth_ != 1 || field_->text == nullptr) return skip_or_fail();
    *field_->text = std::move(value);
    return true;
  }
  bool binary(std::vector<uint8_t>&) { return skip_or_fail(); }
  bool key(std::string& name) {
    if (depth_ != 1) return true;
    field_ = nullptr;
    for (Field& field : fields_) {
      if (field.name != name) continue;
      if (field.seen) return fail(fmt::format("\"{}\" is there twice", name));
      field.seen = true;
      field_ = &field;
    }
    return true;
  }
  bool start_object(size_t) {
    if (depth_ > 0 && !skip_or_fail()) return false;
    ++depth_;
    return true;
  }
  bool end_object() { return --depth_, true; }
  bool start_array(size_t) {
    if (depth_ == 0) return fail("the record must be a JSON object");
    if (!(depth_ == 1 && field_ != nullptr && field_->is_list()) && !skip_or_fail()) return false;
    ++depth_;
    return true;
  }
  bool end_array() { return --depth_, true; }
  bool parse_error(size_t, const std::string&, const nlohmann::json::exception& exception) {
    return fail(fmt::format("not valid JSON: {}", exception.what()));
  }

 private:
  bool fail(std::string message) {
    error_ = std::move(message);
    return false;
  }

  // A value of an unknown key is skipped; for a known key its type is wrong.
  bool skip_or_fail() {
    if (depth_ == 0) return fail("the record must be a JSON object");
    if (field_ == nullptr) return true;
    return fail(fmt::format("\"{}\" must be {}", field_->name, field_->kind()));
  }

  bool number(std::optional<int64_t> integer, double real, const std::string* raw) {
    if (field_ == nullptr || depth_ != (field_->is_list() ? 2 : 1)) return skip_or_fail();
    if (field_->integer != nullptr && integer) {
      *field_->integer = *integer;
    } else if (field_->real != nullptr) {
      *field_->real = real;
    } else if (field_->ids != nullptr && integer && *integer >= 0 && *integer <= INT32_MAX) {
      field_->ids->push_back(static_cast<int32_t>(*integer));
    } else if (field_->floats != nullptr) {
      // From the digits, not the double: rounding twice could miss the float that was written.
      float value = static_cast<float>(real);
      if (raw != nullptr) std::from_chars(raw->data(), raw->data() + raw->size(), value);
      field_->floats->push_back(value);
    } else {
      return skip_or_fail();
    }
    return true;
  }

  std::span<Field> fields_;
  Field* field_ = nullptr;  // of the key last read; null: unknown
  int depth_ = 0;           // 1: inside the record, 2: inside a list of it
  std::string error_;
};

absl::Status Parse(std::string_view line, std::span<Field> fields) {
  Handler handler(fields);
  if (!nlohmann::json::sax_parse(line.begin(), line.end(), &handler))
    return InvalidInput(handler.error());
  for (const Field& field : fields) {
    if (field.required && !field.seen)
      return InvalidInput(fmt::format("\"{}\" is missing", field.name));
  }
  return absl::OkStatus();
}

// The value whose name `text` is.
template <typename Enum, size_t N>
absl::StatusOr<Enum> Named(std::string_view key,
                           std::string_view text,
                           const std::array<Enum, N>& values) {
  std::string names;
  for (const Enum value : values) {
    if (ToString(value) == text) return value;
    names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", ToString(value));
  }
  return InvalidInput(fmt::format("\"{}\" must be one of {}, but is \"{}\"", key, names, text));
}

absl::Status CheckIndex(int64_t sample) {
  return sample >= 0
             ? absl::OkStatus()
             : InvalidInput(fmt::format("\"sample\" must not be negative, but is {}", sample));
}

absl::Status CheckLength(std::string_view key, const std::vector<float>& values, size_t tokens) {
  if (values.size() == tokens) return absl::OkStatus();
  return InvalidInput(
      fmt::format("\"{}\" has {} values for {} tokens", key, values.size(), tokens));
}

}  // namespace

absl::StatusOr<Sample> ParseSample(std::string_view line) {
  Sample sample;
  std::string finish_reason;
  std::array<Field, 7> fields = {{
      {.name = "problem", .text = &sample.problem},
      {.name = "sample", .integer = &sample.sample},
      {.name = "tokens", .ids = &sample.tokens},
      {.name = "text", .text = &sample.text},
      {.name = "logprobs", .floats = &sample.logprobs},
      {.name = "sampled_logprobs", .required = false, .floats = &sample.sampled_logprobs},
      {.name = "finish_reason", .text = &finish_reason},
  }};
  RESTEM_RETURN_IF_ERROR(Parse(line, fields));
  RESTEM_RETURN_IF_ERROR(CheckIndex(sample.sample));
  RESTEM_RETURN_IF_ERROR(CheckLength("logprobs", sample.logprobs, sample.tokens.size()));
  if (!sample.sampled_logprobs.empty()) {
    RESTEM_RETURN_IF_ERROR(
        CheckLength("sampled_logprobs", sample.sampled_logprobs, sample.tokens.size()));
  }
  constexpr std::array kReasons = {FinishReason::kEos, FinishReason::kStop, FinishReason::kLength};
  RESTEM_ASSIGN_OR_RETURN(sample.finish_reason, Named("finish_reason", finish_reason, kReasons));
  return sample;
}

absl::StatusOr<Verdict> ParseVerdict(std::string_view line) {
  Verdict verdict;
  std::string kind;
  std::array<Field, 5> fields = {{
      {.name = "problem", .text = &verdict.problem},
      {.name = "sample", .integer = &verdict.sample},
      {.name = "verdict", .text = &kind},
      {.name = "extracted", .text = &verdict.extracted},
      {.name = "reason", .text = &verdict.reason},
  }};
  RESTEM_RETURN_IF_ERROR(Parse(line, fields));
  RESTEM_RETURN_IF_ERROR(CheckIndex(verdict.sample));
  constexpr std::array kKinds = {VerdictKind::kCorrect, VerdictKind::kWrong, VerdictKind::kError};
  RESTEM_ASSIGN_OR_RETURN(verdict.verdict, Named("verdict", kind, kKinds));
  return verdict;
}

absl::StatusOr<TrainingExample> ParseExample(std::string_view line) {
  TrainingExample example;
  std::array<Field, 5> fields = {{
      {.name = "problem", .text = &example.problem},
      {.name = "sample", .integer = &example.sample},
      {.name = "prompt_tokens", .ids = &example.prompt_tokens},
      {.name = "tokens", .ids = &example.tokens},
      {.name = "weight", .real = &example.weight},
  }};
  RESTEM_RETURN_IF_ERROR(Parse(line, fields));
  RESTEM_RETURN_IF_ERROR(CheckIndex(example.sample));
  if (example.prompt_tokens.empty()) return InvalidInput("\"prompt_tokens\" is empty");
  if (example.tokens.empty()) return InvalidInput("\"tokens\" is empty");
  if (!(example.weight >= 0.0))
    return InvalidInput(fmt::format("\"weight\" must not be negative, but is {}", example.weight));
  return example;
}

}  // namespace restem
