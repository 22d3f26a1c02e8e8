#include "model/tensor_file.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <optional>
#include <span>
#include <utility>

namespace restem {
namespace {

std::optional<at::ScalarType> ScalarTypeOf(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return at::kFloat;
    case DType::kBFloat16:
      return at::kBFloat16;
    case DType::kFloat16:
      return at::kHalf;
    default:
      return std::nullopt;
  }
}

// Whole pages only: what surrounds them may be another tensor's.
void DropPages(std::span<const std::byte> mapped) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(mapped.data()) + page - 1) / page * page;
  const uintptr_t end = reinterpret_cast<uintptr_t>(mapped.data() + mapped.size()) / page * page;
  // A map of a file: what is dropped is read again where it is wanted.
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

}  // namespace

absl::StatusOr<at::Tensor> MapTensor(const TensorView& view,
                                     std::shared_ptr<const void> owner,
                                     const std::string& where) {
  const auto type = ScalarTypeOf(view.dtype);
  if (!type) {
    return InvalidInput(
        fmt::format("{}: tensor {} has dtype {}; float32, bfloat16 and float16 are supported",
                    where,
                    view.name,
                    ToString(view.dtype)));
  }
  // The map is read-only: writing through this tensor would fault, and nothing does.
  void* data = const_cast<std::byte*>(view.bytes.data());
  at::Tensor tensor = at::from_blob(
      data,
      view.shape,
      /*deleter=*/
      [owner = std::move(owner), bytes = view.bytes](void*) {
        if (owner != nullptr) DropPages(bytes);
      },
      at::TensorOptions(*type));
  const bool aligned = reinterpret_cast<uintptr_t>(data) % ElementSize(view.dtype) == 0;
  if (aligned) return tensor;
  at::Tensor copy = at::empty(view.shape, at::TensorOptions(*type));
  std::memcpy(copy.mutable_data_ptr(), data, view.bytes.size());
  return copy;
}

void ReadAhead(std::span<const std::byte> bytes) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto first = reinterpret_cast<uintptr_t>(bytes.data());
  const uintptr_t begin = first / page * page;
  if (!bytes.empty())
    madvise(reinterpret_cast<void*>(begin), first + bytes.size() - begin, MADV_WILLNEED);
}

absl::StatusOr<at::Tensor> FloatTensor(const TensorView& view, const std::string& where) {
  RESTEM_ASSIGN_OR_RETURN(const at::Tensor mapped, MapTensor(view, /*owner=*/nullptr, where));
  return mapped.to(at::kFloat, /*non_blocking=*/false, /*copy=*/true);
}

}  // namespace restem
