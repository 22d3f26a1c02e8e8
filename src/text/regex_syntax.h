// tokenizer.json states its regular expressions in Oniguruma's syntax; PCRE2 runs them.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace restem::text {

// The same expression for PCRE2 (UTF, UCP, multi-line). \s, \w, \b and \h are spelt out, because
// the two libraries disagree on them (U+180E is a space to PCRE2; combining marks are word
// characters to Oniguruma); a class inside a class is inlined. What has no counterpart (`&&`,
// negated nested classes, POSIX names, …) is InvalidInput naming it.
absl::StatusOr<std::string> OnigurumaToPcre2(std::string_view pattern);

}  // namespace restem::text
