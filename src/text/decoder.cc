#include "text/decoder.h"

#include <fmt/format.h>

#include <utility>

#include "text/decode_stages.h"
#include "text/metaspace.h"
#include "text/normalizer.h"
#include "text/unicode.h"
#include "text/word_stages.h"

namespace restem::text {
namespace {

struct StripOptions {
  std::string content;
  size_t start = 0;
  size_t stop = 0;
};

absl::StatusOr<StripOptions> ParseStrip(const JsonView& view) {
  StripOptions options;
  RESTEM_ASSIGN_OR_RETURN(options.content, view.string_at("content"));
  RESTEM_ASSIGN_OR_RETURN(const int64_t start, view.integer_at("start"));
  RESTEM_ASSIGN_OR_RETURN(const int64_t stop, view.integer_at("stop"));
  if (CountCodepoints(options.content) != 1) return view.error("\"content\" must be one character");
  if (start < 0 || stop < 0) return view.error("\"start\" and \"stop\" must not be negative");
  options.start = static_cast<size_t>(start);
  options.stop = static_cast<size_t>(stop);
  return options;
}

}  // namespace

std::string DecodeChain::run(std::vector<std::string> pieces, bool last) {
  for (const auto& stage : stages_) stage->run(pieces, last);
  if (pieces.size() == 1) return std::move(pieces.front());
  std::string text;
  for (const std::string& piece : pieces) text += piece;
  return text;
}

Decoder Decoder::of(MakeStage make) {
  Decoder decoder;
  decoder.makers_.push_back(std::move(make));
  return decoder;
}

DecodeChain Decoder::start(DecodeMode mode) const {
  DecodeChain chain;
  for (const MakeStage& make : makers_) chain.add(make(mode));
  return chain;
}

absl::StatusOr<Decoder> Decoder::parse(const JsonView& view) {
  Decoder decoder;
  if (view.value().is_null()) {
    decoder.makers_.push_back([](DecodeMode) { return MakeSpaceJoinStage(); });
    return decoder;
  }
  bool fused = false;
  RESTEM_RETURN_IF_ERROR(decoder.parse_into(view, &fused));
  return decoder;
}

absl::Status Decoder::parse_into(const JsonView& view, bool* fused) {
  RESTEM_ASSIGN_OR_RETURN(const std::string type, view.string_at("type"));
  if (type == "ByteLevel") {
    makers_.push_back([](DecodeMode) { return MakeByteLevelStage(); });
    *fused = true;
  } else if (type == "ByteFallback") {
    makers_.push_back([](DecodeMode mode) { return MakeByteFallbackStage(mode); });
  } else if (type == "Fuse") {
    makers_.push_back([](DecodeMode) { return MakeFuseStage(); });
    *fused = true;
  } else if (type == "Replace") {
    RESTEM_ASSIGN_OR_RETURN(const JsonView pattern_view, view.member("pattern"));
    RESTEM_ASSIGN_OR_RETURN(Pattern parsed, Pattern::parse(pattern_view));
    RESTEM_ASSIGN_OR_RETURN(const std::string content, view.string_at("content"));
    growth_ *= parsed.growth(content);
    if (growth_ > kMaxGrowth) {
      return view.error(
          fmt::format("it could make a text {:.3g} times as long: at most {} times is supported",
                      growth_,
                      kMaxGrowth));
    }
    // A match could reach from one token into the next, so nothing could be decoded token by token.
    if (*fused && !parsed.is_single_character()) {
      return view.error(
          "a Replace decoder of more than one character after one that joins all tokens is not "
          "supported");
    }
    makers_.push_back([pattern = std::make_shared<const Pattern>(std::move(parsed)),
                       content](DecodeMode) { return MakeReplaceStage(pattern, content); });
  } else if (type == "Strip") {
    RESTEM_ASSIGN_OR_RETURN(const StripOptions options, ParseStrip(view));
    makers_.push_back([options, fused = *fused](DecodeMode) {
      return MakeStripStage(options.content, options.start, options.stop, fused);
    });
  } else if (*fused && (type == "Metaspace" || type == "WordPiece" || type == "BPEDecoder")) {
    return view.error(
        fmt::format("a {} decoder after one that joins all tokens is not supported", type));
  } else if (type == "WordPiece") {
    RESTEM_ASSIGN_OR_RETURN(const std::string prefix, view.string_or("prefix", "##"));
    RESTEM_ASSIGN_OR_RETURN(const bool cleanup, view.boolean_or("cleanup", true));
    makers_.push_back(
        [prefix, cleanup](DecodeMode) { return MakeWordPieceStage(prefix, cleanup); });
  } else if (type == "BPEDecoder") {
    RESTEM_ASSIGN_OR_RETURN(const std::string suffix, view.string_or("suffix", "</w>"));
    if (suffix.empty()) return view.error("\"suffix\" is empty");
    makers_.push_back([suffix](DecodeMode) { return MakeWordEndStage(suffix); });
  } else if (type == "Metaspace") {
    RESTEM_ASSIGN_OR_RETURN(const MetaspaceOptions options, ParseMetaspace(view));
    makers_.push_back([options](DecodeMode) {
      return MakeMetaspaceStage(options.replacement, options.prepend != PrependScheme::kNever);
    });
  } else if (type == "Sequence") {
    RESTEM_ASSIGN_OR_RETURN(const JsonView list, view.member("decoders"));
    RESTEM_ASSIGN_OR_RETURN(const auto elements, list.elements());
    for (const JsonView& element : elements) RESTEM_RETURN_IF_ERROR(parse_into(element, fused));
  } else {
    return view.error(fmt::format("a decoder of type {} is not supported", type));
  }
  return absl::OkStatus();
}

}  // namespace restem::text
