// What a program has to do, read from a problem as HumanEval, MBPP and APPS publish them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"
#include "data/types.h"

namespace restem {

// Tests in Python: assertions that call the program's functions. They may use what the prelude and
// the stub define.
struct PythonTests {
  std::string tests;
  std::string entry_point;  // what `check` is called with; empty where assertions name functions
};

// Calls with their results, as data.
struct CallCases {
  std::string function;
  nlohmann::json cases;  // [[arguments, expected], …]
};

// Standard input and what is expected on standard output.
struct StreamCase {
  std::string input;
  std::string output;
};
using StreamCases = std::vector<StreamCase>;

struct CodeTask {
  std::variant<PythonTests, CallCases, StreamCases> tests;
  std::string prelude;  // runs before the program: imports that its format promises
  std::string stub;     // code of the prompt that a completion may go on from
  std::string wanted;   // the function or class that the program has to define; empty: none
};

enum class CodeFormat { kAuto, kHumanEval, kMbpp, kApps };

// Reads the fields of
//   HumanEval: prompt, test, entry_point
//   MBPP: test_list, test_setup_code or test_imports, challenge_test_list is not used
//   APPS: input_output (JSON, or as text), starter_code
// kAuto takes the format whose fields are there. Failed where they are missing or make no sense.
absl::StatusOr<CodeTask> ReadCodeTask(const Problem& problem, CodeFormat format);

// All fields that the two functions here read, of any format.
std::vector<std::string> CodeTaskFields();

// The program that the problem comes with (canonical_solution, code, the first of solutions, or
// solution); empty where there is none.
std::string ReferenceProgram(const Problem& problem);

}  // namespace restem
