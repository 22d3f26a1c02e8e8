// How tokens spell bytes: by GPT-2's printable stand-ins, characters that a vocabulary file can
// hold instead of a text's UTF-8 bytes, or as <0x0A>.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace restem::text {

// Appends the stand-ins of `bytes`.
void AppendByteLevel(std::string_view bytes, std::string* out);

// Appends the bytes that `token` stands for; a token with any character that is no stand-in is
// appended as it is.
void AppendBytesOf(std::string_view token, std::string* out);

// The byte that a token <0x00> … <0xFF> spells.
std::optional<char> ByteOf(std::string_view token);

}  // namespace restem::text
