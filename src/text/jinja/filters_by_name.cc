// Filters that apply an attribute, another filter or a test to each item.
#include <fmt/format.h>

#include "text/jinja/bind.h"
#include "text/jinja/compare.h"
#include "text/jinja/filters.h"
#include "text/jinja/iterate.h"
#include "text/jinja/tests.h"

namespace restem::jinja {
namespace {

// What a filter by name does to each item.
using Convert = std::function<Value(const Value&)>;

std::string NameOf(const Value& name) {
  if (!name.is(Kind::kText)) Fail("the name of a filter or test must be text");
  return name.as<Text>().bytes;
}

Convert ByAttribute(Runtime& runtime, const Arguments& arguments) {
  const Value* attribute = nullptr;
  Value fallback = Value::none();
  for (const auto& [name, value] : arguments.named) {
    if (name == "attribute") {
      attribute = &value;
    } else if (name == "default") {
      fallback = value;
    } else {
      Fail(fmt::format("map: unexpected keyword argument '{}'", name));
    }
  }
  return [&runtime, path = Path(runtime, attribute), fallback](const Value& item) {
    return AtPath(runtime, item, path, &fallback);
  };
}

Convert ByFilter(Runtime& runtime, Arguments arguments) {
  if (arguments.positional.empty()) Fail("map requires a filter argument");
  const std::string name = NameOf(arguments.positional[0]);
  arguments.positional.erase(arguments.positional.begin());
  const Method filter = FindFilter(name);
  return [&runtime, name, filter, arguments](const Value& item) {
    if (filter == nullptr) Fail(NoFilter(name));
    Arguments own = arguments;
    return filter(runtime, item, own);
  };
}

Value Map(Runtime& runtime, const Value& self, Arguments& arguments) {
  // Like Python's generators: nothing happens before the first item is asked for.
  return runtime.generator(
      [&runtime, self, arguments, next = Next(), convert = Convert()](Value& out) mutable {
        if (next == nullptr) {
          if (!Truth(self)) return false;
          const bool attribute =
              arguments.positional.empty() && !arguments.named.empty() &&
              std::any_of(arguments.named.begin(), arguments.named.end(), [](const auto& named) {
                return named.first == "attribute";
              });
          convert = attribute ? ByAttribute(runtime, arguments) : ByFilter(runtime, arguments);
          next = Iterate(runtime, self);
        }
        if (!next(out)) return false;
        out = convert(out);
        return true;
      });
}

Convert Condition(Runtime& runtime, Arguments arguments, bool attribute) {
  std::vector<Value> path;
  if (attribute) {
    if (arguments.positional.empty()) Fail("Missing parameter for attribute name");
    path = Path(runtime, &arguments.positional[0]);
    arguments.positional.erase(arguments.positional.begin());
  }
  if (arguments.positional.empty()) {
    return [&runtime, path](const Value& item) {
      return Value::boolean(Truth(AtPath(runtime, item, path, nullptr)));
    };
  }
  const std::string name = NameOf(arguments.positional[0]);
  arguments.positional.erase(arguments.positional.begin());
  const Method test = FindTest(name);
  return [&runtime, path, name, test, arguments](const Value& item) {
    const Value value = AtPath(runtime, item, path, nullptr);
    if (test == nullptr) Fail(NoTest(name));
    Arguments own = arguments;
    return test(runtime, value, own);
  };
}

template <bool wanted, bool attribute>
Value Select(Runtime& runtime, const Value& self, Arguments& arguments) {
  return runtime.generator(
      [&runtime, self, arguments, next = Next(), condition = Convert()](Value& out) mutable {
        if (next == nullptr) {
          if (!Truth(self)) return false;
          condition = Condition(runtime, arguments, attribute);
          next = Iterate(runtime, self);
        }
        while (next(out))
          if (Truth(condition(out)) == wanted) return true;
        return false;
      });
}

}  // namespace

Method FindByNameFilter(std::string_view name) {
  if (name == "map") return Map;
  if (name == "select") return Select<true, false>;
  if (name == "reject") return Select<false, false>;
  if (name == "selectattr") return Select<true, true>;
  if (name == "rejectattr") return Select<false, true>;
  return nullptr;
}

}  // namespace restem::jinja
