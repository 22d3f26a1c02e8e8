// A chat template on any bytes. Nothing crashes, leaks, overruns or hangs; what renders once
// renders the same again.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "text/chat_template.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace restem;
  static const auto variables = nlohmann::ordered_json::parse(
      R"({"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "Größe 👍 q\n"},
      {"role": "assistant", "content": [{"type": "text", "text": "a"}], "tool_calls": [{"function":
      {"name": "f", "arguments": {"x": [1, 2.5, null, true]}}}]}], "tools": [{"type": "function"}],
      "add_generation_prompt": true, "bos_token": "<s>", "a": 7, "s": "Hello World", "l": [3, 1, 2],
      "d": {"x": 1, "items": 2}, "n": null})");
  const std::string_view source(reinterpret_cast<const char*>(data), size);
  const auto parsed = jinja::Template::parse(source, "fuzz");
  if (!parsed.ok()) return 0;
  const auto first = parsed->render(variables, *ParseDate("2024-07-26"));
  const auto again = parsed->render(variables, *ParseDate("2024-07-26"));
  if (first.ok() == again.ok() && (!first.ok() || *first == *again)) return 0;
  std::fprintf(stderr, "violated: the same text again\n");
  std::abort();
}
