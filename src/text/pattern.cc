#include "text/pattern.h"

#include <algorithm>

#include "text/unicode.h"

namespace restem::text {

absl::StatusOr<Pattern> Pattern::regex(std::string_view expression) {
  RESTEM_ASSIGN_OR_RETURN(auto compiled, Regex::compile(expression));
  return Pattern("", std::move(compiled));
}

absl::StatusOr<Pattern> Pattern::parse(const JsonView& view) {
  if (view.has("String")) {
    RESTEM_ASSIGN_OR_RETURN(std::string literal, view.string_at("String"));
    if (literal.empty()) return view.error("the string to look for is empty");
    return Pattern::literal(std::move(literal));
  }
  if (view.has("Regex")) {
    RESTEM_ASSIGN_OR_RETURN(const std::string expression, view.string_at("Regex"));
    absl::StatusOr<Pattern> pattern = regex(expression);
    if (!pattern.ok()) return view.error(MessageOf(pattern.status()));
    return pattern;
  }
  return view.error("expected {\"String\": …} or {\"Regex\": …}");
}

std::vector<Span> Pattern::spans(std::string_view text) const {
  std::vector<Span> spans;
  size_t covered = 0;
  const auto add_match = [&](size_t begin, size_t end) {
    if (covered < begin) spans.push_back({covered, begin, false});
    spans.push_back({begin, end, true});
    covered = end;
  };
  if (text.empty()) return spans;
  if (regex_ != nullptr) {
    for (const auto& [begin, end] : regex_->find_all(text)) add_match(begin, end);
  } else {
    for (size_t at = text.find(literal_); at != std::string_view::npos;
         at = text.find(literal_, covered)) {
      add_match(at, at + literal_.size());
    }
  }
  if (covered < text.size()) spans.push_back({covered, text.size(), false});
  return spans;
}

std::string Pattern::replace(std::string_view text, std::string_view content) const {
  std::string out;
  out.reserve(text.size());
  for (const Span& span : spans(text)) {
    out += span.match ? content : text.substr(span.begin, span.end - span.begin);
  }
  return out;
}

double Pattern::growth(std::string_view content) const {
  const auto size = static_cast<double>(content.size());
  if (regex_ != nullptr) return 1 + size;
  return std::max(1.0, size / static_cast<double>(literal_.size()));
}

bool Pattern::is_single_character() const {
  return regex_ == nullptr && CountCodepoints(literal_) == 1;
}

}  // namespace restem::text
