#include "comm/store.h"

#include <c10/util/Logging.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <random>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <utility>

#include "base/shutdown.h"

namespace restem {
namespace {

constexpr std::chrono::milliseconds kPause(50);  // between two looks

std::string RandomName() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

// What is said before there is a session. "hello/7" is "<process>".
constexpr char kHellos[] = "hellos";
std::string HelloKey(int64_t number) { return fmt::format("hello/{}", number); }
std::string WelcomeKey(const std::string& process) { return "welcome/" + process; }

}  // namespace

struct Store::Connection {
  c10::intrusive_ptr<c10d::Store> store;
};

Store::Store(Launch launch, std::chrono::seconds limit)
    : launch_(std::move(launch)),
      watchdog_(limit),
      process_(fmt::format("{}.{}", launch_.rank, RandomName())),
      connection_(std::make_unique<Connection>()) {}

Store::~Store() {
  closing_ = true;
  if (host_.joinable()) host_.join();
}

int64_t RankOf(const std::string& process) {
  int64_t rank = -1;
  std::from_chars(process.data(), process.data() + process.size(), rank);
  return rank;
}

std::string Store::who() const {
  return fmt::format("rank {} of {}", launch_.rank, launch_.world_size);
}

absl::StatusOr<std::shared_ptr<Store>> Store::connect(const Launch& launch,
                                                      std::chrono::seconds limit) {
  std::shared_ptr<Store> store(new Store(launch, limit));
  RESTEM_RETURN_IF_ERROR(store->open());
  RESTEM_RETURN_IF_ERROR(store->enter_session());
  return store;
}

// Rank 0 draws the session's name. The others cannot know a name that an earlier rank 0 has left
// from this one's: each asks for an answer to itself.
absl::Status Store::enter_session() {
  std::string session = RandomName();
  if (launch_.rank == 0) {
    host_ = std::thread(
        [this, session, outside = connection_->store] { welcome_others(*outside, session); });
  } else {
    RESTEM_ASSIGN_OR_RETURN(const int64_t number, add(kHellos, 1));
    RESTEM_RETURN_IF_ERROR(set(HelloKey(number), process_));
    const auto deadline = std::chrono::steady_clock::now() + watchdog_.limit();
    while (true) {
      RESTEM_RETURN_IF_ERROR(CheckStop());
      RESTEM_ASSIGN_OR_RETURN(const auto answer, find(WelcomeKey(process_)));
      if (answer) {
        session = *answer;
        break;
      }
      if (std::chrono::steady_clock::now() > deadline) {
        return Failed(fmt::format("{}: rank 0 has not come to the store at {}:{} within {} s",
                                  who(),
                                  launch_.address,
                                  launch_.port,
                                  watchdog_.limit().count()));
      }
      std::this_thread::sleep_for(kPause);
    }
  }
  connection_->store = c10::make_intrusive<c10d::PrefixStore>(session, connection_->store);
  return absl::OkStatus();
}

// Who asks the store for something else meets its errors, too.
void Store::welcome_others(c10d::Store& outside, const std::string& session) {
  try {
    for (int64_t number = 1; !closing_;) {
      if (!outside.check({HelloKey(number)})) {
        std::this_thread::sleep_for(kPause);
        continue;
      }
      outside.set(WelcomeKey(outside.get_to_str(HelloKey(number))), session);
      ++number;
    }
  } catch (const std::exception& error) {
    spdlog::debug("{}: welcoming others: {}", who(), error.what());
  }
}

// In short attempts: between them a signal is heard.
absl::Status Store::open() {
  constexpr std::chrono::seconds kAttempt(2);
  ::setenv("TORCH_CPP_LOG_LEVEL", "FATAL", /*overwrite=*/0);  // it logs every attempt with a trace
  // Its record of collectives is shared by all groups of a process, and not locked.
  ::setenv("TORCH_FR_BUFFER_SIZE", "0", /*overwrite=*/0);
  c10::initLogging();
  const auto deadline = std::chrono::steady_clock::now() + watchdog_.limit();
  while (true) {
    const absl::Status status = attempt(std::min(kAttempt, watchdog_.limit()));
    if (status.ok() || std::chrono::steady_clock::now() > deadline) return status;
    RESTEM_RETURN_IF_ERROR(CheckStop());
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

absl::Status Store::attempt(std::chrono::seconds limit) {
  return guarded("connecting to", [&] {
    c10d::TCPStoreOptions options;
    options.port = launch_.port;
    options.isServer = launch_.rank == 0 && !launch_.store_is_served;
    options.waitWorkers = false;
    options.timeout = limit;
    auto tcp = c10::make_intrusive<c10d::TCPStore>(launch_.address, options);
    tcp->setTimeout(watchdog_.limit());
    connection_->store = c10::make_intrusive<c10d::PrefixStore>("restem", std::move(tcp));
  });
}

// c10d says what is wrong by exceptions with a trace of its own behind the first line.
absl::Status Store::guarded(const std::string& doing, const std::function<void()>& call) {
  const std::string what =
      fmt::format("{}: {} the store at {}:{}", who(), doing, launch_.address, launch_.port);
  const Watchdog::Scope scope(watchdog_, what);
  try {
    call();
    return absl::OkStatus();
  } catch (const std::exception& error) {
    const std::string_view message = error.what();
    return Failed(fmt::format("{}: {}", what, message.substr(0, message.find('\n'))));
  }
}

c10::intrusive_ptr<c10d::Store> Store::prefixed(const std::string& prefix) const {
  return c10::make_intrusive<c10d::PrefixStore>(prefix, connection_->store);
}

absl::Status Store::set(const std::string& key, const std::string& value) {
  return guarded("writing to", [&] { connection_->store->set(key, value); });
}

absl::StatusOr<std::optional<std::string>> Store::find(const std::string& key) {
  std::optional<std::string> value;
  RESTEM_RETURN_IF_ERROR(guarded("reading from", [&] {
    if (connection_->store->check({key})) value = connection_->store->get_to_str(key);
  }));
  return value;
}

absl::StatusOr<std::vector<std::string>> Store::find_all(const std::vector<std::string>& keys) {
  std::vector<std::string> values(keys.size());
  RESTEM_RETURN_IF_ERROR(guarded("reading from", [&] {
    for (size_t i = 0; i < keys.size(); ++i)
      if (connection_->store->check({keys[i]})) values[i] = connection_->store->get_to_str(keys[i]);
  }));
  return values;
}

absl::StatusOr<int64_t> Store::add(const std::string& key, int64_t amount) {
  int64_t sum = 0;
  RESTEM_RETURN_IF_ERROR(
      guarded("counting in", [&] { sum = connection_->store->add(key, amount); }));
  return sum;
}

absl::StatusOr<bool> Store::replace(const std::string& key,
                                    const std::string& expected,
                                    const std::string& value) {
  std::string now;
  RESTEM_RETURN_IF_ERROR(
      guarded("writing to", [&] { now = connection_->store->compareSet(key, expected, value); }));
  return now == value;
}

}  // namespace restem
