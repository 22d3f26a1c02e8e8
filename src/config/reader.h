// Fills members from a tree: the `Fields` behind job files and flags.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/fields.h"
#include "config/problems.h"
#include "config/tree.h"

namespace restem::config {

class Reader final : public Fields {
 public:
  // `root` and `problems` outlive the reader; `root.origin` is where missing keys are said to be
  // missing.
  Reader(const Node& root, Problems& problems);

  // To be called once, when everything has been visited: reports the keys that nobody asked for.
  void finish();

  Purpose purpose() const override { return Purpose::kRead; }
  void boolean(std::string_view name, bool& value, std::string_view help) override;
  void integer(std::string_view name,
               int64_t& value,
               IntRange range,
               std::string_view help) override;
  void real(std::string_view name, double& value, RealRange range, std::string_view help) override;
  void text(std::string_view name, std::string& value, std::string_view help) override;
  void path(std::string_view name, std::string& value, std::string_view help) override;
  bool choice(std::string_view name,
              std::string& value,
              std::span<const std::string_view> allowed,
              std::string_view help) override;
  void auto_or(std::string_view name,
               std::optional<int64_t>& value,
               IntRange range,
               std::string_view help) override;
  void auto_or_bytes(std::string_view name,
                     std::optional<int64_t>& value,
                     std::string_view help) override;
  void texts(std::string_view name,
             std::vector<std::string>& value,
             std::string_view help) override;
  void integers(std::string_view name,
                std::vector<int64_t>& value,
                IntRange range,
                std::string_view help) override;
  void reals(std::string_view name,
             std::vector<double>& value,
             RealRange range,
             std::string_view help) override;
  void text_map(std::string_view name,
                std::map<std::string, std::vector<std::string>>& value,
                std::string_view help) override;
  using Fields::section;
  void section(std::string_view name,
               const std::function<void(Fields&)>& visit,
               bool* present,
               std::string_view help) override;
  void sections(std::string_view name,
                const std::function<size_t()>& size,
                const std::function<void(size_t)>& resize,
                const std::function<void(size_t, Fields&)>& visit,
                std::string_view help) override;
  void require(bool holds, std::string_view name, std::string_view message) override;
  void ignore_rest() override;

 private:
  // A mapping being visited.
  struct Frame {
    const Node* map;                 // null where the key is absent or not a mapping
    const Node* around;              // the innermost node that is there
    std::string where;               // dotted key
    std::vector<std::string> known;  // keys asked for
    bool ignore_rest = false;
    bool silent = false;  // it is wrong as a whole: conditions between its fields mean nothing
    bool listed = false;  // inside a list
  };
  struct Unknown {
    const Node* node;
    std::string where;
    std::string name;
    std::string nearest;  // in its own mapping
  };

  const Node* find(std::string_view name);
  std::string join(std::string_view name) const;
  void visit_frame(Frame frame, const std::function<void(Fields&)>& visit);
  void note_unknown(const Frame& frame);
  void wrong(const Node& node, std::string_view where, std::string_view expected);

  std::optional<int64_t> read_integer(const Node& node,
                                      const std::string& where,
                                      const IntRange& range,
                                      std::string_view expected);
  std::optional<double> read_real(const Node& node,
                                  const std::string& where,
                                  const RealRange& range);
  std::optional<std::string> read_text(const Node& node,
                                       const std::string& where,
                                       std::string_view expected);
  // `read(item, where)` for each item of a list, or for the one value; nullopt if any is wrong.
  template <typename Value, typename Read>
  std::optional<std::vector<Value>> read_list(const Node& node,
                                              const std::string& where,
                                              const Read& read);

  Node root_place_;  // the input as a whole, without a line
  Problems& problems_;
  std::vector<Frame> frames_;
  std::vector<std::string> all_keys_;  // dotted, but those in lists
  std::vector<Unknown> unknown_;
};

}  // namespace restem::config
