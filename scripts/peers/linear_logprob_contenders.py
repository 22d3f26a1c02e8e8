"""What compare_linear_logprob.py runs: restem's op, its peers, and the products that none of them can do without."""

import torch
import torch.nn.functional as F

IGNORED = -100  # as a target: this row carries no weight


class Unable(Exception):
    """A contender does not do this work; says why."""


class Problem:
    """Inputs of one call. `targets` [T] int64 with IGNORED where `row_weights` [T] is 0; else that is 1 / live rows."""

    def __init__(self, hidden, weight, targets, mode):
        self.hidden, self.weight = hidden.clone(), weight
        self.targets, self.mode = targets, mode
        self.live = targets != IGNORED
        self.row_weights = self.live.float() / self.live.sum()
        self.own_hidden = self.hidden.float() if hidden.device.type == "cpu" else self.hidden
        self.own_targets = targets.clamp(min=0).int()
        for tensor in {self.hidden, self.own_hidden, self.weight}:
            tensor.requires_grad_(mode == "fwd+bwd")


# Each contender is a function of a problem -> (mean loss or None, gradients or None, logp of each row or None).


def with_gradients(loss, hidden, weight, logp=None):
    return loss, torch.autograd.grad(loss, [hidden, weight]) if loss.requires_grad else None, logp


def restem(p):
    if p.mode == "fwd":
        logp, _, _ = torch.ops.restem.logprob(p.own_hidden, p.weight, p.own_targets)
        return None, None, logp
    loss, logp, _ = torch.ops.restem.weighted_nll(p.own_hidden, p.weight, p.own_targets, p.row_weights)
    return with_gradients(loss, p.own_hidden, p.weight, logp)


def mean_loss(hidden, weight, targets):
    return F.cross_entropy((hidden @ weight.t()).float(), targets, ignore_index=IGNORED)


def eager(p):
    return with_gradients(mean_loss(p.hidden, p.weight, p.targets), p.hidden, p.weight)


def compiled():
    function = torch.compile(mean_loss, dynamic=False)
    return lambda p: with_gradients(function(p.hidden, p.weight, p.targets), p.hidden, p.weight)


def liger():
    from liger_kernel.ops.fused_linear_cross_entropy import LigerFusedLinearCrossEntropyFunction as Function

    return lambda p: with_gradients(Function.apply(p.hidden, p.weight, p.targets)[0], p.hidden, p.weight)


def liger_cute():
    """Liger's newer function in CuTe: one for Hopper, one for Blackwell."""
    if torch.cuda.get_device_capability()[0] != 9:
        from liger_kernel.ops.cutedsl.ops import LigerFusedLinearCrossEntropyFunction as Function

        return lambda p: with_gradients(Function.apply(p.hidden, p.weight, p.targets)[0], p.hidden, p.weight)
    from liger_kernel.ops.cutedsl.ops import fused_linear_cross_entropy_sm90 as hopper

    def run(p):
        if p.mode == "fwd":
            raise Unable("computes a gradient in every forward")
        function = hopper.LigerFusedLinearCrossEntropySM90Function
        return with_gradients(function.apply(p.hidden, p.weight, p.targets), p.hidden, p.weight)

    return run


def liger_scaled():
    """Losses row by row, weighted outside, as ours are; fused on Hopper."""
    from liger_kernel.ops.fused_linear_scaled_cross_entropy import LigerFusedLinearScaledCrossEntropyFunction as Function

    def run(p):
        losses = Function.apply(p.hidden, p.weight, p.targets)
        return with_gradients((losses * p.row_weights).sum(), p.hidden, p.weight, -losses)

    return run


def quack(scaled_exp):
    from quack.linear_cross_entropy import chunked_linear_cross_entropy

    def run(p):
        loss = chunked_linear_cross_entropy(p.hidden, p.weight, p.targets, use_scaled_exp=scaled_exp)
        return with_gradients(loss, p.hidden, p.weight)

    return run


def on_gpu(make):
    """`make`, for peers whose kernels are Triton's or CuTe's."""

    def checked():
        if not torch.cuda.is_available():
            raise Unable("needs a GPU")
        return make()

    return checked


CONTENDERS = {
    "restem": lambda: restem,
    "eager": lambda: eager,
    "torch.compile": compiled,
    "liger": on_gpu(liger),
    "liger CuTe": on_gpu(liger_cute),
    "liger scaled": on_gpu(liger_scaled),
    "quack": on_gpu(lambda: quack(None)),
    "quack base": on_gpu(lambda: quack(False)),
}


def products(p):
    """Logits, then as with a gradient both products of them; dW in float32 where torch.mm can give that, as on a GPU."""
    hidden, weight = p.hidden.detach(), p.weight.detach()
    logits = torch.matmul(hidden, weight.t())
    if p.mode == "fwd":
        return None, None, None
    torch.matmul(logits, weight)
    if hidden.is_cuda and hidden.dtype == torch.bfloat16:
        torch.mm(logits.t(), hidden, out_dtype=torch.float32)
    else:
        torch.matmul(logits.t(), hidden)
    return None, None, None
