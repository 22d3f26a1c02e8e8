#include "data/problems.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <optional>
#include <unordered_map>
#include <utility>

#include "base/log.h"
#include "data/data_files.h"
#include "io/json_file.h"
#include "io/record_reader.h"

namespace restem {
namespace {

using nlohmann::json;

// An id as text; nullopt for what can be none.
std::optional<std::string> IdText(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number()) return value.dump();
  return std::nullopt;
}

absl::Status CheckQuestion(const json& object, const RecordReader& record) {
  const std::string where = record.where();
  const auto found = object.find("question");
  if (found == object.end()) {
    return InvalidInput(
        fmt::format("{}: \"question\" is missing; there is: {}. Name the right one in data.fields",
                    where,
                    fmt::join(record.names(), ", ")));
  }
  if (!found->is_string()) {
    return InvalidInput(
        fmt::format("{}: \"question\" must be text, but is {}", where, JsonKind(*found)));
  }
  if (found->get_ref<const std::string&>().find_first_not_of(" \t\r\n") == std::string::npos) {
    return InvalidInput(fmt::format("{}: \"question\" is empty", where));
  }
  return absl::OkStatus();
}

// Said here and not when the prompt is made, since what is not used is no longer known there.
absl::Status CheckPromptFields(const Problem& problem,
                               const UsedFields& used,
                               const RecordReader& record) {
  for (const std::string& name : used.prompt) {
    if (problem.fields.contains(name)) continue;
    return InvalidInput(fmt::format(
        "{}: problem {}: the prompt template names \"{}\", which is not there; there is: {}",
        problem.source,
        problem.id,
        name,
        fmt::join(record.names(), ", ")));
  }
  return absl::OkStatus();
}

absl::StatusOr<Problem> MakeProblem(json&& object,
                                    const FieldMap& fields,
                                    const UsedFields& used,
                                    const RecordReader& record,
                                    const std::string& stem) {
  RESTEM_RETURN_IF_ERROR(MapFields(fields, used, record, object));
  RESTEM_RETURN_IF_ERROR(CheckQuestion(object, record));
  const auto id = object.find("id");
  const auto text = id == object.end() || id->is_null()
                        ? std::optional(fmt::format("{}:{}", stem, record.number()))
                        : IdText(*id);
  if (!text || text->empty()) {
    return InvalidInput(fmt::format("{}: \"id\" must be text or a number, but is {}",
                                    record.where(),
                                    text ? "empty" : JsonKind(*id)));
  }
  object["id"] = *text;
  Problem problem{*text, std::move(object), record.where()};
  RESTEM_RETURN_IF_ERROR(CheckPromptFields(problem, used, record));
  return problem;
}

// The problems of a data set's files, which follow one another as if they were one.
class SetReader {
 public:
  SetReader(const DatasetOptions& set, const FieldMap& shared_fields, const UsedFields& used)
      : set_(set), used_(used), fields_(set.fields), to_skip_(set.offset) {
    fields_.insert(shared_fields.begin(), shared_fields.end());  // keeps the file's own
  }

  absl::Status read_into(std::vector<Problem>& problems) {
    const size_t before = problems.size();
    RESTEM_ASSIGN_OR_RETURN(const auto files, DataFiles(set_.path));
    const std::vector<std::string> stems = IdStems(files);
    for (size_t i = 0; i < files.size() && !enough(); ++i)
      RESTEM_RETURN_IF_ERROR(read_file(files[i], stems[i], problems));
    if (problems.size() > before) return absl::OkStatus();
    if (passed_ == 0) return InvalidInput(fmt::format("{}: holds no problems", set_.path));
    return InvalidInput(fmt::format(
        "{}: offset {} leaves none of its {} problems", set_.path, set_.offset, passed_));
  }

 private:
  bool enough() const { return set_.limit > 0 && taken_ == set_.limit; }

  absl::Status read_file(const std::string& file,
                         const std::string& stem,
                         std::vector<Problem>& problems) {
    RESTEM_ASSIGN_OR_RETURN(const auto record, OpenRecords(file, WantedOf(fields_, used_)));
    RESTEM_ASSIGN_OR_RETURN(const int64_t passed, record->skip(to_skip_));
    to_skip_ -= passed;
    passed_ += passed;
    while (!enough()) {
      RESTEM_ASSIGN_OR_RETURN(auto object, record->next());
      if (!object) return absl::OkStatus();
      if (taken_ == 0) report_unused(*record);
      RESTEM_ASSIGN_OR_RETURN(Problem problem,
                              MakeProblem(*std::move(object), fields_, used_, *record, stem));
      problems.push_back(std::move(problem));
      ++taken_;
    }
    return absl::OkStatus();
  }

  // Of the first record: nothing is left out silently.
  void report_unused(const RecordReader& record) const {
    const WantedFields wanted = WantedOf(fields_, used_);
    std::vector<std::string> unused = record.names();
    std::erase_if(unused, [&](const std::string& name) { return IsWanted(wanted, name); });
    if (unused.empty()) return;
    spdlog::info("{}: fields that this job does not use are left out: {}",
                 set_.path,
                 fmt::join(unused, ", "));
  }

  const DatasetOptions& set_;
  const UsedFields& used_;
  FieldMap fields_;
  int64_t to_skip_;
  int64_t passed_ = 0;
  int64_t taken_ = 0;
};

absl::Status CheckIds(std::span<const Problem> problems) {
  std::unordered_map<std::string_view, const Problem*> seen;
  for (const Problem& problem : problems) {
    const auto [place, is_new] = seen.emplace(problem.id, &problem);
    if (!is_new) {
      return InvalidInput(fmt::format(
          "{}: id {} is there already: {}", problem.source, problem.id, place->second->source));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<Problem>> LoadProblems(std::span<const DatasetOptions> files,
                                                  const FieldMap& fields,
                                                  const UsedFields& used) {
  std::vector<Problem> problems;
  for (const DatasetOptions& file : files)
    RESTEM_RETURN_IF_ERROR(SetReader(file, fields, used).read_into(problems));
  RESTEM_RETURN_IF_ERROR(CheckIds(problems));
  return problems;
}

}  // namespace restem
