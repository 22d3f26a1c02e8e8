// Reads options from YAML. All that is wrong comes in one InvalidInput, a line each:
//
//   job.yaml:7: sampler.temperature: -1 is out of range, must be >= 0
//   job.yaml:12: train.learning_rat: unknown key; did you mean learning_rate?
//   --set train.epochs=two: train.epochs: expected an integer, got two
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "config/fields.h"

namespace restem::config {

struct YamlText {
  std::string_view text;
  std::string label;   // stands for the file in messages
  std::string folder;  // what relative paths are relative to; made absolute
};

using VisitFn = std::function<void(Fields&)>;

// `sets` (key=value, dotted) are applied in order; relative paths in them are relative to the
// current folder.
absl::Status ReadYaml(const YamlText& source,
                      std::span<const std::string> sets,
                      const VisitFn& visit);
absl::Status ReadYamlFile(const std::string& path,
                          std::span<const std::string> sets,
                          const VisitFn& visit);

template <typename Options>
concept Visitable = requires(Options& options, Fields& f) {
  options.visit(f);
};

// For a struct with `visit`. On an error `options` is partly filled.
template <Visitable Options>
absl::Status ReadYamlFile(const std::string& path,
                          std::span<const std::string> sets,
                          Options& options) {
  return ReadYamlFile(path, sets, VisitFn([&options](Fields& f) { options.visit(f); }));
}
template <Visitable Options>
absl::Status ReadYaml(const YamlText& source, std::span<const std::string> sets, Options& options) {
  return ReadYaml(source, sets, VisitFn([&options](Fields& f) { options.visit(f); }));
}

}  // namespace restem::config
