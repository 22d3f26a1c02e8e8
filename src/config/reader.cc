#include "config/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/nearest.h"
#include "config/scalars.h"

namespace restem::config {
Reader::Reader(const Node& root, Problems& problems) : problems_(problems) {
  root_place_.origin = root.origin;
  Frame frame{.map = nullptr, .around = &root_place_, .where = "", .known = {}};
  if (root.kind == NodeKind::kMap) {
    frame.map = &root;
  } else if (root.kind != NodeKind::kNull) {
    problems_.add(
        root_place_, "", fmt::format("expected `key: value` lines, got {}", Describe(root)));
    frame.silent = true;
  }
  frames_.push_back(std::move(frame));
}

void Reader::finish() {
  note_unknown(frames_.front());
  for (const Unknown& unknown : unknown_) {
    std::string suggestion = unknown.nearest;
    if (suggestion.empty()) {  // the key of another section
      for (const std::string& key : all_keys_) {
        if (!key.ends_with(fmt::format(".{}", unknown.name))) continue;
        if (!suggestion.empty()) suggestion += " or ";
        suggestion += key;
      }
    }
    const bool flag = unknown.node->origin->kind == Origin::Kind::kFlag;
    problems_.add(*unknown.node,
                  unknown.where,
                  fmt::format("unknown {}{}", flag ? "flag" : "key", Suggestion(suggestion)));
  }
}

// ---- Where we are ----

const Node* Reader::find(std::string_view name) {
  Frame& frame = frames_.back();
  frame.known.emplace_back(name);
  if (!frame.listed) all_keys_.push_back(join(name));
  return frame.map == nullptr ? nullptr : frame.map->find(name);
}

std::string Reader::join(std::string_view name) const {
  const std::string& where = frames_.back().where;
  return where.empty() ? std::string(name) : fmt::format("{}.{}", where, name);
}

void Reader::visit_frame(Frame frame, const std::function<void(Fields&)>& visit) {
  frames_.push_back(std::move(frame));
  visit(*this);
  note_unknown(frames_.back());
  frames_.pop_back();
}

void Reader::note_unknown(const Frame& frame) {
  if (frame.map == nullptr || frame.ignore_rest) return;
  for (size_t i = 0; i < frame.map->keys.size(); ++i) {
    const std::string& name = frame.map->keys[i];
    if (std::find(frame.known.begin(), frame.known.end(), name) != frame.known.end()) continue;
    unknown_.push_back(
        {.node = &frame.map->items[i],
         .where = frame.where.empty() ? name : fmt::format("{}.{}", frame.where, name),
         .name = name,
         .nearest = Nearest(name, frame.known)});
  }
}

void Reader::ignore_rest() { frames_.back().ignore_rest = true; }

void Reader::wrong(const Node& node, std::string_view where, std::string_view expected) {
  problems_.add(node, where, fmt::format("expected {}, got {}", expected, Describe(node)));
}

void Reader::require(bool holds, std::string_view name, std::string_view message) {
  const Frame& frame = frames_.back();
  const std::string where = join(name);
  if (holds || frame.silent || problems_.has(where)) return;
  const Node* at = frame.map;
  const Node* deepest = frame.around;
  for (std::string_view rest = name; at != nullptr && !rest.empty();) {
    const size_t dot = rest.find('.');
    const std::string_view part = rest.substr(0, dot);
    rest = dot == std::string_view::npos ? "" : rest.substr(dot + 1);
    if (at->kind == NodeKind::kList) {
      const std::optional<int64_t> index = ToInteger(part);
      const bool inside = index && *index >= 0 && *index < static_cast<int64_t>(at->items.size());
      at = inside ? &at->items[static_cast<size_t>(*index)] : nullptr;
    } else {
      at = at->find(part);
    }
    if (at != nullptr) deepest = at;
  }
  problems_.add(*deepest, where, message);
}

// ---- Sections ----

void Reader::section(std::string_view name,
                     const std::function<void(Fields&)>& visit,
                     bool* present,
                     std::string_view /*help*/) {
  const Node* node = find(name);
  if (present != nullptr) {
    if (node == nullptr) return;
    const bool untyped_null = node->kind == NodeKind::kUntyped && node->text == "null";
    *present = node->kind != NodeKind::kNull && !untyped_null;
    if (!*present) return;
  }
  const Frame& outer = frames_.back();
  Frame frame{.map = nullptr,
              .around = node == nullptr ? outer.around : node,
              .where = join(name),
              .known = {},
              .silent = outer.silent,
              .listed = outer.listed};
  if (node != nullptr && node->kind == NodeKind::kMap) {
    frame.map = node;
  } else if (node != nullptr) {
    wrong(*node, frame.where, "a mapping of keys");
    frame.silent = true;
  }
  visit_frame(std::move(frame), visit);
}

void Reader::sections(std::string_view name,
                      const std::function<size_t()>& /*size*/,
                      const std::function<void(size_t)>& resize,
                      const std::function<void(size_t, Fields&)>& visit,
                      std::string_view /*help*/) {
  const Node* node = find(name);
  if (node == nullptr) return;
  const std::string where = join(name);
  if (node->kind != NodeKind::kList) return wrong(*node, where, "a list of mappings");
  resize(node->items.size());
  for (size_t i = 0; i < node->items.size(); ++i) {
    const Node& item = node->items[i];
    Frame frame{.map = nullptr,
                .around = &item,
                .where = fmt::format("{}.{}", where, i),
                .known = {},
                .silent = frames_.back().silent,
                .listed = true};
    if (item.kind == NodeKind::kMap) {
      frame.map = &item;
    } else {
      wrong(item, frame.where, "a mapping of keys");
      frame.silent = true;
    }
    visit_frame(std::move(frame), [&visit, i](Fields& f) { visit(i, f); });
  }
}

}  // namespace restem::config
