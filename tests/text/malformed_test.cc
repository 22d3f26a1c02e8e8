// What is wrong with a tokenizer.json, or not supported in it, is named with the file and the
// field.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "base/file.h"
#include "support/paths.h"
#include "text/tokenizer.h"

namespace restem {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

json Valid() {
  return json::parse(R"({"version": "1.0", "truncation": null, "padding": null,
    "added_tokens": [{"id": 3, "content": "</s>", "single_word": false, "lstrip": false, "rstrip": false,
                      "normalized": false, "special": true}],
    "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": {"type": "Fuse"},
    "model": {"type": "BPE", "unk_token": null, "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": [["a", "b"]]}})");
}

std::string ErrorOf(const std::string& content) {
  const auto parsed = Tokenizer::parse(content, "model/tokenizer.json");
  EXPECT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.status().code(), InvalidInput("").code());
  return std::string(MessageOf(parsed.status()));
}

// The message for a file that is valid but for the value at `pointer`.
std::string ErrorWith(const char* pointer, const json& value) {
  json state = Valid();
  state[json::json_pointer(pointer)] = value;
  return ErrorOf(state.dump());
}

TEST(MalformedTokenizerTest, TheUnchangedFileIsFine) {
  const auto parsed = Tokenizer::parse(Valid().dump(), "tokenizer.json");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ((*parsed)->encode("abba</s>", false), (std::vector<int32_t>{2, 1, 0, 3}));
}

TEST(MalformedTokenizerTest, MissingFile) {
  const std::string dir = testing::TestDir();
  const auto loaded = Tokenizer::load(dir);
  ASSERT_FALSE(loaded.ok());
  EXPECT_THAT(loaded.status().message().data(),
              AllOf(HasSubstr(dir + "/tokenizer.json"), HasSubstr("no such file")));
}

TEST(MalformedTokenizerTest, BrokenJson) {
  EXPECT_THAT(ErrorOf("{\"model\":\n {\"type\": \"BPE\",, }}"),
              AllOf(HasSubstr("model/tokenizer.json: not valid JSON"), HasSubstr("line 2")));
  EXPECT_THAT(ErrorOf("[1, 2]"), HasSubstr("model/tokenizer.json: expected an object"));
  EXPECT_THAT(ErrorOf(""), HasSubstr("not valid JSON"));
}

TEST(MalformedTokenizerTest, NestedTooDeep) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_THAT(ErrorOf("{\"model\": {\"type\": \"BPE\", \"merges\": " + deep + "}}"),
              HasSubstr("model/tokenizer.json: JSON nested deeper than 500"));
}

// Nothing could be decoded token by token.
TEST(MalformedTokenizerTest, ReplaceAcrossTokens) {
  const json decoders = json::parse(R"([{"type": "Fuse"},
      {"type": "Replace", "pattern": {"Regex": "a+"}, "content": "b"}])");
  EXPECT_THAT(ErrorWith("/decoder", {{"type", "Sequence"}, {"decoders", decoders}}),
              HasSubstr("a Replace decoder of more than one character"));
}

TEST(MalformedTokenizerTest, Model) {
  json state = Valid();
  state.erase("model");
  EXPECT_THAT(ErrorOf(state.dump()), HasSubstr("model/tokenizer.json: \"model\" is missing"));
  EXPECT_THAT(
      ErrorWith("/model/type", "WordPiece"),
      HasSubstr(
          "model/tokenizer.json: model: a model of type WordPiece is not supported, only BPE"));
  EXPECT_THAT(ErrorWith("/model/dropout", 0.1), HasSubstr("model: \"dropout\" is not supported"));
  EXPECT_THAT(ErrorWith("/model/fuse_unk", "yes"),
              HasSubstr("model.fuse_unk: expected true or false, found string"));
  EXPECT_THAT(ErrorWith("/model/unk_token", "<unk>"),
              HasSubstr("\"unk_token\" is \"<unk>\", which is not in \"vocab\""));
}

TEST(MalformedTokenizerTest, Vocabulary) {
  EXPECT_THAT(ErrorWith("/model/vocab", json::object()),
              HasSubstr("model.vocab: the vocabulary is empty"));
  EXPECT_THAT(ErrorWith("/model/vocab", json::array()),
              HasSubstr("model.vocab: expected an object"));
  EXPECT_THAT(ErrorWith("/model/vocab/b", "1"),
              HasSubstr("model.vocab: the id of \"b\" is not an integer"));
  EXPECT_THAT(ErrorWith("/model/vocab/b", -1), HasSubstr("the id of \"b\" is -1: out of range"));
  EXPECT_THAT(ErrorWith("/model/vocab/b", 1LL << 60), HasSubstr("out of range"));
  EXPECT_THAT(ErrorWith("/model/vocab/b", 0), HasSubstr("have the same id 0"));
}

TEST(MalformedTokenizerTest, Merges) {
  EXPECT_THAT(ErrorWith("/model/merges", "a b"), HasSubstr("model.merges: expected a list"));
  EXPECT_THAT(ErrorWith("/model/merges/0", "a b c"),
              HasSubstr("model.merges: merge 0 is \"a b c\": expected two tokens"));
  EXPECT_THAT(ErrorWith("/model/merges/0", json::array({"a"})), HasSubstr("merge 0 is [\"a\"]"));
  EXPECT_THAT(ErrorWith("/model/merges/0", json::array({"a", "c"})),
              HasSubstr("needs \"c\", which is not in \"vocab\""));
  EXPECT_THAT(ErrorWith("/model/merges/0", "b a"),
              HasSubstr("needs \"ba\", which is not in \"vocab\""));
}

TEST(MalformedTokenizerTest, UnsupportedPartsAreNamed) {
  EXPECT_THAT(
      ErrorWith("/normalizer", {{"type", "Squeeze"}}),
      HasSubstr("model/tokenizer.json: normalizer: a normalizer of type Squeeze is not supported"));
  EXPECT_THAT(
      ErrorWith("/normalizer",
                {{"type", "Sequence"}, {"normalizers", {{{"type", "NFC"}}, {{"type", "Squash"}}}}}),
      HasSubstr("normalizer.normalizers[1]: a normalizer of type Squash"));
  EXPECT_THAT(ErrorWith("/pre_tokenizer", {{"type", "Syllables"}}),
              HasSubstr("pre_tokenizer: a pre_tokenizer of type Sy"));
  EXPECT_THAT(ErrorWith("/post_processor", {{"type", "Wrap"}}),
              HasSubstr("a post_processor of type Wrap"));
  EXPECT_THAT(ErrorWith("/decoder", {{"type", "CTC"}}),
              HasSubstr("decoder: a decoder of type CTC"));
  EXPECT_THAT(ErrorWith("/version", "2.0"), HasSubstr("\"version\" is 2.0"));
}

TEST(MalformedTokenizerTest, FieldsOfParts) {
  EXPECT_THAT(ErrorWith("/normalizer", {{"prepend", "x"}}),
              HasSubstr("normalizer: \"type\" is missing"));
  EXPECT_THAT(ErrorWith("/normalizer",
                        {{"type", "Replace"}, {"pattern", {{"String", ""}}}, {"content", ""}}),
              HasSubstr("normalizer.pattern: the string to look for is empty"));
  const auto split = [](const char* regex, const char* behavior) {
    return json{{"type", "Split"},
                {"pattern", {{"Regex", regex}}},
                {"behavior", behavior},
                {"invert", false}};
  };
  EXPECT_THAT(ErrorWith("/pre_tokenizer", split("(a", "Isolated")),
              AllOf(HasSubstr("pre_tokenizer.pattern: the regular expression (a does not compile"),
                    HasSubstr("parenthesis")));
  EXPECT_THAT(ErrorWith("/pre_tokenizer", split("[a-z&&[^b]]", "Isolated")),
              HasSubstr("uses && in a class"));
  EXPECT_THAT(ErrorWith("/pre_tokenizer", split("a", "isolated")),
              HasSubstr("pre_tokenizer.behavior: \"isolated\" is not Removed, Isolated"));
  EXPECT_THAT(ErrorWith("/pre_tokenizer", {{"type", "Metaspace"}, {"replacement", "__"}}),
              HasSubstr("one character"));
  EXPECT_THAT(ErrorWith("/decoder", {{"type", "Strip"}, {"content", " "}, {"start", 1}}),
              HasSubstr("\"stop\" is missing"));
  EXPECT_THAT(ErrorWith("/post_processor",
                        {{"type", "TemplateProcessing"},
                         {"single", {{{"SpecialToken", {{"id", "<s>"}, {"type_id", 0}}}}}},
                         {"special_tokens", json::object()}}),
              HasSubstr("post_processor.special_tokens: \"<s>\" is missing"));
}

TEST(MalformedTokenizerTest, SpecialTokenOutsideTheVocabulary) {
  const json bos{{"id", "<s>"}, {"ids", {99}}, {"tokens", {"<s>"}}};
  EXPECT_THAT(
      ErrorWith("/post_processor",
                {{"type", "TemplateProcessing"},
                 {"single", {{{"SpecialToken", {{"id", "<s>"}}}}, {{"Sequence", {{"id", "A"}}}}}},
                 {"special_tokens", {{"<s>", bos}}}}),
      HasSubstr("post_processor: id 99 is not in the vocabulary"));
}

TEST(MalformedTokenizerTest, AddedTokens) {
  EXPECT_THAT(
      ErrorWith("/added_tokens/0/id", 7),
      HasSubstr(
          "added_tokens[0]: \"</s>\" has id 7, but counting on from model.vocab would give it 3"));
  EXPECT_THAT(ErrorWith("/added_tokens/0/content", "a"),
              HasSubstr("\"a\" has id 3, but model.vocab would give it 0"));
  EXPECT_THAT(ErrorWith("/added_tokens/0/special", 1),
              HasSubstr("added_tokens[0].special: expected true or false"));
  json state = Valid();
  state["added_tokens"].push_back(state["added_tokens"][0]);
  EXPECT_THAT(ErrorOf(state.dump()), HasSubstr("\"</s>\" is given twice"));
}

// A tokenizer.json cut off at any byte is refused, and never crashes.
TEST(MalformedTokenizerTest, TruncatedAnywhere) {
  const std::string content = Valid().dump();
  for (size_t length = 0; length < content.size(); ++length) {
    ASSERT_FALSE(Tokenizer::parse(content.substr(0, length), "t").ok()) << length;
  }
}

// Any value in the place of any other is either accepted or refused, and never crashes.
TEST(MalformedTokenizerTest, AnyValueAnywhere) {
  const json flat = Valid().flatten();
  const std::vector<json> values{
      nullptr, 7, -1, 1.5, true, "x", "", json::array(), json::object(), json::array({nullptr})};
  size_t refused = 0;
  for (const auto& [pointer, value] : flat.items()) {
    for (const json& other : values) {
      json state = Valid();
      state[json::json_pointer(pointer)] = other;
      const auto parsed = Tokenizer::parse(state.dump(), "t");
      if (parsed.ok()) {
        (*parsed)->decode((*parsed)->encode("ab</s>x", true), false);
      } else {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 80u);
}

}  // namespace
}  // namespace restem
