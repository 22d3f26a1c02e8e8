#include "text/sentencepiece_models.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "text/bpe.h"
#include "text/byte_level.h"
#include "text/unicode.h"
#include "text/unigram.h"

namespace restem::text {
namespace {

using Piece = SentencePieceFile::Piece;
using PieceType = SentencePieceFile::PieceType;

constexpr float kUnknownPenalty = 10.0F;  // SentencePiece's kUnkPenalty

absl::Status CheckPiece(const SentencePieceFile& file, size_t id) {
  const Piece& piece = file.pieces[id];
  const auto complain = [&](std::string_view what) {
    return InvalidInput(fmt::format("piece {} (\"{}\") {}", id, piece.text.substr(0, 100), what));
  };
  if (piece.text.empty()) return complain("is empty");
  if (piece.text.size() > ByteTrie::kMaxBytes) {
    return complain(fmt::format(
        "has {} bytes: more than {} are not supported", piece.text.size(), ByteTrie::kMaxBytes));
  }
  if (piece.type == PieceType::kUnused) return complain("is of type UNUSED: not supported");
  if (piece.type == PieceType::kByte && !ByteOf(piece.text)) {
    return complain("is of type BYTE, but none of <0x00> to <0xFF>");
  }
  if (piece.type == PieceType::kByte && !file.byte_fallback) {
    return complain("is of type BYTE although byte_fallback is false");
  }
  return absl::OkStatus();
}

Vocabulary MakeVocabulary(const SentencePieceFile& file) {
  std::vector<std::string> tokens;
  for (const Piece& piece : file.pieces) tokens.push_back(piece.text);
  return Vocabulary(std::move(tokens));
}

// SentencePiece merges any two neighbours that make a piece together, those with the highest score
// first and of one score the leftmost. So each way to cut a piece in two is a merge, whose rank is
// the place of the score among all scores.
class MergeMaker {
 public:
  MergeMaker(const SentencePieceFile& file, const Vocabulary& vocabulary)
      : file_(file), vocabulary_(vocabulary) {
    std::set<float, std::greater<>> sorted;
    for (const Piece& piece : file.pieces) sorted.insert(piece.score);
    scores_.assign(sorted.begin(), sorted.end());
  }

  absl::StatusOr<Bpe::Merges> make() {
    for (size_t id = 0; id < file_.pieces.size(); ++id) {
      if (file_.pieces[id].type != PieceType::kNormal) continue;
      RESTEM_RETURN_IF_ERROR(check_characters(id));
      add_merges(id);
    }
    return std::move(merges_);
  }

 private:
  // The id of a normal piece, or -1.
  int32_t normal(std::string_view text) const {
    const auto id = vocabulary_.token_to_id(text);
    const bool found = id && file_.pieces[static_cast<size_t>(*id)].type == PieceType::kNormal;
    return found ? *id : -1;
  }

  absl::Status check_characters(size_t id) const {
    const std::string_view text = file_.pieces[id].text;
    for (size_t at = 0; at < text.size();) {
      const size_t begin = at;
      NextCodepoint(text, &at);
      const std::string_view character = text.substr(begin, at - begin);
      if (normal(character) < 0) {
        return InvalidInput(
            fmt::format("piece {} (\"{}\") is made of \"{}\", which is no piece of type NORMAL: "
                        "that is not supported",
                        id,
                        text,
                        character));
      }
    }
    return absl::OkStatus();
  }

  void add_merges(size_t id) {
    const Piece& piece = file_.pieces[id];
    const std::string_view text = piece.text;
    const auto place =
        std::lower_bound(scores_.begin(), scores_.end(), piece.score, std::greater<>());
    const auto rank = static_cast<int32_t>(place - scores_.begin());
    size_t at = 0;
    NextCodepoint(text, &at);
    while (at < text.size()) {
      const int32_t left = normal(text.substr(0, at));
      const int32_t right = normal(text.substr(at));
      if (left >= 0 && right >= 0) {
        merges_[Bpe::key_of(left, right)] = {rank, static_cast<int32_t>(id)};
      }
      NextCodepoint(text, &at);
    }
  }

  const SentencePieceFile& file_;
  const Vocabulary& vocabulary_;
  std::vector<float> scores_;  // the highest first
  Bpe::Merges merges_;
};

absl::StatusOr<std::unique_ptr<const Model>> MakeBpe(const SentencePieceFile& file,
                                                     int32_t unknown) {
  Vocabulary vocabulary = MakeVocabulary(file);
  RESTEM_ASSIGN_OR_RETURN(Bpe::Merges merges, MergeMaker(file, vocabulary).make());
  Bpe::Options options;
  options.unknown = unknown;
  options.fuse_unknown = true;
  options.byte_fallback = file.byte_fallback;
  return std::make_unique<const Bpe>(
      std::move(vocabulary), std::move(merges), std::move(options), UserDefined(file));
}

absl::StatusOr<std::unique_ptr<const Model>> MakeUnigram(const SentencePieceFile& file,
                                                         int32_t unknown) {
  float smallest = std::numeric_limits<float>::max();
  Unigram::Options options;
  for (const Piece& piece : file.pieces) {
    const bool user_defined = piece.type == PieceType::kUserDefined;
    if (piece.type == PieceType::kNormal) smallest = std::min(smallest, piece.score);
    // A score that makes sure that the piece is taken, and the longest of several: that of
    // SentencePiece 0.2.3 (0.2.1 had another).
    const auto bonus = static_cast<float>(0.1 * static_cast<double>(piece.text.size() - 1));
    options.scores.push_back(user_defined ? bonus : piece.score);
    options.in_text.push_back(user_defined || piece.type == PieceType::kNormal);
  }
  options.unknown = unknown;
  options.unknown_score = static_cast<double>(smallest - kUnknownPenalty);
  options.byte_fallback = file.byte_fallback;
  options.single_precision = true;
  options.look_up_unknown_runs = false;
  return std::make_unique<const Unigram>(MakeVocabulary(file), std::move(options));
}

}  // namespace

absl::StatusOr<int32_t> CheckPieces(const SentencePieceFile& file) {
  absl::flat_hash_set<absl::string_view> seen;
  int32_t unknown = -1;
  size_t bytes = 0;
  for (size_t id = 0; id < file.pieces.size(); ++id) {
    RESTEM_RETURN_IF_ERROR(CheckPiece(file, id));
    const Piece& piece = file.pieces[id];
    if (!seen.insert(ToAbsl(piece.text)).second) {
      return InvalidInput(fmt::format("piece {} (\"{}\") is there twice", id, piece.text));
    }
    bytes += piece.type == PieceType::kByte ? 1 : 0;
    if (piece.type != PieceType::kUnknown) continue;
    if (unknown >= 0) {
      return InvalidInput(fmt::format("pieces {} and {} are both of type UNKNOWN", unknown, id));
    }
    unknown = static_cast<int32_t>(id);
  }
  if (unknown < 0) {
    return InvalidInput(
        fmt::format("none of the {} pieces is of type UNKNOWN", file.pieces.size()));
  }
  if (file.byte_fallback && bytes != 256) {
    return InvalidInput(fmt::format("byte_fallback is true with {} byte pieces, not 256", bytes));
  }
  return unknown;
}

ByteTrie UserDefined(const SentencePieceFile& file) {
  ByteTrie trie;
  for (size_t id = 0; id < file.pieces.size(); ++id) {
    if (file.pieces[id].type != PieceType::kUserDefined) continue;
    trie.insert(file.pieces[id].text, static_cast<int32_t>(id));
  }
  return trie;
}

absl::StatusOr<std::unique_ptr<const Model>> MakeModel(const SentencePieceFile& file,
                                                       int32_t unknown) {
  switch (file.kind) {
    case SentencePieceFile::Kind::kUnigram:
      return MakeUnigram(file, unknown);
    case SentencePieceFile::Kind::kBpe:
      return MakeBpe(file, unknown);
    case SentencePieceFile::Kind::kWord:
    case SentencePieceFile::Kind::kChar:
      break;
  }
  return InvalidInput("model_type WORD and CHAR are not supported, only UNIGRAM and BPE");
}

}  // namespace restem::text
