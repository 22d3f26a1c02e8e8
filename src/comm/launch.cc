#include "comm/launch.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace restem {
namespace {

constexpr int64_t kMaxRanks = 1'000'000;
constexpr int64_t kDefaultPort = 29500;  // torchrun's

class Variables {
 public:
  explicit Variables(const EnvironmentFn& environment) : environment_(environment) {}

  bool has(const std::string& name) const { return environment_(name).has_value(); }
  std::string text_or(const std::string& name, const std::string& fallback) const {
    return environment_(name).value_or(fallback);
  }
  absl::StatusOr<int64_t> number(const std::string& name, int64_t least, int64_t most) const {
    const auto text = environment_(name);
    if (!text)
      return InvalidInput(fmt::format("{} is not set, though the launcher's others are", name));
    int64_t value = 0;
    const char* end = text->data() + text->size();
    const auto parsed = std::from_chars(text->data(), end, value);
    if (parsed.ec != std::errc() || parsed.ptr != end || value < least || value > most) {
      return InvalidInput(
          fmt::format("{}={}: must be a number from {} to {}", name, *text, least, most));
    }
    return value;
  }
  absl::StatusOr<int64_t> number_or(const std::string& name,
                                    int64_t fallback,
                                    int64_t least,
                                    int64_t most) const {
    if (!has(name)) return fallback;
    return number(name, least, most);
  }

 private:
  const EnvironmentFn& environment_;
};

// The names under which a launcher tells the same things.
struct Names {
  std::string rank;
  std::string world_size;
  std::string local_rank;
  std::string local_size;  // empty: it is in SLURM's list
  std::string job;         // a number of its own for each job on a machine; empty: none
};

const Names kTorchrun = {"RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", ""};
// Of a step: in a batch script, outside srun, SLURM_NTASKS is there too and is no other process's.
const Names kSlurm = {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID", "", "SLURM_JOB_ID"};
const Names kOpenMpi = {"OMPI_COMM_WORLD_RANK",
                        "OMPI_COMM_WORLD_SIZE",
                        "OMPI_COMM_WORLD_LOCAL_RANK",
                        "OMPI_COMM_WORLD_LOCAL_SIZE",
                        "OMPI_MCA_ess_base_jobid"};

// "gpu[03-07,9],login2" begins with gpu03 (SLURM's notation).
std::string FirstHost(std::string_view list) {
  const size_t bracket = list.find('[');
  const size_t comma = list.find(',');
  if (bracket == std::string_view::npos || comma < bracket)
    return std::string(list.substr(0, comma));
  const std::string_view inside = list.substr(bracket + 1);
  const size_t end = inside.find_first_of("-,]");
  const size_t close = std::min(inside.find(']'), inside.size() - 1);
  const std::string_view after = inside.substr(close + 1);
  return fmt::format(
      "{}{}{}", list.substr(0, bracket), inside.substr(0, end), after.substr(0, after.find(',')));
}

// Jobs that share a machine must not share a port, and all processes of one must come to the same.
absl::StatusOr<int64_t> ImpliedPort(const Variables& variables, const Names& names) {
  if (names.job.empty() || !variables.has(names.job)) return kDefaultPort;
  RESTEM_ASSIGN_OR_RETURN(const int64_t job, variables.number(names.job, 0, INT64_MAX));
  RESTEM_ASSIGN_OR_RETURN(const int64_t step,
                          variables.number_or("SLURM_STEP_ID", 0, 0, INT64_MAX));
  constexpr int64_t kFirst = 20'000;
  constexpr int64_t kCount = 10'000;  // below those that systems give to outgoing connections
  return kFirst + (job % kCount + 7919 * (step % kCount)) % kCount;
}

absl::StatusOr<std::string> ImpliedAddress(const Variables& variables, const Launch& launch) {
  if (variables.has("SLURM_STEP_NODELIST"))
    return FirstHost(variables.text_or("SLURM_STEP_NODELIST", ""));
  RESTEM_ASSIGN_OR_RETURN(const int64_t on_this_node,
                          variables.number_or("OMPI_COMM_WORLD_LOCAL_SIZE", 0, 0, kMaxRanks));
  if (on_this_node == launch.world_size) return "127.0.0.1";
  return InvalidInput(
      "MASTER_ADDR is not set: it must name the node of rank 0, where all processes meet");
}

// "2(x3),1" is 2, 2, 2, 1 (SLURM's notation); 1 where the list does not go so far.
int64_t TasksOfNode(std::string_view list, int64_t node) {
  while (!list.empty()) {
    const std::string_view item = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), item.size() + 1));
    int64_t tasks = 1;
    int64_t nodes = 1;
    std::from_chars(item.data(), item.data() + item.size(), tasks);
    if (const size_t times = item.find("(x"); times != std::string_view::npos)
      std::from_chars(item.data() + times + 2, item.data() + item.size(), nodes);
    if (node < nodes) return std::max<int64_t>(1, tasks);
    node -= nodes;
  }
  return 1;
}

absl::StatusOr<int64_t> LocalSize(const Variables& variables, const Names& names) {
  if (!names.local_size.empty()) return variables.number_or(names.local_size, 1, 1, kMaxRanks);
  RESTEM_ASSIGN_OR_RETURN(const int64_t node, variables.number_or("SLURM_NODEID", 0, 0, kMaxRanks));
  return TasksOfNode(variables.text_or("SLURM_STEP_TASKS_PER_NODE", ""), node);
}

absl::StatusOr<Launch> Read(const Variables& variables, const Names& names) {
  Launch launch;
  RESTEM_ASSIGN_OR_RETURN(launch.world_size, variables.number(names.world_size, 1, kMaxRanks));
  RESTEM_ASSIGN_OR_RETURN(launch.rank, variables.number(names.rank, 0, launch.world_size - 1));
  if (launch.alone()) return launch;
  RESTEM_ASSIGN_OR_RETURN(launch.local_rank,
                          variables.number_or(names.local_rank, 0, 0, launch.world_size - 1));
  RESTEM_ASSIGN_OR_RETURN(launch.local_size, LocalSize(variables, names));
  launch.binds = &names != &kTorchrun;
  launch.address = variables.text_or("MASTER_ADDR", "");
  if (launch.address.empty()) {
    RESTEM_ASSIGN_OR_RETURN(launch.address, ImpliedAddress(variables, launch));
  }
  RESTEM_ASSIGN_OR_RETURN(const int64_t implied, ImpliedPort(variables, names));
  RESTEM_ASSIGN_OR_RETURN(const int64_t port,
                          variables.number_or("MASTER_PORT", implied, 1, UINT16_MAX));
  launch.port = static_cast<uint16_t>(port);
  launch.store_is_served = variables.text_or("TORCHELASTIC_USE_AGENT_STORE", "") == "True";
  return launch;
}

}  // namespace

std::optional<std::string> ProcessEnvironment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

absl::StatusOr<Launch> ReadLaunch(const EnvironmentFn& environment) {
  const Variables variables(environment);
  for (const Names* names : {&kTorchrun, &kOpenMpi, &kSlurm})
    if (variables.has(names->rank) && variables.has(names->world_size))
      return Read(variables, *names);
  return Launch();
}

}  // namespace restem
