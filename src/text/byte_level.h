// GPT-2's printable stand-ins for bytes: a text's UTF-8 bytes become characters that a vocabulary
// file can hold.
#pragma once

#include <string>
#include <string_view>

namespace restem::text {

// Appends the stand-ins of `bytes`.
void AppendByteLevel(std::string_view bytes, std::string* out);

// Appends the bytes that `token` stands for; a token with any character that is no stand-in is
// appended as it is.
void AppendBytesOf(std::string_view token, std::string* out);

}  // namespace restem::text
