#include "text/post_processor.h"

#include <fmt/format.h>

#include <limits>

namespace restem::text {
namespace {

absl::StatusOr<int32_t> TokenId(const JsonView& view) {
  RESTEM_ASSIGN_OR_RETURN(const int64_t id, view.integer());
  if (id < 0 || id > std::numeric_limits<int32_t>::max()) {
    return view.error(fmt::format("id {} is out of range", id));
  }
  return static_cast<int32_t>(id);
}

absl::StatusOr<std::vector<int32_t>> SpecialTokenIds(const JsonView& special_tokens,
                                                     const std::string& name) {
  RESTEM_ASSIGN_OR_RETURN(const JsonView token, special_tokens.member(name));
  RESTEM_ASSIGN_OR_RETURN(const JsonView list, token.member("ids"));
  RESTEM_ASSIGN_OR_RETURN(const auto elements, list.elements());
  std::vector<int32_t> ids;
  for (const JsonView& element : elements) {
    RESTEM_ASSIGN_OR_RETURN(const int32_t id, TokenId(element));
    ids.push_back(id);
  }
  return ids;
}

// ["</s>", 2]
absl::StatusOr<std::vector<int32_t>> TokenAndId(const JsonView& view, const char* name) {
  RESTEM_ASSIGN_OR_RETURN(const JsonView pair, view.member(name));
  RESTEM_ASSIGN_OR_RETURN(const auto elements, pair.elements());
  if (elements.size() != 2) return pair.error("expected [\"token\", id]");
  RESTEM_ASSIGN_OR_RETURN(const int32_t id, TokenId(elements[1]));
  return std::vector<int32_t>{id};
}

}  // namespace

PostProcessor PostProcessor::around(std::vector<int32_t> before, std::vector<int32_t> after) {
  PostProcessor processor;
  processor.templates_.push_back(
      {{false, std::move(before)}, {true, {}}, {false, std::move(after)}});
  return processor;
}

absl::StatusOr<PostProcessor> PostProcessor::parse(const JsonView& view) {
  PostProcessor processor;
  if (view.value().is_null()) return processor;
  RESTEM_ASSIGN_OR_RETURN(const std::string type, view.string_at("type"));
  if (type == "ByteLevel") return processor;
  if (type == "TemplateProcessing") {
    RESTEM_ASSIGN_OR_RETURN(Template parts, parse_template(view));
    processor.templates_.push_back(std::move(parts));
    return processor;
  }
  if (type == "BertProcessing" || type == "RobertaProcessing") {
    RESTEM_ASSIGN_OR_RETURN(std::vector<int32_t> before, TokenAndId(view, "cls"));
    RESTEM_ASSIGN_OR_RETURN(std::vector<int32_t> after, TokenAndId(view, "sep"));
    return around(std::move(before), std::move(after));
  }
  if (type == "Sequence") {
    RESTEM_ASSIGN_OR_RETURN(const JsonView list, view.member("processors"));
    RESTEM_ASSIGN_OR_RETURN(const auto elements, list.elements());
    for (const JsonView& element : elements) {
      RESTEM_ASSIGN_OR_RETURN(const PostProcessor step, parse(element));
      processor.templates_.insert(
          processor.templates_.end(), step.templates_.begin(), step.templates_.end());
    }
    return processor;
  }
  return view.error(fmt::format("a post_processor of type {} is not supported", type));
}

absl::StatusOr<PostProcessor::Template> PostProcessor::parse_template(const JsonView& view) {
  RESTEM_ASSIGN_OR_RETURN(const JsonView single, view.member("single"));
  RESTEM_ASSIGN_OR_RETURN(const JsonView special_tokens, view.member("special_tokens"));
  RESTEM_ASSIGN_OR_RETURN(const auto elements, single.elements());
  Template parts;
  int sequences = 0;
  for (const JsonView& element : elements) {
    if (element.has("Sequence")) {
      parts.push_back({true, {}});
      ++sequences;
      continue;
    }
    RESTEM_ASSIGN_OR_RETURN(const JsonView special, element.member("SpecialToken"));
    RESTEM_ASSIGN_OR_RETURN(const std::string name, special.string_at("id"));
    RESTEM_ASSIGN_OR_RETURN(std::vector<int32_t> ids, SpecialTokenIds(special_tokens, name));
    parts.push_back({false, std::move(ids)});
  }
  if (sequences != 1) {
    return single.error(
        "the template must hold the text exactly once, as {\"Sequence\": {\"id\": \"A\"}}");
  }
  return parts;
}

std::vector<int32_t> PostProcessor::apply(std::vector<int32_t> ids) const {
  for (const Template& parts : templates_) {
    std::vector<int32_t> all;
    all.reserve(ids.size() + parts.size());
    for (const Part& part : parts) {
      const std::vector<int32_t>& from = part.sequence ? ids : part.ids;
      all.insert(all.end(), from.begin(), from.end());
    }
    ids = std::move(all);
  }
  return ids;
}

}  // namespace restem::text
