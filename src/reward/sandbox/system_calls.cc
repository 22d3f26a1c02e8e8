#include "reward/sandbox/system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <termios.h>

#include <cstring>
#include <memory>

#include "reward/sandbox/memory_file.h"

namespace restem {
namespace {

// Files, memory, time, signals, threads and processes of one's own. Not memfd_create: its files are
// bounded by nothing; not inotify, flock and sync, which see or hold up the host's files; not one's
// own schedule, which the account of time relies on. Names that a kernel or a libseccomp does not
// know are skipped.
// clang-format off
constexpr const char* kAllowed[] = {
    // files and folders
    "access", "chdir", "chmod", "close", "close_range", "copy_file_range", "creat", "dup", "dup2",
    "dup3", "faccessat", "faccessat2", "fadvise64", "fallocate", "fchdir", "fchmod", "fchmodat",
    "fdatasync", "fstat", "fstatfs", "fsync", "ftruncate", "futimesat", "getcwd",
    "getdents", "getdents64", 
    "link", "linkat", "lseek", "lstat", "mkdir", "mkdirat", "newfstatat",
    "open", "openat", "openat2", "pread64", "preadv", "preadv2", "pwrite64", "pwritev", "pwritev2",
    "read", "readahead", "readlink", "readlinkat", "readv", "rename", "renameat", "renameat2",
    "rmdir", "sendfile", "splice", "stat", "statfs", "statx", "symlink", "symlinkat", 
    "tee", "truncate", "umask", "unlink", "unlinkat", "utime",
    "utimensat", "utimes", "vmsplice", "write", "writev",
    // memory
    "brk", "madvise", "membarrier", "mincore", "mlock", "mlock2", "mlockall", "mprotect",
    "mremap", "msync", "munlock", "munlockall", "munmap", "pkey_alloc", "pkey_free",
    "pkey_mprotect",
    // waiting
    "epoll_create", "epoll_create1", "epoll_ctl", "epoll_ctl_old", "epoll_pwait", "epoll_pwait2",
    "epoll_wait", "epoll_wait_old", "eventfd", "eventfd2", "poll", "ppoll", "pselect6", "select",
    "signalfd", "signalfd4", "timerfd_create", "timerfd_gettime", "timerfd_settime",
    // time
    "alarm", "clock_getres", "clock_gettime", "clock_nanosleep", "getitimer", "gettimeofday",
    "nanosleep", "setitimer", "time", "timer_create", "timer_delete", "timer_getoverrun",
    "timer_gettime", "timer_settime", "times",
    // signals
    "kill", "pause", "pidfd_open", "pidfd_send_signal", "restart_syscall", "rt_sigaction",
    "rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend",
    "rt_sigtimedwait", "rt_tgsigqueueinfo", "sigaltstack", "tgkill", "tkill",
    // threads and processes
    "arch_prctl", "execve", "execveat", "exit", "exit_group", "fork", "futex", "futex_waitv",
    "get_robust_list", "get_thread_area", "getcpu", "getpgid", "getpgrp", "getpid", "getppid",
    "getpriority", "getrandom", "getrlimit", "getrusage", "getsid", "gettid", "prctl", "rseq",
    "sched_get_priority_max", "sched_get_priority_min", "sched_getaffinity", "sched_getattr",
    "sched_getparam", "sched_getscheduler", "sched_yield", "set_robust_list", "set_thread_area",
    "set_tid_address", "setpgid", "setrlimit", "setsid", "sysinfo", "uname", "vfork", "wait4",
    "waitid", "waitpid",
    // who one is; process 1's way down to it
    "capget", "capset", "getegid", "geteuid", "getgid", "getgroups", "getresgid", "getresuid",
    "getuid", "setfsgid", "setfsuid", "setgid", "setgroups", "setregid", "setresgid", "setresuid",
    "setreuid", "setuid",
    // pipes, and sockets between processes of the sandbox
    "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen",
    "pipe", "pipe2", "recvfrom", "recvmmsg", "recvmsg", "sendmmsg", "sendmsg", "sendto",
    "setsockopt", "shutdown",
};
// clang-format on

constexpr uint64_t kNamespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                 CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
// A descriptor's flags and copies; no locks, leases, nor signals in another's name.
constexpr uint64_t kFcntl[] = {F_DUPFD,
                               F_GETFD,
                               F_SETFD,
                               F_GETFL,
                               F_SETFL,
                               F_GETLK,
                               F_DUPFD_CLOEXEC,
                               F_SETPIPE_SZ,
                               F_GETPIPE_SZ};
constexpr uint64_t kIoctl[] = {TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX};
constexpr uint64_t kLow32 = 0xffffffff;  // what the kernel reads of a 32-bit argument

using Filter = std::unique_ptr<void, decltype(&seccomp_release)>;

// 0, or a negative errno.
int Allow(const Filter& filter, const char* name, std::initializer_list<scmp_arg_cmp> when = {}) {
  const int number = seccomp_syscall_resolve_name(name);
  if (number == __NR_SCMP_ERROR) return 0;
  const int error = seccomp_rule_add_array(
      filter.get(), SCMP_ACT_ALLOW, number, static_cast<unsigned>(when.size()), when.begin());
  return error == -EDOM ? 0 : error;  // a system call of other architectures
}

scmp_arg_cmp Masked(unsigned argument, uint64_t mask, uint64_t value) {
  return {.arg = argument, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

// Those whose arguments decide.
int AllowSome(const Filter& filter) {
  int error = Allow(filter, "prlimit64", {Masked(0, kLow32, 0)});  // of oneself
  for (const char* name : {"socket", "socketpair"}) {
    if (error == 0) error = Allow(filter, name, {Masked(0, kLow32, AF_UNIX)});
  }
  for (const uint64_t command : kFcntl) {
    if (error == 0) error = Allow(filter, "fcntl", {Masked(1, kLow32, command)});
  }
  for (const uint64_t request : kIoctl) {
    if (error == 0) error = Allow(filter, "ioctl", {Masked(1, kLow32, request)});
  }
  // Shared memory without a file is on nobody's account: private or of a file.
  for (const uint64_t flag : {MAP_SHARED, MAP_ANONYMOUS}) {
    if (error == 0) error = Allow(filter, "mmap", {Masked(3, flag, 0)});
  }
  return error == 0 ? Allow(filter, "clone", {Masked(0, kNamespaces, 0)})  // clone3 hides its flags
                    : error;
}

}  // namespace

absl::StatusOr<UniqueFd> SystemCallFilter() {
  const Filter filter(seccomp_init(SCMP_ACT_ERRNO(ENOSYS)), &seccomp_release);
  if (filter == nullptr) return Failed("cannot make a filter of system calls");
  int error = seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  // A balanced tree instead of a list: every system call passes through it.
  if (error == 0) error = seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  for (const char* name : kAllowed) {
    if (error == 0) error = Allow(filter, name);
  }
  if (error == 0) error = AllowSome(filter);
  RESTEM_ASSIGN_OR_RETURN(UniqueFd file, MemoryFile(""));
  if (error == 0) error = seccomp_export_bpf(filter.get(), file.get());
  if (error != 0) {
    return Failed(fmt::format("cannot make a filter of system calls: {}", std::strerror(-error)));
  }
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

}  // namespace restem
