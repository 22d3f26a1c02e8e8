#include "sampler/shared_prefix.h"

#include <algorithm>

#include "sampler/step.h"

namespace restem {

int64_t SharedPrefixLength(std::span<const SampleRequest> requests) {
  if (requests.size() < 2) return 0;
  const std::vector<int32_t>& first = requests.front().prompt_tokens;
  size_t length = first.size();
  for (const SampleRequest& request : requests) {
    const std::vector<int32_t>& tokens = request.prompt_tokens;
    length = std::min(length, tokens.size() - 1);
    const auto end = first.begin() + static_cast<ptrdiff_t>(length);
    length = static_cast<size_t>(std::mismatch(first.begin(), end, tokens.begin()).first -
                                 first.begin());
  }
  return static_cast<int64_t>(length) / kernels::kKeysPerPage * kernels::kKeysPerPage;
}

KvSequence ComputePrefix(const Model& model,
                         std::span<const int32_t> tokens,
                         int64_t max_rows,
                         CpuKvPages& pool) {
  KvSequence prefix(pool);
  const auto length = static_cast<int64_t>(tokens.size());
  prefix.reserve(length);
  Step step(model, pool);
  while (prefix.keys() < length) {
    const int64_t count = std::min(max_rows, length - prefix.keys());
    step.clear();
    step.add(prefix,
             tokens.subspan(static_cast<size_t>(prefix.keys()), static_cast<size_t>(count)),
             /*live=*/false);
    step.run();
    prefix.set_keys(prefix.keys() + count);
  }
  return prefix;
}

}  // namespace restem
