#include "text/word_stages.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "text/pattern.h"

namespace restem::text {
namespace {

// In this order, as the `tokenizers` library does it.
std::string CleanedUp(std::string text) {
  static const std::pair<Pattern, std::string> kReplacements[] = {
      {Pattern::literal(" ."), "."},
      {Pattern::literal(" ?"), "?"},
      {Pattern::literal(" !"), "!"},
      {Pattern::literal(" ,"), ","},
      {Pattern::literal(" ' "), "'"},
      {Pattern::literal(" n't"), "n't"},
      {Pattern::literal(" 'm"), "'m"},
      {Pattern::literal(" do not"), " don't"},
      {Pattern::literal(" 's"), "'s"},
      {Pattern::literal(" 've"), "'ve"},
      {Pattern::literal(" 're"), "'re"}};
  for (const auto& [dirty, clean] : kReplacements) text = dirty.replace(text, clean);
  return text;
}

class WordPieceStage : public DecodeStage {
 public:
  WordPieceStage(std::string prefix, bool cleanup)
      : prefix_(std::move(prefix)), cleanup_(cleanup) {}

  void run(std::vector<std::string>& pieces, bool) override {
    for (std::string& piece : pieces) {
      if (std::exchange(first_, false)) {
        // The first token stays as it is.
      } else if (piece.starts_with(prefix_)) {
        piece.erase(0, prefix_.size());
      } else {
        piece.insert(piece.begin(), ' ');
      }
      if (cleanup_) piece = CleanedUp(std::move(piece));
    }
  }

 private:
  std::string prefix_;
  bool cleanup_;
  bool first_ = true;
};

class WordEndStage : public DecodeStage {
 public:
  explicit WordEndStage(std::string suffix)
      : suffix_(std::move(suffix)), pattern_(Pattern::literal(suffix_)) {}

  void run(std::vector<std::string>& pieces, bool last) override {
    if (held_) pieces.insert(pieces.begin(), *std::exchange(held_, std::nullopt));
    if (!last && !pieces.empty()) {
      // Whether it is the last is not known yet: its suffix waits.
      const size_t begin = std::min(pieces.back().find(suffix_), pieces.back().size());
      held_ = pieces.back().substr(begin);
      pieces.back().resize(begin);
    }
    for (size_t i = 0; i < pieces.size(); ++i) {
      const bool end = last && i + 1 == pieces.size();
      pieces[i] = pattern_.replace(pieces[i], end ? "" : " ");
    }
  }

 private:
  std::string suffix_;
  Pattern pattern_;
  std::optional<std::string> held_;
};

}  // namespace

std::unique_ptr<DecodeStage> MakeWordPieceStage(std::string prefix, bool cleanup) {
  return std::make_unique<WordPieceStage>(std::move(prefix), cleanup);
}

std::unique_ptr<DecodeStage> MakeWordEndStage(std::string suffix) {
  return std::make_unique<WordEndStage>(std::move(suffix));
}

}  // namespace restem::text
