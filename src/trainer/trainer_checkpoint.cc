#include "trainer/trainer_checkpoint.h"

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <utility>

#include "absl/strings/numbers.h"
#include "base/file.h"
#include "trainer/flat_tensors.h"
#include "trainer/parameter_run.h"

namespace restem {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCounters = "restem.trainer";  // metadata keys: counters,
constexpr const char* kRuns = "restem.runs";         // and of each parameter, which run

nlohmann::json JsonOf(const TrainerCounters& counters) {
  return {{"step", counters.step},
          {"best_step", counters.best_step},
          {"best_score", counters.best_score},
          {"has_best", counters.has_best},
          {"misses", counters.misses},
          {"validated_step", counters.validated_step},
          {"stopped_early", counters.stopped_early},
          {"last_loss", counters.last_loss}};
}

TrainerCounters CountersOf(const nlohmann::json& values) {
  TrainerCounters counters;
  counters.step = values.value("step", int64_t{0});
  counters.best_step = values.value("best_step", int64_t{0});
  counters.best_score = values.value("best_score", 0.0);
  counters.has_best = values.value("has_best", false);
  counters.misses = values.value("misses", int64_t{0});
  counters.validated_step = values.value("validated_step", int64_t{0});
  counters.stopped_early = values.value("stopped_early", false);
  counters.last_loss = values.value("last_loss", 0.0);
  return counters;
}

// An object in a file's metadata.
absl::StatusOr<nlohmann::json> ObjectIn(const SafetensorsFile& file, const char* key) {
  const auto found = file.metadata().find(key);
  nlohmann::json object;
  if (found != file.metadata().end())
    object = nlohmann::json::parse(found->second, nullptr, /*allow_exceptions=*/false);
  if (object.is_object()) return object;
  return InvalidInput(file.path() + " is not a trainer checkpoint");
}

nlohmann::json JsonOf(const ParameterRun& run) {
  return {run.begin, run.columns.first, run.columns.count, run.columns.width};
}

absl::StatusOr<ParameterRun> RunOf(const SafetensorsFile& file,
                                   const nlohmann::json& runs,
                                   const std::string& parameter) {
  const auto found = runs.find(parameter);
  const auto is_integer = [](const nlohmann::json& value) { return value.is_number_integer(); };
  if (found == runs.end() || !found->is_array() || found->size() != 4 ||
      !std::ranges::all_of(*found, is_integer))
    return InvalidInput(fmt::format(
        "{}: its metadata does not say which elements of {} it has", file.path(), parameter));
  const ParameterRun run = {parameter, (*found)[0], {(*found)[1], (*found)[2], (*found)[3]}};
  const Columns& columns = run.columns;
  const bool fits = columns.width == 0 || (columns.first >= 0 && columns.count > 0 &&
                                           columns.count <= columns.width - columns.first);
  if (run.begin < 0 || !fits)
    return InvalidInput(fmt::format(
        "{}: its metadata says of {} what cannot be: {}", file.path(), parameter, found->dump()));
  return run;
}

// Names of directories that end in a number, and nothing else; -1: another.
int64_t NumberOf(const fs::path& path) {
  const std::string name = path.filename().string();
  int64_t number = -1;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
  return parsed.ec == std::errc() && parsed.ptr == name.data() + name.size() ? number : -1;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const SavedTraining>> SavedTraining::open(const std::string& dir) {
  auto saved = std::make_shared<SavedTraining>();
  saved->dir_ = dir;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(dir, error)) {
    if (entry.path().extension() != ".safetensors") continue;
    RESTEM_ASSIGN_OR_RETURN(const SafetensorsFile file,
                            SafetensorsFile::open(entry.path().string()));
    RESTEM_ASSIGN_OR_RETURN(const nlohmann::json counters, ObjectIn(file, kCounters));
    RESTEM_ASSIGN_OR_RETURN(const nlohmann::json runs, ObjectIn(file, kRuns));
    saved->counters_ = CountersOf(counters);
    for (const auto& [name, view] : file.tensors()) {
      const std::string parameter = name.substr(name.find('.') + 1);
      RESTEM_ASSIGN_OR_RETURN(ParameterRun run, RunOf(file, runs, parameter));
      saved->saved_[name].push_back({std::move(run), view});
    }
  }
  if (error) return Failed(fmt::format("cannot read {}: {}", dir, error.message()));
  return saved;
}

absl::Status SavedTraining::read(const std::string& kind,
                                 const ParameterRun& run,
                                 const at::Tensor& into) const {
  const auto found = saved_.find(kind + "." + run.parameter);
  int64_t have = 0;
  const at::Tensor on_host = into.is_cpu() ? into : at::empty(into.sizes(), at::kFloat);
  if (found != saved_.end()) {
    for (const Saved& saved : found->second) {
      const std::span<const float> values(reinterpret_cast<const float*>(saved.view.bytes.data()),
                                          saved.view.bytes.size() / sizeof(float));
      const std::span<float> place(on_host.mutable_data_ptr<float>(),
                                   static_cast<size_t>(into.numel()));
      have += CopyRun(saved.run, values, run, place);
    }
  }
  if (!into.is_cpu()) into.copy_(on_host);
  if (have == into.numel()) return absl::OkStatus();
  return InvalidInput(
      fmt::format("{}: of {} of {} only {} of {} elements are there: this training cannot be "
                  "continued, remove that directory to begin it anew",
                  dir_,
                  kind,
                  run.parameter,
                  have,
                  into.numel()));
}

TrainerCheckpoints::TrainerCheckpoints(std::string dir, std::shared_ptr<Group> group)
    : dir_(std::move(dir)), group_(std::move(group)) {}

TrainerCheckpoints::~TrainerCheckpoints() { finish().IgnoreError(); }

std::string TrainerCheckpoints::path(int64_t number) const {
  return fmt::format("{}/{:06}", dir_, number);
}

std::string TrainerCheckpoints::unfinished(int64_t number) const {
  return fmt::format("{}.{}.tmp", path(number), start_);
}

std::string TrainerCheckpoints::part(int64_t number, int64_t rank) const {
  const int64_t ranks = group_ == nullptr ? 1 : group_->size();
  return fmt::format("{}/rank-{:05}-of-{:05}.safetensors", unfinished(number), rank, ranks);
}

absl::StatusOr<std::unique_ptr<TrainerCheckpoints>> TrainerCheckpoints::open(
    const std::string& dir, std::shared_ptr<Group> group) {
  std::unique_ptr<TrainerCheckpoints> all(new TrainerCheckpoints(dir, std::move(group)));
  constexpr char kNewest[] = "newest checkpoint";  // "<its number> <this start's name>"
  if (all->group_ != nullptr && !all->group_->leads()) {
    RESTEM_ASSIGN_OR_RETURN(const std::string newest, all->group_->ask(0, kNewest));
    all->start_ = newest.substr(newest.find(' ') + 1);
    if (!absl::SimpleAtoi(newest.substr(0, newest.find(' ')), &all->number_))
      return Failed(fmt::format("{}: not a number: {}", all->group_->who(), newest));
    return all;
  }
  all->start_ = fmt::format("{:08x}", std::random_device()());
  RESTEM_RETURN_IF_ERROR(MakeDirs(dir));
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(dir, error)) {
    all->number_ = std::max(all->number_, NumberOf(entry.path()));
    if (entry.path().extension() == ".tmp") fs::remove_all(entry.path(), error);
  }
  if (error) return Failed(fmt::format("cannot read {}: {}", dir, error.message()));
  if (all->group_ != nullptr)
    RESTEM_RETURN_IF_ERROR(
        all->group_->tell(kNewest, fmt::format("{} {}", all->number_, all->start_)));
  return all;
}

absl::StatusOr<std::shared_ptr<const SavedTraining>> TrainerCheckpoints::newest() const {
  if (number_ == 0) return nullptr;
  return SavedTraining::open(path(number_));
}

absl::Status TrainerCheckpoints::save(const TrainerCounters& counters,
                                      const std::vector<TrainedSlice>& slices,
                                      const std::vector<SavedKind>& kinds) {
  RESTEM_RETURN_IF_ERROR(finish());
  const int64_t number = ++number_;
  const bool waits = group_ == nullptr;
  std::vector<SavedKind> copies = kinds;
  for (SavedKind& kind : copies) {
    for (size_t i = 0; i < slices.size(); ++i) {
      at::Tensor& values = kind.values[i];
      if (slices[i].counts) values = waits ? values.cpu() : CopyOnHost(values);
    }
  }
  if (waits) return complete(number, write(number, counters, slices, copies));
  writer_ = std::thread([this, number, counters, slices, copies = std::move(copies)] {
    try {
      written_ = complete(number, write(number, counters, slices, copies));
    } catch (const std::exception& exception) {
      written_ = Failed(fmt::format("{}: {}", dir_, exception.what()));
    }
  });
  return absl::OkStatus();
}

absl::Status TrainerCheckpoints::finish() {
  if (writer_.joinable()) writer_.join();
  return std::exchange(written_, absl::OkStatus());
}

absl::Status TrainerCheckpoints::write(int64_t number,
                                       const TrainerCounters& counters,
                                       const std::vector<TrainedSlice>& slices,
                                       const std::vector<SavedKind>& kinds) const {
  const int64_t rank = group_ == nullptr ? 0 : group_->rank();
  RESTEM_RETURN_IF_ERROR(MakeDirs(unfinished(number)));
  std::vector<TensorView> views;
  nlohmann::json runs = nlohmann::json::object();
  for (size_t i = 0; i < slices.size(); ++i) {
    if (!slices[i].counts) continue;
    runs[slices[i].run.parameter] = JsonOf(slices[i].run);
    for (const SavedKind& kind : kinds) {
      const at::Tensor& values = kind.values[i];
      views.push_back({kind.name + "." + slices[i].run.parameter,
                       DType::kFloat32,
                       values.sizes().vec(),
                       {static_cast<const std::byte*>(values.const_data_ptr()), values.nbytes()}});
    }
  }
  return WriteSafetensors(
      part(number, rank), views, {{kCounters, JsonOf(counters).dump()}, {kRuns, runs.dump()}});
}

// The leader makes it complete when all have said how theirs went, and says how that went.
absl::Status TrainerCheckpoints::complete(int64_t number, absl::Status written) const {
  const std::string part = fmt::format("part of checkpoint {}", number);
  const std::string whole = fmt::format("checkpoint {}", number);
  if (group_ != nullptr && !group_->leads()) {
    RESTEM_RETURN_IF_ERROR(group_->tell(part, std::string(MessageOf(written))));
    RESTEM_ASSIGN_OR_RETURN(const std::string failure, group_->ask(0, whole));
    return failure.empty() || !written.ok() ? written : Failed(failure);
  }
  for (int64_t rank = 1; group_ != nullptr && rank < group_->size(); ++rank) {
    // Whatever happens, the others are told.
    const auto failure = group_->ask(rank, part);
    written.Update(failure.status());
    if (failure.ok() && !failure->empty()) written.Update(Failed(*failure));
    if (written.ok()) written = await_part(number, rank);
  }
  if (written.ok()) written = RenameFile(unfinished(number), path(number));
  if (written.ok()) remove_before(number);
  if (group_ != nullptr)
    RESTEM_RETURN_IF_ERROR(group_->tell(whole, std::string(MessageOf(written))));
  return written;
}

// A file system may show a file of another node some time later.
absl::Status TrainerCheckpoints::await_part(int64_t number, int64_t rank) const {
  constexpr std::chrono::seconds kLongest(10);
  const auto deadline = std::chrono::steady_clock::now() + kLongest;
  while (!FileExists(part(number, rank))) {
    if (std::chrono::steady_clock::now() > deadline) {
      return Failed(
          fmt::format("{}: rank 0 does not see what rank {} has written there: it has to "
                      "be in a file system that all nodes share",
                      dir_,
                      rank));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return absl::OkStatus();
}

void TrainerCheckpoints::remove_before(int64_t number) const {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(dir_, ignored)) {
    if (const int64_t other = NumberOf(entry.path()); other >= 0 && other < number)
      fs::remove_all(entry.path(), ignored);
  }
}

}  // namespace restem
