#include "text/jinja/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "text/jinja/compare.h"
#include "text/jinja/iterate.h"
#include "text/jinja/python_text.h"
#include "text/unicode.h"

namespace restem::jinja {
namespace {

class Writer {
 public:
  Writer(Runtime& runtime, const JsonOptions& options) : runtime_(runtime), options_(options) {}

  void write(const Value& value, int level) {
    const Deeper deeper(runtime_);
    runtime_.step();
    switch (value.kind()) {
      case Kind::kNone:
      case Kind::kBool:
      case Kind::kInt:
      case Kind::kFloat:
        out_ += scalar(value);
        break;
      case Kind::kText:
        quoted(value.as<Text>().bytes);
        break;
      case Kind::kList:
      case Kind::kTuple:
        list(value.as<Sequence>().items, level);
        break;
      case Kind::kDict:
        dict(value.as<Dict>(), level);
        break;
      default:
        Fail(fmt::format("Object of type {} is not JSON serializable", TypeName(value)));
    }
    if (static_cast<int64_t>(out_.size()) > kMaxTextBytes) Fail("a text is too large");
  }

  std::string take() { return std::move(out_); }

 private:
  static std::string scalar(const Value& value) {
    if (value.is(Kind::kNone)) return "null";
    if (value.is(Kind::kBool)) return value.integer() != 0 ? "true" : "false";
    if (value.is(Kind::kInt)) return fmt::format("{}", value.integer());
    const double real = value.real();
    if (std::isnan(real)) return "NaN";
    if (std::isinf(real)) return real > 0 ? "Infinity" : "-Infinity";
    return FloatRepr(real);
  }

  void quoted(std::string_view text) {
    runtime_.work(text.size());
    out_ += '"';
    for (size_t at = 0; at < text.size();) {
      const size_t start = at;
      const int32_t c = text::NextCodepoint(text, &at);
      switch (c) {
        case '"':
          out_ += "\\\"";
          break;
        case '\\':
          out_ += "\\\\";
          break;
        case '\n':
          out_ += "\\n";
          break;
        case '\r':
          out_ += "\\r";
          break;
        case '\t':
          out_ += "\\t";
          break;
        case '\b':
          out_ += "\\b";
          break;
        case '\f':
          out_ += "\\f";
          break;
        default:
          if (c < 0x20 || (options_.ensure_ascii && c >= 0x7F)) {
            escaped(c);
          } else {
            out_ += text.substr(start, at - start);
          }
      }
    }
    out_ += '"';
  }

  void escaped(int32_t c) {
    if (c < 0x10000) {
      out_ += fmt::format("\\u{:04x}", c);
      return;
    }
    c -= 0x10000;
    out_ += fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + (c >> 10), 0xDC00 + (c & 0x3FF));
  }

  void line(int level) {
    if (!options_.indent) return;
    out_ += '\n';
    runtime_.work(options_.indent->size() * static_cast<size_t>(level));
    for (; level > 0; --level) out_ += *options_.indent;
  }

  void list(const std::vector<Value>& items, int level) {
    if (items.empty()) {
      out_ += "[]";
      return;
    }
    out_ += '[';
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out_ += options_.item_separator;
      line(level + 1);
      write(items[i], level + 1);
    }
    line(level);
    out_ += ']';
  }

  void dict(const Dict& dict, int level) {
    if (dict.items.empty()) {
      out_ += "{}";
      return;
    }
    std::vector<const std::pair<Value, Value>*> items;
    for (const auto& item : dict.items) items.push_back(&item);
    if (options_.sort_keys) {
      std::stable_sort(items.begin(), items.end(), [&](const auto* a, const auto* b) {
        return Less(runtime_, a->first, b->first);
      });
    }
    out_ += '{';
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out_ += options_.item_separator;
      line(level + 1);
      key(items[i]->first);
      out_ += options_.key_separator;
      write(items[i]->second, level + 1);
    }
    line(level);
    out_ += '}';
  }

  void key(const Value& key) {
    if (key.is(Kind::kText)) return quoted(key.as<Text>().bytes);
    if (!key.number() && !key.is(Kind::kNone))
      Fail(
          fmt::format("keys of JSON must be text, numbers, truths or None, not {}", TypeName(key)));
    quoted(scalar(key));
  }

  Runtime& runtime_;
  const JsonOptions& options_;
  std::string out_;
};

}  // namespace

std::string JsonText(Runtime& runtime, const Value& value, const JsonOptions& options) {
  Writer writer(runtime, options);
  writer.write(value, 0);
  return writer.take();
}

}  // namespace restem::jinja
