#include "text/prompt.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "base/file.h"

namespace restem {
namespace {

using nlohmann::json;

std::string ValueText(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) {
    const double number = value.get<double>();
    // Every integer up to 2^53 has its own double.
    if (number == std::trunc(number) && std::abs(number) <= 9007199254740992.0) {
      return fmt::format("{}", static_cast<int64_t>(number));
    }
    return fmt::format("{}", number);
  }
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::vector<std::string> NamesOf(const json& fields) {
  std::vector<std::string> names;
  for (const auto& [name, value] : fields.items()) names.push_back(name);
  return names;
}

}  // namespace

absl::StatusOr<std::vector<PromptTemplate::Part>> PromptTemplate::parse(std::string_view source) {
  std::vector<Part> parts;
  std::string text;
  for (size_t at = 0; at < source.size(); ++at) {
    const char c = source[at];
    if (c != '{' && c != '}') {
      text += c;
      continue;
    }
    if (at + 1 < source.size() && source[at + 1] == c) {
      text += c;
      ++at;
      continue;
    }
    if (c == '}') {
      return InvalidInput(fmt::format(
          "the prompt template has a }} without its {{ at character {}: write }}}} for the "
          "brace itself",
          at + 1));
    }
    const size_t close = source.find_first_of("{}", at + 1);
    if (close == std::string_view::npos || source[close] == '{' || close == at + 1) {
      return InvalidInput(fmt::format(
          "the prompt template has a {{ at character {} that begins no {{field}}: write {{{{ "
          "for the brace itself",
          at + 1));
    }
    if (!text.empty()) parts.push_back({false, std::exchange(text, {})});
    parts.push_back({true, std::string(source.substr(at + 1, close - at - 1))});
    at = close;
  }
  if (!text.empty()) parts.push_back({false, std::move(text)});
  return parts;
}

absl::Status CheckTemplate(std::string_view template_text) {
  return PromptTemplate::parse(template_text).status();
}

absl::StatusOr<PromptTemplate> PromptTemplate::make(const PromptOptions& options) {
  if (options.chat) return InvalidInput(fmt::format("prompt.chat: {}", kChatNotSupported));
  PromptTemplate prompt;
  RESTEM_ASSIGN_OR_RETURN(prompt.parts_, parse(options.template_text));
  if (!options.few_shot.empty()) {
    if (!FileExists(options.few_shot)) {
      return InvalidInput(fmt::format("prompt.few_shot: {}: no such file", options.few_shot));
    }
    RESTEM_ASSIGN_OR_RETURN(prompt.few_shot_, ReadFile(options.few_shot));
  }
  return prompt;
}

std::vector<std::string> PromptTemplate::fields() const {
  std::vector<std::string> names;
  for (const Part& part : parts_) {
    if (part.field) names.push_back(part.text);
  }
  return names;
}

absl::StatusOr<std::string> PromptTemplate::render(const json& fields,
                                                   std::string_view problem) const {
  std::string text = few_shot_;
  for (const Part& part : parts_) {
    if (!part.field) {
      text += part.text;
      continue;
    }
    const auto found = fields.find(part.text);
    if (found == fields.end()) {
      return InvalidInput(fmt::format(
          "problem {}: the prompt template names the field \"{}\", which the problem lacks; it "
          "has: {}",
          problem,
          part.text,
          fmt::join(NamesOf(fields), ", ")));
    }
    if (found->is_null()) {
      return InvalidInput(
          fmt::format("problem {}: the prompt template names the field \"{}\", which is null there",
                      problem,
                      part.text));
    }
    text += ValueText(*found);
  }
  return text;
}

}  // namespace restem
