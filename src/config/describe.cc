#include "config/describe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "config/print.h"
#include "config/scalars.h"

namespace restem::config {
namespace {

using Kind = FieldInfo::Kind;

class Describer final : public Fields {
 public:
  std::vector<FieldInfo> take() { return std::move(fields_); }

  Purpose purpose() const override { return Purpose::kDescribe; }
  void boolean(std::string_view name, bool& value, std::string_view help) override {
    add(Kind::kBoolean, name, "true | false", "", value ? "true" : "false", help);
  }
  void integer(std::string_view name,
               int64_t& value,
               IntRange range,
               std::string_view help) override {
    // Out of its range it is no default: the user has to say.
    const bool given = value >= range.min && value <= range.max;
    add(Kind::kValue,
        name,
        "integer",
        FormatRange(range),
        given ? std::to_string(value) : "",
        help);
  }
  void real(std::string_view name, double& value, RealRange range, std::string_view help) override {
    add(Kind::kValue, name, "number", FormatRange(range), FormatReal(value), help);
  }
  void text(std::string_view name, std::string& value, std::string_view help) override {
    add(Kind::kValue, name, "text", "", FormatText(value), help);
  }
  void path(std::string_view name, std::string& value, std::string_view help) override {
    add(Kind::kValue, name, "path", "", FormatText(value), help);
  }
  bool choice(std::string_view name,
              std::string& value,
              std::span<const std::string_view> allowed,
              std::string_view help) override {
    std::vector<std::string_view> named;  // an empty one cannot be typed: it is the default
    std::copy_if(allowed.begin(), allowed.end(), std::back_inserter(named), [](const auto& each) {
      return !each.empty();
    });
    const std::string type = fmt::format("{}", fmt::join(named, " | "));
    add(Kind::kValue, name, type, "", FormatText(value), help);
    return true;
  }
  void auto_or(std::string_view name,
               std::optional<int64_t>& value,
               IntRange range,
               std::string_view help) override {
    add(Kind::kValue, name, "integer | auto", FormatRange(range), format_auto(value), help);
  }
  void auto_or_bytes(std::string_view name,
                     std::optional<int64_t>& value,
                     std::string_view help) override {
    add(Kind::kValue, name, "size | auto", "", format_auto(value), help);
  }
  void texts(std::string_view name,
             std::vector<std::string>& value,
             std::string_view help) override {
    std::vector<std::string> parts;
    parts.reserve(value.size());
    for (const std::string& item : value) parts.push_back(FormatText(item));
    add(Kind::kList, name, "list of text", "", fmt::format("[{}]", fmt::join(parts, ", ")), help);
  }
  void integers(std::string_view name,
                std::vector<int64_t>& value,
                IntRange range,
                std::string_view help) override {
    const std::string list = fmt::format("[{}]", fmt::join(value, ", "));
    add(Kind::kList, name, "list of integers", FormatRange(range), list, help);
  }
  void reals(std::string_view name,
             std::vector<double>& value,
             RealRange range,
             std::string_view help) override {
    const std::string list = fmt::format("[{}]", fmt::join(value, ", "));
    add(Kind::kList, name, "list of numbers", FormatRange(range), list, help);
  }
  void text_map(std::string_view name,
                std::map<std::string, std::vector<std::string>>& /*value*/,
                std::string_view help) override {
    add(Kind::kMap, name, "name: name, or name: [name, ...]", "", "{}", help);
  }
  using Fields::section;
  void section(std::string_view name,
               const std::function<void(Fields&)>& visit,
               bool* present,
               std::string_view help) override {
    add(Kind::kSection, name, "", "", "", help);
    fields_.back().optional = present != nullptr;
    descend(visit);
  }
  void sections(std::string_view name,
                const std::function<size_t()>& size,
                const std::function<void(size_t)>& resize,
                const std::function<void(size_t, Fields&)>& visit,
                std::string_view help) override {
    add(Kind::kSectionList, name, "", "", "[]", help);
    const size_t before = size();
    if (before == 0) resize(1);
    descend([&visit](Fields& f) { visit(0, f); });
    resize(before);
  }
  void require(bool /*holds*/, std::string_view /*name*/, std::string_view /*message*/) override {}
  void alternative(std::string_view heading,
                   const std::function<void(Fields&)>& visit,
                   std::string_view help) override {
    add(Kind::kAlternative, heading, "", "", "", help);
    descend(visit);
  }

 private:
  static std::string format_auto(const std::optional<int64_t>& value) {
    return value ? std::to_string(*value) : "auto";
  }
  void add(Kind kind,
           std::string_view name,
           std::string_view type,
           std::string_view range,
           std::string_view value,
           std::string_view help) {
    fields_.push_back({.kind = kind,
                       .depth = depth_,
                       .name = std::string(name),
                       .type = std::string(type),
                       .range = std::string(range),
                       .value = std::string(value),
                       .help = std::string(help)});
  }
  void descend(const std::function<void(Fields&)>& visit) {
    ++depth_;
    visit(*this);
    --depth_;
  }

  std::vector<FieldInfo> fields_;
  int depth_ = 0;
};

// The fields of an alternative, and those of an optional section, stand in comments: the text stays
// a valid file.
class ReferencePrinter {
 public:
  std::string print(const std::vector<FieldInfo>& fields) {
    for (const FieldInfo& field : fields) print_field(field);
    return std::move(out_);
  }

 private:
  void print_field(const FieldInfo& field) {
    if (commented_depth_ >= 0 && field.depth <= commented_depth_) commented_depth_ = -1;
    const bool section = field.kind == Kind::kSection || field.kind == Kind::kAlternative;
    std::string about = field.help;
    if (!field.type.empty()) about += fmt::format(" [{}]", field.type);
    if (!field.range.empty()) about.insert(about.size() - 1, " " + field.range);
    if (field.optional) about += " [may be absent]";
    if (field.kind == Kind::kSectionList) about += " [list; the keys of an item follow]";
    if (field.kind == Kind::kAlternative) about = fmt::format("With {}: {}", field.name, about);
    const size_t indent = 2 * static_cast<size_t>(field.depth);
    if (field.depth == 0 && !out_.empty()) out_ += '\n';
    for (const std::string& line : WrapText(about, 98 - indent)) {
      out_ += fmt::format("{}# {}\n", std::string(indent, ' '), line);
    }
    const bool own_keys_commented = section ? field.optional : field.kind == Kind::kSectionList;
    const bool opens_comment = field.kind == Kind::kAlternative || own_keys_commented;
    if (field.kind != Kind::kAlternative) {
      const bool commented = commented_depth_ >= 0 || field.optional;
      out_ += fmt::format("{}{}{}:{}{}\n",
                          std::string(indent, ' '),
                          commented ? "# " : "",
                          field.name,
                          field.value.empty() ? "" : " ",
                          field.value);
    }
    if (opens_comment && commented_depth_ < 0) commented_depth_ = field.depth;
  }

  std::string out_;
  int commented_depth_ = -1;  // what is deeper stands in comments; -1: nothing does
};

}  // namespace

std::vector<FieldInfo> DescribeFields(const VisitFn& visit) {
  Describer describer;
  visit(describer);
  return describer.take();
}

std::string PrintReference(const VisitFn& visit) {
  return ReferencePrinter().print(DescribeFields(visit));
}

std::vector<std::string> WrapText(std::string_view text, size_t width) {
  std::vector<std::string> lines;
  std::string line;
  while (!text.empty()) {
    const size_t blank = text.find(' ');
    const std::string_view word = text.substr(0, blank);
    text.remove_prefix(blank == std::string_view::npos ? text.size() : blank + 1);
    if (word.empty()) continue;
    if (!line.empty() && line.size() + 1 + word.size() > width) {
      lines.push_back(std::exchange(line, ""));
    }
    line += line.empty() ? "" : " ";
    line += word;
  }
  if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

}  // namespace restem::config
