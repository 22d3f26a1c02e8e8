// Command-line flags from the same `visit` functions: a field top_k is the flag --top-k.
//
//   --top-k 40, --top-k=40          a value; one that begins with -- needs the =
//   --quiet, --no-quiet             a boolean
//   -h                              --help
//   --stop A --stop B               a list, an item each time
//   --                              all that follows is positional
//
// Values are taken as written: no quotes, no ${VAR}, and relative paths stay relative to the
// current folder.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "config/fields.h"
#include "config/read.h"

namespace restem::config {

// Fills the fields that `visit` names and collects what is not a flag. All problems come in one
// InvalidInput, such as
// `--temperature: -1 is out of range, must be >= 0` or `--topk: unknown flag; did you mean
// --top-k?`. Nested sections have no flags.
absl::Status ParseFlags(std::span<const std::string> args,
                        const VisitFn& visit,
                        std::vector<std::string>& positionals);

// A line or more per flag: name, help, range, default; for `--help`.
std::string FlagsHelp(const VisitFn& visit);

template <Visitable Options>
absl::Status ParseFlags(std::span<const std::string> args,
                        Options& options,
                        std::vector<std::string>& positionals) {
  return ParseFlags(args, VisitFn([&options](Fields& f) { options.visit(f); }), positionals);
}
template <Visitable Options>
std::string FlagsHelp(Options options) {
  return FlagsHelp(VisitFn([&options](Fields& f) { options.visit(f); }));
}

}  // namespace restem::config
