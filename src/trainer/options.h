// The `train` section of a job.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/fields.h"

namespace restem {

struct TrainOptions {
  std::string examples = "samples";  // samples | solutions
  int64_t epochs = 3;
  int64_t max_steps = 0;                      // optimizer steps; 0: as many as the epochs take
  int64_t tokens_per_step = 16384;            // prompt and completion tokens of one optimizer step
  std::optional<int64_t> micro_batch_tokens;  // of one forward and backward; auto: nullopt
  double learning_rate = 1.0e-5;
  std::string lr_scheduler_type = "cosine";  // cosine | linear | constant
  int64_t warmup_steps = 20;
  double weight_decay = 0.1;
  std::vector<double> betas = {0.9, 0.95};
  double max_grad_norm = 1.0;         // 0: no clipping
  std::string weighting = "sample";   // sample | problem | token
  std::string early_stop = "reward";  // reward | loss | none
  int64_t eval_every = 50;            // steps; 0: at the end of each epoch
  int64_t patience = 3;               // evaluations without a better one before training stops
  int64_t save_every = 200;           // steps between trainer checkpoints; 0: only at the end
  double z_loss = 0.0;
  bool gradient_checkpointing = false;
  bool offload_optimizer = false;
  std::string sharding = "auto";  // auto | node | none
  int64_t tensor_parallel_size = 1;

  void visit(config::Fields& f);
};

}  // namespace restem
