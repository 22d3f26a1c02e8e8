// What a Split or Replace looks for: {"String": …} or {"Regex": …}.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "text/json_view.h"
#include "text/regex.h"

namespace restem::text {

// A byte range of a text that either is a match or lies between matches.
struct Span {
  size_t begin;
  size_t end;
  bool match;
};

class Pattern {
 public:
  // `view` is the "pattern" member itself.
  static absl::StatusOr<Pattern> parse(const JsonView& view);
  static absl::StatusOr<Pattern> regex(std::string_view expression);
  static Pattern literal(std::string text) { return Pattern(std::move(text), nullptr); }

  // Covers `text` from begin to end without gaps; empty for an empty text.
  std::vector<Span> spans(std::string_view text) const;

  // `text` with each match replaced by `content`, taken literally.
  std::string replace(std::string_view text, std::string_view content) const;

  // At most how many bytes replace() makes of one, a match being of one byte or even empty.
  double growth(std::string_view content) const;

  // True if a match can never begin in one piece of a text and end in the next.
  bool is_single_character() const;

 private:
  Pattern(std::string literal, std::shared_ptr<const Regex> regex)
      : literal_(std::move(literal)), regex_(std::move(regex)) {}

  std::string literal_;  // if there is no regex_
  std::shared_ptr<const Regex> regex_;
};

}  // namespace restem::text
