#include "kernels/paged_kv.cuh"
#include "kernels/qkv_rope_cache.h"
#include "kernels/rope.h"

namespace restem::kernels::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kPairs = 4;  // of a thread

struct Heads {
  int queries;
  int kv;
  int head_dim;

  __device__ int all() const { return queries + 2 * kv; }
};

// Elements i … i + 3 and the ones half a head behind them.
struct Halves {
  float first[kPairs];
  float second[kPairs];
};

template <typename T>
__device__ Halves LoadHalves(const T* head, int i, int half) {
  Halves x;
  LoadFour(head + i, x.first);
  LoadFour(head + half + i, x.second);
  return x;
}

template <typename T>
__device__ void StoreHalves(const Halves& x, T* head, int i, int half) {
  StoreFour(x.first, head + i);
  StoreFour(x.second, head + half + i);
}

__device__ Halves Sum(Halves x, const Halves& y) {
#pragma unroll
  for (int j = 0; j < kPairs; ++j) {
    x.first[j] += y.first[j];
    x.second[j] += y.second[j];
  }
  return x;
}

__device__ Halves Turned(Halves x, const float* cosines, const float* sines) {
  float cosine[kPairs];
  float sine[kPairs];
  LoadFour(cosines, cosine);
  LoadFour(sines, sine);
#pragma unroll
  for (int j = 0; j < kPairs; ++j) {
    const RopePair turned = kernels::Turned({x.first[j], x.second[j]}, cosine[j], sine[j]);
    x.first[j] = turned.first;
    x.second[j] = turned.second;
  }
  return x;
}

template <typename T>
__device__ void StoreValues(const Halves& x, T* values, int slot, int i, const Heads& heads) {
#pragma unroll
  for (int j = 0; j < kPairs; ++j) {
    const int second = i + j + heads.head_dim / 2;
    FromFloat(x.first[j], values[ValueOffset(slot, i + j, heads.head_dim)]);
    FromFloat(x.second[j], values[ValueOffset(slot, second, heads.head_dim)]);
  }
}

// A thread for each row, head and four pairs of elements.
template <typename T>
__global__ void __launch_bounds__(kThreads)
    QkvRopeCacheKernel(Heads heads, PagedBatch batch, QkvRopeInput input, T* pool, T* q) {
  const int half = heads.head_dim / 2;
  const int64_t item = int64_t{blockIdx.x} * kThreads + threadIdx.x;
  const int i = static_cast<int>(item % (half / kPairs)) * kPairs;
  const int64_t of_all = item / (half / kPairs);
  const int head = static_cast<int>(of_all % heads.all());
  const int64_t row = of_all / heads.all();
  const int position = row < batch.rows ? batch.positions[row] : -1;
  if (position < 0) return;
  Halves x = LoadHalves(static_cast<const T*>(input.qkv) + of_all * heads.head_dim, i, half);
  if (input.bias != nullptr) x = Sum(x, LoadHalves(input.bias + head * heads.head_dim, i, half));
  const int64_t angles = int64_t{position} * half + i;
  if (head < heads.queries + heads.kv) x = Turned(x, input.cosines + angles, input.sines + angles);
  if (head < heads.queries)
    return StoreHalves(x, q + (row * heads.queries + head) * heads.head_dim, i, half);

  const int32_t* table = batch.tables + batch.sequences[row] * batch.table_stride;
  const int kv_head = (head - heads.queries) % heads.kv;
  const int slot = position % kPageKeys;
  T* keys = KeysOf(pool, table[position / kPageKeys], heads.kv, kv_head, heads.head_dim);
  if (head < heads.queries + heads.kv)
    return StoreHalves(x, keys + KeyOffset(slot, 0, heads.head_dim), i, half);
  StoreValues(x, ValuesOf(keys, heads.head_dim), slot, i, heads);
}

}  // namespace

CudaError QkvRopeCache(const PagedAttentionShape& shape,
                       const PagedBatch& batch,
                       const QkvRopeInput& input,
                       const PagePool& layer,
                       void* q,
                       CudaStream stream) {
  if (shape.head_dim % 8 != 0) return kNotSupported;
  if (!AllAligned({input.qkv, input.bias, input.cosines, input.sines, layer.data, q}))
    return kMisaligned;
  const Heads heads = {static_cast<int>(shape.heads),
                       static_cast<int>(shape.kv_heads),
                       static_cast<int>(shape.head_dim)};
  const int64_t items =
      batch.rows * (shape.heads + 2 * shape.kv_heads) * (shape.head_dim / 2 / kPairs);
  return ForPrecision(layer.precision, [&](auto element) {
    using T = decltype(element);
    return Launch(ThreadPer(items, kThreads),
                  stream,
                  QkvRopeCacheKernel<T>,
                  heads,
                  batch,
                  input,
                  static_cast<T*>(layer.data),
                  static_cast<T*>(q));
  });
}

}  // namespace restem::kernels::cuda
