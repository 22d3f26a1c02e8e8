// Why a template stopped. Thrown and caught inside this folder only: a template's control flow is
// Python's, where anything may raise. `Template` (template.h) turns it into a status.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace restem::jinja {

struct Error {
  std::string message;
  int64_t line = 0;  // 0: not known yet, the runtime fills it in
};

[[noreturn]] inline void Fail(std::string message) { throw Error{std::move(message)}; }

}  // namespace restem::jinja
