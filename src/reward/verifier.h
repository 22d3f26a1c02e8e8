// A binary reward: decides whether a completion solves its problem.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "config/fields.h"
#include "data/types.h"

namespace restem {

struct Judgement {
  VerdictKind verdict = VerdictKind::kWrong;
  std::string extracted;  // what was read out of the completion
  std::string reason;     // why it is not correct
};

// Thread-safe: `judge` is called from many threads at once. Only the completion is read, never the
// prompt.
class Verifier {
 public:
  virtual ~Verifier() = default;
  virtual Judgement judge(const Problem& problem, std::string_view completion) const = 0;
  // The completion that the gold answer stands for, judged correct by a sane reward; empty if the
  // problem has none. Default: the problem's "answer" as text.
  virtual std::string gold_completion(const Problem& problem) const;
  // Is a completion without a word to be judged wrong, whatever the problem? Asked by the preflight
  // only. Default: not known.
  virtual bool refuses_nothing() const { return false; }
  // What has to hold before anything is judged, apart from single problems: that a sandbox is
  // closed, say. A line for the user, or empty; an error where it does not hold.
  virtual absl::StatusOr<std::string> prove() const { return std::string(); }
  // The problem's fields that `judge` and `gold_completion` read; nullopt: any of them. Others may
  // be missing from the problems that it is given. Default: any.
  virtual std::optional<std::vector<std::string>> reads() const { return std::nullopt; }
  // How many calls of `judge` at once are of use where this process has so many threads to compute
  // with. More than those for a judge elsewhere, whose callers only wait. Default: `threads`.
  virtual size_t concurrency(size_t threads) const { return threads; }
};

// A reward type's own options, and how to build its verifier from them.
class VerifierSpec {
 public:
  virtual ~VerifierSpec() = default;
  virtual void visit(config::Fields& f) = 0;
  virtual absl::StatusOr<std::unique_ptr<Verifier>> build() const = 0;
  // Files that its verdicts depend on. Default: none.
  virtual std::vector<std::string> files() const { return {}; }
};

// Reward types by name. A new type is one file that registers itself:
//   const VerifierRegistration kRegistration("numeric", "last number equals the answer", [] { … });
struct VerifierType {
  std::string_view name;
  std::string_view help;
  std::function<std::unique_ptr<VerifierSpec>()> make_spec;
};
class VerifierRegistration {
 public:
  VerifierRegistration(std::string_view name,
                       std::string_view help,
                       std::function<std::unique_ptr<VerifierSpec>()> make_spec);
};
const std::vector<VerifierType>& VerifierTypes();  // sorted by name

}  // namespace restem
