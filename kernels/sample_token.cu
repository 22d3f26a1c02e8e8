#include "kernels/sample_token.cuh"

namespace restem::kernels::cuda {
namespace {

// What a kernel is told of a SamplingRule.
struct DeviceRule {
  float inverse_temperature;
  double temperature;
  int64_t top_k;  // 0: off, and never as many as the vocabulary
  double top_p;
  bool filtered;  // whether the draw goes by descending logits
};

struct Draw {
  int32_t token;
  Measure mass;  // of all that could have been drawn
};

// A cut through the order of candidates: all ranks before `rank`, and the first `ties` ids of it.
struct Cut {
  uint32_t rank;
  Measure ties;
  Measure measure;  // of all before the cut
};

template <typename L>
class Drawer {
 public:
  __device__ Drawer(const SearchedRow<L>& row, const DeviceRule& rule, SearchRoom& room)
      : row_(row), rule_(rule), room_(room) {}

  __device__ Draw greedy() const { return {nth_of_rank(RankOf<T>(row_.max), 1), 1}; }

  __device__ Draw unfiltered(double uniform) const {
    const Measure mass = SumOver(row_, mass_of(), room_);
    return {CrossIds(row_, part_of(mass, uniform), mass_of(), room_), mass};
  }

  __device__ Draw filtered(double uniform) const {
    Measure mass = rule_.top_k > 0 ? mass_of_top_k() : SumOver(row_, mass_of(), room_);
    if (rule_.top_p < 1.0) mass = cut_at(nucleus_of(mass)).measure;
    const Cut cut = cut_at(part_of(mass, uniform));
    return {nth_of_rank(cut.rank, cut.ties), mass};
  }

 private:
  using T = typename L::Type;

  __device__ auto mass_of() const {
    return [this](float logit) { return row_.mass(logit); };
  }

  // The least target that an inverse CDF takes `uniform` for, from 1 to the mass.
  __device__ static Measure part_of(Measure mass, double uniform) {
    const auto target = static_cast<Measure>(uniform * static_cast<double>(mass)) + 1;
    return target < mass ? target : mass;
  }

  // top-p keeps what is needed to hold at least that part of the mass.
  __device__ Measure nucleus_of(Measure mass) const {
    const double share = ceil(rule_.top_p * static_cast<double>(mass));
    const auto target = static_cast<Measure>(share > 1.0 ? share : 1.0);
    return target < mass ? target : mass;
  }

  // What has a mass lies within 28 temperatures of the maximum: e^-28 is below a step.
  __device__ Cut cut_at(Measure target) const {
    const float lowest = row_.max - 29.0F / row_.inverse_temperature;
    const Crossed crossed =
        CrossRanks(row_, RankOf<T>(row_.max), RankOf<T>(lowest), target, mass_of(), room_);
    const auto rank = static_cast<uint32_t>(crossed.at);
    const Measure one = row_.mass(LogitOf<T>(rank));
    const Measure ties = (target - crossed.before + one - 1) / one;
    return {rank, ties, crossed.before + ties * one};
  }

  __device__ Measure mass_of_top_k() const {
    const auto target = static_cast<Measure>(rule_.top_k);
    const auto one = [](float) { return Measure{1}; };
    const Crossed last =
        CrossRanks(row_, RankOf<T>(row_.max), RankOf<T>(-INFINITY), target, one, room_);
    const auto rank = static_cast<uint32_t>(last.at);
    const Measure above = SumOver(
        row_, [&](float logit) { return RankOf<T>(logit) < rank ? row_.mass(logit) : 0; }, room_);
    return above + (target - last.before) * row_.mass(LogitOf<T>(rank));
  }

  __device__ int32_t nth_of_rank(uint32_t rank, Measure n) const {
    const auto is = [rank](float logit) {
      return RankOf<T>(logit) == rank ? Measure{1} : Measure{0};
    };
    return CrossIds(row_, n, is, room_);
  }

  const SearchedRow<L>& row_;
  const DeviceRule& rule_;
  SearchRoom& room_;
};

struct Outcome {
  int32_t token;
  float logprob;
  float sampled_logprob;
};

// In all threads.
template <typename L>
__device__ Outcome DrawFrom(const SearchedRow<L>& row,
                            const DeviceRule& rule,
                            RowStats stats,
                            double uniform,
                            SearchRoom& room) {
  if (!isfinite(Finished(stats).lse)) return {0, NAN, NAN};
  const Drawer<L> drawer(row, rule, room);
  const bool greedy = rule.temperature == 0.0;
  const Draw draw = greedy          ? drawer.greedy()
                    : rule.filtered ? drawer.filtered(uniform)
                                    : drawer.unfiltered(uniform);
  stats.target_logit = ToFloat(reinterpret_cast<const typename L::Type*>(row.vectors)[draw.token]);
  const float logprob = Finished(stats).logp;
  if (greedy) return {draw.token, logprob, 0.0F};
  const double offset = (static_cast<double>(stats.target_logit) - stats.max) / rule.temperature;
  const double mass = static_cast<double>(draw.mass) / static_cast<double>(kMassSteps);
  return {draw.token, logprob, static_cast<float>(offset - log(mass))};
}

// Shared memory of a block: what MergedOverBlock needs, the statistics for all, room to search,
// then the row if `held`.
constexpr int64_t kStatsBytes = kWarpStatsBytes + static_cast<int64_t>(sizeof(RowStats));
constexpr int64_t kRoomBytes = (static_cast<int64_t>(sizeof(SearchRoom)) + 15) / 16 * 16;
static_assert(kStatsBytes % 16 == 0);

template <typename L>
__global__ void __launch_bounds__(kMaxThreads) SampleKernel(LogitsRows shape,
                                                            DeviceRule rule,
                                                            bool held,
                                                            const typename L::Type* logits,
                                                            const PhiloxStream* streams,
                                                            const uint64_t* positions,
                                                            DrawnTokens drawn) {
  RESTEM_DYNAMIC_SHARED(shared);
  auto* stats_room = reinterpret_cast<RowStats*>(shared);
  auto& room = *reinterpret_cast<SearchRoom*>(shared + kStatsBytes);
  auto* copy = reinterpret_cast<Vector*>(shared + kStatsBytes + kRoomBytes);
  const int64_t index = blockIdx.x;
  const auto* vectors = reinterpret_cast<const Vector*>(logits + index * shape.stride);
  if (held) {
    Hold(vectors, (shape.vocab + L::kSize - 1) / L::kSize, copy);
    vectors = copy;
  }
  // The barrier within also completes the copy for the others.
  RowStats stats = MergedOverBlock(StatsOf<L>(LogitTransform(), vectors, shape.vocab), stats_room);
  if (threadIdx.x == 0) stats_room[kMaxWarps] = stats;
  __syncthreads();
  stats = stats_room[kMaxWarps];
  const SearchedRow<L> row = {vectors, shape.vocab, stats.max, rule.inverse_temperature};
  const Outcome outcome =
      DrawFrom(row, rule, stats, UniformAt(streams[index], positions[index]), room);
  if (threadIdx.x != 0) return;
  drawn.tokens[index] = outcome.token;
  drawn.logprobs[index] = outcome.logprob;
  drawn.sampled_logprobs[index] = outcome.sampled_logprob;
}

DeviceRule RuleFor(const SamplingRule& rule, int64_t vocab) {
  constexpr double kLargest = 3.402823466e+38;
  const double inverse = 1.0 / rule.temperature;
  return {static_cast<float>(inverse < kLargest ? inverse : kLargest),
          rule.temperature,
          rule.top_k < vocab ? rule.top_k : 0,
          rule.top_p,
          rule.top_k > 0 || rule.top_p < 1.0};
}

}  // namespace

CudaError SampleTokens(const LogitsRows& shape,
                       const SamplingRule& rule,
                       Precision precision,
                       const void* logits,
                       const PhiloxStream* streams,
                       const uint64_t* positions,
                       const DrawnTokens& drawn,
                       CudaStream stream) {
  if (shape.vocab > kMaxVocab) return "cudaErrorInvalidValue";
  if (!AlignedForVectors(logits, shape.stride, BytesOf(precision))) return kMisaligned;
  Limits limits;
  if (const CudaError error = GetLimits(limits)) return error;
  const int64_t row_bytes = (shape.vocab * BytesOf(precision) + 15) / 16 * 16;
  const bool held = kStatsBytes + kRoomBytes + row_bytes <= limits.shared_bytes;
  // As many threads as AddToRowStats has, so that the statistics have the same bits.
  const LaunchShape launch = {shape.rows,
                              ThreadsFor(shape.vocab * BytesOf(precision) / 16),
                              kStatsBytes + kRoomBytes + (held ? row_bytes : 0)};
  const auto run = [&](auto kind) {
    using L = decltype(kind);
    return Launch(launch,
                  stream,
                  SampleKernel<L>,
                  shape,
                  RuleFor(rule, shape.vocab),
                  held,
                  static_cast<const typename L::Type*>(logits),
                  streams,
                  positions,
                  drawn);
  };
  return precision == Precision::kFloat32 ? run(Logits<float, false>{})
                                          : run(Logits<__nv_bfloat16, false>{});
}

}  // namespace restem::kernels::cuda
