// A part of a model, such as one of several ranks computes (ops/model_parts.h): a model of its own
// with fewer heads, a narrower MLP and less of the vocabulary.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/config.h"
#include "model/decoder.h"

namespace restem {

struct Part {
  int64_t index = 0;  // of count
  int64_t count = 1;
};

// The config of a part. InvalidInput where the model cannot be cut into so many: each needs as many
// heads and columns as every other, and as many keys' heads; of fewer heads than parts, several
// parts have the same one.
absl::StatusOr<ModelConfig> PartConfig(const ModelConfig& whole, const Part& part);

// The first token of a part's rows of the embedding.
int64_t FirstToken(const ModelConfig& whole, const Part& part);

// Where a part's share lies within a parameter.
struct PartCut {
  int64_t dimension = -1;  // −1: every part has the whole
  int64_t first = 0;
  int64_t count = 0;
  int64_t parts_each = 1;  // that have the same share

  bool is_shared() const { return dimension < 0 || parts_each > 1; }
};
// From both shapes, as VisitParameters has them for the whole and for the part.
PartCut CutOf(const std::vector<int64_t>& whole,
              const std::vector<int64_t>& of_part,
              const Part& part);

// A part of a whole model, of views of its weights; packed forms are left out. InvalidInput also
// where it has an adapter. The ranks with the other parts are the caller's to name (Model::parts).
absl::StatusOr<Model> PartOf(const Model& whole, const Part& part);

// Whether a parameter that every part has in full gets a gradient of its own in each, which have to
// be added up, as have those of a share that several parts have; otherwise all have the same
// gradient.
bool HasGradientOfPart(std::string_view parameter);

}  // namespace restem
