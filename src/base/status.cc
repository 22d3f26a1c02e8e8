#include "base/status.h"

#include "absl/strings/str_cat.h"

namespace restem {

absl::Status InvalidInput(std::string_view message) {
  return absl::InvalidArgumentError(ToAbsl(message));
}

absl::Status Failed(std::string_view message) { return absl::InternalError(ToAbsl(message)); }

absl::Status Stopped(std::string_view message) { return absl::CancelledError(ToAbsl(message)); }

absl::Status Annotate(const absl::Status& status, std::string_view context) {
  if (status.ok()) return status;
  return {status.code(), absl::StrCat(ToAbsl(context), ": ", status.message())};
}

std::string_view MessageOf(const absl::Status& status) { return ToStd(status.message()); }

}  // namespace restem
