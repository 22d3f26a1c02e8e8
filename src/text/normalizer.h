// The "normalizer" of a tokenizer.json: what is done to a text before it is split.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "text/json_view.h"

namespace restem::text {

class Normalizer {
 public:
  virtual ~Normalizer() = default;
  // `text` is valid UTF-8 before and after.
  virtual void apply(std::string& text) const = 0;
  // At most how many bytes come out for one that goes in?
  virtual double growth() const { return 1; }
};

// Texts that grow more than any published tokenizer makes them would take any memory there is.
inline constexpr double kMaxGrowth = 4096;

// NFC, NFD, NFKC, NFKD, Lowercase, Strip, StripAccents, Replace, Prepend, ByteLevel, Nmt,
// Precompiled, BertNormalizer, Sequence. Null for JSON's null.
absl::StatusOr<std::shared_ptr<const Normalizer>> ParseNormalizer(const JsonView& view);

// The parts that others consist of. `form` is NFC, NFD, NFKC or NFKD.
absl::StatusOr<std::shared_ptr<const Normalizer>> MakeUnicodeForm(const JsonView& view,
                                                                  std::string_view form);
std::shared_ptr<const Normalizer> MakeLowercase();
std::shared_ptr<const Normalizer> MakeNormalizerSequence(
    std::vector<std::shared_ptr<const Normalizer>> steps);

}  // namespace restem::text
