#include "text/jinja/bind.h"

#include <fmt/format.h>

#include "text/jinja/compare.h"

namespace restem::jinja {

Bound::Bound(std::string_view function,
             const Arguments& arguments,
             std::initializer_list<std::string_view> names,
             size_t required)
    : function_(function), values_(names.size(), nullptr), names_(names) {
  if (arguments.positional.size() > names_.size())
    Fail(fmt::format("{} takes at most {} arguments, {} are given",
                     function,
                     names_.size(),
                     arguments.positional.size()));
  for (size_t i = 0; i < arguments.positional.size(); ++i) values_[i] = &arguments.positional[i];
  for (const auto& [name, value] : arguments.named) {
    size_t i = 0;
    while (i < names_.size() && names_[i] != name) ++i;
    if (i == names_.size()) Fail(fmt::format("{} has no argument named '{}'", function, name));
    if (has(i)) Fail(fmt::format("{} got two values for '{}'", function, name));
    values_[i] = &value;
  }
  for (size_t i = 0; i < required; ++i)
    if (!has(i)) Fail(fmt::format("{}: the argument '{}' is missing", function, names_[i]));
}

bool Bound::truth(size_t i, bool fallback) const { return has(i) ? Truth(*values_[i]) : fallback; }

int64_t Bound::integer(size_t i, int64_t fallback) const {
  if (!has(i)) return fallback;
  if (values_[i]->undefined()) Fail(values_[i]->as<Undefined>().message);
  if (!values_[i]->integral())
    Fail(fmt::format(
        "{}: '{}' must be an integer, not {}", function_, names_[i], TypeName(*values_[i])));
  return values_[i]->integer();
}

const std::string& Bound::text(size_t i) const {
  if (!values_[i]->is(Kind::kText))
    Fail(fmt::format("{}: '{}' must be text, not {}", function_, names_[i], TypeName(*values_[i])));
  return values_[i]->as<Text>().bytes;
}

}  // namespace restem::jinja
