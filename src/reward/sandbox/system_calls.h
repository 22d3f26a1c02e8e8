// The system calls that programs in a sandbox have.
#pragma once

#include "base/status.h"
#include "base/unique_fd.h"

namespace restem {

// A file that holds the filter as bubblewrap reads it. What is not on the list does not exist
// (ENOSYS): among others mount, unshare, setns, ptrace, process_vm_*, bpf, io_uring, keyrings,
// System V memory and message queues, new namespaces by clone, sockets but AF_UNIX, limits and
// schedules of other processes, shared memory without a file, locks. System calls of another
// architecture kill the process. Failed where libseccomp fails.
absl::StatusOr<UniqueFd> SystemCallFilter();

}  // namespace restem
