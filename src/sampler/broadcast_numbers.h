// Numbers of the first rank of a model in parts, for the others.
#pragma once

#include <ATen/ops/empty.h>
#include <c10/core/ScalarType.h>

#include <algorithm>

#include "ops/model_parts.h"

namespace restem {

// A container of numbers becomes the first rank's; all have the same size. It is sent from memory
// of its own: where it fails, it may still be under way.
template <typename Numbers>
void BroadcastNumbers(ModelParts& parts, Numbers& numbers) {
  using Number = typename Numbers::value_type;
  const at::Tensor sent = at::empty({std::ssize(numbers)}, c10::CppTypeToScalarType<Number>::value);
  std::ranges::copy(numbers, sent.mutable_data_ptr<Number>());
  parts.broadcast(sent);
  std::copy_n(sent.const_data_ptr<Number>(), numbers.size(), numbers.begin());
}

}  // namespace restem
