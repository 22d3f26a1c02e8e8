// POSTs of JSON over libcurl, bounded in time and memory.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace restem {

struct HttpReply {
  int status = 0;  // 0: there was no answer
  std::string body;
  std::optional<std::chrono::seconds> retry_after;
  // What went wrong on the way, e.g. "Connection refused"; empty where the whole answer came.
  std::string failure;
  bool passing = false;  // that may be otherwise the next time
  bool timed_out = false;
  bool connected = false;  // the service was reached
};

// Thread-safe. Keeps a connection for each caller at once and uses it again.
class HttpClient {
 public:
  struct Options {
    std::string url;
    double timeout_seconds = 60.0;
    std::vector<std::string> headers;  // "Name: value"; may hold secrets
    size_t max_body = 64 << 20;        // bytes of an answer
  };
  explicit HttpClient(Options options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Blocks for timeout_seconds at most, and a second at most once a signal asks this process to
  // stop. Redirections are not followed: a token must not reach another host.
  HttpReply post(const std::string& body);

 private:
  class Handle;
  std::unique_ptr<Handle> take();

  const Options options_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Handle>> idle_;
};

}  // namespace restem
