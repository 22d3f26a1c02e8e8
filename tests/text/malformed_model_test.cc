// What is wrong with a Unigram model, a charsmap or a SentencePiece file is named; what would take
// any time or memory is refused or bounded.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "base/file.h"
#include "support/paths.h"
#include "text/regex.h"
#include "text/tokenizer.h"

namespace restem {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;

json Unigram() {
  return json::parse(
      R"({"added_tokens": [], "normalizer": null, "pre_tokenizer": null, "post_processor": null,
    "decoder": {"type": "Fuse"},
    "model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["a", -1], ["b", -2], ["ab", -2.5]]}})");
}

std::string ErrorOf(const absl::StatusOr<std::shared_ptr<const Tokenizer>>& parsed) {
  EXPECT_FALSE(parsed.ok());
  return parsed.ok() ? "" : std::string(MessageOf(parsed.status()));
}

std::string ErrorWith(const char* pointer, const json& value) {
  json state = Unigram();
  state[json::json_pointer(pointer)] = value;
  return ErrorOf(Tokenizer::parse(state.dump(), "t.json"));
}

TEST(MalformedUnigramTest, Model) {
  const auto fine = Tokenizer::parse(Unigram().dump(), "t.json");
  ASSERT_TRUE(fine.ok()) << fine.status();
  EXPECT_EQ((*fine)->encode("abxxa", false), (std::vector<int32_t>{3, 0, 1}));
  EXPECT_THAT(ErrorWith("/model/unk_id", 4), HasSubstr("\"unk_id\" is 4, but \"vocab\" has 4"));
  EXPECT_THAT(ErrorWith("/model/unk_id", nullptr), HasSubstr("\"unk_id\" is missing"));
  EXPECT_THAT(ErrorWith("/model/vocab", json::array()), HasSubstr("one token at least"));
  EXPECT_THAT(ErrorWith("/model/vocab/1", json::array({"a"})),
              HasSubstr("model.vocab: token 1 is [\"a\"]: expected [\"token\", score]"));
  EXPECT_THAT(ErrorWith("/model/vocab/1/0", std::string(2000, 'a')), HasSubstr("has 2000 bytes"));
}

std::string Charsmap(std::vector<uint32_t> units, const std::string& replacements) {
  std::string blob;
  units.insert(units.begin(), static_cast<uint32_t>(4 * units.size()));
  for (const uint32_t unit : units) {
    for (int shift = 0; shift < 32; shift += 8) blob += static_cast<char>(unit >> shift);
  }
  return blob + replacements;
}

std::string CharsmapError(const std::string& blob) {
  std::string encoded;
  absl::Base64Escape(blob, &encoded);
  return ErrorWith("/normalizer", {{"type", "Precompiled"}, {"precompiled_charsmap", encoded}});
}

// The rule a → replacement 0: the root's children are at 0 xor label, the value at 97 xor 3.
std::vector<uint32_t> OneRule(uint32_t value) {
  std::vector<uint32_t> units(128);
  units['a'] = 3u << 10 | 1u << 8 | 'a';
  units['a' ^ 3] = 1u << 31 | value;
  return units;
}

TEST(MalformedUnigramTest, Charsmap) {
  json state = Unigram();
  std::string encoded;
  absl::Base64Escape(Charsmap(OneRule(0), std::string("b\0", 2)), &encoded);
  state["normalizer"] = {{"type", "Precompiled"}, {"precompiled_charsmap", encoded}};
  const auto fine = Tokenizer::parse(state.dump(), "t.json");
  ASSERT_TRUE(fine.ok()) << fine.status();
  EXPECT_EQ((*fine)->encode("a", false), (std::vector<int32_t>{2}));

  EXPECT_THAT(CharsmapError(Charsmap(OneRule(5), std::string("b\0", 2))),
              AllOf(HasSubstr("normalizer.precompiled_charsmap"), HasSubstr("points to byte 5")));
  EXPECT_THAT(CharsmapError(Charsmap(OneRule(1), "\xC3\xA9")), HasSubstr("inside a character"));
  EXPECT_THAT(CharsmapError(Charsmap(OneRule(0), "\xFF")), HasSubstr("not valid UTF-8"));
  std::vector<uint32_t> outside = OneRule(0);
  outside['a'] = 0x1FFFFFu << 10 | 1u << 8 | 'a';
  EXPECT_THAT(CharsmapError(Charsmap(outside, "b")), HasSubstr("points outside the array"));
  EXPECT_THAT(CharsmapError("ab"), HasSubstr("too few for its size"));
  EXPECT_THAT(CharsmapError(std::string("\xFF\xFF\xFF\xFF abc", 8)),
              HasSubstr("says that its array"));
  EXPECT_THAT(ErrorWith("/normalizer", {{"type", "Precompiled"}, {"precompiled_charsmap", "?"}}),
              HasSubstr("expected base64"));
}

// Doubling a text 40 times is a file of a few lines.
TEST(MalformedUnigramTest, GrowthIsBounded) {
  json steps = json::array();
  for (int i = 0; i < 40; ++i) {
    steps.push_back({{"type", "Replace"}, {"pattern", {{"String", "a"}}}, {"content", "aa"}});
  }
  EXPECT_THAT(ErrorWith("/normalizer", {{"type", "Sequence"}, {"normalizers", steps}}),
              HasSubstr("normalizer: it could make a text 1.1e+12 times as long"));
  EXPECT_THAT(ErrorWith("/decoder", {{"type", "Sequence"}, {"decoders", steps}}),
              HasSubstr("times as long"));
  const json bytes{{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}};
  EXPECT_THAT(
      ErrorWith("/pre_tokenizer",
                {{"type", "Sequence"}, {"pretokenizers", json(std::vector<json>(40, bytes))}}),
      HasSubstr("times as long"));
}

TEST(MalformedUnigramTest, DeepNesting) {
  std::string deep = "null";
  for (int i = 0; i < 10'000; ++i) deep = R"({"type":"Sequence","normalizers":[)" + deep + "]}";
  std::string state = Unigram().dump();
  const std::string none = "\"normalizer\":null";
  state.replace(state.find(none), none.size(), "\"normalizer\":" + deep);
  EXPECT_THAT(ErrorOf(Tokenizer::parse(state, "t.json")), HasSubstr("nested deeper than 500"));
}

// Exponential in the run's length, for every place of it: what is bounded ends in a second.
TEST(MalformedUnigramTest, RegexThatBlowsUp) {
  const auto regex = text::Regex::compile("(?:a+)+$");
  ASSERT_TRUE(regex.ok());
  EXPECT_TRUE((*regex)->find_all(std::string(200, 'a') + "b").empty());
}

std::string Field(int number, const std::string& bytes) {
  return std::string(1, static_cast<char>(number << 3 | 2)) + static_cast<char>(bytes.size()) +
         bytes;
}
std::string Number(int number, int value) {
  return std::string(1, static_cast<char>(number << 3)) + static_cast<char>(value);
}
std::string Piece(const std::string& text, int type = 1) {
  return Field(1, Field(1, text) + Number(3, type));
}
const std::string kUnknown = Piece("<unk>", 2);
const std::string kBpe = Field(2, Number(3, 2));

absl::StatusOr<std::shared_ptr<const Tokenizer>> Parse(const std::string& content,
                                                       const json& config = json::object()) {
  return Tokenizer::parse_sentencepiece(content, "m/tokenizer.model", {"m/config", config});
}

TEST(MalformedSentencePieceTest, IsNamed) {
  ASSERT_TRUE(Parse(kUnknown + Piece("a")).ok());
  EXPECT_THAT(ErrorOf(Parse("")), HasSubstr("m/tokenizer.model: none of the 0 pieces is of type"));
  EXPECT_THAT(ErrorOf(Parse(kUnknown + Piece("<?>", 2))), HasSubstr("pieces 0 and 1 are both"));
  EXPECT_THAT(ErrorOf(Parse(kUnknown + Piece(""))), HasSubstr("piece 1 (\"\") is empty"));
  EXPECT_THAT(ErrorOf(Parse(kUnknown + Piece("a") + Piece("a", 3))), HasSubstr("is there twice"));
  EXPECT_THAT(ErrorOf(Parse(kUnknown + Piece("a", 5))), HasSubstr("UNUSED: not supported"));
  EXPECT_THAT(ErrorOf(Parse(kUnknown + Piece("a", 7))), HasSubstr("is 7: expected 1 to 6"));
  EXPECT_THAT(ErrorOf(Parse(kUnknown + Piece("<0x41>", 6))), HasSubstr("byte_fallback is false"));
  EXPECT_THAT(ErrorOf(Parse(kUnknown + Field(2, Number(3, 4)))), HasSubstr("WORD and CHAR"));
  EXPECT_THAT(ErrorOf(Parse(kUnknown + kBpe + Piece("ab") + Piece("a"))),
              HasSubstr("piece 1 (\"ab\") is made of \"b\""));
  EXPECT_THAT(ErrorOf(Parse(kUnknown + Field(5, Field(2, "x")))), HasSubstr("denormalizer_spec"));
  EXPECT_THAT(ErrorOf(Parse(kUnknown + Field(3, Field(2, "xyz")))),
              HasSubstr("the charsmap has 3"));
}

TEST(MalformedSentencePieceTest, WireFormat) {
  EXPECT_THAT(ErrorOf(Parse("hello")), HasSubstr("not a SentencePiece model, or a damaged one"));
  EXPECT_THAT(ErrorOf(Parse("\x0A\x7F"
                            "a")),
              HasSubstr("has 127 bytes, but only 1 follow"));
  EXPECT_THAT(ErrorOf(Parse("\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01")),
              HasSubstr("but only 0"));
  EXPECT_THAT(ErrorOf(Parse(std::string(11, '\xFF'))), HasSubstr("longer than 10 bytes"));
  EXPECT_THAT(ErrorOf(Parse("\x0B")), HasSubstr("wire type 3"));
  EXPECT_THAT(ErrorOf(Parse(Field(1, Field(1, "\xFF")))), HasSubstr("not valid UTF-8"));
  EXPECT_THAT(ErrorOf(Parse(Field(1, Number(1, 3)))), HasSubstr("expected 2"));
}

TEST(MalformedSentencePieceTest, Config) {
  const std::string model = kUnknown + Piece("<s>", 3) + Piece("a");
  EXPECT_THAT(ErrorOf(Parse(model, {{"legacy", false}})), HasSubstr("m/config: \"legacy\": false"));
  EXPECT_THAT(ErrorOf(Parse(model, {{"add_prefix_space", false}})),
              HasSubstr("add_dummy_prefix is true"));
  EXPECT_THAT(ErrorOf(Parse(kUnknown, {{"add_bos_token", true}})), HasSubstr("has no such token"));
  EXPECT_THAT(ErrorOf(Parse(model, {{"added_tokens_decoder", {{"x", json::object()}}}})),
              HasSubstr("added_tokens_decoder: \"x\": expected an id"));
  const json eot{{"content", "<eot>"},
                 {"single_word", false},
                 {"lstrip", false},
                 {"rstrip", false},
                 {"normalized", false},
                 {"special", true}};
  const auto added = Parse(model, {{"added_tokens_decoder", {{"3", eot}}}});
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_EQ((*added)->encode("<eot>", true), (std::vector<int32_t>{1, 3}));
  EXPECT_THAT(ErrorOf(Parse(model, {{"added_tokens_decoder", {{"9", eot}}}})),
              HasSubstr("has id 9"));
}

TEST(MalformedSentencePieceTest, TokensOfAnUnreadFile) {
  const std::string dir = testing::TestDir();
  ASSERT_TRUE(WriteFileAtomic(dir + "/tokenizer.model", kUnknown + Piece("a")).ok());
  ASSERT_TRUE(Tokenizer::load(dir).ok());
  ASSERT_TRUE(WriteFileAtomic(dir + "/added_tokens.json", "{}").ok());
  EXPECT_THAT(ErrorOf(Tokenizer::load(dir)), HasSubstr("added_tokens.json: not supported"));
}

// Cut off anywhere, or with any byte changed: refused or usable.
TEST(MalformedSentencePieceTest, DamagedAnywhere) {
  const std::string model = kUnknown + Piece("<s>", 3) + Piece("a") + Piece("b") + Piece("ab") +
                            Piece("~", 4) + kBpe + Field(3, Field(2, Charsmap(OneRule(0), "b")));
  for (size_t at = 0; at < model.size(); ++at) {
    std::string damaged = model;
    for (const char byte : {'\0', '\xFF', static_cast<char>(model[at] + 1)}) {
      damaged[at] = byte;
      const auto parsed = Parse(damaged);
      if (parsed.ok()) (*parsed)->decode((*parsed)->encode("ab~ <s>c", true), true);
    }
    const auto cut = Parse(model.substr(0, at));
    if (cut.ok()) (*cut)->decode((*cut)->encode("ab~ <s>c", true), true);
  }
}

}  // namespace
}  // namespace restem
