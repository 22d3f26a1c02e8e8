#include "text/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>
#include <spdlog/spdlog.h>

#include <array>
#include <cstdint>
#include <limits>

#include "text/regex_syntax.h"
#include "text/unicode.h"

namespace restem::text {
namespace {

struct Free {
  void operator()(pcre2_code* p) const { pcre2_code_free(p); }
  void operator()(pcre2_compile_context* p) const { pcre2_compile_context_free(p); }
  void operator()(pcre2_match_context* p) const { pcre2_match_context_free(p); }
  void operator()(pcre2_match_data* p) const { pcre2_match_data_free(p); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

std::string ErrorText(int code) {
  PCRE2_UCHAR buffer[256];
  pcre2_get_error_message(code, buffer, sizeof(buffer));
  return reinterpret_cast<const char*>(buffer);
}

// An expression can need exponentially many steps. A search that is not done within the first limit
// is made again with the next one, and what the failed ones took is counted: a text may take so
// much in all, and then nothing more is found in it. The same text always comes to the same result.
constexpr std::array<uint32_t, 4> kStepLimits{1'000, 64'000, 4'000'000, 256'000'000};
constexpr uint64_t kStepsPerText = 300'000'000;
constexpr uint64_t kStepsPerByte = 1'000;
constexpr uint32_t kHeapKib = 1 << 20;  // of PCRE2's interpreter

}  // namespace

struct Regex::Code {
  Owned<pcre2_code> code;
  std::array<Owned<pcre2_match_context>, kStepLimits.size()> contexts;
};

Regex::Regex(std::unique_ptr<Code> code) : code_(std::move(code)) {}
Regex::~Regex() = default;

absl::StatusOr<std::shared_ptr<const Regex>> Regex::compile(std::string_view pattern) {
  RESTEM_ASSIGN_OR_RETURN(const std::string translated, OnigurumaToPcre2(pattern));
  Owned<pcre2_compile_context> context(pcre2_compile_context_create(nullptr));
  pcre2_set_newline(context.get(), PCRE2_NEWLINE_LF);
  int error = 0;
  PCRE2_SIZE offset = 0;
  auto compiled = std::make_unique<Code>();
  compiled->code.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()),
                                     translated.size(),
                                     PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE,
                                     &error,
                                     &offset,
                                     context.get()));
  if (compiled->code == nullptr) {
    return InvalidInput(
        fmt::format("the regular expression {} does not compile: {}", pattern, ErrorText(error)));
  }
  // Where the machine has no just-in-time compiler, the interpreter does the same work more slowly.
  pcre2_jit_compile(compiled->code.get(), PCRE2_JIT_COMPLETE);
  for (size_t tier = 0; tier < kStepLimits.size(); ++tier) {
    Owned<pcre2_match_context>& limits = compiled->contexts[tier];
    limits.reset(pcre2_match_context_create(nullptr));
    pcre2_set_match_limit(limits.get(), kStepLimits[tier]);
    pcre2_set_heap_limit(limits.get(), kHeapKib);
  }
  return std::shared_ptr<const Regex>(new Regex(std::move(compiled)));
}

std::vector<std::pair<size_t, size_t>> Regex::find_all(std::string_view subject) const {
  std::vector<std::pair<size_t, size_t>> found;
  const Owned<pcre2_match_data> data(pcre2_match_data_create(1, nullptr));
  const auto* bytes = reinterpret_cast<PCRE2_SPTR>(subject.data());
  uint64_t budget = kStepsPerText + kStepsPerByte * subject.size();
  const auto try_once = [&](size_t at, size_t tier) {
    const auto match = [&](uint32_t options) {
      return pcre2_match(code_->code.get(),
                         bytes,
                         subject.size(),
                         at,
                         options,
                         data.get(),
                         code_->contexts[tier].get());
    };
    const int result = match(PCRE2_NO_UTF_CHECK);
    // The just-in-time code has a small stack; the interpreter uses the heap.
    if (result != PCRE2_ERROR_JIT_STACKLIMIT) return result;
    return match(PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT);
  };
  const auto search = [&](size_t at) {
    int result = PCRE2_ERROR_MATCHLIMIT;
    for (size_t tier = 0; tier < kStepLimits.size() && result == PCRE2_ERROR_MATCHLIMIT; ++tier) {
      if (kStepLimits[tier] > budget) break;
      result = try_once(at, tier);
      if (result == PCRE2_ERROR_MATCHLIMIT) budget -= kStepLimits[tier];
    }
    return result;
  };
  size_t last_end = std::numeric_limits<size_t>::max();
  for (size_t at = 0; at <= subject.size();) {
    const int result = search(at);
    if (result < 0) {
      if (result != PCRE2_ERROR_NOMATCH) spdlog::error("regular expression: {}", ErrorText(result));
      break;
    }
    const PCRE2_SIZE* range = pcre2_get_ovector_pointer(data.get());
    const size_t begin = range[0];
    const size_t end = range[1];
    if (begin == end && begin == last_end) {
      // An empty match at the end of the last one would never move on: skip a character, as
      // Oniguruma's iterator does.
      if (at >= subject.size()) break;
      NextCodepoint(subject, &at);
      last_end = std::numeric_limits<size_t>::max();
      continue;
    }
    found.emplace_back(begin, end);
    at = last_end = end;
  }
  return found;
}

}  // namespace restem::text
