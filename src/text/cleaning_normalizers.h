// Normalizers that drop, replace or widen characters one by one: BertNormalizer, Nmt, Precompiled.
#pragma once

#include <memory>

#include "base/status.h"
#include "text/json_view.h"
#include "text/normalizer.h"

namespace restem::text {

absl::StatusOr<std::shared_ptr<const Normalizer>> ParseBertNormalizer(const JsonView& view);
std::shared_ptr<const Normalizer> MakeNmtNormalizer();
absl::StatusOr<std::shared_ptr<const Normalizer>> ParsePrecompiled(const JsonView& view);

}  // namespace restem::text
