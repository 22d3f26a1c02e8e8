// From a problem to the text that the model is asked with.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "text/options.h"

namespace restem {

inline constexpr std::string_view kChatNotSupported =
    "not supported yet: write the prompt's text in full with `template` and leave `chat` false";

// InvalidInput for a brace without its partner or an empty {}.
absl::Status CheckTemplate(std::string_view template_text);

class PromptTemplate {
 public:
  // Reads the few-shot file, if there is one. InvalidInput for a malformed template and for `chat:
  // true`.
  static absl::StatusOr<PromptTemplate> make(const PromptOptions& options);

  // The fields that it names.
  std::vector<std::string> fields() const;

  // The few-shot text, then the template with each {field} replaced by `fields`' value: text as it
  // is, an integral number without a point, other numbers as short as they can be, lists and
  // objects as JSON. `problem` is the id, for messages. InvalidInput names a field that the problem
  // lacks, or has as null.
  absl::StatusOr<std::string> render(const nlohmann::json& fields, std::string_view problem) const;

 private:
  friend absl::Status CheckTemplate(std::string_view template_text);

  struct Part {
    bool field;
    std::string text;  // the field's name, or text to copy
  };
  static absl::StatusOr<std::vector<Part>> parse(std::string_view template_text);

  std::string few_shot_;
  std::vector<Part> parts_;
};

}  // namespace restem
