#include "text/sentencepiece_stage.h"

#include <optional>
#include <utility>
#include <vector>

#include "text/byte_level.h"
#include "text/pattern.h"
#include "text/unicode.h"

namespace restem::text {
namespace {

constexpr std::string_view kSpaceMark = "\xE2\x96\x81";  // U+2581

class SentencePieceStage : public DecodeStage {
 public:
  explicit SentencePieceStage(SentencePieceDecoding decoding)
      : decoding_(std::move(decoding)), mark_(Pattern::literal(std::string(kSpaceMark))) {}

  void run(std::vector<std::string>& pieces, bool last) override {
    std::string out;
    for (const std::string& piece : pieces) {
      const std::optional<char> byte = decoding_.bytes ? ByteOf(piece) : std::nullopt;
      if (byte) {
        bytes_ += *byte;
        hand_out_bytes(/*end=*/false, &out);
      } else {
        hand_out_bytes(/*end=*/true, &out);
        append(piece, &out);
      }
    }
    if (last) hand_out_bytes(/*end=*/true, &out);
    pieces.assign(1, std::move(out));
  }

 private:
  // Each byte that is not of a character becomes one U+FFFD.
  void hand_out_bytes(bool end, std::string* out) {
    for (size_t at = 0; at < bytes_.size();) {
      size_t next = at;
      if (NextCodepoint(bytes_, &next) >= 0) {
        *out += bytes_.substr(at, next - at);
        at = next;
      } else if (!end && CompletePrefix(std::string_view(bytes_).substr(at)) == 0) {
        bytes_.erase(0, at);
        return;
      } else {
        *out += kReplacementCharacter;
        ++at;
      }
      at_start_ = false;
    }
    bytes_.clear();
  }

  void append(std::string_view piece, std::string* out) {
    if (piece == decoding_.unknown_piece) {
      *out += decoding_.unknown_surface;
      at_start_ = at_start_ && decoding_.unknown_surface.empty();
      return;
    }
    if (at_start_ && decoding_.drop_first_mark && piece.starts_with(kSpaceMark)) {
      piece.remove_prefix(kSpaceMark.size());
      at_start_ = decoding_.drop_first_marks;
    }
    at_start_ = at_start_ && piece.empty();
    *out += mark_.replace(piece, " ");
  }

  SentencePieceDecoding decoding_;
  Pattern mark_;
  std::string bytes_;     // of a character that is not complete
  bool at_start_ = true;  // no text yet
};

}  // namespace

std::unique_ptr<DecodeStage> MakeSentencePieceStage(SentencePieceDecoding decoding) {
  return std::make_unique<SentencePieceStage>(std::move(decoding));
}

}  // namespace restem::text
