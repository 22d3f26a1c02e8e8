#include "config/flags.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "config/describe.h"
#include "config/nearest.h"
#include "config/problems.h"
#include "config/reader.h"
#include "config/tree.h"

namespace restem::config {
namespace {

using Kind = FieldInfo::Kind;

bool IsFlag(const FieldInfo& field) {
  return field.depth == 0 &&
         (field.kind == Kind::kBoolean || field.kind == Kind::kValue || field.kind == Kind::kList);
}

std::shared_ptr<const Origin> FlagOrigin(std::string_view label) {
  return std::make_shared<const Origin>(Origin{Origin::Kind::kFlag, std::string(label), ""});
}

// Turns arguments into a tree for the reader: a map from field names to untyped values.
class ArgumentParser {
 public:
  ArgumentParser(const VisitFn& visit, Problems& problems) : problems_(problems) {
    for (FieldInfo& field : DescribeFields(visit)) {
      if (IsFlag(field)) fields_.push_back(std::move(field));
    }
    root_.kind = NodeKind::kMap;
    root_.origin = FlagOrigin("");
  }

  Node parse(std::span<const std::string> args, std::vector<std::string>& positionals) {
    for (size_t i = 0; i < args.size(); ++i) {
      place_ = static_cast<int>(i) + 1;
      const std::string& arg = args[i];
      if (arg == "--") {
        positionals.insert(positionals.end(), args.begin() + static_cast<long>(i) + 1, args.end());
        break;
      }
      if (arg.size() < 2 || arg[0] != '-') {
        positionals.push_back(arg);
        continue;
      }
      const std::optional<std::string> next =
          i + 1 < args.size() ? std::optional(args[i + 1]) : std::nullopt;
      if (take(arg, next)) ++i;
    }
    return std::move(root_);
  }

 private:
  // Whether the next argument was used up as the flag's value.
  bool take(const std::string& arg, const std::optional<std::string>& next) {
    const size_t equals = arg.find('=');
    const std::string flag = arg == "-h" ? "--help" : arg.substr(0, equals);
    std::optional<std::string> value;
    if (equals != std::string::npos) value = arg.substr(equals + 1);
    const FieldInfo* field = find(flag);
    if (field == nullptr && take_negation(flag, value)) return false;
    if (field == nullptr) {
      report(flag, fmt::format("unknown flag{}", Suggestion(Nearest(flag, names()))));
      return false;
    }
    if (field->kind == Kind::kBoolean) {
      put(*field, flag, value.value_or("true"));
      return false;
    }
    const bool take_next = !value && next && !next->starts_with("--");
    if (take_next) value = next;
    if (value) {
      put(*field, flag, *value);
    } else {
      report(flag, fmt::format("needs a value ({})", field->type));
    }
    return take_next;
  }

  // --no-quiet
  bool take_negation(const std::string& flag, const std::optional<std::string>& value) {
    if (!flag.starts_with("--no-")) return false;
    const FieldInfo* field = find(fmt::format("--{}", flag.substr(5)));
    if (field == nullptr || field->kind != Kind::kBoolean) return false;
    if (value) {
      report(flag, "takes no value");
    } else {
      put(*field, flag, "false");
    }
    return true;
  }

  void put(const FieldInfo& field, const std::string& flag, const std::string& text) {
    Node value;
    value.kind = NodeKind::kUntyped;
    value.text = text;
    value.line = place_;
    value.origin = FlagOrigin(flag);
    Node* there = root_.find(field.name);
    if (field.kind == Kind::kList) {
      if (there == nullptr) {
        root_.keys.push_back(field.name);
        there = &root_.items.emplace_back();
        there->kind = NodeKind::kList;
        there->line = place_;
        there->origin = value.origin;
      }
      there->items.push_back(std::move(value));
    } else if (there != nullptr) {
      report(flag, "given twice");
    } else {
      root_.keys.push_back(field.name);
      root_.items.push_back(std::move(value));
    }
  }

  const FieldInfo* find(std::string_view flag) const {
    const auto it = std::find_if(fields_.begin(), fields_.end(), [flag](const FieldInfo& field) {
      return FlagName(field.name) == flag;
    });
    return it == fields_.end() ? nullptr : &*it;
  }

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const FieldInfo& field : fields_) names.push_back(FlagName(field.name));
    return names;
  }

  void report(const std::string& flag, std::string_view message) {
    Node at;
    at.line = place_;
    at.origin = FlagOrigin(Printable(flag));
    problems_.add(at, "", message);
  }

  std::vector<FieldInfo> fields_;
  Problems& problems_;
  Node root_;
  int place_ = 0;  // of the argument at hand, from 1
};

// " N", " TEXT", " cpu|cuda|auto": what follows the flag's name.
std::string ValueHint(const FieldInfo& field) {
  if (field.kind == Kind::kBoolean) return "";
  if (field.type == "text" || field.type == "list of text") return " TEXT";
  if (field.type == "path") return " PATH";
  if (field.kind == Kind::kList || field.type == "integer" || field.type == "number") return " N";
  std::string hint = " ";
  for (const char c : field.type) {
    if (c != ' ') hint += c;
  }
  return hint;
}

// What the user need not know is left out: the default of a boolean that is off, an empty text or
// list.
std::string About(const FieldInfo& field) {
  std::vector<std::string> notes;
  if (!field.range.empty()) notes.push_back(field.range);
  if (field.kind == Kind::kList) notes.emplace_back("may be repeated");
  const bool empty = field.value == "\"\"" || field.value == "[]";
  const bool off = field.kind == Kind::kBoolean && field.value == "false";
  if (field.value.empty()) notes.emplace_back("needed");
  if (!empty && !off && !field.value.empty())
    notes.push_back(fmt::format("default {}", field.value));
  if (notes.empty()) return field.help;
  return fmt::format("{} [{}]", field.help, fmt::join(notes, "; "));
}

}  // namespace

absl::Status ParseFlags(std::span<const std::string> args,
                        const VisitFn& visit,
                        std::vector<std::string>& positionals) {
  Problems problems;
  const Node root = ArgumentParser(visit, problems).parse(args, positionals);
  Reader reader(root, problems);
  visit(reader);
  reader.finish();
  return problems.status();
}

std::string FlagsHelp(const VisitFn& visit) {
  constexpr size_t kColumn = 30;
  constexpr size_t kWidth = 100;
  std::string out;
  for (const FieldInfo& field : DescribeFields(visit)) {
    if (!IsFlag(field)) continue;
    const bool on = field.kind == Kind::kBoolean && field.value == "true";
    const std::string name =
        on ? fmt::format("--no-{}", FlagName(field.name).substr(2)) : FlagName(field.name);
    std::string left = fmt::format("  {}{}", name, ValueHint(field));
    if (left.size() + 2 > kColumn) {
      out += fmt::format("{}\n", left);
      left.clear();
    }
    for (const std::string& line : WrapText(About(field), kWidth - kColumn)) {
      out += fmt::format("{:<{}}{}\n", left, kColumn, line);
      left.clear();
    }
  }
  return out;
}

}  // namespace restem::config
