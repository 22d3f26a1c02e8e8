#include "reward/code/completion.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/status.h"

namespace restem {
namespace {

struct Block {
  std::string tag;  // lower case
  std::string code;
};

struct Fence {
  char mark = '`';
  size_t length = 0;
  std::string info;
};

// A line that opens or closes a block: at most three spaces, at least three marks (CommonMark).
std::optional<Fence> FenceOf(std::string_view line) {
  const size_t begin = line.find_first_not_of(' ');
  if (begin == std::string_view::npos || begin > 3) return std::nullopt;
  const char mark = line[begin];
  if (mark != '`' && mark != '~') return std::nullopt;
  const size_t end = std::min(line.find_first_not_of(mark, begin), line.size());
  if (end - begin < 3) return std::nullopt;
  const std::string_view info = ToStd(absl::StripAsciiWhitespace(ToAbsl(line.substr(end))));
  if (mark == '`' && info.find('`') != std::string_view::npos) return std::nullopt;
  return Fence{mark, end - begin, absl::AsciiStrToLower(ToAbsl(info))};
}

std::vector<Block> BlocksOf(std::string_view completion) {
  std::vector<Block> blocks;
  std::optional<Fence> open;
  for (const absl::string_view piece : absl::StrSplit(ToAbsl(completion), '\n')) {
    const std::string_view line = ToStd(piece);
    const auto fence = FenceOf(line);
    if (!open && fence) {
      open = fence;
      blocks.push_back({fence->info.substr(0, fence->info.find_first_of(" {")), ""});
    } else if (open && fence && fence->mark == open->mark && fence->length >= open->length &&
               fence->info.empty()) {
      open.reset();
    } else if (open) {
      blocks.back().code.append(line).append("\n");
    }
  }
  return blocks;
}

bool IsTagOf(std::string_view tag, CodeLanguage language) {
  constexpr std::array kPython = {"python", "py", "python3", "py3"};
  constexpr std::array kCpp = {"cpp", "c++", "cc", "cxx", "c++17", "c++20"};
  const auto is = [&](const char* known) { return tag == known; };
  return language == CodeLanguage::kPython ? std::any_of(kPython.begin(), kPython.end(), is)
                                           : std::any_of(kCpp.begin(), kCpp.end(), is);
}

bool StartsWithName(absl::string_view text, std::string_view name) {
  if (!absl::ConsumePrefix(&text, ToAbsl(name))) return false;
  return text.empty() || (!absl::ascii_isalnum(text[0]) && text[0] != '_');
}

// A line at the left margin: def NAME(, class NAME, NAME =.
bool Defines(std::string_view code, std::string_view name) {
  for (absl::string_view line : absl::StrSplit(ToAbsl(code), '\n')) {
    absl::ConsumePrefix(&line, "async ");
    const bool statement =
        absl::ConsumePrefix(&line, "def ") || absl::ConsumePrefix(&line, "class ");
    if (statement) line = absl::StripLeadingAsciiWhitespace(line);
    if (StartsWithName(line, name) && (statement || absl::StrContains(line, "="))) return true;
  }
  return false;
}

}  // namespace

std::string CodeOf(std::string_view completion, CodeLanguage language, std::string_view wanted) {
  const std::vector<Block> blocks = BlocksOf(completion);
  std::vector<const Block*> candidates;
  for (const bool tagged : {true, false}) {
    for (const Block& block : blocks) {
      if (tagged ? IsTagOf(block.tag, language) : block.tag.empty()) candidates.push_back(&block);
    }
    if (!candidates.empty()) break;
  }
  if (candidates.empty()) return std::string(completion);
  for (auto block = candidates.rbegin(); block != candidates.rend(); ++block) {
    if (!wanted.empty() && Defines((*block)->code, wanted)) return (*block)->code;
  }
  return candidates.back()->code;
}

std::string ProgramOf(const CodeTask& task, std::string_view code) {
  const bool whole = !task.wanted.empty() && Defines(code, task.wanted);
  return whole ? std::string(code) : task.stub + std::string(code);
}

}  // namespace restem
