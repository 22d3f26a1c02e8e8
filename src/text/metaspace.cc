#include "text/metaspace.h"

#include <fmt/format.h>

#include "text/unicode.h"

namespace restem::text {

absl::StatusOr<MetaspaceOptions> ParseMetaspace(const JsonView& view) {
  MetaspaceOptions options;
  RESTEM_ASSIGN_OR_RETURN(options.replacement, view.string_at("replacement"));
  if (CountCodepoints(options.replacement) != 1) {
    return view.error("\"replacement\" must be one character");
  }
  RESTEM_ASSIGN_OR_RETURN(options.split, view.boolean_or("split", true));
  // Files of before prepend_scheme say add_prefix_space instead.
  RESTEM_ASSIGN_OR_RETURN(const bool add_prefix_space, view.boolean_or("add_prefix_space", true));
  RESTEM_ASSIGN_OR_RETURN(const std::string scheme,
                          view.string_or("prepend_scheme", add_prefix_space ? "always" : "never"));
  if (scheme != "always" && scheme != "first" && scheme != "never") {
    return view.error(
        fmt::format("\"prepend_scheme\" is \"{}\": not always, first or never", scheme));
  }
  if (!add_prefix_space && scheme != "never") {
    return view.error("\"add_prefix_space\" contradicts \"prepend_scheme\"");
  }
  options.prepend = scheme == "always"  ? PrependScheme::kAlways
                    : scheme == "first" ? PrependScheme::kFirst
                                        : PrependScheme::kNever;
  return options;
}

}  // namespace restem::text
