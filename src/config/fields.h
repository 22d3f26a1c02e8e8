// The one place where an option is named. A struct of options has
//
//     void visit(config::Fields& f);
//
// which names each member once, with its range and a sentence of help. Reading a job file, reading
// flags, printing the resolved job and printing the reference are each a `Fields` that such a
// function is handed.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace restem::config {

// Inclusive bounds; `open_min` excludes the lower one.
struct IntRange {
  int64_t min = std::numeric_limits<int64_t>::min();
  int64_t max = std::numeric_limits<int64_t>::max();
};
struct RealRange {
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  bool open_min = false;
};

// What a visitor does with the members it is shown.
enum class Purpose {
  kRead,      // fills them, from a job file or flags
  kPrint,     // prints their values
  kDescribe,  // prints their defaults, ranges and help
};

class Fields {
 public:
  virtual ~Fields() = default;

  // A default that follows from another field (evaluate.stop from sampler.stop) is set before its
  // visit, when reading.
  virtual Purpose purpose() const = 0;
  bool reads() const { return purpose() == Purpose::kRead; }

  // The member's value before the visit is its default. A member is left untouched where its key is
  // absent or wrong.
  virtual void boolean(std::string_view name, bool& value, std::string_view help) = 0;
  virtual void integer(std::string_view name,
                       int64_t& value,
                       IntRange range,
                       std::string_view help) = 0;
  virtual void real(std::string_view name,
                    double& value,
                    RealRange range,
                    std::string_view help) = 0;
  virtual void text(std::string_view name, std::string& value, std::string_view help) = 0;
  // A file or folder: relative paths are relative to the job file, ${VAR} reads the environment.
  virtual void path(std::string_view name, std::string& value, std::string_view help) = 0;
  // One of `allowed`. False where the key is there and wrong.
  virtual bool choice(std::string_view name,
                      std::string& value,
                      std::span<const std::string_view> allowed,
                      std::string_view help) = 0;
  // An integer or `auto` (nullopt).
  virtual void auto_or(std::string_view name,
                       std::optional<int64_t>& value,
                       IntRange range,
                       std::string_view help) = 0;
  // A size such as 4GB, 512MiB or a plain number of bytes, or `auto` (nullopt).
  virtual void auto_or_bytes(std::string_view name,
                             std::optional<int64_t>& value,
                             std::string_view help) = 0;
  // A list, or one value that stands for a list of one.
  virtual void texts(std::string_view name,
                     std::vector<std::string>& value,
                     std::string_view help) = 0;
  virtual void integers(std::string_view name,
                        std::vector<int64_t>& value,
                        IntRange range,
                        std::string_view help) = 0;
  virtual void reals(std::string_view name,
                     std::vector<double>& value,
                     RealRange range,
                     std::string_view help) = 0;
  // A mapping from a name to one or several names.
  virtual void text_map(std::string_view name,
                        std::map<std::string, std::vector<std::string>>& value,
                        std::string_view help) = 0;
  // A nested mapping. `present` (if not null) tells whether the key is there.
  virtual void section(std::string_view name,
                       const std::function<void(Fields&)>& visit,
                       bool* present,
                       std::string_view help) = 0;
  // A list of mappings: `resize` is told their number first, then `visit` is called for each.
  // Printers ask `size` for the number to print.
  virtual void sections(std::string_view name,
                        const std::function<size_t()>& size,
                        const std::function<void(size_t)>& resize,
                        const std::function<void(size_t, Fields&)>& visit,
                        std::string_view help) = 0;
  // A condition between fields: reported with the line of `name` when `holds` is false, unless
  // `name` is wrong by itself. `name` may be dotted (`prompt.chat`), seen from the section being
  // visited.
  virtual void require(bool holds, std::string_view name, std::string_view message) = 0;
  // The other keys of this section cannot be judged, since the key that tells which ones there are
  // is wrong.
  virtual void ignore_rest() {}
  // Fields that are there for one value of a choice only (`heading`, say `type: numeric`): shown by
  // kDescribe, ignored by all others.
  virtual void alternative(std::string_view /*heading*/,
                           const std::function<void(Fields&)>& /*visit*/,
                           std::string_view /*help*/) {}

  // ---- Shorthands over the above ----
  template <typename Options>
  void section(std::string_view name, Options& options, std::string_view help) {
    section(
        name, [&options](Fields& f) { options.visit(f); }, nullptr, help);
  }
  template <typename Options>
  void optional_section(std::string_view name,
                        std::optional<Options>& options,
                        std::string_view help) {
    Options value = options.value_or(Options{});
    bool present = options.has_value();
    section(
        name, [&value](Fields& f) { value.visit(f); }, &present, help);
    if (present) {
      options = std::move(value);
    } else {
      options.reset();
    }
  }
  template <typename Options>
  void list_of(std::string_view name, std::vector<Options>& list, std::string_view help) {
    sections(
        name,
        [&list] { return list.size(); },
        [&list](size_t size) { list.resize(size); },
        [&list](size_t i, Fields& f) { list[i].visit(f); },
        help);
  }
};

}  // namespace restem::config
