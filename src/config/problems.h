// All that is wrong with an input, gathered so that a user sees it at once.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "config/tree.h"

namespace restem::config {

class Problems {
 public:
  // `where` is the dotted key: `job.yaml:7: train.epochs: message`; without a key the message
  // follows the place. `at` is the value, or the nearest one around it; its line is left out if it
  // is 0.
  void add(const Node& at, std::string_view where, std::string_view message);
  // Whether something was said of this key.
  bool has(std::string_view where) const { return wheres_.contains(std::string(where)); }
  bool empty() const { return problems_.empty(); }

  // One InvalidInput with a line per problem: the file's in its order, then those of the command
  // line.
  absl::Status status() const;

 private:
  struct Problem {
    bool in_file;
    int line;
    std::string message;
  };
  std::vector<Problem> problems_;
  std::set<std::string> wheres_;
};

// The command line's spelling of a field: top_k is --top-k.
std::string FlagName(std::string_view field);

}  // namespace restem::config
