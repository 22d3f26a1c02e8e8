// Encodes texts again whenever a line comes in: scripts/peers/compare_tokenizers.py runs it in turn
// with its peer.
//
//   tokenizer_bench MODEL_DIR TEXTS.json      a list of strings
//
// For each line of standard input, one line "<seconds> <tokens>" of all texts, one after the other,
// on one thread; the tokenizer's cache of words keeps what earlier rounds left.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/file.h"
#include "text/tokenizer.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: tokenizer_bench MODEL_DIR TEXTS.json\n");
    return 2;
  }
  const auto tokenizer = restem::Tokenizer::load(argv[1]);
  const auto content = restem::ReadFile(argv[2]);
  if (!tokenizer.ok() || !content.ok()) {
    const absl::Status& status = tokenizer.ok() ? content.status() : tokenizer.status();
    fmt::print(stderr, "{}\n", restem::MessageOf(status));
    return 1;
  }
  const auto texts = nlohmann::json::parse(*content).get<std::vector<std::string>>();
  for (std::string line; std::getline(std::cin, line);) {
    size_t tokens = 0;
    const auto start = std::chrono::steady_clock::now();
    for (const std::string& text : texts) {
      tokens += (*tokenizer)->encode(text, /*add_special_tokens=*/false).size();
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    fmt::print("{:.9f} {}\n", seconds.count(), tokens);
    std::fflush(stdout);
  }
  return 0;
}
