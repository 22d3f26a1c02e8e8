#include "reward/sandbox/escape.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/shutdown.h"
#include "reward/sandbox/memory_file.h"
#include "reward/sandbox/sandbox.h"
#include "reward/sandbox/sources.h"
#include "reward/sandbox/watch.h"

namespace restem {
namespace {

using nlohmann::json;

constexpr double kSeconds = 20.0;
constexpr int64_t kTmpBytes = int64_t{64} << 20;  // it is filled
constexpr std::string_view kSecret = "not for programs";

// A file and two sockets of this process that nobody in a sandbox may reach.
class Bait {
 public:
  static absl::StatusOr<Bait> lay() {
    Bait bait;
    std::error_code error;
    const auto folder = std::filesystem::temp_directory_path(error);
    if (error)
      return InvalidInput(
          fmt::format("no folder for temporary files: {} (TMPDIR)", error.message()));
    std::string path = (folder / "restem-bait-XXXXXX").string();
    const UniqueFd file(::mkostemp(path.data(), O_CLOEXEC));
    if (!file.valid()) return SystemError(fmt::format("make {}", path));
    bait.file_ = path;
    RESTEM_RETURN_IF_ERROR(WriteAll(file.get(), kSecret, bait.file_));
    ::fchmod(file.get(), 0666);  // it is not permissions that keep programs away
    bait.tcp_.reset(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    RESTEM_RETURN_IF_ERROR(Listen(bait.tcp_, &address, sizeof address));
    socklen_t size = sizeof address;
    ::getsockname(bait.tcp_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    bait.port_ = ntohs(address.sin_port);
    bait.abstract_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    sockaddr_un named = {};
    named.sun_family = AF_UNIX;
    const std::string name = bait.abstract_name();
    std::copy(name.begin(), name.end(), named.sun_path + 1);
    RESTEM_RETURN_IF_ERROR(
        Listen(bait.abstract_, &named, offsetof(sockaddr_un, sun_path) + 1 + name.size()));
    return bait;
  }
  ~Bait() {
    if (!file_.empty()) ::unlink(file_.c_str());
  }
  Bait(Bait&& other) noexcept
      : file_(std::exchange(other.file_, "")),
        tcp_(std::move(other.tcp_)),
        abstract_(std::move(other.abstract_)),
        port_(other.port_) {}
  Bait& operator=(Bait&&) = delete;

  json request() const { return {{"file", file_}, {"port", port_}, {"abstract", abstract_name()}}; }
  // Seen from here, whatever the program says.
  bool taken() const {
    const auto text = ReadFile(file_);
    return !text.ok() || *text != kSecret || ::accept(tcp_.get(), nullptr, nullptr) >= 0 ||
           ::accept(abstract_.get(), nullptr, nullptr) >= 0;
  }

 private:
  Bait() = default;
  std::string abstract_name() const { return fmt::format("restem-bait-{}", port_); }
  template <typename Address>
  static absl::Status Listen(const UniqueFd& socket, const Address* address, size_t size) {
    const auto* any = reinterpret_cast<const sockaddr*>(address);
    if (::bind(socket.get(), any, static_cast<socklen_t>(size)) != 0 ||
        ::listen(socket.get(), 4) != 0)
      return SystemError("listen on a socket");
    return absl::OkStatus();
  }

  std::string file_;
  UniqueFd tcp_;
  UniqueFd abstract_;
  int port_ = 0;
};

absl::Status Escaped(const std::string& what) {
  return Failed(fmt::format("the sandbox is not closed: a program could {}", what));
}

// "read host file (not for programs), …"
std::string InWords(const json& succeeded) {
  std::string text;
  for (const auto& [name, how] : succeeded.items()) {
    std::string words = name;
    std::replace(words.begin(), words.end(), '_', ' ');
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", words, how.get<std::string>());
  }
  return text;
}

}  // namespace

absl::StatusOr<int> TryToEscape(SandboxOptions options, const ProgramLimits& limits) {
  options.modules = {{"try_escape", kTryEscapeSource}};
  options.roles = {"try_escape"};
  options.tmp_bytes = std::min(options.tmp_bytes, kTmpBytes);
  RESTEM_ASSIGN_OR_RETURN(const Bait bait, Bait::lay());
  RESTEM_ASSIGN_OR_RETURN(const auto sandbox, Sandbox::start(options));
  RESTEM_ASSIGN_OR_RETURN(const UniqueFd answer, MemoryFile(""));
  json request = bait.request();
  request["tmp_bytes"] = options.tmp_bytes;
  const std::array descriptors = {answer.get()};
  ProgramLimits patient = limits;
  patient.seconds = kSeconds;
  RESTEM_RETURN_IF_ERROR(sandbox->begin("try_escape", request, patient, descriptors));
  Watch watch(*sandbox, {.seconds = kSeconds, .memory_bytes = 4 * limits.memory_bytes});
  const WatchEnd end = watch.until(*sandbox);
  RESTEM_RETURN_IF_ERROR(CheckStop());
  if (bait.taken()) return Escaped("reach a file or a socket of this process");
  const json said = json::parse(ReadMemoryFile(answer, 65536), nullptr, false);
  if (end != WatchEnd::kReported || !said.is_object())
    return Failed("the attempt to get out of the sandbox did not come to its end");
  if (!said["succeeded"].empty()) return Escaped(InWords(said["succeeded"]));
  return said["tried"].get<int>();
}

}  // namespace restem
