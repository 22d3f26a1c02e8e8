#include <algorithm>
#include <bit>
#include <vector>

#include "kernels/packed_product.h"
#include "kernels/packed_product_bf16.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/packed_product_cpu.cc"
// foreach_target.h must come first.
// clang-format off
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "hwy/cache_control.h"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace restem::kernels::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::CappedTag<float, kPanelWidth>;
using Vec = hn::Vec<Tag>;
constexpr int64_t kLanes = hn::MaxLanes(Tag());
constexpr int64_t kVecs = kPanelWidth / kLanes;  // of one panel

// A tile of the result is held in registers: kTileRows rows of x against kTilePanels panels.
#if HWY_TARGET <= HWY_AVX3  // 32 registers of 16 lanes
constexpr int64_t kTileRows = 12;
constexpr int64_t kTilePanels = 2;
#elif HWY_TARGET <= HWY_AVX2  // 16 registers of 8 lanes
constexpr int64_t kTileRows = 6;
constexpr int64_t kTilePanels = 1;
#else                         // 16 registers of 4 lanes
constexpr int64_t kTileRows = 2;
constexpr int64_t kTilePanels = 1;
#endif

// Rows of x that are taken at once: their share of the second-level cache leaves room for panels.
constexpr int64_t kBlockRows = 240;
static_assert(kBlockRows % kTileRows == 0);

// Inputs that stand side by side in a panel.
template <typename Weight>
constexpr int64_t kInputs = sizeof(float) / sizeof(Weight);

// One of the inputs that stand side by side.
template <int64_t kInput>
HWY_INLINE Vec LoadWeights(const float* weights) {
  return hn::LoadU(Tag(), weights);
}

template <int64_t kInput>
HWY_INLINE Vec LoadWeights(const uint16_t* weights) {
  const hn::Rebind<uint32_t, Tag> words;
  const auto pairs = hn::LoadU(words, reinterpret_cast<const uint32_t*>(weights));
  return hn::BitCast(
      Tag(), kInput == 0 ? hn::ShiftLeft<16>(pairs) : hn::And(pairs, hn::Set(words, 0xFFFF0000U)));
}

// One input's share of a tile's sums: x[row]·panels[panel][·].
template <int64_t kInput, int64_t kRows, int64_t kPanels, typename Weight>
HWY_INLINE void AddProducts(const float* x,
                            const Weight* panel,
                            int64_t panel_stride,
                            Vec (&sums)[kPanels * kRows * kVecs]) {
  const Tag tag;
  Vec weight[kPanels * kVecs];
  HWY_UNROLL(4) for (int64_t v = 0; v < kPanels * kVecs; ++v) {
    weight[v] = LoadWeights<kInput>(panel + (v / kVecs) * panel_stride +
                                    (v % kVecs) * kLanes * kInputs<Weight>);
  }
  HWY_UNROLL(12) for (int64_t r = 0; r < kRows; ++r) {
    const Vec value = hn::Set(tag, x[r]);
    HWY_UNROLL(4) for (int64_t v = 0; v < kPanels * kVecs; ++v) {
      Vec& sum = sums[r * kPanels * kVecs + v];
      sum = hn::MulAdd(value, weight[v], sum);
    }
  }
}

// sums[panel][row][·] = Σ_i x[i][row]·panels[panel][i][·]; x is [in, kTileRows], `in` a multiple of
// kInputs.
template <int64_t kRows, int64_t kPanels, typename Weight>
HWY_INLINE void Tile(const float* HWY_RESTRICT x,
                     const Weight* HWY_RESTRICT panel,
                     int64_t in,
                     float* HWY_RESTRICT sums) {  // [kPanels, kRows, 16]
  const Tag tag;
  const int64_t stride = in * kPanelWidth;
  Vec acc[kPanels * kRows * kVecs];
  HWY_UNROLL(24) for (auto& sum : acc) sum = hn::Zero(tag);
  for (int64_t i = 0; i < in; i += kInputs<Weight>) {
    AddProducts<0, kRows, kPanels>(x, panel, stride, acc);
    x += kTileRows;
    if constexpr (kInputs<Weight> == 2) {
      AddProducts<1, kRows, kPanels>(x, panel, stride, acc);
      x += kTileRows;
    }
    panel += kInputs<Weight> * kPanelWidth;
  }
  HWY_UNROLL(12) for (int64_t r = 0; r < kRows; ++r) {
    HWY_UNROLL(4) for (int64_t v = 0; v < kPanels * kVecs; ++v) {
      hn::StoreU(acc[r * kPanels * kVecs + v],
                 tag,
                 sums + ((v / kVecs) * kRows + r) * kPanelWidth + (v % kVecs) * kLanes);
    }
  }
}

// Where a tile's sums go: `count` columns of `rows` rows.
struct Place {
  float* y;
  int64_t stride;
  int64_t rows;
  int64_t count;
  const float* bias;  // [count] or null
};

// One panel's share of a row.
HWY_INLINE void WriteRow(const float* sums, int64_t width, const float* bias, float* y) {
  const Tag tag;
  if (width == kPanelWidth) {
    for (int64_t j = 0; j < kPanelWidth; j += kLanes) {
      const Vec sum = hn::Load(tag, sums + j);
      hn::StoreU(bias == nullptr ? sum : hn::Add(sum, hn::LoadU(tag, bias + j)), tag, y + j);
    }
    return;
  }
  for (int64_t j = 0; j < width; ++j) y[j] = bias == nullptr ? sums[j] : sums[j] + bias[j];
}

HWY_INLINE void Write(const float* sums, int64_t tile_rows, const Place& place) {
  for (int64_t c = 0; c < place.count; c += kPanelWidth) {
    const int64_t width = std::min(kPanelWidth, place.count - c);
    const float* bias = place.bias == nullptr ? nullptr : place.bias + c;
    for (int64_t r = 0; r < place.rows; ++r, sums += kPanelWidth)
      WriteRow(sums, width, bias, place.y + r * place.stride + c);
    sums += (tile_rows - place.rows) * kPanelWidth;
  }
}

template <int64_t kRows, int64_t kPanels, typename Weight>
HWY_INLINE void TileRows(const float* x, const Weight* panel, int64_t in, const Place& place) {
  alignas(64) float sums[kPanels * kRows * kPanelWidth];
  Tile<kRows, kPanels>(x, panel, in, sums);
  Write(sums, kRows, place);
}

// A tile of fewer rows computes no more than twice what is asked for.
template <int64_t kPanels, typename Weight>
void AnyTile(const float* x, const Weight* panel, int64_t in, const Place& place) {
  if (place.rows > kTileRows / 2) return TileRows<kTileRows, kPanels>(x, panel, in, place);
  if constexpr (kTileRows > 6) {
    if (place.rows > 3) return TileRows<6, kPanels>(x, panel, in, place);
  }
  if constexpr (kTileRows > 3) {
    if (place.rows > 1) return TileRows<3, kPanels>(x, panel, in, place);
  }
  TileRows<1, kPanels>(x, panel, in, place);
}

template <typename Weight>
float Rounded(float x) {
  if (sizeof(Weight) == sizeof(float)) return x;
  return std::bit_cast<float>(uint32_t{ToBfloat16(x)} << 16);
}

// Inputs as tiles have them: an odd last one has a zero beside it.
template <typename Weight>
int64_t TileInputs(int64_t in) {
  return (in + kInputs<Weight> - 1) / kInputs<Weight> * kInputs<Weight>;
}

// Rows of x by tiles, each [TileInputs, kTileRows]; what is past the end is 0.
template <typename Weight>
void ArrangeRows(const float* x, int64_t rows, int64_t in, std::vector<float>& arranged) {
  static thread_local std::vector<float> zeros;
  const int64_t tiles = (rows + kTileRows - 1) / kTileRows;
  const int64_t padded = TileInputs<Weight>(in);
  if (static_cast<int64_t>(zeros.size()) < in) zeros.resize(static_cast<size_t>(in));
  arranged.resize(static_cast<size_t>(tiles * kTileRows * padded));
  float* to = arranged.data();
  for (int64_t tile = 0; tile < tiles; ++tile) {
    const float* from[kTileRows];
    for (int64_t r = 0; r < kTileRows; ++r) {
      const int64_t row = tile * kTileRows + r;
      from[r] = row < rows ? x + row * in : zeros.data();
    }
    // Written in order, read from few rows at once: memory is faster that way than the other.
    for (int64_t i = 0; i < in; ++i, to += kTileRows) {
      HWY_UNROLL(12) for (int64_t r = 0; r < kTileRows; ++r) to[r] = Rounded<Weight>(from[r][i]);
    }
    for (int64_t i = in; i < padded; ++i, to += kTileRows) std::fill_n(to, kTileRows, 0.0F);
  }
}

// Asks for a share of memory that is read next: its panels come from beyond the cache, and the
// first tile would wait for each line.
template <typename Weight>
HWY_INLINE void PrefetchShare(const Weight* next, int64_t count, int64_t share, int64_t shares) {
  constexpr int64_t kLine = 64 / sizeof(Weight);
  const int64_t lines = count / kLine;
  for (int64_t line = lines * share / shares; line < lines * (share + 1) / shares; ++line)
    hwy::Prefetch(next + line * kLine);
}

// All rows of a block against the panels that lie side by side in a tile.
template <typename Weight>
void MultiplyPanels(const float* rows_arranged,
                    const Weight* panel,
                    int64_t in,
                    const Place& block,
                    bool has_next) {
  const int64_t tiles = (block.rows + kTileRows - 1) / kTileRows;
  for (int64_t tile = 0; tile < tiles; ++tile) {
    if (has_next)
      PrefetchShare(
          panel + kTilePanels * kPanelWidth * in, kTilePanels * kPanelWidth * in, tile, tiles);
    Place place = block;
    place.y += tile * kTileRows * block.stride;
    place.rows = std::min(kTileRows, block.rows - tile * kTileRows);
    const float* x = rows_arranged + tile * kTileRows * in;
    if (block.count > kPanelWidth) {
      AnyTile<kTilePanels>(x, panel, in, place);
    } else {
      AnyTile<1>(x, panel, in, place);
    }
  }
}

template <typename Weight>
void Product(const PackedWeightView& weight,
             const float* x,
             const float* bias,
             int64_t rows,
             const ProductColumns& columns,
             float* y) {
  static thread_local std::vector<float> arranged;
  constexpr int64_t kTileColumns = kTilePanels * kPanelWidth;
  const int64_t in = TileInputs<Weight>(weight.in);
  const auto* panels = static_cast<const Weight*>(weight.panels) + columns.first * in;
  for (int64_t row = 0; row < rows; row += kBlockRows) {
    const int64_t block_rows = std::min(kBlockRows, rows - row);
    ArrangeRows<Weight>(x + row * weight.in, block_rows, weight.in, arranged);
    for (int64_t c = 0; c < columns.count; c += kTileColumns) {
      const Place block = {y + row * columns.stride + c,
                           columns.stride,
                           block_rows,
                           std::min(kTileColumns, columns.count - c),
                           bias == nullptr ? nullptr : bias + columns.first + c};
      MultiplyPanels(arranged.data(),
                     panels + c * in,
                     in,
                     block,
                     /*has_next=*/c + 2 * kTileColumns <= columns.count);
    }
  }
}

void ProductOfAny(const PackedWeightView& weight,
                  const float* x,
                  const float* bias,
                  int64_t rows,
                  const ProductColumns& columns,
                  float* y) {
  if (weight.precision == Precision::kFloat32) {
    Product<float>(weight, x, bias, rows, columns, y);
  } else {
    Product<uint16_t>(weight, x, bias, rows, columns, y);
  }
}

}  // namespace restem::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace restem::kernels {
HWY_EXPORT(ProductOfAny);

void PackedProduct(const PackedWeightView& weight,
                   const float* x,
                   const float* bias,
                   int64_t rows,
                   const ProductColumns& columns,
                   float* y) {
  if (weight.precision == Precision::kBfloat16 && HasBfloat16Dots())
    return ProductByBfloat16Dots(weight, x, bias, rows, columns, y);
  HWY_DYNAMIC_DISPATCH(ProductOfAny)(weight, x, bias, rows, columns, y);
}

}  // namespace restem::kernels
#endif  // HWY_ONCE
