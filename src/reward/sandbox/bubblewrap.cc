#include "reward/sandbox/bubblewrap.h"

#include <fmt/format.h>

#include <filesystem>
#include <initializer_list>
#include <nlohmann/json.hpp>

namespace restem {
namespace {

using Command = std::vector<std::string>;

void Add(Command& command, std::initializer_list<std::string> words) {
  command.insert(command.end(), words);
}

void AddIdentity(const SandboxUser& user, Command& command) {
  if (user.uid()) {
    // Root without a user namespace: enough to become somebody else, which setpriv does first.
    for (const char* capability : {"CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"})
      Add(command, {"--cap-add", capability});
  } else {
    Add(command, {"--unshare-user", "--disable-userns", "--uid", "1000", "--gid", "1000"});
  }
}

// /bin, /lib and their like: links into /usr on current systems, else folders.
void AddSystem(Command& command) {
  Add(command, {"--ro-bind", "/usr", "/usr"});
  for (const char* name : {"bin", "sbin", "lib", "lib32", "lib64", "libx32"}) {
    const std::filesystem::path path = std::filesystem::path("/") / name;
    std::error_code error;
    if (std::filesystem::is_symlink(path, error)) {
      Add(command, {"--symlink", std::filesystem::read_symlink(path, error), path});
    } else {
      Add(command, {"--ro-bind-try", path, path});
    }
  }
  for (const char* path : {"/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime"})
    Add(command, {"--ro-bind-try", path, path});
}

void AddDevices(Command& command) {
  Add(command, {"--tmpfs", "/dev"});
  // Not /dev/zero: mapped and shared, it is memory on nobody's account.
  for (const char* path : {"/dev/null", "/dev/full", "/dev/random", "/dev/urandom"})
    Add(command, {"--dev-bind", path, path});
}

void AddEnvironment(Command& command) {
  Add(command, {"--clearenv"});
  const std::pair<const char*, const char*> variables[] = {
      {"PATH", "/usr/local/bin:/usr/bin:/bin"},
      {"HOME", "/tmp"},
      {"LANG", "C.UTF-8"},
      {"PYTHONHASHSEED", "0"},  // a verdict does not depend on the order of a set
      {"PYTHONDONTWRITEBYTECODE", "1"},
      {"PYTHONNOUSERSITE", "1"},
      {"OPENBLAS_NUM_THREADS", "1"},
      {"OMP_NUM_THREADS", "1"}};
  for (const auto& [name, value] : variables) Add(command, {"--setenv", name, value});
}

void AddFiles(const SandboxOptions& options, int first, Command& command) {
  Add(command, {"--perms", "0755", "--dir", "/restem"});
  const auto add = [&](std::string_view name) {
    Add(command, {"--perms", "0444", "--ro-bind-data", std::to_string(first++)});
    command.push_back(fmt::format("/restem/{}.py", name));
  };
  add("init");
  for (const SandboxModule& module : options.modules) add(module.name);
}

// bubblewrap makes a place's parents for root alone.
void AddFolders(const SandboxOptions& options, Command& command) {
  for (const std::string& path : options.read_only) {
    const auto parent = std::filesystem::path(path).lexically_normal().parent_path();
    std::filesystem::path made;
    for (const auto& part : parent) {
      made /= part;
      if (made != "/" && !made.string().starts_with("/usr"))
        Add(command, {"--perms", "0755", "--dir", made});
    }
    Add(command, {"--ro-bind", path, path});
  }
}

}  // namespace

std::vector<std::string> BubblewrapCommand(const SandboxOptions& options,
                                           const SandboxUser& user,
                                           const SandboxDescriptors& descriptors) {
  Command command = {options.bubblewrap};
  Add(command, {"--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"});
  Add(command, {"--unshare-cgroup-try", "--hostname", "sandbox", "--as-pid-1", "--new-session"});
  Add(command, {"--cap-drop", "ALL"});
  AddIdentity(user, command);
  AddEnvironment(command);
  AddSystem(command);
  AddFiles(options, descriptors.files, command);
  AddFolders(options, command);
  AddDevices(command);
  Add(command, {"--size", std::to_string(options.tmp_bytes), "--tmpfs", "/tmp"});
  Add(command, {"--chmod", "1777", "/tmp", "--chdir", "/tmp"});
  // bubblewrap's own tmpfs have no size: nothing can be written to them.
  Add(command, {"--remount-ro", "/dev", "--remount-ro", "/"});
  Add(command, {"--seccomp", std::to_string(descriptors.filter)});
  Add(command, {"--info-fd", std::to_string(descriptors.info), "--"});
  if (user.uid()) {
    const std::string uid = std::to_string(*user.uid());
    Add(command, {"/usr/bin/setpriv", "--reuid", uid, "--regid", uid, "--clear-groups"});
    Add(command, {"--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"});
  }
  Add(command, {options.python, "-s", "/restem/init.py"});
  Add(command, {nlohmann::json(options.roles).dump(), nlohmann::json(options.preload).dump()});
  return command;
}

}  // namespace restem
