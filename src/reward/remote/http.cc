// Reward `http`: a service judges, many completions at a time.
#include <signal.h>

#include <memory>

#include "reward/remote/http_judge.h"
#include "reward/remote/protocol.h"
#include "reward/verifier.h"

namespace restem {
namespace {

class HttpVerifier : public Verifier {
 public:
  HttpVerifier(const HttpOptions& options, std::unique_ptr<HttpJudge> judge)
      : most_(static_cast<size_t>(options.batch_size * options.max_in_flight)),
        service_(std::move(judge)),
        batcher_(
            {static_cast<size_t>(options.batch_size), static_cast<size_t>(options.max_in_flight)},
            [this](std::span<const nlohmann::json* const> requests, bool alone) {
              return service_->judge(requests, alone);
            }) {}

  Judgement judge(const Problem& problem, std::string_view completion) const override {
    return batcher_.judge(JudgeRequest(problem, completion));
  }
  // A caller brings one completion: fewer callers would never fill the batches.
  size_t concurrency(size_t /*threads*/) const override { return most_; }

 private:
  const size_t most_;
  const std::unique_ptr<HttpJudge> service_;
  mutable Batcher batcher_;
};

class HttpSpec : public VerifierSpec {
 public:
  void visit(config::Fields& f) override { options_.visit(f); }
  absl::StatusOr<std::unique_ptr<Verifier>> build() const override {
    // A service that hangs up is an error of a write, not the end of this process.
    ::signal(SIGPIPE, SIG_IGN);
    RESTEM_ASSIGN_OR_RETURN(auto judge, HttpJudge::make(options_));
    return std::make_unique<HttpVerifier>(options_, std::move(judge));
  }

 private:
  HttpOptions options_;
};

const VerifierRegistration kRegistration("http",
                                         "A service of yours judges: JSON over HTTP, in batches.",
                                         [] { return std::make_unique<HttpSpec>(); });

}  // namespace
}  // namespace restem
