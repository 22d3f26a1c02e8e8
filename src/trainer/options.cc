#include "trainer/options.h"

#include <array>
#include <string_view>

namespace restem {
namespace {

using config::Fields;

void VisitAmount(Fields& f, TrainOptions& o) {
  static constexpr std::array<std::string_view, 2> kExamples = {"samples", "solutions"};
  f.choice("examples",
           o.examples,
           kExamples,
           "samples: selected samples (ReST-EM). solutions: the problems' human solutions (SFT).");
  f.integer("epochs", o.epochs, {.min = 1}, "Passes over the training set.");
  f.integer("max_steps", o.max_steps, {.min = 0}, "Most optimizer steps; 0: what epochs take.");
  f.integer("tokens_per_step",
            o.tokens_per_step,
            {.min = 1},
            "Prompt and completion tokens of one optimizer step, over all ranks.");
  f.auto_or("micro_batch_tokens",
            o.micro_batch_tokens,
            {.min = 1},
            "Tokens of one forward and backward pass; auto: from the machine.");
}

void VisitOptimizer(Fields& f, TrainOptions& o) {
  static constexpr std::array<std::string_view, 3> kSchedules = {"cosine", "linear", "constant"};
  f.real("learning_rate", o.learning_rate, {.min = 0, .open_min = true}, "Peak rate of AdamW.");
  f.choice("lr_scheduler_type",
           o.lr_scheduler_type,
           kSchedules,
           "Course of the learning rate after the warm-up; cosine and linear end at 0.");
  f.integer("warmup_steps", o.warmup_steps, {.min = 0}, "Steps of linear rise from 0.");
  f.real("weight_decay", o.weight_decay, {.min = 0}, "AdamW's decoupled decay of matrices.");
  f.reals("betas", o.betas, {.min = 0, .max = 1}, "AdamW's two decay rates of the moments.");
  f.require(o.betas.size() == 2 && o.betas[0] < 1 && o.betas[1] < 1,
            "betas",
            "must be two numbers, each at least 0 and below 1");
  f.real("max_grad_norm", o.max_grad_norm, {.min = 0}, "Clip the gradient's norm; 0: do not.");
}

void VisitObjective(Fields& f, TrainOptions& o) {
  static constexpr std::array<std::string_view, 3> kWeighting = {"sample", "problem", "token"};
  static constexpr std::array<std::string_view, 3> kEarlyStop = {"reward", "loss", "none"};
  f.choice("weighting",
           o.weighting,
           kWeighting,
           "What has weight 1: a sample, a problem (shared by its samples), or a token.");
  f.choice("early_stop",
           o.early_stop,
           kEarlyStop,
           "Keep the weights that are best on data.validation by reward or loss; none: the last.");
  f.integer("eval_every",
            o.eval_every,
            {.min = 0},
            "Steps between validations; 0: at the end of each epoch.");
  f.integer("patience",
            o.patience,
            {.min = 0},
            "Stop after this many validations without a better one; 0: never stop early.");
  f.integer("save_every",
            o.save_every,
            {.min = 0},
            "Steps between checkpoints that training continues from; 0: only at the end.");
  f.real("z_loss", o.z_loss, {.min = 0}, "Weight of the squared log-partition penalty; 0: off.");
}

void VisitScale(Fields& f, TrainOptions& o) {
  static constexpr std::array<std::string_view, 3> kSharding = {"auto", "node", "none"};
  f.boolean("gradient_checkpointing",
            o.gradient_checkpointing,
            "Compute activations again in the backward pass: less memory, more time.");
  f.boolean(
      "offload_optimizer",
      o.offload_optimizer,
      "With device: cuda, keep what AdamW works on in the host's memory: 16 bytes a parameter "
      "less on the GPU, more time.");
  f.choice(
      "sharding",
      o.sharding,
      kSharding,
      "auto: the ranks of a run share out weights, gradients and moments. node: those of each node "
      "do. none: each has all.");
  f.integer("tensor_parallel_size",
            o.tensor_parallel_size,
            {.min = 1},
            "Neighbouring ranks that compute one model together, each a part of every matrix.");
}

}  // namespace

void TrainOptions::visit(Fields& f) {
  VisitAmount(f, *this);
  VisitOptimizer(f, *this);
  VisitObjective(f, *this);
  VisitScale(f, *this);
}

}  // namespace restem
