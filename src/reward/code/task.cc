#include "reward/code/task.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_join.h>
#include <fmt/format.h>

#include <array>

#include "reward/field.h"

namespace restem {
namespace {

using nlohmann::json;

// What APPS's own harness imports for a program, by names.
constexpr std::string_view kAppsPrelude =
    "import bisect, collections, copy, datetime, fractions, functools, heapq, itertools, math\n"
    "import operator, random, re, string, sys, time\n"
    "from bisect import bisect_left, bisect_right, insort\n"
    "from collections import ChainMap, Counter, OrderedDict, defaultdict, deque\n"
    "from functools import lru_cache, reduce\n"
    "from heapq import heapify, heappop, heappush, heappushpop, heapreplace, nlargest, nsmallest\n"
    "from itertools import accumulate, chain, combinations, permutations, product\n"
    "from math import ceil, cos, exp, fabs, floor, gcd, inf, log, log2, sin, sqrt, tan\n"
    "from typing import *\n";

// Fields with a program that solves the problem, the first that is there.
constexpr std::array kReferences = {"canonical_solution", "code", "solutions", "solution"};

bool Has(const Problem& problem, const char* name) {
  const auto found = problem.fields.find(name);
  return found != problem.fields.end() && !found->is_null();
}

std::string Text(const Problem& problem, const char* name) {
  return FieldText(problem, name).value_or("");
}

// One of MBPP's has a space behind it.
std::string EntryPoint(const Problem& problem) {
  std::string name = Text(problem, "entry_point");
  absl::StripAsciiWhitespace(&name);
  return name;
}

absl::Status Missing(std::string_view what) {
  return Failed(fmt::format("the problem has no {}", what));
}

// Lists of lines, as some of APPS's files have them, or one text.
std::string Lines(const json& value) {
  if (!value.is_array()) return TextOf(value);
  std::vector<std::string> lines;
  for (const json& line : value) lines.push_back(TextOf(line));
  return absl::StrJoin(lines, "\n");
}

std::vector<std::string> Texts(const Problem& problem, const char* name) {
  std::vector<std::string> texts;
  const auto found = problem.fields.find(name);
  if (found == problem.fields.end() || found->is_null()) return texts;
  if (!found->is_array()) return {TextOf(*found)};
  for (const json& text : *found) texts.push_back(TextOf(text));
  return texts;
}

absl::StatusOr<CodeTask> ReadHumanEval(const Problem& problem) {
  if (!Has(problem, "test") || !Has(problem, "entry_point"))
    return Missing("`test` and `entry_point`");
  CodeTask task;
  task.stub = Text(problem, "prompt");
  task.wanted = EntryPoint(problem);
  task.tests = PythonTests{Text(problem, "test"), task.wanted};
  return task;
}

absl::StatusOr<CodeTask> ReadMbpp(const Problem& problem) {
  const std::vector<std::string> tests = Texts(problem, "test_list");
  if (tests.empty()) return Missing("`test_list`");
  CodeTask task;
  std::vector<std::string> setup = Texts(problem, "test_imports");
  setup.push_back(Text(problem, "test_setup_code"));
  task.prelude = absl::StrJoin(setup, "\n");
  task.tests = PythonTests{absl::StrJoin(tests, "\n"), ""};
  return task;
}

absl::StatusOr<CodeTask> ReadApps(const Problem& problem) {
  const auto field = problem.fields.find("input_output");
  if (field == problem.fields.end()) return Missing("`input_output`");
  const json cases =
      field->is_string()
          ? json::parse(field->get<std::string>(), nullptr, /*allow_exceptions=*/false)
          : *field;
  if (!cases.is_object() || !cases.contains("inputs") || !cases.contains("outputs") ||
      !cases["inputs"].is_array() || !cases["outputs"].is_array() || cases["inputs"].empty() ||
      cases["inputs"].size() != cases["outputs"].size()) {
    return Failed("`input_output` is not {\"inputs\": […], \"outputs\": […]} of equal length");
  }
  CodeTask task;
  task.prelude = kAppsPrelude;
  task.stub = Text(problem, "starter_code");
  const json& function = cases.value("fn_name", json());
  if (function.is_null()) {
    StreamCases streams;
    for (size_t i = 0; i < cases["inputs"].size(); ++i)
      streams.push_back({Lines(cases["inputs"][i]), Lines(cases["outputs"][i])});
    task.tests = std::move(streams);
    return task;
  }
  if (!function.is_string()) return Failed("`input_output`: fn_name is not text");
  CallCases calls{function.get<std::string>(), json::array()};
  for (size_t i = 0; i < cases["inputs"].size(); ++i) {
    if (!cases["inputs"][i].is_array())
      return Failed("`input_output`: an input is no list of arguments");
    calls.cases.push_back({cases["inputs"][i], cases["outputs"][i]});
  }
  task.wanted = task.stub.find("class Solution") != std::string::npos ? "Solution" : calls.function;
  task.tests = std::move(calls);
  return task;
}

}  // namespace

absl::StatusOr<CodeTask> ReadCodeTask(const Problem& problem, CodeFormat format) {
  switch (format) {
    case CodeFormat::kHumanEval:
      return ReadHumanEval(problem);
    case CodeFormat::kMbpp:
      return ReadMbpp(problem);
    case CodeFormat::kApps:
      return ReadApps(problem);
    case CodeFormat::kAuto:
      break;
  }
  if (Has(problem, "entry_point")) return ReadHumanEval(problem);
  if (Has(problem, "test_list")) return ReadMbpp(problem);
  if (Has(problem, "input_output")) return ReadApps(problem);
  return Missing("tests: neither `test` with `entry_point`, nor `test_list`, nor `input_output`");
}

std::vector<std::string> CodeTaskFields() {
  std::vector<std::string> fields = {"prompt",
                                     "test",
                                     "entry_point",
                                     "test_list",
                                     "test_imports",
                                     "test_setup_code",
                                     "input_output",
                                     "starter_code"};
  fields.insert(fields.end(), kReferences.begin(), kReferences.end());
  return fields;
}

namespace {

std::string_view IndentOf(std::string_view text) {
  return text.substr(0, text.find_first_not_of(" \t"));
}

// One past the line that ends the signature of `name`'s definition; npos where there is none.
size_t SignatureEnd(std::string_view stub, std::string_view name) {
  size_t definition = stub.rfind(fmt::format("def {}(", name));
  if (definition == std::string_view::npos) definition = stub.rfind(fmt::format("def {} (", name));
  for (size_t i = stub.find('\n', definition); i != std::string_view::npos;
       i = stub.find('\n', i + 1)) {
    const size_t last = stub.find_last_not_of(" \t\n", i);
    if (definition != std::string_view::npos && stub[last] == ':') return i + 1;
  }
  return std::string_view::npos;
}

// A published body that goes on from a stub with another indentation than its docstring's is no
// Python: then the whole function, without the docstring.
std::string WholeReference(const Problem& problem, const std::string& body) {
  const std::string stub = Text(problem, "prompt");
  const size_t end = SignatureEnd(stub, EntryPoint(problem));
  if (end == std::string::npos) return body;
  const bool tabs = body.find('\t') != std::string::npos;
  if (!tabs && IndentOf(stub.substr(end)) == IndentOf(body)) return body;
  return stub.substr(0, end) + body;
}

}  // namespace

std::string ReferenceProgram(const Problem& problem) {
  for (const char* name : kReferences) {
    const auto field = problem.fields.find(name);
    if (field == problem.fields.end() || field->is_null()) continue;
    if (std::string_view(name) == "canonical_solution")
      return WholeReference(problem, TextOf(*field));
    if (std::string_view(name) != "solutions") return TextOf(*field);
    const json list =
        field->is_string() ? json::parse(field->get<std::string>(), nullptr, false) : *field;
    if (list.is_array() && !list.empty()) return TextOf(list[0]);
  }
  return "";
}

}  // namespace restem
