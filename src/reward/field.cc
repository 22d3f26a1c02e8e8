#include "reward/field.h"

#include <fmt/format.h>

namespace restem {

std::string TextOf(const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return fmt::format("{}", value.get<double>());
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<std::string> FieldText(const Problem& problem, std::string_view name) {
  if (!problem.fields.is_object()) return std::nullopt;
  const auto found = problem.fields.find(std::string(name));
  if (found == problem.fields.end() || found->is_null()) return std::nullopt;
  return TextOf(*found);
}

}  // namespace restem
