#include "comm/own_gpu.h"

#include <fmt/format.h>

#include <cstdlib>
#include <vector>

#include "absl/strings/str_split.h"

namespace restem {
namespace {

constexpr char kVisible[] = "CUDA_VISIBLE_DEVICES";

}  // namespace

absl::StatusOr<std::optional<std::string>> OwnGpu(const Launch& launch,
                                                  const std::optional<std::string>& visible) {
  if (launch.alone()) return std::nullopt;
  if (!visible) return fmt::format("{}", launch.local_rank);
  const std::vector<std::string> gpus = absl::StrSplit(*visible, ',', absl::SkipEmpty());
  if (gpus.size() <= 1) return std::nullopt;
  if (launch.local_rank < static_cast<int64_t>(gpus.size()))
    return gpus[static_cast<size_t>(launch.local_rank)];
  return InvalidInput(fmt::format(
      "{}={}: {} GPUs, but this is process {} on its node, counted from 0: start at most one for "
      "each GPU",
      kVisible,
      *visible,
      gpus.size(),
      launch.local_rank));
}

absl::Status SeeOwnGpuOnly(const Launch& launch) {
  RESTEM_ASSIGN_OR_RETURN(const auto own, OwnGpu(launch, ProcessEnvironment(kVisible)));
  if (own) setenv(kVisible, own->c_str(), /*overwrite=*/1);
  return absl::OkStatus();
}

}  // namespace restem
