// Options with every kind of field, to test the readers and printers with.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "config/fields.h"
#include "config/read.h"

namespace restem::config {

struct SampleItem {
  std::string path;
  int64_t limit = 0;

  bool operator==(const SampleItem&) const = default;
  void visit(Fields& f) {
    f.path("path", path, "A file.");
    f.require(!path.empty(), "path", "is missing");
    f.integer("limit", limit, {.min = 0}, "How many.");
  }
};

struct SampleSection {
  double rate = 1e-5;
  int64_t count = 3;
  std::vector<double> betas = {0.9, 0.95};

  bool operator==(const SampleSection&) const = default;
  void visit(Fields& f) {
    f.real("rate", rate, {.min = 0, .max = 1, .open_min = true}, "A rate.");
    f.integer("count", count, {.min = 1, .max = 10}, "A count.");
    f.reals("betas", betas, {.min = 0, .max = 1}, "Two numbers.");
    f.require(betas.size() == 2, "betas", "must be two numbers");
  }
};

struct SampleOptions {
  std::string name;
  bool quick = false;
  double temperature = 0.7;
  std::string device = "auto";
  std::string folder = "out";
  std::optional<int64_t> threads;
  std::optional<int64_t> memory;
  std::vector<std::string> stop = {"\n\n"};
  std::vector<int64_t> k = {1, 2};
  std::map<std::string, std::vector<std::string>> fields;
  SampleSection train;
  std::optional<SampleSection> lora;
  std::vector<SampleItem> test;

  bool operator==(const SampleOptions&) const = default;
  void visit(Fields& f) {
    static constexpr std::array<std::string_view, 3> kDevices = {"cpu", "cuda", "auto"};
    f.text("name", name, "A name.");
    f.boolean("quick", quick, "Whether it is quick.");
    f.real("temperature", temperature, {.min = 0}, "A temperature.");
    f.choice("device", device, kDevices, "A device.");
    f.path("folder", folder, "A folder.");
    f.auto_or("threads", threads, {.min = 1}, "Threads.");
    f.auto_or_bytes("memory", memory, "Memory.");
    f.texts("stop", stop, "Stop strings.");
    f.integers("k", k, {.min = 1}, "Some integers.");
    f.text_map("fields", fields, "Field names.");
    f.section("train", train, "A section.");
    f.optional_section("lora", lora, "A section that may be absent.");
    f.list_of("test", test, "A list of sections.");
  }
};

inline absl::Status ReadSample(std::string_view text,
                               SampleOptions& options,
                               std::vector<std::string> sets = {}) {
  return ReadYaml({.text = text, .label = "job.yaml", .folder = "/jobs"}, sets, options);
}

// The problems of a text that is wrong, or "OK".
inline std::string ProblemsOf(std::string_view text, std::vector<std::string> sets = {}) {
  SampleOptions options;
  const absl::Status status = ReadSample(text, options, std::move(sets));
  if (status.ok()) return "OK";
  if (status.code() != InvalidInput("").code()) return "not InvalidInput";
  return std::string(MessageOf(status));
}

}  // namespace restem::config
