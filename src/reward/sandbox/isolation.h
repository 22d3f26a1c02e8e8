// Is a sandbox what it should be? Asked of the kernel from outside, not of what runs in it.
#pragma once

#include <sys/types.h>

#include "base/status.h"
#include "reward/sandbox/bubblewrap.h"

namespace restem {

// `process` is a sandbox's process 1, as this process numbers it. Failed, saying what is not so,
// unless: it is not the kernel's user 0 and is `user`'s where that is told; it has no capability
// and cannot get one; system calls are filtered; it has namespaces of its own for processes,
// network, mounts, IPC and host name; nothing is mounted for writing but a /tmp of limited size and
// device files.
absl::Status CheckIsolation(pid_t process, const SandboxUser& user);

}  // namespace restem
