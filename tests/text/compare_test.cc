// encode() and decode() give what the `tokenizers` library gives, on thousands of strings with each
// kind of tokenizer.
#include <chrono>

#include "text/cases.h"
#include "text/tokenizer.h"

namespace restem {
namespace {

using nlohmann::json;

class CompareTest : public ::testing::TestWithParam<const char*> {
 protected:
  void load(const std::string& dir) {
    const auto loaded = Tokenizer::load(dir);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    tokenizer_ = *loaded;
  }
  std::string spelt(const std::vector<int32_t>& ids) const {
    std::string text;
    for (const int32_t id : ids) text += fmt::format("{}={} ", id, tokenizer_->id_to_token(id));
    return text;
  }
  std::shared_ptr<const Tokenizer> tokenizer_;
};

TEST_P(CompareTest, EncodesAsTheLibrary) {
  RESTEM_REQUIRE_KIND(dir, GetParam());
  ASSERT_NO_FATAL_FAILURE(load(dir));
  const std::vector<json> cases = testing::ReadLines(dir + "/encode.jsonl");
  ASSERT_GT(cases.size(), 1200u);
  size_t wrong = 0;
  for (const json& one : cases) {
    const std::string text = testing::FromHex(one["bytes"]);
    for (const bool special : {false, true}) {
      const auto expected = one[special ? "ids_with_special" : "ids"].get<std::vector<int32_t>>();
      const std::vector<int32_t> ids = tokenizer_->encode(text, special);
      if (ids == expected) continue;
      if (++wrong <= 3) {
        ADD_FAILURE()
            << "text:     "
            << json(text).dump(-1, ' ', true, json::error_handler_t::replace).substr(0, 400)
            << "\nbytes:    " << one["bytes"].get<std::string>().substr(0, 400)
            << "\nexpected: " << spelt(expected).substr(0, 800)
            << "\nours:     " << spelt(ids).substr(0, 800);
      }
    }
  }
  EXPECT_EQ(wrong, 0u) << "of " << 2 * cases.size();
}

TEST_P(CompareTest, DecodesAsTheLibrary) {
  RESTEM_REQUIRE_KIND(dir, GetParam());
  ASSERT_NO_FATAL_FAILURE(load(dir));
  const std::vector<json> cases = testing::ReadLines(dir + "/decode.jsonl");
  ASSERT_GT(cases.size(), 2200u);
  size_t wrong = 0;
  for (const json& one : cases) {
    const auto ids = one["ids"].get<std::vector<int32_t>>();
    for (const bool skip : {false, true}) {
      const char* key = skip ? "text_without_special" : "text";
      if (!one.contains(key)) continue;  // SentencePiece has but one way
      const auto expected = one[key].get<std::string>();
      const std::string text = tokenizer_->decode(ids, skip);
      if (text == expected) continue;
      if (++wrong <= 3) {
        ADD_FAILURE()
            << "ids:      " << spelt(ids).substr(0, 800)
            << "\nexpected: " << json(expected).dump().substr(0, 400) << "\nours:     "
            << json(text).dump(-1, ' ', false, json::error_handler_t::replace).substr(0, 400);
      }
    }
  }
  EXPECT_EQ(wrong, 0u) << "of " << 2 * cases.size();
}

class VocabularyTest : public CompareTest {};

// Every id has its token, and every token its id, as in the file itself.
TEST_P(VocabularyTest, IsTheFiles) {
  RESTEM_REQUIRE_KIND(dir, GetParam());
  ASSERT_NO_FATAL_FAILURE(load(dir));
  std::ifstream file(dir + "/tokenizer.json");
  const json state = json::parse(file);
  std::map<std::string, int32_t> vocab;
  const json& tokens = state["model"]["vocab"];
  if (tokens.is_object()) {
    vocab = tokens;
  } else {  // Unigram
    for (size_t id = 0; id < tokens.size(); ++id) vocab[tokens[id][0]] = static_cast<int32_t>(id);
  }
  for (const json& added : state["added_tokens"]) vocab[added["content"]] = added["id"];
  int32_t largest = 0;
  for (const auto& [token, id] : vocab) {
    ASSERT_EQ(tokenizer_->token_to_id(token), id) << token;
    ASSERT_EQ(tokenizer_->id_to_token(id), token);
    largest = std::max(largest, id);
  }
  EXPECT_EQ(tokenizer_->vocab_size(), largest + 1);
  EXPECT_EQ(tokenizer_->id_to_token(largest + 1), "");
  EXPECT_EQ(tokenizer_->id_to_token(-1), "");
  EXPECT_EQ(tokenizer_->token_to_id("no such token"), std::nullopt);
  for (const json& added : state["added_tokens"]) {
    EXPECT_EQ(tokenizer_->is_special(added["id"].get<int32_t>()), added["special"].get<bool>());
  }
}

class ManyStringsTest : public CompareTest {};

// 20,000 strings with those above: the first of each kind that fails is enough to see why.
TEST_P(ManyStringsTest, EncodesAndDecodesAsTheLibrary) {
  RESTEM_REQUIRE_KIND(dir, GetParam());
  ASSERT_NO_FATAL_FAILURE(load(dir));
  std::ifstream strings(dir + "/../many_strings.jsonl");
  std::ifstream file(dir + "/many.jsonl");
  size_t compared = 0;
  for (std::string line; std::getline(file, line);) {
    const json expected = json::parse(line);
    ASSERT_TRUE(std::getline(strings, line));
    if (expected.is_null())
      continue;  // SentencePiece leaves special tokens in a text to its caller
    const std::string text = testing::FromHex(json::parse(line).get<std::string>());
    const auto ids = expected["ids"].get<std::vector<int32_t>>();
    const auto ours = tokenizer_->encode(text, /*add_special_tokens=*/false);
    ASSERT_EQ(ours, ids) << "text: "
                         << json(text).dump(-1, ' ', true, json::error_handler_t::replace)
                         << "\nexpected: " << spelt(ids) << "\nours:     " << spelt(ours);
    if (expected.contains("ids_with_special")) {
      ASSERT_EQ(tokenizer_->encode(text, /*add_special_tokens=*/true),
                expected["ids_with_special"].get<std::vector<int32_t>>());
    }
    ASSERT_EQ(tokenizer_->decode(ids, /*skip_special_tokens=*/true),
              expected["text"].get<std::string>())
        << spelt(ids);
    ++compared;
  }
  EXPECT_GT(compared, 18000u);
}

constexpr const char* kManyKinds[] = {
    "gpt2", "llama2", "llama3", "qwen2", "gemma", "t5", "sp_bpe", "sp_unigram"};
constexpr const char* kSentencePieceKinds[] = {
    "sp_bpe", "sp_bpe_nfkc", "sp_bpe_suffix", "sp_unigram", "sp_unigram_bytes", "sp_unigram_plain"};
constexpr const char* kJsonKinds[] = {"gpt2",
                                      "llama2",
                                      "llama3",
                                      "qwen2",
                                      "metaspace_first",
                                      "metaspace_always",
                                      "metaspace_never",
                                      "gemma",
                                      "starcoder",
                                      "gpt4o",
                                      "bloom",
                                      "falcon",
                                      "lower_words",
                                      "prefixed",
                                      "t5",
                                      "xlmr",
                                      "bert",
                                      "scripts"};

std::string NameOf(const ::testing::TestParamInfo<const char*>& kind) { return kind.param; }

INSTANTIATE_TEST_SUITE_P(Json, CompareTest, ::testing::ValuesIn(kJsonKinds), NameOf);
INSTANTIATE_TEST_SUITE_P(Json, VocabularyTest, ::testing::ValuesIn(kJsonKinds), NameOf);
INSTANTIATE_TEST_SUITE_P(SentencePiece,
                         CompareTest,
                         ::testing::ValuesIn(kSentencePieceKinds),
                         NameOf);
INSTANTIATE_TEST_SUITE_P(Kinds, ManyStringsTest, ::testing::ValuesIn(kManyKinds), NameOf);

}  // namespace
}  // namespace restem
