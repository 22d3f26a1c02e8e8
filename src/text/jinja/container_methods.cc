// The methods of lists, tuples, dicts, ranges and cyclers that change nothing but a cycler.
#include <fmt/format.h>

#include <algorithm>

#include "text/jinja/attribute.h"
#include "text/jinja/bind.h"
#include "text/jinja/compare.h"
#include "text/jinja/iterate.h"

namespace restem::jinja {
namespace {

Value DictGet(Runtime& runtime, const Value& self, Arguments& arguments) {
  const Bound bound("get", arguments, {"key/", "default/"}, 1);
  if (const Value* value = self.as<Dict>().find(runtime, bound[0])) return *value;
  return bound.has(1) ? bound[1] : Value::none();
}

template <View::What what>
Value DictView(Runtime&, const Value& self, Arguments& arguments) {
  const Bound bound("a dict's method", arguments, {});
  auto view = std::make_shared<View>();
  view->dict = self;
  view->what = what;
  return {Kind::kView, std::move(view)};
}

// What never changes needs no copy.
Value Copy(Runtime&, const Value& self, Arguments& arguments) {
  const Bound bound("copy", arguments, {});
  return self;
}

Value Count(Runtime& runtime, const Value& self, Arguments& arguments) {
  const Bound bound("count", arguments, {"value/"}, 1);
  int64_t count = 0;
  const Next next = Iterate(runtime, self);
  for (Value item; next(item);) count += Equal(runtime, item, bound[0]) ? 1 : 0;
  return Value::integer(count);
}

Value Index(Runtime& runtime, const Value& self, Arguments& arguments) {
  const Bound bound("index", arguments, {"value/", "start/", "stop/"}, 1);
  const int64_t length = Length(runtime, self);
  const auto place = [&](size_t i, int64_t fallback) {
    const int64_t index = bound.integer(i, fallback);
    return std::clamp<int64_t>(index < 0 ? index + length : index, 0, length);
  };
  const int64_t stop = place(2, length);
  for (int64_t i = place(1, 0); i < stop; ++i) {
    const Value item = GetItem(runtime, self, Value::integer(i));
    if (Equal(runtime, item, bound[0])) return Value::integer(i);
  }
  Fail(fmt::format("{} is not in the {}", ToRepr(runtime, bound[0]), TypeName(self)));
}

Value CyclerNext(Runtime&, const Value& self, Arguments& arguments) {
  const Bound bound("next", arguments, {});
  Cycler& cycler = self.as<Cycler>();
  const Value item = cycler.items[cycler.position];
  cycler.position = (cycler.position + 1) % cycler.items.size();
  return item;
}

Value CyclerReset(Runtime&, const Value& self, Arguments& arguments) {
  const Bound bound("reset", arguments, {});
  self.as<Cycler>().position = 0;
  return Value::none();
}

}  // namespace

Method FindContainerMethod(Kind kind, std::string_view name) {
  if (kind == Kind::kDict) {
    if (name == "get") return DictGet;
    if (name == "keys") return DictView<View::What::kKeys>;
    if (name == "values") return DictView<View::What::kValues>;
    if (name == "items") return DictView<View::What::kItems>;
    if (name == "copy") return Copy;
    if (name == "fromkeys") Fail("the method fromkeys is not supported");
  }
  if (kind == Kind::kList || kind == Kind::kTuple || kind == Kind::kRange) {
    if (name == "count") return Count;
    if (name == "index") return Index;
    if (name == "copy" && kind == Kind::kList) return Copy;
  }
  if (kind == Kind::kCycler) {
    if (name == "next") return CyclerNext;
    if (name == "reset") return CyclerReset;
  }
  return nullptr;
}

}  // namespace restem::jinja
