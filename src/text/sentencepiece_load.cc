#include "text/sentencepiece_load.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "base/file.h"
#include "text/json_view.h"
#include "text/sentencepiece_file.h"
#include "text/sentencepiece_models.h"
#include "text/sentencepiece_normalizer.h"
#include "text/sentencepiece_stage.h"

namespace restem::text {
namespace {

using nlohmann::json;
using PieceType = SentencePieceFile::PieceType;

absl::Status CheckConfig(const SentencePieceFile& model, const JsonFile& config) {
  RESTEM_ASSIGN_OR_RETURN(const bool legacy, GetBoolOr(config, "legacy", true));
  if (!legacy) {
    return InvalidInput(fmt::format(
        "{}: \"legacy\": false is not supported with tokenizer.model; save the tokenizer as "
        "tokenizer.json (save_pretrained of a fast tokenizer)",
        config.path));
  }
  RESTEM_ASSIGN_OR_RETURN(const bool prefix,
                          GetBoolOr(config, "add_prefix_space", model.add_dummy_prefix));
  if (prefix == model.add_dummy_prefix) return absl::OkStatus();
  return InvalidInput(
      fmt::format("{}: \"add_prefix_space\" is {}, but tokenizer.model's add_dummy_prefix is {}",
                  config.path,
                  prefix,
                  model.add_dummy_prefix));
}

json Added(int64_t id, const std::string& content) {
  return {{"id", id},
          {"content", content},
          {"single_word", false},
          {"lstrip", false},
          {"rstrip", false},
          {"normalized", false},
          {"special", true}};
}

// The control pieces, and what the config's added_tokens_decoder says, by id.
absl::StatusOr<std::map<int64_t, json>> CollectAdded(const SentencePieceFile& model,
                                                     const JsonFile& config) {
  std::map<int64_t, json> added;
  for (size_t id = 0; id < model.pieces.size(); ++id) {
    const SentencePieceFile::Piece& piece = model.pieces[id];
    if (piece.type == PieceType::kControl) {
      added[static_cast<int64_t>(id)] = Added(static_cast<int64_t>(id), piece.text);
    }
  }
  const json* decoder = FindJson(config, "added_tokens_decoder");
  if (decoder == nullptr) return added;
  const JsonView view(*decoder, config.path, "added_tokens_decoder");
  if (!decoder->is_object()) return view.error("expected an object of ids and tokens");
  for (const auto& [key, token] : decoder->items()) {
    int32_t id = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
    if (error != std::errc() || end != key.data() + key.size() || !token.is_object()) {
      return view.error(fmt::format("\"{}\": expected an id and an object", key));
    }
    added[id] = token;
    added[id]["id"] = id;
  }
  return added;
}

absl::StatusOr<AddedTokens> LoadAdded(const SentencePieceFile& model,
                                      const JsonFile& config,
                                      const TokenizerParts& parts) {
  RESTEM_ASSIGN_OR_RETURN(const auto added, CollectAdded(model, config));
  json list = json::array();
  for (const auto& [id, token] : added) list.push_back(token);
  return AddedTokens::parse(JsonView(list, config.path, "added_tokens_decoder"),
                            parts.model->vocabulary(),
                            parts.normalizer.get());
}

// The token that `key` wants put at an end of every text.
absl::StatusOr<std::vector<int32_t>> EndToken(const SentencePieceFile& model,
                                              const JsonFile& config,
                                              const char* key,
                                              int64_t id,
                                              bool by_default) {
  const bool there = id >= 0 && id < static_cast<int64_t>(model.pieces.size());
  RESTEM_ASSIGN_OR_RETURN(const bool wanted, GetBoolOr(config, key, by_default && there));
  if (!wanted) return std::vector<int32_t>();
  if (there) return std::vector<int32_t>{static_cast<int32_t>(id)};
  return InvalidInput(
      fmt::format("{}: \"{}\" is true, but tokenizer.model has no such token", config.path, key));
}

Decoder MakeDecoder(const SentencePieceFile& model, int32_t unknown) {
  const SentencePieceDecoding decoding{
      model.pieces[static_cast<size_t>(unknown)].text,
      model.unknown_surface,
      model.byte_fallback,
      model.add_dummy_prefix || model.remove_extra_whitespaces,
      model.remove_extra_whitespaces,
  };
  return Decoder::of([decoding](DecodeMode) { return MakeSentencePieceStage(decoding); });
}

}  // namespace

absl::StatusOr<JsonFile> ReadTokenizerConfig(const std::string& model_dir) {
  const std::string added = model_dir + "/added_tokens.json";
  if (FileExists(added)) {
    return InvalidInput(
        fmt::format("{}: not supported beside tokenizer.model; save the tokenizer as "
                    "tokenizer.json (save_pretrained of a fast tokenizer)",
                    added));
  }
  const std::string path = model_dir + "/tokenizer_config.json";
  if (!FileExists(path)) return JsonFile{path, json::object()};
  return ReadJsonFile(path);
}

absl::StatusOr<TokenizerParts> LoadSentencePiece(std::string_view content,
                                                 const std::string& file,
                                                 const JsonFile& config) {
  RESTEM_ASSIGN_OR_RETURN(const SentencePieceFile model, SentencePieceFile::parse(content, file));
  const auto with_file = [&file](const absl::Status& status) {
    return InvalidInput(fmt::format("{}: {}", file, MessageOf(status)));
  };
  absl::StatusOr<int32_t> unknown = CheckPieces(model);
  if (!unknown.ok()) return with_file(unknown.status());
  RESTEM_RETURN_IF_ERROR(CheckConfig(model, config));
  TokenizerParts parts;
  auto normalizer = MakeSentencePieceNormalizer(model, UserDefined(model));
  if (!normalizer.ok()) return with_file(normalizer.status());
  parts.normalizer = *std::move(normalizer);
  auto made = MakeModel(model, *unknown);
  if (!made.ok()) return with_file(made.status());
  parts.model = *std::move(made);
  RESTEM_ASSIGN_OR_RETURN(parts.added, LoadAdded(model, config, parts));
  RESTEM_ASSIGN_OR_RETURN(std::vector<int32_t> before,
                          EndToken(model, config, "add_bos_token", model.bos_id, true));
  RESTEM_ASSIGN_OR_RETURN(std::vector<int32_t> after,
                          EndToken(model, config, "add_eos_token", model.eos_id, false));
  parts.post_processor = PostProcessor::around(std::move(before), std::move(after));
  parts.decoder = MakeDecoder(model, *unknown);
  return parts;
}

}  // namespace restem::text
