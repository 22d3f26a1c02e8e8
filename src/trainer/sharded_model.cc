#include "trainer/sharded_model.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "base/memory.h"
#include "base/parallel.h"
#include "ops/autograd.h"
#include "trainer/flat_tensors.h"

namespace restem {

absl::StatusOr<std::unique_ptr<ShardedModel>> ShardedModel::make(const Model& start,
                                                                 const ShardedOptions& options,
                                                                 Mesh mesh) {
  RESTEM_ASSIGN_OR_RETURN(Model model, PartOf(start, mesh.part));
  const Weights own = std::exchange(model.weights, {});
  std::unique_ptr<ShardedModel> sharded(
      new ShardedModel(start.config, std::move(model), options, std::move(mesh)));
  sharded->make_units(own);
  sharded->make_lanes();
  return sharded;
}

ShardedModel::ShardedModel(const ModelConfig& whole,
                           Model part,
                           const ShardedOptions& options,
                           Mesh mesh)
    : options_(options),
      mesh_(std::move(mesh)),
      whole_(whole),
      shapes_(ParameterShapes(whole)),
      tied_(whole.tie_word_embeddings),
      model_(std::move(part)) {
  model_.device = options_.device;
  for (RopeTable& rope : model_.ropes) rope = rope.on(options_.device);
  if (mesh_.shards != nullptr) ReturnFreedBlocks();
}

ShardedModel::~ShardedModel() = default;

// Norms and biases are kept, and so is what several parts have alike: they must get the same bits.
void ShardedModel::make_units(const Weights& own) {
  const auto layers = static_cast<size_t>(whole_.num_hidden_layers);
  std::vector<std::vector<UnitMatrix>> matrices(layers + (tied_ ? 1 : 2));
  for (const Parameter& parameter : Parameters(model_.config, own)) {
    const std::vector<int64_t>& whole = shapes_.at(parameter.name);
    const PartCut cut = CutOf(whole, parameter.tensor.sizes().vec(), mesh_.part);
    if (whole.size() < 2 || (mesh_.part.count > 1 && cut.is_shared())) {
      kept_.push_back({parameter.name, parameter.tensor, whole, cut});
      continue;
    }
    UnitMatrix matrix = {parameter.name, parameter.tensor};
    if (cut.dimension == 0) matrix.first_row = cut.first;
    if (cut.dimension == 1) matrix.columns = {cut.first, cut.count, whole[1]};
    const auto layer = LayerOf(parameter.name);
    const bool is_head = parameter.tensor.is_same(own.lm_head.dense);
    matrices[layer ? unit_of_layer(*layer) : is_head ? layers + 1 : 0].push_back(std::move(matrix));
  }
  const auto memory = std::make_shared<WholeMemory>(options_.device);
  const at::Device home = options_.offload ? at::Device(at::kCPU) : options_.device;
  const at::ScalarType type = options_.bfloat16 ? at::kBFloat16 : at::kFloat;
  for (const auto& of_unit : matrices) {
    units_.push_back(
        std::make_unique<ShardedUnit>(of_unit, type, mesh_.shards.get(), memory, home));
    for (TrainedSlice& slice : units_.back()->slices()) {
      slice.counts = mesh_.replicas == nullptr || mesh_.replicas->leads();
      slices_.push_back(std::move(slice));
    }
  }
  make_kept();
}

// They become one tensor's views.
void ShardedModel::make_kept() {
  Shapes shapes;
  for (const KeptParameter& parameter : kept_) shapes.push_back(parameter.values.sizes().vec());
  const auto float32 = at::TensorOptions(at::kFloat).device(options_.device);
  const std::vector<at::Tensor> own = FlatViews(at::zeros({FlatSize(shapes)}, float32), shapes);
  for (size_t i = 0; i < kept_.size(); ++i) {
    KeptParameter& parameter = kept_[i];
    parameter.values = own[i].copy_(parameter.values);
    TrainedSlice& slice = slices_.emplace_back();
    const int64_t row = parameter.values.numel() / std::max<int64_t>(1, parameter.values.size(0));
    slice.run = {parameter.name, parameter.cut.first * row};
    slice.values = parameter.values;
    slice.is_matrix = parameter.shape.size() >= 2;
    const int64_t alike = parameter.cut.dimension < 0 ? mesh_.part.count : parameter.cut.parts_each;
    slice.counts = mesh_.data_rank == 0 && mesh_.part.index % alike == 0;
  }
}

void ShardedModel::make_lanes() {
  for (int64_t lane = 0; lane < mesh_.lanes; ++lane) {
    Model model = model_;
    if (!mesh_.parts.empty()) {
      parts_.push_back(std::make_shared<GroupParts>(mesh_.parts[static_cast<size_t>(lane)]));
      model.parts = parts_.back();
    }
    lanes_.push_back(std::make_unique<ShardedLane>(model, units_, kept_));
  }
  for (const auto& unit : units_)
    for (at::Tensor& gradient : unit->gradients()) gradients_.push_back(std::move(gradient));
  for (size_t i = 0; i < kept_.size(); ++i)
    gradients_.push_back(kept_[i].part_of(lanes_.front()->kept_sums()[i]));
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
  for (const auto& unit : units_) unit->zero_gradients();
  for (const auto& lane : lanes_) {
    lane->kept_gradient().zero_();
    lane->loss = {};
  }
  try {
    RESTEM_RETURN_IF_ERROR(run_step(batches));
  } catch (const std::exception&) {
    for (const auto& parts : parts_) RESTEM_RETURN_IF_ERROR(parts->failure());
    throw;
  }
  StepLoss total;
  if (mesh_.part.index > 0) return total;  // the first part's is that of all
  for (const auto& lane : lanes_) total.add(lane->loss);
  return total;
}

absl::Status ShardedModel::run_step(std::span<const PackedBatch> batches) {
  const double total_weight = SumOfWeights(batches);
  // As many rounds on every rank: each takes part in every collective.
  const auto ranks = static_cast<size_t>(mesh_.data_size);
  const auto rank = static_cast<size_t>(mesh_.data_rank);
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
  return sum_rest();
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
  const at::Tensor& sum = lanes_.front()->kept_gradient();
  for (size_t lane = 1; lane < lanes_.size(); ++lane) sum.add_(lanes_[lane]->kept_gradient());
  // Of what all parts have alike the first one's counts.
  for (size_t i = 0; mesh_.part.index > 0 && i < kept_.size(); ++i) {
    if (kept_[i].cut.dimension < 0 && !HasGradientOfPart(kept_[i].name))
      lanes_.front()->kept_sums()[i].zero_();
  }
  if (mesh_.all != nullptr) RESTEM_RETURN_IF_ERROR(mesh_.all->all_reduce(sum));
  for (const auto& unit : units_) {
    if (mesh_.replicas != nullptr)
      RESTEM_RETURN_IF_ERROR(mesh_.replicas->all_reduce(unit->gradient()));
  }
  return settle();
}

// Until here a GPU may be behind.
absl::Status ShardedModel::settle() {
  for (Group* group : {mesh_.shards.get(), mesh_.replicas.get(), mesh_.all.get()})
    if (group != nullptr) RESTEM_RETURN_IF_ERROR(group->settle());
  for (const auto& group : mesh_.parts) RESTEM_RETURN_IF_ERROR(group->settle());
  return absl::OkStatus();
}

}  // namespace restem
