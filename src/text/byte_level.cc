#include "text/byte_level.h"

#include <array>
#include <charconv>
#include <cstdint>

#include "text/unicode.h"

namespace restem::text {
namespace {

// Printable Latin-1 stands for itself; the 68 other bytes take U+0100 onwards, in order.
struct Alphabet {
  std::array<std::string, 256> of_byte;
  std::array<int16_t, 0x144> byte_of;  // by code point; -1: none

  Alphabet() {
    byte_of.fill(-1);
    int32_t next = 0x100;
    for (int32_t byte = 0; byte < 256; ++byte) {
      const bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte != 0xAD);
      const int32_t codepoint = printable ? byte : next++;
      AppendCodepoint(codepoint, &of_byte[static_cast<size_t>(byte)]);
      byte_of[static_cast<size_t>(codepoint)] = static_cast<int16_t>(byte);
    }
  }
};

const Alphabet& TheAlphabet() {
  static const Alphabet alphabet;
  return alphabet;
}

}  // namespace

void AppendByteLevel(std::string_view bytes, std::string* out) {
  const Alphabet& alphabet = TheAlphabet();
  for (const char byte : bytes) *out += alphabet.of_byte[static_cast<uint8_t>(byte)];
}

void AppendBytesOf(std::string_view token, std::string* out) {
  const Alphabet& alphabet = TheAlphabet();
  const size_t before = out->size();
  for (size_t at = 0; at < token.size();) {
    const int32_t codepoint = NextCodepoint(token, &at);
    const bool known = codepoint >= 0 && codepoint < static_cast<int32_t>(alphabet.byte_of.size());
    const int16_t byte = known ? alphabet.byte_of[static_cast<size_t>(codepoint)] : int16_t{-1};
    if (byte < 0) {
      out->resize(before);
      *out += token;
      return;
    }
    *out += static_cast<char>(byte);
  }
}

std::optional<char> ByteOf(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token.back() != '>') return std::nullopt;
  uint8_t byte = 0;
  const char* end = token.data() + 5;
  const auto [stopped, error] = std::from_chars(token.data() + 3, end, byte, 16);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return static_cast<char>(byte);
}

}  // namespace restem::text
