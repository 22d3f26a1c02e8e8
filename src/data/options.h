// The `data` and `select` sections of a job.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "config/fields.h"

namespace restem {

// From our name of a problem's field to the file's names for it; the values of several are joined
// by a space. A name may lead into nested values: "reward_model.ground_truth", "prompt.0.content".
using FieldMap = std::map<std::string, std::vector<std::string>>;

// One file of problems, or several of a pattern.
struct DatasetOptions {
  std::string path;    // DataFiles
  std::string name;    // defaults to the file's name without its extension
  int64_t limit = 0;   // problems taken after `offset`; 0: all
  int64_t offset = 0;  // problems skipped at the start
  FieldMap fields;     // entries here come before those of DataOptions::fields

  void visit(config::Fields& f);
};

struct DataOptions {
  std::vector<DatasetOptions> train;
  std::vector<DatasetOptions> validation;  // early stopping only, never trained on
  std::vector<DatasetOptions> test;
  FieldMap fields;
  std::string long_prompts = "error";  // error | skip

  void visit(config::Fields& f);
};

// `f.choice` of what is done with prompts that the model's context does not hold; also the command
// line's --long-prompts.
void VisitLongPrompts(config::Fields& f, std::string& long_prompts);

// Which of a problem's correct samples are trained on.
struct SelectOptions {
  int64_t max_correct_per_problem = 10;  // 0: no cap
  std::string dedup = "text";            // text | none
  std::string order = "random";          // random | first | shortest: which are kept under the cap
  bool include_truncated = false;        // finish_reason `length` may be trained on

  void visit(config::Fields& f);
};

}  // namespace restem
