#!/usr/bin/env python3
"""Compare restem's log-prob op (lm_head, log-softmax, gather; with and without gradient) with its peers in one process.

    compare_linear_logprob.py [--device cpu|cuda] [--dtype float32|bfloat16] [--shapes T,H,V ...] [--live 0.3] [--peaked]
                              [--repeats 7] [--library build/release/tests/bench/librestem_torch.so] [--json FILE]

The peers are PyTorch (cross_entropy of float32 logits; eager and torch.compile), Liger (liger-kernel: its Triton
function, its CuTe function for this GPU, its function of scaled losses) and QuACK (quack-kernels: what it chooses by
itself, and its base pipeline); linear_logprob_contenders.py has them. One that is not installed or cannot do the work is
"skipped", with the reason. Build the library with `cmake --build --preset release --target restem_torch_library`; for a GPU
with the preset `cuda`, and give --library build/cuda/tests/bench/librestem_torch.so (after gpu_check.sh: build/gpu/...).

Work: the mean loss of T rows and its gradients to hidden states [T, H] and weight [V, H] (fwd+bwd), and the scores
without gradient (fwd). Peers' forward gives the mean loss only, restem's logp, lse and entropy of every row. "bare
products" are the products alone: logits [T, V] in the inputs' dtype, and in fwd+bwd both products of such a matrix, dW in
float32 on a GPU. With --live 0.3 only 30% of the rows carry weight: "all rows" hands everything over, the others with
weight 0 (peers: as ignored targets); "compacted" hands over the live rows alone, the gather not timed. On a CPU restem's
hidden states are float32 always.

Each repetition runs every contender once, every other repetition in reverse order; medians of CUDA events, on a CPU of
wall time. Peak memory is what PyTorch's allocator held beyond the inputs, outputs included; on a CPU it is not measured.
Errors are the largest beside a reference in float64 (float32 above 10^12 T·H·V), gradients' as a share of the largest
gradient. --peaked makes most rows sure of one token, as a trained model is: at p = 1/V everywhere, skipping small terms
looks free.
"""

import argparse
import json
import math
import os
import statistics
import time
from importlib import metadata
from pathlib import Path

# Else OpenMP's threads spin after each product, and whoever runs next on a CPU waits for the cores. Read when torch loads.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import torch

from linear_logprob_contenders import CONTENDERS, IGNORED, Problem, Unable, products

REPOSITORY = Path(__file__).resolve().parents[2]
SHAPES = {
    "cpu": [(256, 512, 32000)],
    "cuda": [*((rows, 4096, 128256) for rows in (1024, 4096, 16384)), (4096, 3584, 152064), (4096, 3584, 262144)],
}
WEIGHT_SCALE = 0.02
FLOAT64_LIMIT = 1e12  # T·H·V
MODES = ("fwd+bwd", "fwd")


# ---- Inputs and reference ------------------------------------------------------------------------


def make_inputs(shape, options):
    """-> hidden [T, H], weight [V, H], targets [T] with IGNORED for rows without weight."""
    rows, width, vocab = shape
    device, dtype = options.device, getattr(torch, options.dtype)
    torch.manual_seed(1)
    weight = torch.randn(vocab, width, device=device).mul_(WEIGHT_SCALE).to(dtype)
    hidden = torch.randn(rows, width, device=device)
    targets = torch.randint(vocab, (rows,), device=device)
    if options.peaked:
        # A favourite's logit: from 3 below the log of the other tokens' sum to 13 above it. Targets are drawn accordingly.
        others = math.log(vocab) + width * WEIGHT_SCALE**2 / 2
        lead = torch.rand(rows, device=device) * 16 - 3
        favourites = torch.randint(vocab, (rows,), device=device)
        direction = weight[favourites].float()
        hidden += direction * ((others + lead) / direction.square().sum(1)).unsqueeze(1)
        targets = torch.where(torch.rand(rows, device=device) < lead.sigmoid(), favourites, targets)
    # Some peers want rows in multiples of 8, or of 128.
    unit = 128 if rows >= 4096 else 8 if rows >= 64 else 1
    live = min(rows, max(unit, round(rows * options.live / unit) * unit))
    targets[torch.randperm(rows, device=device)[live:]] = IGNORED
    return hidden.to(dtype), weight, targets


def reference(p):
    """-> (mean loss, dhidden, dweight, logp), by blocks of rows, in float64 or, above FLOAT64_LIMIT, in float32."""
    (rows, width), vocab = p.hidden.shape, p.weight.shape[0]
    precise = torch.float64 if rows * width * vocab <= FLOAT64_LIMIT else torch.float32
    weight = p.weight.detach().to(precise)
    dhidden, dweight = torch.zeros_like(p.hidden, dtype=precise), torch.zeros_like(weight)
    logp = torch.zeros(rows, dtype=precise, device=weight.device)
    for index in p.live.nonzero().squeeze(1).split(256):
        hidden, targets = p.hidden.detach()[index].to(precise), p.targets[index].unsqueeze(1)
        log_softmax = torch.log_softmax(hidden @ weight.t(), dim=1)
        logp[index] = log_softmax.gather(1, targets).squeeze(1)
        dlogits = log_softmax.exp_()
        dlogits.scatter_add_(1, targets, -torch.ones_like(targets, dtype=precise))
        dlogits *= p.row_weights[index].unsqueeze(1)
        dhidden[index] = dlogits @ weight
        dweight.addmm_(dlogits.t(), hidden)
    return -(logp * p.row_weights).sum(), dhidden, dweight, logp


def errors_of(output, expected, p):
    """-> {what: largest error} of whatever the contender gives."""
    loss, gradients, logp = output
    expected_loss, dhidden, dweight, expected_logp = expected
    errors = {}
    if loss is not None:
        errors["loss"] = (loss.detach() - expected_loss).abs().item()
    if logp is not None:
        errors["logp"] = (logp.detach() - expected_logp)[p.live].abs().max().item()
    for name, gradient, right in zip(("dhidden", "dweight"), gradients or (), (dhidden, dweight)):
        errors[name] = ((gradient.to(right.dtype) - right).abs().max() / right.abs().max()).item()
    return errors


# ---- Measurement ---------------------------------------------------------------------------------


def seconds_of(run, p):
    if p.hidden.is_cuda:
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        run(p)
        end.record()
        end.synchronize()
        return start.elapsed_time(end) / 1e3
    begin = time.perf_counter()
    run(p)
    return time.perf_counter() - begin


def peak_bytes_of(run, p):
    """What one call holds beyond its inputs; None on a CPU."""
    if not p.hidden.is_cuda:
        return None
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    run(p)
    torch.cuda.synchronize()
    return torch.cuda.max_memory_allocated() - before


def prepare(name, make, p, expected):
    """Checks and warms a contender up -> (function or None, what is known of it)."""
    try:
        run = make()
        errors = errors_of(run(p), expected, p)
        run(p)
        return run, {"errors": errors, "peak_bytes": peak_bytes_of(run, p)}
    except Exception as error:  # whatever a peer throws is the reason why it has no result
        if name == "restem":
            raise
        reason = str(error) if isinstance(error, Unable) else f"{type(error).__name__}: {error}"
        return None, {"skipped": " ".join(reason.split())[:200]}
    finally:
        if p.hidden.is_cuda:
            torch.cuda.empty_cache()  # the next one does not inherit this one's fragments


def measure(p, repeats):
    """-> {contender: {errors, peak_bytes, seconds} or {skipped}}."""
    expected = reference(p)
    runs, results = {}, {}
    for name, make in {**CONTENDERS, "bare products": lambda: products}.items():
        runs[name], results[name] = prepare(name, make, p, expected)
    del expected
    order = [name for name, run in runs.items() if run]
    seconds = {name: [] for name in order}
    for repetition in range(repeats):
        for name in order if repetition % 2 == 0 else reversed(order):
            seconds[name].append(seconds_of(runs[name], p))
    for name in order:
        results[name]["seconds"] = statistics.median(seconds[name])
    return results


def show(mode, columns):
    """A line a contender: time, ratio to restem's time in the first column, memory, errors."""
    ours = columns["all rows"]["restem"]["seconds"]
    for name in columns["all rows"]:
        parts = [f"  {mode:8}{name:14}"]
        for column, results in columns.items():
            result = results[name]
            if "skipped" in result:
                parts.append(f"{column} skipped: {result['skipped']}")
                continue
            peak = result["peak_bytes"]
            memory = "memory not measured" if peak is None else f"{peak / 2**20:7.0f} MiB"
            errors = " ".join(f"{what} {error:.1e}" for what, error in result["errors"].items())
            seconds = result["seconds"]
            parts.append(f"{column} {seconds * 1e3:8.2f} ms = {seconds / ours:5.2f} x restem, {memory}, errors {errors or '-'}")
        print(" | ".join(parts), flush=True)


def mean_loss_and_entropy(p):
    """Of the live rows, in nats: how peaked the distributions are."""
    logp, _, entropy = torch.ops.restem.logprob(p.own_hidden, p.weight, p.own_targets)
    return -logp[p.live].mean().item(), entropy[p.live].mean().item()


def compare(shape, options):
    """-> the results of one shape: modes, columns, contenders."""
    torch._dynamo.reset()  # torch.compile specialises on a shape, and gives up after a few
    hidden, weight, targets = make_inputs(shape, options)
    live = (targets != IGNORED).sum().item()
    loss, entropy = mean_loss_and_entropy(Problem(hidden, weight, targets, "fwd"))
    rows, width, vocab = shape
    print(f"T={rows} H={width} V={vocab} {options.dtype}, {live} live rows, loss {loss:.2f}, entropy {entropy:.2f}")
    result = {"shape": shape, "live_rows": live, "loss": loss, "entropy": entropy, "modes": {}}
    for mode in MODES:
        inputs = {"all rows": (hidden, targets)}
        if live < rows:
            inputs["compacted"] = (hidden[targets != IGNORED], targets[targets != IGNORED])
        columns = result["modes"][mode] = {}
        for column, (their_hidden, their_targets) in inputs.items():
            with torch.set_grad_enabled(mode == "fwd+bwd"):
                columns[column] = measure(Problem(their_hidden, weight, their_targets, mode), options.repeats)
        show(mode, columns)
    return result


def shape_of(text):
    shape = tuple(int(part) for part in text.split(","))
    if len(shape) != 3 or min(shape) < 1:
        raise argparse.ArgumentTypeError(f"{text}: must be T,H,V")
    return shape


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=SHAPES, default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), help="default: bfloat16 on cuda, float32 on cpu")
    parser.add_argument("--shapes", type=shape_of, action="append", metavar="T,H,V", help="repeatable")
    parser.add_argument("--live", type=float, default=1.0, help="share of rows that carry weight")
    parser.add_argument("--peaked", action="store_true", help="distributions as peaked as a trained model's")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, help="on cpu; default: PyTorch's")
    parser.add_argument("--library", type=Path, default=REPOSITORY / "build/release/tests/bench/librestem_torch.so")
    parser.add_argument("--json", type=Path, help="also write the results there")
    options = parser.parse_args()
    options.dtype = options.dtype or ("bfloat16" if options.device == "cuda" else "float32")
    return options


def version_of(package):
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def main():
    options = parse_arguments()
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.ops.load_library(str(options.library))
    report = {
        "device": torch.cuda.get_device_name() if options.device == "cuda" else f"cpu, {torch.get_num_threads()} threads",
        "versions": {package: version_of(package) for package in ("torch", "liger-kernel", "quack-kernels", "triton")},
        "dtype": options.dtype, "live": options.live, "peaked": options.peaked, "repeats": options.repeats, "results": [],
    }
    print(report["device"], report["versions"])
    for shape in options.shapes or SHAPES[options.device]:
        report["results"].append(compare(shape, options))
        if options.json:  # after each shape, so that a run that is cut off leaves what it has
            options.json.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
