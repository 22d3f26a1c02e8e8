#include "reward/remote/http_options.h"

#include <algorithm>
#include <string_view>

namespace restem {
namespace {

bool IsHttpUrl(std::string_view url) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (url.starts_with(scheme) && url.size() > scheme.size()) return true;
  }
  return false;
}

// https://user:password@host/…: the job is printed, and kept in run directories.
bool HoldsPassword(std::string_view url) {
  const size_t begin = url.find("://");
  if (begin == std::string_view::npos) return false;
  const std::string_view rest = url.substr(begin + 3);
  return rest.substr(0, rest.find_first_of("/?#")).find('@') != std::string_view::npos;
}

bool IsHeader(std::string_view header) {
  const size_t colon = header.find(':');
  return colon != std::string_view::npos && colon > 0 &&
         std::none_of(header.begin(), header.end(), [](char c) {
           return (c >= 0 && c < 0x20) || c == 0x7f;
         });
}

}  // namespace

void HttpOptions::visit(config::Fields& f) {
  f.text("url",
         url,
         R"(Service that judges. It answers a POST of a JSON list of {"index","id","text",problem )"
         R"(fields} with a list of as many {"verdict","extracted","reason"}, in the same order; )"
         R"(verdict is correct, wrong or error; "index" and "id" may be echoed.)");
  f.require(!url.empty(), "url", "is missing: the service that judges");
  f.require(url.empty() || IsHttpUrl(url), "url", "must begin with http:// or https://");
  f.require(!HoldsPassword(url), "url", "names a user or password: use auth_env");
  f.real("timeout_seconds",
         timeout_seconds,
         {.min = 0, .max = 86400, .open_min = true},
         "Longest time for one POST, from connecting to the end of its answer.");
  f.integer("batch_size", batch_size, {.min = 1, .max = 4096}, "Most completions in one POST.");
  f.integer("max_in_flight", max_in_flight, {.min = 1, .max = 256}, "Most POSTs at once.");
  f.integer("tries",
            tries,
            {.min = 1, .max = 20},
            "Times a POST is tried where it cannot connect, runs out of time, or is answered with "
            "status 408, 429 or 5xx; longer and longer waits between, or what Retry-After says.");
  f.text("auth_env",
         auth_env,
         "Environment variable whose value is sent as `Authorization: Bearer …`; never printed.");
  f.texts("headers", headers, "More headers, each `Name: value`. Not for secrets: jobs are kept.");
  f.require(std::all_of(headers.begin(), headers.end(), IsHeader),
            "headers",
            "must each be `Name: value`");
}

}  // namespace restem
