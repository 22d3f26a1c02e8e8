// Everything that training needs to go on where it stopped. Each rank writes what it holds into a
// file of its own; any number of ranks can read it.
//
//   <dir>/000017/rank-00000-of-00002.safetensors    master, first_moment, second_moment and best of
//                                                   each slice; counters
//   <dir>/000017.9f03c1d2.tmp/                      the same until all ranks have written; each
//                                                   start of a training has a name of its own, so
//                                                   that a rank taken for lost spoils nothing
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/status.h"
#include "comm/group.h"
#include "io/safetensors.h"
#include "trainer/trained_model.h"

namespace restem {

struct TrainerCounters {
  int64_t step = 0;  // optimizer steps taken
  int64_t best_step = 0;
  double best_score = 0.0;  // meaningful if has_best
  bool has_best = false;
  int64_t misses = 0;          // validations since the best one
  int64_t validated_step = 0;  // the last step whose weights were validated
  bool stopped_early = false;
  double last_loss = 0.0;
};

// A kind of values that slices have: "master", say. `values` [slice] in the order of slices.
struct SavedKind {
  std::string name;
  std::vector<at::Tensor> values;
};

// One that is complete.
class SavedTraining {
 public:
  static absl::StatusOr<std::shared_ptr<const SavedTraining>> open(const std::string& dir);

  const TrainerCounters& counters() const { return counters_; }
  // Fills `into` with a parameter's run of as many elements, however it was cut when it was saved.
  // InvalidInput, naming the directory and the parameter, where not all of them are there.
  absl::Status read(const std::string& kind, const ParameterRun& run, const at::Tensor& into) const;

 private:
  struct Saved {
    ParameterRun run;
    TensorView view;
  };

  std::string dir_;
  TrainerCounters counters_;
  std::map<std::string, std::vector<Saved>> saved_;  // by "kind.parameter"
};

// Those of one training. Not thread-safe.
class TrainerCheckpoints {
 public:
  // What was not completed is removed. `group` may be null.
  static absl::StatusOr<std::unique_ptr<TrainerCheckpoints>> open(const std::string& dir,
                                                                  std::shared_ptr<Group> group);
  ~TrainerCheckpoints();

  // The newest; null where there is none. All ranks have the same.
  absl::StatusOr<std::shared_ptr<const SavedTraining>> newest() const;

  // Writes one more, which takes the place of those before when all ranks have written theirs.
  // With a group that goes on when this returns, on copies: a failure is returned by finish().
  absl::Status save(const TrainerCounters& counters,
                    const std::vector<TrainedSlice>& slices,
                    const std::vector<SavedKind>& kinds);
  // Waits until the last one is complete. OK where there is none under way.
  absl::Status finish();

 private:
  TrainerCheckpoints(std::string dir, std::shared_ptr<Group> group);
  std::string path(int64_t number) const;
  std::string unfinished(int64_t number) const;
  std::string part(int64_t number, int64_t rank) const;
  absl::Status await_part(int64_t number, int64_t rank) const;
  absl::Status write(int64_t number,
                     const TrainerCounters& counters,
                     const std::vector<TrainedSlice>& slices,
                     const std::vector<SavedKind>& kinds) const;
  absl::Status complete(int64_t number, absl::Status written) const;
  void remove_before(int64_t number) const;

  const std::string dir_;
  const std::shared_ptr<Group> group_;
  std::string start_;   // this start's name
  int64_t number_ = 0;  // of the newest, 0: there is none
  std::thread writer_;
  absl::Status written_;
};

}  // namespace restem
