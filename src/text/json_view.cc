#include "text/json_view.h"

#include <fmt/format.h>

namespace restem::text {

absl::Status JsonView::error(std::string_view what) const {
  return InvalidInput(path_.empty() ? fmt::format("{}: {}", file_, what)
                                    : fmt::format("{}: {}: {}", file_, path_, what));
}

bool JsonView::has(std::string_view name) const {
  if (!value_->is_object()) return false;
  const auto found = value_->find(name);
  return found != value_->end() && !found->is_null();
}

absl::StatusOr<JsonView> JsonView::member(std::string_view name) const {
  if (!value_->is_object()) {
    return error(fmt::format("expected an object, found {}", value_->type_name()));
  }
  const auto found = value_->find(name);
  if (found == value_->end()) return error(fmt::format("\"{}\" is missing", name));
  return JsonView(
      *found, file_, path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name));
}

absl::StatusOr<std::vector<JsonView>> JsonView::elements() const {
  if (!value_->is_array()) {
    return error(fmt::format("expected a list, found {}", value_->type_name()));
  }
  std::vector<JsonView> views;
  views.reserve(value_->size());
  for (const nlohmann::json& element : *value_) {
    views.emplace_back(element, file_, fmt::format("{}[{}]", path_, views.size()));
  }
  return views;
}

absl::StatusOr<std::string> JsonView::string() const {
  if (!value_->is_string()) {
    return error(fmt::format("expected a string, found {}", value_->type_name()));
  }
  return value_->get<std::string>();
}

absl::StatusOr<int64_t> JsonView::integer() const {
  if (!value_->is_number_integer()) {
    return error(fmt::format("expected an integer, found {}", value_->type_name()));
  }
  return value_->get<int64_t>();
}

absl::StatusOr<bool> JsonView::boolean() const {
  if (!value_->is_boolean()) {
    return error(fmt::format("expected true or false, found {}", value_->type_name()));
  }
  return value_->get<bool>();
}

absl::StatusOr<std::string> JsonView::string_at(std::string_view name) const {
  RESTEM_ASSIGN_OR_RETURN(const JsonView view, member(name));
  return view.string();
}

absl::StatusOr<int64_t> JsonView::integer_at(std::string_view name) const {
  RESTEM_ASSIGN_OR_RETURN(const JsonView view, member(name));
  return view.integer();
}

absl::StatusOr<bool> JsonView::boolean_at(std::string_view name) const {
  RESTEM_ASSIGN_OR_RETURN(const JsonView view, member(name));
  return view.boolean();
}

absl::StatusOr<std::string> JsonView::string_or(std::string_view name,
                                                std::string_view fallback) const {
  if (!has(name)) return std::string(fallback);
  return string_at(name);
}

absl::StatusOr<bool> JsonView::boolean_or(std::string_view name, bool fallback) const {
  if (!has(name)) return fallback;
  return boolean_at(name);
}

}  // namespace restem::text
