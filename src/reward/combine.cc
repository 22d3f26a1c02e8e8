// Rewards `all`, `any`, `not`: verdicts of other rewards, combined.
#include <absl/strings/str_join.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "reward/verifier.h"

namespace restem {
namespace {

enum class Combination { kAll, kAny, kNot };
using Verifiers = std::vector<std::unique_ptr<Verifier>>;

// The first child's verdict that decides, and an error only where no other child decides: `all` is
// settled by a wrong, `any` and `not` by a correct.
class CombinedVerifier : public Verifier {
 public:
  CombinedVerifier(Combination combination, Verifiers children)
      : combination_(combination), children_(std::move(children)) {}

  Judgement judge(const Problem& problem, std::string_view completion) const override {
    const VerdictKind deciding =
        combination_ == Combination::kAll ? VerdictKind::kWrong : VerdictKind::kCorrect;
    Judgement result;
    for (size_t i = 0; i < children_.size(); ++i) {
      Judgement one = children_[i]->judge(problem, completion);
      const bool decides = one.verdict == deciding;
      if (decides || i == 0 ||
          (one.verdict == VerdictKind::kError && result.verdict != VerdictKind::kError)) {
        result = std::move(one);
      }
      if (decides) break;
    }
    return combination_ == Combination::kNot ? inverted(std::move(result)) : result;
  }

  size_t concurrency(size_t threads) const override {
    size_t most = 1;
    for (const auto& child : children_) most = std::max(most, child->concurrency(threads));
    return most;
  }

  // A gold completion of one child that suits all. None where a child's is unknown and no other's
  // will do.
  std::string gold_completion(const Problem& problem) const override {
    if (combination_ == Combination::kNot) return "";
    std::string first;
    bool all_known = true;
    for (const auto& child : children_) {
      std::string gold = child->gold_completion(problem);
      if (gold.empty()) {
        all_known = false;
        continue;
      }
      if (judge(problem, gold).verdict == VerdictKind::kCorrect) return gold;
      if (first.empty()) first = std::move(gold);
    }
    return all_known ? first : "";
  }

  std::optional<std::vector<std::string>> reads() const override {
    std::vector<std::string> fields;
    for (const auto& child : children_) {
      const auto own = child->reads();
      if (!own) return std::nullopt;
      fields.insert(fields.end(), own->begin(), own->end());
    }
    return fields;
  }

  bool refuses_nothing() const override {
    const auto refuses = [](const auto& child) { return child->refuses_nothing(); };
    if (combination_ == Combination::kNot) return false;
    return combination_ == Combination::kAll
               ? std::any_of(children_.begin(), children_.end(), refuses)
               : std::all_of(children_.begin(), children_.end(), refuses);
  }
  absl::StatusOr<std::string> prove() const override {
    std::vector<std::string> lines;
    for (const auto& child : children_) {
      RESTEM_ASSIGN_OR_RETURN(std::string line, child->prove());
      if (!line.empty()) lines.push_back(std::move(line));
    }
    return absl::StrJoin(lines, "; ");
  }

 private:
  static Judgement inverted(Judgement judgement) {
    if (judgement.verdict == VerdictKind::kCorrect) {
      return {VerdictKind::kWrong, judgement.extracted, "it meets what must not be met"};
    }
    if (judgement.verdict == VerdictKind::kWrong)
      return {VerdictKind::kCorrect, judgement.extracted, ""};
    return judgement;
  }

  const Combination combination_;
  const Verifiers children_;
};

// A reward inside another: its type and the type's own fields.
struct Part {
  std::string type;
  std::shared_ptr<VerifierSpec> spec;

  void visit(config::Fields& f) {
    std::vector<std::string_view> names;
    for (const VerifierType& known : VerifierTypes()) names.push_back(known.name);
    const bool holds = f.choice("type", type, names, "How this part is judged.");
    if (holds && f.reads()) {
      for (const VerifierType& known : VerifierTypes()) {
        if (known.name == type) spec = known.make_spec();
      }
    }
    f.require(!holds || spec != nullptr, "type", "is needed");
    if (spec == nullptr) return f.ignore_rest();
    spec->visit(f);
  }
};

class CombinedSpec : public VerifierSpec {
 public:
  explicit CombinedSpec(Combination combination) : combination_(combination) {}

  void visit(config::Fields& f) override {
    f.list_of("of", parts_, "The rewards to combine, each with its type and that type's fields.");
    f.require(!parts_.empty(), "of", "names no reward");
  }
  absl::StatusOr<std::unique_ptr<Verifier>> build() const override {
    Verifiers children;
    for (size_t i = 0; i < parts_.size(); ++i) {
      if (parts_[i].spec == nullptr)
        return InvalidInput(fmt::format("of[{}]: no type is given", i));
      auto child = parts_[i].spec->build();
      if (!child.ok()) return Annotate(child.status(), fmt::format("of[{}]", i));
      children.push_back(*std::move(child));
    }
    if (children.empty()) return InvalidInput("of: names no reward");
    return std::make_unique<CombinedVerifier>(combination_, std::move(children));
  }
  std::vector<std::string> files() const override {
    std::vector<std::string> files;
    for (const Part& part : parts_) {
      if (part.spec == nullptr) continue;
      const auto own = part.spec->files();
      files.insert(files.end(), own.begin(), own.end());
    }
    return files;
  }

 private:
  const Combination combination_;
  std::vector<Part> parts_;
};

template <Combination kCombination>
std::unique_ptr<VerifierSpec> Make() {
  return std::make_unique<CombinedSpec>(kCombination);
}

const VerifierRegistration kAll("all", "Every reward of a list accepts.", Make<Combination::kAll>);
const VerifierRegistration kAny("any",
                                "At least one reward of a list accepts.",
                                Make<Combination::kAny>);
const VerifierRegistration kNot("not", "No reward of a list accepts.", Make<Combination::kNot>);

}  // namespace
}  // namespace restem
