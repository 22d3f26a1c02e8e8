#include "report/markup.h"

#include <fmt/format.h>

#include <cstdint>

namespace restem {
namespace {

// Length of the well-formed UTF-8 sequence at the start of `text`, 0 if there is none (RFC 3629,
// table 3-7 of Unicode).
size_t Utf8Length(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : 0; };
  const auto tail = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool overlong = lead == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = lead == 0xED && byte(1) > 0x9F;
    return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool overlong = lead == 0xF0 && byte(1) < 0x90;
    const bool too_large = lead == 0xF4 && byte(1) > 0x8F;
    return tail(1) && tail(2) && tail(3) && !overlong && !too_large ? 4 : 0;
  }
  return 0;
}

// U+FFFE and U+FFFF are well-formed UTF-8 but may not stand in XML.
bool IsNoncharacter(std::string_view sequence) {
  return sequence == "\xEF\xBF\xBE" || sequence == "\xEF\xBF\xBF";
}

std::string_view Entity(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return "";
  }
}

}  // namespace

std::string Escape(std::string_view text) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    const std::string_view sequence = text.substr(0, length == 0 ? 1 : length);
    text.remove_prefix(sequence.size());
    const char c = sequence.front();
    const bool control = (static_cast<uint8_t>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7F;
    if (length == 0 || control || IsNoncharacter(sequence)) {
      out += kReplacement;
    } else if (const std::string_view entity = Entity(c); !entity.empty()) {
      out += entity;
    } else {
      out += sequence;
    }
  }
  return out;
}

void HtmlTable::add_row(std::vector<Cell> cells, std::string style) {
  cells.resize(header_.size(), Cell(""));
  rows_.push_back({std::move(cells), std::move(style)});
}

std::string HtmlTable::render() const {
  std::vector<bool> used(header_.size(), false);
  for (const Row& row : rows_) {
    for (size_t c = 0; c < row.cells.size(); ++c) used[c] = used[c] || !row.cells[c].text.empty();
  }
  std::string html = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
      "aria-label=\"{0}\"><table><caption>{0}</caption>\n"
      "<thead><tr>",
      Escape(caption_));
  for (size_t c = 0; c < header_.size(); ++c) {
    if (used[c]) html += fmt::format("<th scope=\"col\">{}</th>", Escape(header_[c]));
  }
  html += "</tr></thead>\n<tbody>\n";
  for (const Row& row : rows_) {
    html += row.style.empty() ? "<tr>" : fmt::format("<tr class=\"{}\">", row.style);
    for (size_t c = 0; c < row.cells.size(); ++c) {
      if (!used[c]) continue;
      const Cell& cell = row.cells[c];
      const std::string style = cell.style.empty() ? "" : fmt::format(" class=\"{}\"", cell.style);
      html += c == 0 ? fmt::format("<th scope=\"row\"{}>{}</th>", style, Escape(cell.text))
                     : fmt::format("<td{}>{}</td>", style, Escape(cell.text));
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string Section(std::string_view heading, std::string_view lead, std::string_view html) {
  const std::string paragraph =
      lead.empty() ? "" : fmt::format("<p class=\"lead\">{}</p>\n", Escape(lead));
  return fmt::format("<section>\n<h2>{}</h2>\n{}{}</section>\n", Escape(heading), paragraph, html);
}

}  // namespace restem
