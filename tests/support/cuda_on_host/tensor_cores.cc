#include "tensor_cores.h"

#include <cstring>

#include "cluster_run.h"
#include "sanitizers.h"

namespace restem_host_cuda {
namespace {

constexpr unsigned kAllLanes = 0xFFFFFFFFu;

float Bfloat16(uint32_t word, int half) {
  const uint32_t bits = half == 0 ? word << 16 : word & 0xFFFF0000u;
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

}  // namespace

void MultiplyInWarp(const std::vector<Thread*>& met) {
  if (met.size() != 32)
    throw KernelError(NameOf(*met[0]) + ": mma.sync needs all lanes of the warp");
  const UnseenScope unseen;  // the lanes' registers
  float a[16][16];
  float b[16][8];
  for (int lane = 0; lane < 32; ++lane) {
    const LaneOfProduct& own = *met[static_cast<size_t>(lane)]->request.product;
    const int g = lane / 4;
    for (int half = 0; half < 2; ++half) {
      const int k = lane % 4 * 2 + half;
      for (int i = 0; i < 4; ++i) a[g + i % 2 * 8][k + i / 2 * 8] = Bfloat16(own.a[i], half);
      for (int i = 0; i < 2; ++i) b[k + i * 8][g] = Bfloat16(own.b[i], half);
    }
  }
  for (int lane = 0; lane < 32; ++lane) {
    LaneOfProduct& own = *met[static_cast<size_t>(lane)]->request.product;
    for (int i = 0; i < 4; ++i) {
      const int row = lane / 4 + i / 2 * 8;
      const int column = lane % 4 * 2 + i % 2;
      for (int k = 0; k < 16; ++k) own.c[i] += a[row][k] * b[k][column];
    }
  }
}

RESTEM_UNSEEN_BY_TSAN void MultiplyAdd(const uint32_t (&a)[4],
                                       const uint32_t (&b)[2],
                                       float (&c)[4],
                                       Site site) {
  LaneOfProduct own;
  for (int i = 0; i < 4; ++i) own.a[i] = a[i];
  for (int i = 0; i < 2; ++i) own.b[i] = b[i];
  for (int i = 0; i < 4; ++i) own.c[i] = c[i];
  Request request = {Operation::kMultiply, site, kAllLanes};
  request.product = &own;
  Meet(request);
  for (int i = 0; i < 4; ++i) c[i] = own.c[i];
}

}  // namespace restem_host_cuda
