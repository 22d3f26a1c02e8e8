#include "data/problems.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>

#include "io/json_file.h"
#include "io/jsonl.h"

namespace restem {
namespace {

using nlohmann::json;

std::string KeysOf(const json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return fmt::format("{}", fmt::join(keys, ", "));
}

// Text as it is, a number as printed; nullopt for anything else.
std::optional<std::string> AsText(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number()) return value.dump();
  return std::nullopt;
}

// One name: the value itself. Several: their texts joined by a space.
absl::StatusOr<json> MappedValue(const json& object,
                                 const std::string& ours,
                                 const std::vector<std::string>& theirs,
                                 const std::string& where) {
  std::vector<std::string> parts;
  for (const std::string& name : theirs) {
    const auto found = object.find(name);
    if (found == object.end()) {
      return InvalidInput(
          fmt::format("{}: fields maps {} to \"{}\", which is not there; there is: {}",
                      where,
                      ours,
                      name,
                      KeysOf(object)));
    }
    if (theirs.size() == 1) return *found;
    const auto text = AsText(*found);
    if (!text) {
      return InvalidInput(
          fmt::format("{}: \"{}\" must be text or a number to be joined into {}, but is {}",
                      where,
                      name,
                      ours,
                      JsonKind(*found)));
    }
    parts.push_back(*text);
  }
  return json(fmt::format("{}", fmt::join(parts, " ")));
}

absl::Status ApplyFields(const FieldMap& fields, const std::string& where, json& object) {
  std::vector<std::pair<std::string, json>>
      mapped;  // set afterwards: {question: answer, answer: question} swaps
  for (const auto& [ours, theirs] : fields) {
    RESTEM_ASSIGN_OR_RETURN(json value, MappedValue(object, ours, theirs, where));
    mapped.emplace_back(ours, std::move(value));
  }
  for (auto& [ours, value] : mapped) object[ours] = std::move(value);
  return absl::OkStatus();
}

absl::Status CheckQuestion(const json& object, const std::string& where) {
  const auto found = object.find("question");
  if (found == object.end()) {
    return InvalidInput(
        fmt::format("{}: \"question\" is missing; there is: {}. Name the right one in data.fields",
                    where,
                    KeysOf(object)));
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

absl::StatusOr<Problem> MakeProblem(json&& object,
                                    const FieldMap& fields,
                                    std::string default_id,
                                    const std::string& where) {
  if (!object.is_object()) {
    return InvalidInput(
        fmt::format("{}: must be a JSON object, but is {}", where, JsonKind(object)));
  }
  RESTEM_RETURN_IF_ERROR(ApplyFields(fields, where, object));
  RESTEM_RETURN_IF_ERROR(CheckQuestion(object, where));
  const auto id = object.find("id");
  const auto text =
      id == object.end() || id->is_null() ? std::optional(std::move(default_id)) : AsText(*id);
  if (!text || text->empty()) {
    return InvalidInput(fmt::format(
        "{}: \"id\" must be text or a number, but is {}", where, text ? "empty" : JsonKind(*id)));
  }
  object["id"] = *text;
  return Problem{*text, std::move(object), where};
}

// The stem without a second extension: problems.jsonl.gz is "problems".
std::string Stem(const std::string& path) {
  const std::filesystem::path stem = std::filesystem::path(path).stem();
  return std::filesystem::path(path).extension() == ".gz" ? stem.stem().string() : stem.string();
}

// Objects one by one; false ends the reading.
using RecordFn =
    std::function<absl::StatusOr<bool>(json&& object, int64_t number, const std::string& where)>;

absl::Status ForEachListItem(const std::string& path, const RecordFn& visit) {
  std::string text;
  RESTEM_ASSIGN_OR_RETURN(LineReader lines, LineReader::open(path));
  for (std::string line;;) {
    RESTEM_ASSIGN_OR_RETURN(const bool there, lines.next(line));
    if (!there) break;
    text.append(line).push_back('\n');
  }
  RESTEM_ASSIGN_OR_RETURN(json value, ParseJson(text, path));
  json* list = value.is_array() ? &value : nullptr;
  if (value.is_object()) {
    for (auto& [key, member] : value.items()) {
      if (!member.is_array() || member.empty() || !member[0].is_object()) continue;
      if (list != nullptr)
        return InvalidInput(fmt::format("{}: holds several lists of objects", path));
      list = &member;
    }
  }
  if (list == nullptr) return InvalidInput(fmt::format("{}: holds no list of problems", path));
  for (size_t i = 0; i < list->size(); ++i) {
    const auto number = static_cast<int64_t>(i) + 1;
    RESTEM_ASSIGN_OR_RETURN(
        const bool go_on,
        visit(std::move((*list)[i]), number, fmt::format("{}[{}]", path, number)));
    if (!go_on) break;
  }
  return absl::OkStatus();
}

absl::Status ForEachRecord(const std::string& path, const RecordFn& visit) {
  if (path.ends_with(".json") || path.ends_with(".json.gz")) return ForEachListItem(path, visit);
  RESTEM_ASSIGN_OR_RETURN(JsonlReader reader, JsonlReader::open(path));
  while (true) {
    RESTEM_ASSIGN_OR_RETURN(auto object, reader.next());
    if (!object) return absl::OkStatus();
    RESTEM_ASSIGN_OR_RETURN(const bool go_on,
                            visit(*std::move(object), reader.line_number(), reader.where()));
    if (!go_on) return absl::OkStatus();
  }
}

absl::Status LoadFile(const DatasetOptions& file,
                      const FieldMap& shared_fields,
                      std::vector<Problem>& problems) {
  FieldMap fields = file.fields;
  fields.insert(shared_fields.begin(), shared_fields.end());  // keeps the file's own
  const std::string stem = Stem(file.path);
  const size_t before = problems.size();
  int64_t records = 0;
  const auto add =
      [&](json&& object, int64_t number, const std::string& where) -> absl::StatusOr<bool> {
    if (records++ < file.offset) return true;
    RESTEM_ASSIGN_OR_RETURN(
        Problem problem,
        MakeProblem(std::move(object), fields, fmt::format("{}:{}", stem, number), where));
    problems.push_back(std::move(problem));
    return file.limit == 0 || static_cast<int64_t>(problems.size() - before) < file.limit;
  };
  RESTEM_RETURN_IF_ERROR(ForEachRecord(file.path, add));
  if (problems.size() > before) return absl::OkStatus();
  if (records == 0) return InvalidInput(fmt::format("{}: holds no problems", file.path));
  return InvalidInput(
      fmt::format("{}: offset {} leaves none of its {} problems", file.path, file.offset, records));
}

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
                                                  const FieldMap& fields) {
  std::vector<Problem> problems;
  for (const DatasetOptions& file : files) RESTEM_RETURN_IF_ERROR(LoadFile(file, fields, problems));
  RESTEM_RETURN_IF_ERROR(CheckIds(problems));
  return problems;
}

}  // namespace restem
