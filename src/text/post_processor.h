// The "post_processor" of a tokenizer.json: the special tokens put around an encoded text.
#pragma once

#include <cstdint>
#include <vector>

#include "base/status.h"
#include "text/json_view.h"

namespace restem::text {

class PostProcessor {
 public:
  // TemplateProcessing (its "single" template), BertProcessing, RobertaProcessing, ByteLevel (which
  // changes no ids), Sequence, null.
  static absl::StatusOr<PostProcessor> parse(const JsonView& view);

  // Puts these ids around every text.
  static PostProcessor around(std::vector<int32_t> before, std::vector<int32_t> after);

  // Puts special tokens around `ids`.
  std::vector<int32_t> apply(std::vector<int32_t> ids) const;

 private:
  struct Part {
    bool sequence;             // stands for the text's own ids
    std::vector<int32_t> ids;  // otherwise these
  };
  using Template = std::vector<Part>;

  static absl::StatusOr<Template> parse_template(const JsonView& view);

  std::vector<Template> templates_;  // applied one after the other
};

}  // namespace restem::text
