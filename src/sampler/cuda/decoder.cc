#include "sampler/cuda/decoder.h"

#include <algorithm>

#include "kernels/embedding.h"
#include "kernels/glu.h"
#include "kernels/matrix_product.h"
#include "kernels/newest_tokens.h"
#include "kernels/qkv_rope_cache.h"
#include "kernels/rms_norm.h"

namespace restem::cuda {
namespace {

namespace gpu = kernels::cuda;
using kernels::CudaError;

// The kernels of one step in their order. Of errors the first one counts.
class Launcher {
 public:
  Launcher(const DecoderContext& context,
           const StepShape& shape,
           const StepInput& input,
           cudaStream_t stream)
      : context_(context),
        model_(context.model),
        config_(context.model.config),
        room_(context.room),
        shape_(shape),
        input_(input),
        rows_(shape.rows()),
        stream_(stream) {}

  absl::Status run() {
    const auto layers = static_cast<int64_t>(model_.layers.size());
    begin();
    for (int64_t i = 0; i < layers; ++i) {
      const DeviceLayer& layer = model_.layers[static_cast<size_t>(i)];
      const bool last = i + 1 == layers;
      store_keys(i, layer);
      if (last) only_drawing_rows();
      attend(i, layer);
      feed_forward(layer,
                   last ? model_.norm : model_.layers[static_cast<size_t>(i) + 1].input_norm);
    }
    draw();
    RESTEM_RETURN_IF_ERROR(together_);
    return Check(error_, what_);
  }

 private:
  void launched(CudaError error, const char* what) {
    if (context_.watch) context_.watch(what);
    if (error_ != nullptr || error == nullptr) return;
    error_ = error;
    what_ = what;
  }

  // What all ranks have made of their parts is added up.
  void add_up(kernels::Precision precision, void* data) {
    if (context_.parts == nullptr || !together_.ok()) return;
    together_ = context_.parts->sum(precision, data, rows_ * config_.hidden_size, stream_);
  }

  gpu::PagedBatch batch() const {
    return {rows_,
            input_.sequences,
            room_.positions,
            input_.tables,
            input_.table_stride,
            input_.prompt_pages,
            shape_.max_keys};
  }

  gpu::RmsNormInput norm(const float* weight) const {
    return {
        rows_, config_.hidden_size, weight, static_cast<float>(config_.norm_eps), model_.precision};
  }

  // to = x · weightᵀ, weight [out, in]
  void multiply(const void* x,
                const void* weight,
                int64_t in,
                const gpu::Matrix<void*>& to,
                const char* what) {
    const gpu::Factor a = {{x, model_.precision, rows_, in, in}};
    const gpu::Factor b = {{weight, model_.precision, to.columns, in, in}, /*transposed=*/true};
    launched(gpu::Multiply(a, b, /*keep=*/0.0F, to, room_.products, stream_), what);
  }
  void multiply(
      const void* x, const void* weight, int64_t in, int64_t out, void* to, const char* what) {
    multiply(x, weight, in, {to, model_.precision, rows_, out, out}, what);
  }

  void begin() {
    launched(gpu::TakeNewest({rows_, input_.given, input_.slots, input_.positions},
                             room_.newest,
                             room_.tokens,
                             room_.positions,
                             stream_),
             "TakeNewest");
    launched(gpu::EmbedTokens({model_.precision,
                               config_.hidden_size,
                               model_.embed_tokens,
                               model_.first_token,
                               config_.vocab_size},
                              rows_,
                              room_.tokens,
                              room_.x,
                              stream_),
             "EmbedTokens");
    add_up(kernels::Precision::kFloat32, room_.x);
    launched(gpu::RmsNorm(norm(model_.layers.front().input_norm),
                          room_.x,
                          /*chosen=*/nullptr,
                          room_.normed,
                          stream_),
             "RmsNorm");
    plan_attention();
  }

  void plan_attention() {
    launched(gpu::PlanPagedAttention(model_.attention, batch(), room_.attention, stream_),
             "PlanPagedAttention");
  }

  void store_keys(int64_t index, const DeviceLayer& layer) {
    const int64_t width =
        (config_.num_attention_heads + 2 * config_.num_key_value_heads) * config_.head_dim;
    multiply(
        room_.normed, layer.qkv, config_.hidden_size, width, room_.qkv, "the product of q, k, v");
    launched(gpu::QkvRopeCache(model_.attention,
                               batch(),
                               {room_.qkv, layer.qkv_bias, model_.cosines, model_.sines},
                               context_.pages.layer(index),
                               room_.q,
                               stream_),
             "QkvRopeCache");
  }

  // Behind the last layer's keys nothing is computed for the others.
  void only_drawing_rows() {
    if (rows_ == shape_.drawing) return;
    rows_ = shape_.drawing;
    plan_attention();
  }

  void attend(int64_t index, const DeviceLayer& layer) {
    launched(gpu::PagedAttention(model_.attention,
                                 context_.pages.layer(index),
                                 batch(),
                                 room_.q,
                                 room_.attention,
                                 room_.attended,
                                 stream_),
             "PagedAttention");
    multiply(room_.attended,
             layer.o,
             config_.num_attention_heads * config_.head_dim,
             config_.hidden_size,
             room_.block_out,
             "the product of o");
    add_up(model_.precision, room_.block_out);
    add(layer.o_bias, layer.mlp_input_norm);
  }

  void feed_forward(const DeviceLayer& layer, const float* next_norm) {
    const int64_t inner = config_.intermediate_size;
    multiply(room_.normed,
             layer.gate_up,
             config_.hidden_size,
             2 * inner,
             room_.gate_up,
             "the product of gate and up");
    launched(gpu::Glu(config_.activation,
                      model_.precision,
                      rows_,
                      inner,
                      room_.gate_up,
                      layer.gate_up_bias,
                      room_.gated,
                      stream_),
             "Glu");
    multiply(room_.gated,
             layer.down,
             inner,
             config_.hidden_size,
             room_.block_out,
             "the product of down");
    add_up(model_.precision, room_.block_out);
    add(layer.down_bias, next_norm);
  }

  // The block's output to the residual stream, and what the next block begins with.
  void add(const float* bias, const float* norm_weight) {
    launched(
        gpu::AddRmsNorm(norm(norm_weight), room_.block_out, bias, room_.x, room_.normed, stream_),
        "AddRmsNorm");
  }

  void compute_logits(float* to, int64_t stride) {
    multiply(room_.normed,
             model_.lm_head,
             config_.hidden_size,
             {to, kernels::Precision::kFloat32, rows_, config_.vocab_size, stride},
             "the product of lm_head");
  }

  // Each rank's columns, side by side.
  void gather_logits() {
    const int64_t columns = model_.tokens_of_part();
    const int64_t stride = LogitsStride(columns);
    compute_logits(room_.own_logits, stride);
    constexpr auto kElement = static_cast<int64_t>(sizeof(float));
    if (together_.ok())
      together_ = context_.parts->gather(
          room_.all_logits, room_.own_logits, rows_ * stride * kElement, stream_);
    for (int64_t part = 0; part < model_.parts; ++part) {
      const int64_t first = part * columns;
      const int64_t count = std::min(columns, model_.vocabulary - first);
      const cudaError_t error =
          cudaMemcpy2DAsync(room_.logits + first,
                            static_cast<size_t>(LogitsStride(model_.vocabulary) * kElement),
                            room_.all_logits + part * rows_ * stride,
                            static_cast<size_t>(stride * kElement),
                            static_cast<size_t>(count * kElement),
                            static_cast<size_t>(rows_),
                            cudaMemcpyDeviceToDevice,
                            stream_);
      launched(error == cudaSuccess ? nullptr : cudaGetErrorName(error), "joining logits");
    }
  }

  void draw() {
    const int64_t vocab = model_.vocabulary;
    const int64_t stride = LogitsStride(vocab);
    if (context_.parts == nullptr) {
      compute_logits(room_.logits, stride);
    } else {
      gather_logits();
    }
    launched(gpu::SampleTokens({rows_, vocab, stride},
                               context_.rule.sampling,
                               kernels::Precision::kFloat32,
                               room_.logits,
                               input_.streams,
                               input_.counters,
                               room_.drawn,
                               stream_),
             "SampleTokens");
    launched(gpu::KeepNewest(rows_,
                             input_.slots,
                             room_.tokens,
                             room_.drawn.tokens,
                             context_.rule.end_tokens,
                             context_.rule.end_count,
                             room_.newest,
                             stream_),
             "KeepNewest");
  }

  const DecoderContext& context_;
  const DeviceModel& model_;
  const ModelConfig& config_;
  const StepRoom& room_;
  const StepShape& shape_;
  const StepInput& input_;
  int64_t rows_;
  cudaStream_t stream_;
  absl::Status together_;  // with the ranks that have the other parts
  CudaError error_ = nullptr;
  const char* what_ = "";
};

}  // namespace

absl::Status LaunchStep(const DecoderContext& context,
                        const StepShape& shape,
                        const StepInput& input,
                        cudaStream_t stream) {
  return Launcher(context, shape, input, stream).run();
}

}  // namespace restem::cuda
