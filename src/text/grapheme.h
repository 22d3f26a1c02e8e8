// Extended grapheme clusters (Unicode Standard Annex 29): what a reader takes for one character.
#pragma once

#include <cstddef>
#include <string_view>

namespace restem::text {

// Where the cluster ends that begins at `begin` of valid UTF-8, begin < text.size(). Without rule
// GB9c, which joins the consonants of an Indic conjunct.
size_t GraphemeEnd(std::string_view text, size_t begin);

}  // namespace restem::text
