#include "trainer/sharded_model.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/clone.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "base/memory.h"
#include "base/parallel.h"
#include "ops/autograd.h"
#include "trainer/flat_tensors.h"

namespace restem {

ShardedModel::ShardedModel(const Model& start,
                           const ShardedOptions& options,
                           std::shared_ptr<Group> group)
    : options_(options),
      group_(std::move(group)),
      shards_(options.replicates ? nullptr : group_.get()),
      tied_(start.config.tie_word_embeddings),
      model_{start.config, {}, start.ropes, start.dir} {
  if (shards_ != nullptr) ReturnFreedBlocks();
  make_units(start);
  for (int64_t i = 0; i < options_.lanes; ++i)
    lanes_.push_back(std::make_unique<ShardedLane>(model_, units_, vectors_));
  for (const at::Tensor& sum : lanes_.front()->vector_sums()) gradients_.push_back(sum);
}

ShardedModel::~ShardedModel() = default;

void ShardedModel::make_units(const Model& start) {
  const auto layers = static_cast<size_t>(start.config.num_hidden_layers);
  std::vector<std::vector<Parameter>> matrices(layers + (tied_ ? 1 : 2));
  std::vector<at::Tensor> vectors;
  for (Parameter& parameter : Parameters(start.config, start.weights)) {
    if (parameter.tensor.dim() < 2) {
      vectors.push_back(parameter.tensor);
      vectors_.push_back(std::move(parameter));
    } else if (const auto layer = LayerOf(parameter.name)) {
      matrices[unit_of_layer(*layer)].push_back(std::move(parameter));
    } else {
      const bool is_head = parameter.tensor.is_same(start.weights.lm_head.dense);
      matrices[is_head ? layers + 1 : 0].push_back(std::move(parameter));
    }
  }
  const auto memory = std::make_shared<WholeMemory>();
  for (const auto& of_unit : matrices) {
    units_.push_back(std::make_unique<ShardedUnit>(
        of_unit, options_.bfloat16 ? at::kBFloat16 : at::kFloat, shards_, memory));
    for (TrainedSlice& slice : units_.back()->slices()) {
      slice.counts = shards_ != nullptr || leads();
      slices_.push_back(std::move(slice));
    }
    for (at::Tensor& gradient : units_.back()->gradients())
      gradients_.push_back(std::move(gradient));
  }
  const std::vector<at::Tensor> own =
      FlatViews(at::zeros({FlatSize(vectors)}, at::kFloat), vectors);
  for (size_t i = 0; i < vectors_.size(); ++i) {
    vectors_[i].tensor = own[i].copy_(vectors[i]);
    slices_.push_back({vectors_[i].name, 0, own[i], /*is_matrix=*/false, /*counts=*/leads()});
  }
}

void ShardedModel::refresh() {
  for (const auto& unit : units_) unit->refresh();
}

void ShardedModel::for_each(std::span<MicroBatch> batches,
                            const std::function<void(ShardedLane&, MicroBatch&)>& body) {
  RunLanes(lanes_.size(), [&](size_t lane) {
    for (size_t i = lane; i < batches.size(); i += lanes_.size()) body(*lanes_[lane], batches[i]);
  });
}

absl::StatusOr<StepLoss> ShardedModel::compute(std::span<const PackedBatch> batches,
                                               int64_t /*step*/) {
  const double total_weight = SumOfWeights(batches);
  for (const auto& unit : units_) unit->zero_gradients();
  for (const auto& lane : lanes_) {
    lane->vector_gradient().zero_();
    lane->loss = {};
  }
  // As many rounds on every rank: each takes part in every collective.
  const size_t ranks = group_ == nullptr ? 1 : static_cast<size_t>(group_->size());
  const size_t rank = group_ == nullptr ? 0 : static_cast<size_t>(group_->rank());
  const size_t share = (batches.size() + ranks - 1) / ranks;
  const size_t together = options_.recompute ? share : lanes_.size();
  for (size_t first = 0; first < share; first += together) {
    std::vector<MicroBatch> own;
    for (size_t i = first; i < std::min(first + together, share); ++i) {
      if (const size_t batch = i * ranks + rank; batch < batches.size())
        own.emplace_back(model_, batches[batch]);
    }
    RESTEM_RETURN_IF_ERROR(run(own, total_weight));
  }
  RESTEM_RETURN_IF_ERROR(sum_rest());
  StepLoss total;
  for (const auto& lane : lanes_) total.add(lane->loss);
  return total;
}

absl::Status ShardedModel::run(std::span<MicroBatch> batches, double total_weight) {
  RESTEM_RETURN_IF_ERROR(forward(batches));
  RESTEM_RETURN_IF_ERROR(head(batches, total_weight));
  RESTEM_RETURN_IF_ERROR(backward(batches));
  if (reducing_ != nullptr) RESTEM_RETURN_IF_ERROR(std::exchange(reducing_, nullptr)->end_reduce());
  return absl::OkStatus();
}

absl::Status ShardedModel::forward(std::span<MicroBatch> batches) {
  RESTEM_RETURN_IF_ERROR(units_[0]->gather());
  units_[1]->begin_gather();
  for_each(batches, [](ShardedLane& lane, MicroBatch& batch) {
    batch.embedded = EmbedRows(lane.model(), batch.input);
    batch.inputs.push_back(MakeLeaf(batch.embedded));
  });
  units_[0]->release();
  const int64_t layers = model_.config.num_hidden_layers;
  for (int64_t i = 0; i < layers; ++i) {
    RESTEM_RETURN_IF_ERROR(units_[unit_of_layer(i)]->gather());
    units_[i + 1 < layers ? unit_of_layer(i + 1) : head_unit()]->begin_gather();
    for_each(batches, [&](ShardedLane& lane, MicroBatch& batch) {
      const at::AutoGradMode keeps(!options_.recompute);
      const at::Tensor y =
          DecoderLayer(lane.model(), i, batch.input, batch.inputs.back(), batch.attention);
      if (!options_.recompute) batch.outputs.push_back(y);
      batch.inputs.push_back(MakeLeaf(y));
    });
    if (i + 1 < layers)
      units_[unit_of_layer(i)]->release();  // the last comes first on the way back
  }
  return absl::OkStatus();
}

absl::Status ShardedModel::head(std::span<MicroBatch> batches, double total_weight) {
  RESTEM_RETURN_IF_ERROR(units_[head_unit()]->gather());
  open_gradient(head_unit());
  for_each(batches, [&](ShardedLane& lane, MicroBatch& batch) {
    at::Tensor& input = batch.inputs.back();
    lane.loss.add(LossWithGradient(lane.model(),
                                   batch.packed,
                                   FinalNorm(lane.model(), input),
                                   total_weight,
                                   options_.z_loss,
                                   lane.gradients(head_unit()).front()));
    batch.gradient = input.grad();
    batch.inputs.pop_back();
  });
  units_[head_unit()]->release();
  return tied_ ? absl::OkStatus() : close_gradient(head_unit());
}

absl::Status ShardedModel::backward(std::span<MicroBatch> batches) {
  for (int64_t i = model_.config.num_hidden_layers - 1; i >= 0; --i) {
    const size_t unit = unit_of_layer(i);
    RESTEM_RETURN_IF_ERROR(units_[unit]->gather());
    if (i > 0) units_[unit - 1]->begin_gather();
    open_gradient(unit);
    for_each(batches, [&](ShardedLane& lane, MicroBatch& batch) {
      at::Tensor& x = batch.inputs.back();
      const at::Tensor y = options_.recompute
                               ? DecoderLayer(lane.model(), i, batch.input, x, batch.attention)
                               : std::exchange(batch.outputs.back(), {});
      BackwardFrom(y, batch.gradient);
      lane.collect(unit);
      batch.gradient = x.grad();
      batch.inputs.pop_back();
      if (!options_.recompute) batch.outputs.pop_back();
    });
    units_[unit]->release();
    RESTEM_RETURN_IF_ERROR(close_gradient(unit));
  }
  if (!tied_) open_gradient(0);
  for_each(batches, [](ShardedLane& lane, MicroBatch& batch) {
    BackwardFrom(batch.embedded, batch.gradient);
    lane.collect(0);
    batch.embedded.reset();
  });
  return close_gradient(0);
}

void ShardedModel::open_gradient(size_t unit) {
  for (const auto& lane : lanes_) lane->open_gradient(unit, *units_[unit]);
}

absl::Status ShardedModel::close_gradient(size_t unit) {
  if (reducing_ != nullptr) RESTEM_RETURN_IF_ERROR(reducing_->end_reduce());
  std::vector<at::Tensor> flats;
  for (const auto& lane : lanes_) flats.push_back(lane->close_gradient(unit));
  reducing_ = units_[unit].get();
  reducing_->begin_reduce(std::move(flats));
  return absl::OkStatus();
}

// What is not summed up layer by layer.
absl::Status ShardedModel::sum_rest() {
  const at::Tensor& sum = lanes_.front()->vector_gradient();
  for (size_t lane = 1; lane < lanes_.size(); ++lane) sum.add_(lanes_[lane]->vector_gradient());
  if (group_ == nullptr) return absl::OkStatus();
  RESTEM_RETURN_IF_ERROR(group_->all_reduce(sum));
  for (const auto& unit : units_)
    if (shards_ == nullptr) RESTEM_RETURN_IF_ERROR(group_->all_reduce(unit->gradient()));
  return absl::OkStatus();
}

absl::StatusOr<Model> ShardedModel::whole() {
  std::map<std::string, at::Tensor> tensors;
  for (const Parameter& vector : vectors_) tensors[vector.name] = vector.tensor;
  for (const auto& unit : units_) {
    RESTEM_RETURN_IF_ERROR(unit->gather());
    for (const Parameter& matrix : unit->matrices())
      if (leads()) tensors[matrix.name] = at::clone(matrix.tensor);
    unit->release();
  }
  Model model = model_;
  if (!leads()) return model;
  VisitParameters(model.config,
                  model.weights,
                  [&](const std::string& name, const std::vector<int64_t>&, at::Tensor& tensor) {
                    tensor = tensors.at(name);
                  });
  return model;
}

}  // namespace restem
