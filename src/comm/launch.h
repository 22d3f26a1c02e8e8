// Which process this is among those that a launcher started together, from what torchrun, SLURM's
// srun and Open MPI's mpirun leave in the environment.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/status.h"

namespace restem {

struct Launch {
  int64_t rank = 0;
  int64_t world_size = 1;  // processes, on all nodes
  int64_t local_rank = 0;  // on its node
  int64_t local_size = 1;  // processes there, as far as the launcher tells
  bool binds = false;      // the launcher may have given each cores of its own
  std::string address;     // where the store is served; empty for one process
  uint16_t port = 0;
  bool store_is_served = false;  // by the launcher; otherwise rank 0 serves it

  bool alone() const { return world_size == 1; }
};

using EnvironmentFn = std::function<std::optional<std::string>(const std::string& name)>;

// The value of a variable of this process.
std::optional<std::string> ProcessEnvironment(const std::string& name);

// One process where no launcher is seen. Variables that contradict one another, or a missing
// address, are InvalidInput naming the variable.
//
//   torchrun   RANK, WORLD_SIZE, LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR, MASTER_PORT
//   srun       SLURM_PROCID, SLURM_STEP_NUM_TASKS, SLURM_LOCALID, SLURM_STEP_NODELIST,
//              SLURM_STEP_TASKS_PER_NODE, SLURM_NODEID
//   mpirun     OMPI_COMM_WORLD_RANK, _SIZE, _LOCAL_RANK, _LOCAL_SIZE
//
// MASTER_ADDR and MASTER_PORT count with each of them. Without them srun's first node is the
// address, and with mpirun this one if there is no other; the port follows from the job's number.
absl::StatusOr<Launch> ReadLaunch(const EnvironmentFn& environment);

}  // namespace restem
