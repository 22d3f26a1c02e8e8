#include "config/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace restem::config {
namespace {

constexpr size_t kLargestFile = size_t{1} << 20;  // bytes; a job is a few thousand
constexpr size_t kDeepest = 32;

// Builds the tree of one document. Errors are thrown as YAML's own, with their mark.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::shared_ptr<const Origin> origin, Problems& problems)
      : origin_(std::move(origin)), problems_(problems) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) throw YAML::ParserException(mark, "a second document; one is expected");
  }
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark& mark, const std::string& /*name*/) override {
    throw YAML::ParserException(mark, "anchors (&) are not supported");
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    throw YAML::ParserException(mark, "aliases (*) are not supported");
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    if (expects_key()) throw YAML::ParserException(mark, "an empty key");
    add(mark, NodeKind::kNull);
  }
  void OnScalar(const YAML::Mark& mark,
                const std::string& tag,
                YAML::anchor_t /*anchor*/,
                const std::string& text) override {
    if (tag == "!") last_quoted_ = mark;
    if (expects_key()) return take_key(mark, text);
    Node& node = add(mark, kind_of_scalar(mark, tag, text));
    if (node.is_scalar()) node.text = text;
  }
  void OnSequenceStart(const YAML::Mark& mark,
                       const std::string& tag,
                       YAML::anchor_t /*anchor*/,
                       YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, NodeKind::kList);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark,
                  const std::string& tag,
                  YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, NodeKind::kMap);
  }
  void OnMapEnd() override { close(); }

  Node take() { return std::move(root_); }
  // Where the last scalar in quotes begins; null_mark if there is none.
  const YAML::Mark& last_quoted() const { return last_quoted_; }

 private:
  // A list or map being filled. Nodes are moved into their parent when they are complete, so that
  // no pointer into a growing vector is kept.
  struct Open {
    Node node;
    std::string key;    // of a map: the one whose value comes next
    int key_line = 0;   // 0: a key comes next
    std::string where;  // dotted key of `node`
    bool drop = false;  // `node` is the value of a duplicate key
  };

  bool expects_key() const {
    return !open_.empty() && open_.back().node.kind == NodeKind::kMap && open_.back().key_line == 0;
  }

  static NodeKind kind_of_scalar(const YAML::Mark& mark,
                                 const std::string& tag,
                                 const std::string& text) {
    if (tag == "!" || tag == "tag:yaml.org,2002:str") return NodeKind::kQuoted;
    if (tag != "?" && !tag.empty()) {
      throw YAML::ParserException(mark, fmt::format("the tag {} is not supported", Printable(tag)));
    }
    const bool null =
        text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
    return null ? NodeKind::kNull : NodeKind::kPlain;
  }

  void take_key(const YAML::Mark& mark, const std::string& text) {
    Open& parent = open_.back();
    parent.key = text;
    parent.key_line = mark.line + 1;
  }

  std::string where_of_next() const {
    if (open_.empty()) return "";
    const Open& parent = open_.back();
    const std::string name =
        parent.node.kind == NodeKind::kMap ? parent.key : std::to_string(parent.node.items.size());
    return parent.where.empty() ? name : fmt::format("{}.{}", parent.where, name);
  }

  Node make(const YAML::Mark& mark, NodeKind kind) const {
    Node node;
    node.kind = kind;
    node.origin = origin_;
    node.line = mark.line + 1;
    if (!open_.empty() && open_.back().key_line > 0) node.line = open_.back().key_line;
    return node;
  }

  // Puts a complete node into its parent; the reference is to where it is now.
  Node& place(Node node) {
    if (open_.empty()) return root_ = std::move(node);
    Open& parent = open_.back();
    if (parent.node.kind == NodeKind::kMap) {
      const int line = std::exchange(parent.key_line, 0);
      if (const Node* first = parent.node.find(parent.key); first != nullptr) {
        Node at = make(YAML::Mark(), NodeKind::kNull);
        at.line = line;
        const std::string& key = parent.key;
        problems_.add(at,
                      parent.where.empty() ? key : fmt::format("{}.{}", parent.where, key),
                      fmt::format("given twice; first on line {}", first->line));
        return dropped_ = std::move(node);
      }
      parent.node.keys.push_back(parent.key);
    }
    return parent.node.items.emplace_back(std::move(node));
  }

  Node& add(const YAML::Mark& mark, NodeKind kind) { return place(make(mark, kind)); }

  void open(const YAML::Mark& mark, const std::string& tag, NodeKind kind) {
    if (expects_key())
      throw YAML::ParserException(mark, "a key must be a plain name (is a bracket left open?)");
    if (tag != "?" && !tag.empty() && tag != "!") {
      throw YAML::ParserException(mark, fmt::format("the tag {} is not supported", Printable(tag)));
    }
    if (open_.size() >= kDeepest) throw YAML::ParserException(mark, "nested too deeply");
    Open next;
    next.node = make(mark, kind);
    next.where = where_of_next();
    open_.push_back(std::move(next));
  }

  void close() {
    Node node = std::move(open_.back().node);
    open_.pop_back();
    place(std::move(node));
  }

  std::shared_ptr<const Origin> origin_;
  Problems& problems_;
  std::vector<Open> open_;
  Node root_;
  Node dropped_;
  YAML::Mark last_quoted_ = YAML::Mark::null_mark();
  int documents_ = 0;
};

absl::Status SyntaxError(const Origin& origin, int line, std::string_view message) {
  if (origin.kind != Origin::Kind::kFile || line <= 0) {
    return InvalidInput(fmt::format("{}: not valid YAML: {}", origin.label, message));
  }
  return InvalidInput(fmt::format("{}:{}: not valid YAML: {}", origin.label, line, message));
}

// Text that YAML cannot be made of, told by its first wrong byte.
absl::Status CheckBytes(std::string_view text, const Origin& origin) {
  if (text.size() > kLargestFile) {
    return InvalidInput(fmt::format("{}: {} bytes is too large for a config file; at most {}",
                                    origin.label,
                                    text.size(),
                                    kLargestFile));
  }
  const auto line_of = [text](size_t position) {
    return 1 + static_cast<int>(
                   std::count(text.begin(), text.begin() + static_cast<long>(position), '\n'));
  };
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return SyntaxError(origin, line_of(nul), "a NUL byte");
  }
  size_t start = 0;
  for (size_t line = 1; start <= text.size(); ++line) {
    const size_t end = std::min(text.find('\n', start), text.size());
    try {  // nlohmann-json checks UTF-8 as it prints
      (void)nlohmann::json(text.substr(start, end - start)).dump();
    } catch (const nlohmann::json::exception&) {
      return SyntaxError(origin, static_cast<int>(line), "not UTF-8");
    }
    start = end + 1;
  }
  return absl::OkStatus();
}

// yaml-cpp takes the end of the text for the closing quote. Only the last quoted scalar can be
// open.
bool IsQuoteOpen(std::string_view text, const YAML::Mark& mark) {
  if (mark.is_null()) return false;
  size_t start = 0;
  for (int line = 0; line < mark.line; ++line) start = text.find('\n', start) + 1;
  size_t at = text.find_first_of("\"'", start + static_cast<size_t>(mark.column));
  if (at == std::string_view::npos) return false;
  const char quote = text[at];
  for (++at; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      const bool doubled = quote == '\'' && at + 1 < text.size() && text[at + 1] == quote;
      if (!doubled) return false;
      ++at;
    }
  }
  return true;
}

}  // namespace

absl::StatusOr<Node> ParseYaml(std::string_view text,
                               const std::shared_ptr<const Origin>& origin,
                               Problems& problems) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // a byte order mark
  RESTEM_RETURN_IF_ERROR(CheckBytes(text, *origin));
  TreeBuilder builder(origin, problems);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    return SyntaxError(*origin, error.mark.line + 1, error.msg);
  } catch (const std::exception& error) {  // the parser's own failures on odd input
    return SyntaxError(*origin, 0, error.what());
  }
  if (IsQuoteOpen(text, builder.last_quoted())) {
    return SyntaxError(*origin, builder.last_quoted().line + 1, "a quote is not closed");
  }
  Node root = builder.take();
  root.origin = origin;
  return root;
}

}  // namespace restem::config
