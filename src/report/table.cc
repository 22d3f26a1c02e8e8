#include "report/table.h"

#include <algorithm>

#include "report/format.h"

namespace restem {

void TextTable::add_row(std::vector<std::string> cells) {
  cells.resize(header_.size());
  rows_.push_back(std::move(cells));
}

std::string TextTable::render() const {
  std::vector<size_t> widths;  // 0: left out
  for (size_t c = 0; c < header_.size(); ++c) {
    size_t widest = 0;
    for (const auto& row : rows_) widest = std::max(widest, DisplayWidth(row[c]));
    widths.push_back(widest == 0 ? 0 : std::max(widest, DisplayWidth(header_[c])));
  }
  std::string out;
  const auto add_line = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (size_t c = 0; c < cells.size(); ++c) {
      if (widths[c] == 0) continue;
      const std::string padding(widths[c] - DisplayWidth(cells[c]), ' ');
      line += "  " + (c == 0 ? cells[c] + padding : padding + cells[c]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  add_line(header_);
  std::vector<std::string> rule;
  for (const size_t width : widths) {
    rule.emplace_back();
    for (size_t i = 0; i < width; ++i) rule.back() += "─";
  }
  add_line(rule);
  for (const auto& row : rows_) add_line(row);
  return out;
}

}  // namespace restem
