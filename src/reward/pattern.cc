#include "reward/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <absl/strings/ascii.h>
#include <fmt/format.h>
#include <pcre2.h>

namespace restem {
namespace {

// A second of one core at worst; what a sane pattern needs is far below.
constexpr uint32_t kMatchLimit = 5'000'000;
constexpr uint32_t kDepthLimit = 100'000;
constexpr uint32_t kHeapLimitKiB = 64 * 1024;

std::string MessageOfPcre(int code) {
  PCRE2_UCHAR buffer[256];
  pcre2_get_error_message(code, buffer, sizeof(buffer));
  return reinterpret_cast<const char*>(buffer);
}

}  // namespace

struct Pattern::Code {
  pcre2_code* code = nullptr;
  pcre2_match_context* context = nullptr;
  ~Code() {
    pcre2_match_context_free(context);
    pcre2_code_free(code);
  }
};

Pattern::Pattern(std::unique_ptr<Code> code) : code_(std::move(code)) {}
Pattern::~Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;

absl::StatusOr<Pattern> Pattern::compile(std::string_view pattern) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  auto code = std::make_unique<Code>();
  code->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()),
                             pattern.size(),
                             PCRE2_UTF | PCRE2_UCP,
                             &error,
                             &offset,
                             /*context=*/nullptr);
  if (code->code == nullptr) {
    return InvalidInput(
        fmt::format("pattern '{}': {} at offset {}", pattern, MessageOfPcre(error), offset));
  }
  code->context = pcre2_match_context_create(nullptr);
  pcre2_set_match_limit(code->context, kMatchLimit);
  pcre2_set_depth_limit(code->context, kDepthLimit);
  pcre2_set_heap_limit(code->context, kHeapLimitKiB);
  return Pattern(std::move(code));
}

absl::StatusOr<Match> Pattern::find(const Utf8Text& text, size_t from) const {
  const std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> match_data(
      pcre2_match_data_create_from_pattern(code_->code, nullptr), &pcre2_match_data_free);
  const int count = pcre2_match(code_->code,
                                reinterpret_cast<PCRE2_SPTR>(text.view().data()),
                                text.view().size(),
                                from,
                                PCRE2_NO_UTF_CHECK,
                                match_data.get(),
                                code_->context);
  if (count == PCRE2_ERROR_NOMATCH) return Match{};
  if (count < 0)
    return Failed(fmt::format("the pattern could not be matched: {}", MessageOfPcre(count)));
  const PCRE2_SIZE* offsets = pcre2_get_ovector_pointer(match_data.get());
  Match match(pcre2_get_ovector_count(match_data.get()));
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    // \K inside a lookaround can set the begin behind the end.
    if (offsets[2 * i] == PCRE2_UNSET || offsets[2 * i] > offsets[2 * i + 1]) continue;
    match[i] = Span{offsets[2 * i], offsets[2 * i + 1]};
  }
  return match;
}

std::string QuotePattern(std::string_view text) {
  std::string quoted;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\0') {
      quoted += "\\x00";
      continue;
    }
    if (absl::ascii_isascii(byte) && !absl::ascii_isalnum(byte)) quoted += '\\';
    quoted += c;
  }
  return quoted;
}

}  // namespace restem
