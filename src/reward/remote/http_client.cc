#include "reward/remote/http_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/shutdown.h"

namespace restem {
namespace {

// Once per process, before other threads use it.
void InitCurl() {
  static const CURLcode once = ::curl_global_init(CURL_GLOBAL_DEFAULT);
  (void)once;
}

int LookForStop(void*, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return StopRequested() ? 1 : 0;
}

}  // namespace

// A libcurl handle with its connection.
class HttpClient::Handle {
 public:
  explicit Handle(const Options& options) : max_body_(options.max_body), curl_(::curl_easy_init()) {
    headers_ = ::curl_slist_append(nullptr, "Content-Type: application/json");
    headers_ = ::curl_slist_append(headers_, "Accept: application/json");
    headers_ = ::curl_slist_append(headers_, "Expect:");  // waiting for leave to send takes longer
    for (const std::string& header : options.headers)
      headers_ = ::curl_slist_append(headers_, header.c_str());
    set(CURLOPT_URL, options.url.c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTPHEADER, headers_);
    set(CURLOPT_POST, 1L);
    set(CURLOPT_USERAGENT, "restem");
    const long limit = std::max(1L, static_cast<long>(options.timeout_seconds * 1000.0));
    set(CURLOPT_TIMEOUT_MS, limit);
    set(CURLOPT_CONNECTTIMEOUT_MS, limit);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, LookForStop);
    set(CURLOPT_WRITEFUNCTION, TakeBody);
    set(CURLOPT_WRITEDATA, static_cast<void*>(this));
    set(CURLOPT_ERRORBUFFER, error_.data());
  }
  ~Handle() {
    ::curl_easy_cleanup(curl_);
    ::curl_slist_free_all(headers_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  HttpReply post(const std::string& body) {
    reply_ = {};
    error_[0] = '\0';
    set(CURLOPT_POSTFIELDS, body.c_str());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    const CURLcode code = ::curl_easy_perform(curl_);
    long status = 0;
    ::curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
    reply_.status = static_cast<int>(status);
    curl_off_t wait = 0;
    if (::curl_easy_getinfo(curl_, CURLINFO_RETRY_AFTER, &wait) == CURLE_OK && wait > 0)
      reply_.retry_after = std::chrono::seconds(wait);
    reply_.connected = code != CURLE_COULDNT_CONNECT && code != CURLE_COULDNT_RESOLVE_HOST;
    if (code != CURLE_OK) explain(code);
    return std::move(reply_);
  }

 private:
  static size_t TakeBody(char* data, size_t size, size_t count, void* user) {
    auto& self = *static_cast<Handle*>(user);
    if (self.reply_.body.size() + size * count > self.max_body_) return 0;  // ends the transfer
    self.reply_.body.append(data, size * count);
    return size * count;
  }

  template <typename Value>
  void set(CURLoption option, Value value) {
    ::curl_easy_setopt(curl_, option, value);
  }

  void explain(CURLcode code) {
    reply_.timed_out = code == CURLE_OPERATION_TIMEDOUT;
    reply_.passing = code != CURLE_WRITE_ERROR && code != CURLE_ABORTED_BY_CALLBACK &&
                     code != CURLE_URL_MALFORMAT && code != CURLE_UNSUPPORTED_PROTOCOL &&
                     code != CURLE_PEER_FAILED_VERIFICATION;
    if (code == CURLE_ABORTED_BY_CALLBACK) {
      reply_.failure = "stopped by a signal";
    } else if (code == CURLE_WRITE_ERROR) {
      reply_.failure = fmt::format("the answer is longer than {} MiB", max_body_ >> 20);
    } else {
      reply_.failure = error_[0] != '\0' ? error_.data() : ::curl_easy_strerror(code);
    }
  }

  const size_t max_body_;
  CURL* const curl_;
  curl_slist* headers_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> error_ = {};
  HttpReply reply_;
};

HttpClient::HttpClient(Options options) : options_(std::move(options)) { InitCurl(); }

HttpClient::~HttpClient() = default;

std::unique_ptr<HttpClient::Handle> HttpClient::take() {
  {
    std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Handle> handle = std::move(idle_.back());
      idle_.pop_back();
      return handle;
    }
  }
  return std::make_unique<Handle>(options_);
}

HttpReply HttpClient::post(const std::string& body) {
  std::unique_ptr<Handle> handle = take();
  HttpReply reply = handle->post(body);
  std::lock_guard lock(mutex_);
  idle_.push_back(std::move(handle));
  return reply;
}

}  // namespace restem
