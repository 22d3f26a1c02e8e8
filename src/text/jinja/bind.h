// The arguments of a filter, a test, a function or a method by the names of its parameters.
#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "text/jinja/runtime.h"

namespace restem::jinja {

class Bound {
 public:
  // Error for too many, unknown or doubled arguments, and where one of the first `required` is
  // missing. A parameter whose name ends with / can only be given by position.
  Bound(std::string_view function,
        const Arguments& arguments,
        std::initializer_list<std::string_view> names,
        size_t required = 0);

  bool has(size_t i) const { return values_[i] != nullptr; }
  // Given and not None.
  bool set(size_t i) const { return has(i) && !values_[i]->is(Kind::kNone); }
  const Value& operator[](size_t i) const { return *values_[i]; }

  bool truth(size_t i, bool fallback) const;
  // Errors where the argument is of another kind.
  int64_t integer(size_t i, int64_t fallback) const;
  const std::string& text(size_t i) const;

 private:
  std::string_view function_;
  std::vector<const Value*> values_;
  std::vector<std::string_view> names_;
};

}  // namespace restem::jinja
