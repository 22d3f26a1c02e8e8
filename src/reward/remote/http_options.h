// What reward `http` is told.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/fields.h"

namespace restem {

struct HttpOptions {
  std::string url;
  double timeout_seconds = 60.0;     // of one POST, from connecting to the answer's last byte
  int64_t batch_size = 32;           // completions a POST
  int64_t max_in_flight = 4;         // POSTs at once
  int64_t tries = 4;                 // of a POST
  std::string auth_env;              // environment variable with a token; empty: none
  std::vector<std::string> headers;  // "Name: value"

  void visit(config::Fields& f);
};

}  // namespace restem
