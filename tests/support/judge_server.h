// A service for reward `http`, within the test's process: the text is correct if it equals the
// answer.
#pragma once

#include <httplib.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

namespace restem::testing {

class JudgeServer {
 public:
  // Answers instead of the judge where it returns true.
  using Trouble = std::function<bool(const httplib::Request&, httplib::Response&)>;

  explicit JudgeServer(Trouble trouble = nullptr) : trouble_(std::move(trouble)) {
    server_.new_task_queue = [] { return new httplib::ThreadPool(16); };
    server_.Post("/judge", [this](const httplib::Request& request, httplib::Response& response) {
      const int now = ++inside_;
      for (int most = most_inside_; now > most && !most_inside_.compare_exchange_weak(most, now);) {
      }
      ++posts_;
      if (trouble_ == nullptr || !trouble_(request, response)) judge(request, response);
      --inside_;
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ~JudgeServer() {
    closing_ = true;
    server_.stop();
    thread_.join();
  }
  JudgeServer(const JudgeServer&) = delete;
  JudgeServer& operator=(const JudgeServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/judge"; }
  int posts() const { return posts_; }
  int most_inside() const { return most_inside_; }  // POSTs at once
  std::vector<size_t> batches() {
    std::lock_guard lock(mutex_);
    return batches_;
  }
  // Holds a request until the test ends.
  void hang() const {
    while (!closing_) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }

  static nlohmann::json verdict_of(const nlohmann::json& request) {
    const std::string text = request["text"];
    const auto answer = request.value("answer", nlohmann::json());
    const bool correct = text == (answer.is_string() ? answer.get<std::string>() : answer.dump());
    return {{"index", request["index"]},
            {"id", request["id"]},
            {"verdict", correct ? "correct" : "wrong"},
            {"extracted", text},
            {"reason", correct ? "" : "not " + answer.dump()}};
  }
  void judge(const httplib::Request& request, httplib::Response& response) {
    const auto requests = nlohmann::json::parse(request.body);
    auto answers = nlohmann::json::array();
    for (const auto& one : requests) answers.push_back(verdict_of(one));
    {
      std::lock_guard lock(mutex_);
      batches_.push_back(requests.size());
    }
    response.set_content(answers.dump(), "application/json");
  }

 private:
  const Trouble trouble_;
  httplib::Server server_;
  std::thread thread_;
  int port_ = 0;
  std::atomic<int> inside_ = 0, most_inside_ = 0, posts_ = 0;
  std::atomic<bool> closing_ = false;
  std::mutex mutex_;
  std::vector<size_t> batches_;
};

}  // namespace restem::testing
