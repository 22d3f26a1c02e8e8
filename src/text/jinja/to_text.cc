// str() and repr(): what {{ … }} prints.
#include <fmt/format.h>

#include "text/jinja/iterate.h"
#include "text/jinja/python_text.h"

namespace restem::jinja {
namespace {

void AppendRepr(Runtime& runtime, const Value& value, std::string& out);

void Grow(Runtime& runtime, std::string& out, std::string_view more) {
  runtime.work(more.size());
  if (static_cast<int64_t>(out.size() + more.size()) > kMaxTextBytes)
    Fail(fmt::format("a text is larger than {} MiB", kMaxTextBytes >> 20));
  out += more;
}

void AppendItems(Runtime& runtime,
                 const std::vector<Value>& items,
                 std::string_view open,
                 std::string_view close,
                 std::string& out) {
  out += open;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ", ";
    AppendRepr(runtime, items[i], out);
  }
  out += close;
}

void AppendDict(Runtime& runtime, const Dict& dict, std::string& out) {
  out += '{';
  for (size_t i = 0; i < dict.items.size(); ++i) {
    if (i > 0) out += ", ";
    AppendRepr(runtime, dict.items[i].first, out);
    out += ": ";
    AppendRepr(runtime, dict.items[i].second, out);
  }
  out += '}';
}

void AppendNamespace(Runtime& runtime, const Namespace& space, std::string& out) {
  out += "<Namespace {";
  for (size_t i = 0; i < space.attributes.size(); ++i) {
    if (i > 0) out += ", ";
    out += Repr(space.attributes[i].first) + ": ";
    AppendRepr(runtime, space.attributes[i].second, out);
  }
  out += "}>";
}

void AppendRepr(Runtime& runtime, const Value& value, std::string& out) {
  const Deeper deeper(runtime);
  runtime.step();
  switch (value.kind()) {
    case Kind::kMissing:
    case Kind::kUndefined:
      out += "Undefined";
      break;
    case Kind::kNone:
      out += "None";
      break;
    case Kind::kBool:
      out += value.integer() != 0 ? "True" : "False";
      break;
    case Kind::kInt:
      out += fmt::format("{}", value.integer());
      break;
    case Kind::kFloat:
      out += FloatRepr(value.real());
      break;
    case Kind::kText: {
      const Text& text = value.as<Text>();
      const std::string repr = Repr(text.bytes);
      Grow(runtime, out, text.safe ? fmt::format("Markup({})", repr) : repr);
      break;
    }
    case Kind::kList:
      AppendItems(runtime, value.as<Sequence>().items, "[", "]", out);
      break;
    case Kind::kTuple: {
      const auto& items = value.as<Sequence>().items;
      AppendItems(runtime, items, "(", items.size() == 1 ? ",)" : ")", out);
      break;
    }
    case Kind::kDict:
      AppendDict(runtime, value.as<Dict>(), out);
      break;
    case Kind::kView: {
      const auto what = value.as<View>().what;
      out += what == View::What::kKeys     ? "dict_keys("
             : what == View::What::kValues ? "dict_values("
                                           : "dict_items(";
      AppendItems(runtime, Collect(runtime, value), "[", "])", out);
      break;
    }
    case Kind::kRange: {
      const Range& range = value.as<Range>();
      out += fmt::format("range({}, {}", range.start, range.stop);
      out += range.step == 1 ? ")" : fmt::format(", {})", range.step);
      break;
    }
    case Kind::kNamespace:
      AppendNamespace(runtime, value.as<Namespace>(), out);
      break;
    case Kind::kGenerator:
    case Kind::kLoop:
    case Kind::kMacro:
    case Kind::kFunction:
    case Kind::kCycler:
    case Kind::kJoiner:
      Fail(fmt::format("printing a {} is not supported", TypeName(value)));
  }
}

}  // namespace

std::string ToText(Runtime& runtime, const Value& value) {
  if (value.undefined()) return "";
  if (value.is(Kind::kText)) {
    runtime.work(value.as<Text>().bytes.size());
    return value.as<Text>().bytes;
  }
  return ToRepr(runtime, value);
}

std::string ToRepr(Runtime& runtime, const Value& value) {
  std::string out;
  AppendRepr(runtime, value, out);
  return out;
}

}  // namespace restem::jinja
