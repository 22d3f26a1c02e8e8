// Escaping, and the few HTML building blocks that reports are made of. The pages are well-formed
// XML as well as HTML. Every function takes plain text and escapes it, unless its parameter is
// called `html`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace restem {

// & < > " ' as entities; bytes that are not UTF-8 and control characters (but tab and newline) as
// U+FFFD.
std::string Escape(std::string_view text);

// One cell of a table: text, and a class of the style sheet ("good", "bad", "quiet", or empty).
struct Cell {
  Cell(std::string cell_text,
       std::string cell_style = "")  // NOLINT: cells are written as plain strings
      : text(std::move(cell_text)), style(std::move(cell_style)) {}
  Cell(const char* cell_text) : text(cell_text) {}  // NOLINT
  std::string text;
  std::string style;
};

// A table with a caption; the first column names the row, the others are numbers and go to the
// right. Columns that are empty in every row are left out.
class HtmlTable {
 public:
  HtmlTable(std::string caption, std::vector<std::string> header)
      : caption_(std::move(caption)), header_(std::move(header)) {}
  void add_row(std::vector<Cell> cells, std::string style = "");
  bool empty() const { return rows_.empty(); }
  std::string render() const;

 private:
  struct Row {
    std::vector<Cell> cells;
    std::string style;
  };
  std::string caption_;
  std::vector<std::string> header_;
  std::vector<Row> rows_;
};

// <section> with a heading and, if not empty, a sentence below it.
std::string Section(std::string_view heading, std::string_view lead, std::string_view html);

// The whole page: style sheet inline, nothing loaded from anywhere. `iterations` is how many
// iteration colours the charts use (the base not counted).
std::string Page(std::string_view title, int iterations, std::string_view html);

}  // namespace restem
