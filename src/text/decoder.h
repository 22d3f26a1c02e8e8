// The "decoder" of a tokenizer.json: how the strings of tokens become text.
//
// A decoder is a chain of stages. Each run takes the next pieces of a sequence and leaves what can
// be said of them so far; one run over the whole sequence with `last` set is the `tokenizers`
// library's decode(), several runs are a stream.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "text/json_view.h"

namespace restem::text {

enum class DecodeMode {
  kWhole,   // one run
  kStream,  // many runs: what is complete is handed out at once
};

// State of one sequence; a new sequence needs a new stage.
class DecodeStage {
 public:
  virtual ~DecodeStage() = default;
  virtual void run(std::vector<std::string>& pieces, bool last) = 0;
};

class DecodeChain {
 public:
  void add(std::unique_ptr<DecodeStage> stage) { stages_.push_back(std::move(stage)); }
  // The text that `pieces`, the strings of the next tokens, complete.
  std::string run(std::vector<std::string> pieces, bool last);

 private:
  std::vector<std::unique_ptr<DecodeStage>> stages_;
};

class Decoder {
 public:
  using MakeStage = std::function<std::unique_ptr<DecodeStage>(DecodeMode mode)>;

  // ByteLevel, ByteFallback, Replace, Fuse, Strip, Metaspace, WordPiece, BPEDecoder, Sequence. Null
  // joins the tokens by spaces.
  static absl::StatusOr<Decoder> parse(const JsonView& view);
  // Of one stage.
  static Decoder of(MakeStage make);

  DecodeChain start(DecodeMode mode) const;

 private:
  // `fused`: an earlier stage made one piece of the sequence, so that pieces are fragments of it.
  absl::Status parse_into(const JsonView& view, bool* fused);

  std::vector<MakeStage> makers_;
  double growth_ = 1;  // at most so many bytes come out for one of a token
};

}  // namespace restem::text
