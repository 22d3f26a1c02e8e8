#include "app/jsonl_io.h"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <unordered_map>

#include "app/direct_output.h"
#include "base/file.h"
#include "base/memory.h"
#include "io/jsonl.h"

namespace restem {
namespace {

absl::StatusOr<std::vector<int32_t>> ParseTokens(const nlohmann::json& value,
                                                 const std::string& where,
                                                 const std::string& key) {
  std::vector<int32_t> tokens;
  if (value.is_array()) {
    for (const auto& token : value) {
      if (!token.is_number_integer() || token.get<int64_t>() < 0 ||
          token.get<int64_t>() > INT32_MAX)
        break;
      tokens.push_back(token.get<int32_t>());
    }
    if (tokens.size() == value.size()) return tokens;
  }
  return InvalidInput(fmt::format("{}: `{}` must be a list of token ids", where, key));
}

}  // namespace

absl::StatusOr<InputRecord> AsRecord(nlohmann::json fields, const std::string& where) {
  const auto id = fields.find("id");
  if (id == fields.end()) return InvalidInput(fmt::format("{}: `id` is missing", where));
  if (!id->is_string() && !id->is_number_integer())
    return InvalidInput(fmt::format("{}: `id` must be text or an integer", where));
  std::string text = id->is_string() ? id->get<std::string>() : id->dump();
  return InputRecord{std::move(text), std::move(fields), where};
}

absl::StatusOr<std::vector<InputRecord>> ReadRecords(const std::string& path, bool unique_ids) {
  std::vector<InputRecord> records;
  std::unordered_map<std::string, std::string> seen;  // id to where
  RESTEM_ASSIGN_OR_RETURN(JsonlReader reader, JsonlReader::open(path));
  for (;;) {
    RESTEM_ASSIGN_OR_RETURN(auto fields, reader.next());
    if (!fields) break;
    const std::string where = reader.where();
    RESTEM_ASSIGN_OR_RETURN(InputRecord record, AsRecord(*std::move(fields), where));
    // A chat template writes a tool's schema with its keys as they come.
    if (record.fields.contains("messages"))
      record.ordered = nlohmann::ordered_json::parse(reader.line());
    if (unique_ids) {
      const auto [first, fresh] = seen.emplace(record.id, where);
      if (!fresh)
        return InvalidInput(
            fmt::format("{}: id {} is there already, at {}", where, record.id, first->second));
    }
    records.push_back(std::move(record));
  }
  if (records.empty()) return InvalidInput(fmt::format("{}: the file has no records", path));
  return records;
}

absl::StatusOr<std::vector<int32_t>> TokensOf(const InputRecord& record,
                                              const std::string& text_key,
                                              const std::string& tokens_key,
                                              const Tokenizer& tokenizer) {
  const bool has_text = record.fields.contains(text_key);
  const bool has_tokens = record.fields.contains(tokens_key);
  if (has_text == has_tokens) {
    return InvalidInput(
        fmt::format("{}: expected one of `{}` and `{}`", record.where, text_key, tokens_key));
  }
  if (has_tokens) return ParseTokens(record.fields.at(tokens_key), record.where, tokens_key);
  const auto& text = record.fields.at(text_key);
  if (!text.is_string())
    return InvalidInput(fmt::format("{}: `{}` must be text", record.where, text_key));
  return tokenizer.encode(text.get_ref<const std::string&>(), /*add_special_tokens=*/true);
}

absl::Status WriteLines(const std::string& path, std::span<const std::string> lines) {
  if (IsStdout(path)) {
    RESTEM_ASSIGN_OR_RETURN(const auto out, DirectOutput::open(path));
    for (const std::string& line : lines) RESTEM_RETURN_IF_ERROR(out->write(line));
    return absl::OkStatus();
  }
  // Where a link points to, not in place of the link.
  const std::string target = std::filesystem::weakly_canonical(path).string();
  return WriteFileAtomic(target, [&](const WriteFn& write) {
    std::string block;
    for (const std::string& line : lines) {
      block.append(line).push_back('\n');
      if (block.size() < (1U << 20)) continue;
      RESTEM_RETURN_IF_ERROR(write(block));
      block.clear();
    }
    return write(block);
  });
}

void PrintSummary(const Summary& summary) {
  nlohmann::ordered_json line = {{"items", summary.items}};
  if (summary.skipped) line["skipped"] = *summary.skipped;
  if (summary.samples) line["samples"] = *summary.samples;
  if (summary.prompt_tokens) line["prompt_tokens"] = *summary.prompt_tokens;
  if (summary.generated_tokens) line["generated_tokens"] = *summary.generated_tokens;
  line["seconds"] = summary.seconds;
  if (summary.load_seconds) line["load_seconds"] = *summary.load_seconds;
  if (summary.generated_tokens && summary.seconds > 0.0) {
    line["tokens_per_second"] = static_cast<double>(*summary.generated_tokens) / summary.seconds;
  }
  if (summary.more.is_object()) line.update(summary.more);
  line["peak_rss_bytes"] = PeakRssBytes();
  fmt::print("{}\n", line.dump());
}

}  // namespace restem
