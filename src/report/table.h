// Plain-text tables for the terminal: the first column to the left, the others to the right.
#pragma once

#include <string>
#include <vector>

namespace restem {

class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header) : header_(std::move(header)) {}

  // Missing cells at the end are empty; a row never has more cells than the header.
  void add_row(std::vector<std::string> cells);

  // Each line is indented by two spaces and ends in a newline. A column that is empty in every row
  // is left out.
  std::string render() const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace restem
