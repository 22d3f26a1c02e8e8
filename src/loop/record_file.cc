#include "loop/record_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "base/file.h"
#include "io/json_file.h"

namespace restem {
namespace {

struct Line {
  size_t problem = 0;  // position in the problem order
  int64_t sample = 0;
  std::string_view text;  // without its newline
};

std::vector<std::string_view> SplitLines(std::string_view content) {
  std::vector<std::string_view> lines;
  while (!content.empty()) {
    const size_t end = content.find('\n');
    if (end == std::string_view::npos)
      break;  // a torn line was cut off when the journal was opened
    lines.push_back(content.substr(0, end));
    content.remove_prefix(end + 1);
  }
  return lines;
}

absl::StatusOr<std::vector<Line>> ParseLines(std::string_view content,
                                             const std::string& journal,
                                             std::span<const Problem> problems) {
  std::unordered_map<std::string, size_t> position;
  for (size_t i = 0; i < problems.size(); ++i) position[problems[i].id] = i;
  std::vector<Line> lines;
  for (const std::string_view text : SplitLines(content)) {
    RESTEM_ASSIGN_OR_RETURN(const auto json,
                            ParseJson(text, journal, static_cast<int64_t>(lines.size()) + 1));
    const auto found = position.find(json.value("problem", ""));
    if (found == position.end()) {
      return InvalidInput(fmt::format("{}:{}: problem {} is not in the data",
                                      journal,
                                      lines.size() + 1,
                                      json.value("problem", "")));
    }
    lines.push_back({found->second, json.value("sample", int64_t{0}), text});
  }
  return lines;
}

// In order, one line for each sample: the last written.
void SortAndDeduplicate(std::vector<Line>& lines) {
  const auto key = [](const Line& line) { return std::pair(line.problem, line.sample); };
  std::stable_sort(
      lines.begin(), lines.end(), [&](const Line& a, const Line& b) { return key(a) < key(b); });
  size_t kept = 0;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i + 1 < lines.size() && key(lines[i]) == key(lines[i + 1])) continue;
    lines[kept++] = lines[i];
  }
  lines.resize(kept);
}

}  // namespace

bool IsFinished(const std::string& path, const std::string& journal) {
  if (!FileExists(path)) return false;
  ::unlink(journal.c_str());
  return true;
}

absl::Status FinishRecords(const std::string& journal,
                           const std::string& path,
                           std::span<const Problem> problems,
                           int64_t expected,
                           const KeepFn& keep) {
  RESTEM_ASSIGN_OR_RETURN(const auto file, MappedFile::open(journal));
  const std::string_view content(reinterpret_cast<const char*>(file->bytes().data()),
                                 file->bytes().size());
  RESTEM_ASSIGN_OR_RETURN(std::vector<Line> lines, ParseLines(content, journal, problems));
  if (keep) {
    std::erase_if(lines,
                  [&](const Line& line) { return !keep(problems[line.problem].id, line.sample); });
  }
  SortAndDeduplicate(lines);
  if (static_cast<int64_t>(lines.size()) != expected) {
    return Failed(fmt::format("{} holds {} records, expected {}", journal, lines.size(), expected));
  }
  const absl::Status written = WriteFileAtomic(path, [&](const WriteFn& write) {
    std::string buffer;
    for (const Line& line : lines) {
      buffer.append(line.text).push_back('\n');
      if (buffer.size() < (1U << 20)) continue;
      RESTEM_RETURN_IF_ERROR(write(buffer));
      buffer.clear();
    }
    return write(buffer);
  });
  RESTEM_RETURN_IF_ERROR(written);
  ::unlink(journal.c_str());
  return absl::OkStatus();
}

}  // namespace restem
