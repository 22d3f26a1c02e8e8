// Status helpers. A status carries what a user, a file, a peer process or the disk caused: one
// message that says what is wrong, where, and what would be right.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace restem {

// Exit codes of the command line (CONTRACT: "Commands").
enum ExitCode {
  kExitDone = 0,
  kExitFailed = 1,
  kExitWrongInput = 2,
  kExitRequeue = 75,
  kExitInterrupted = 130,
};

// Wrong input or config: exit code 2.
absl::Status InvalidInput(std::string_view message);
// Failed while running: exit code 1.
absl::Status Failed(std::string_view message);
// Stopped on purpose by a signal; everything recorded so far is kept: exit code 75 or 130.
absl::Status Stopped(std::string_view message);

// Puts "context: " before the message, keeps the code.
absl::Status Annotate(const absl::Status& status, std::string_view context);

std::string_view MessageOf(const absl::Status& status);

// Abseil of Debian 12 has a string_view type of its own.
inline std::string_view ToStd(absl::string_view s) { return {s.data(), s.size()}; }
inline absl::string_view ToAbsl(std::string_view s) { return {s.data(), s.size()}; }

}  // namespace restem

#define RESTEM_STATUS_CONCAT_INNER(a, b) a##b
#define RESTEM_STATUS_CONCAT(a, b) RESTEM_STATUS_CONCAT_INNER(a, b)

#define RESTEM_RETURN_IF_ERROR(expression)                                                    \
  do {                                                                                        \
    if (absl::Status restem_status = (expression); !restem_status.ok()) return restem_status; \
  } while (false)

// RESTEM_ASSIGN_OR_RETURN(auto value, MakeValue());
#define RESTEM_ASSIGN_OR_RETURN(declaration, expression) \
  RESTEM_ASSIGN_OR_RETURN_INNER(RESTEM_STATUS_CONCAT(restem_or_, __LINE__), declaration, expression)
#define RESTEM_ASSIGN_OR_RETURN_INNER(result, declaration, expression) \
  auto result = (expression);                                          \
  if (!result.ok()) return result.status();                            \
  declaration = *std::move(result)
