#!/usr/bin/env python3
"""Compare `restem generate` with transformers' generate and llama.cpp's batched decoding: tokens per second and peak memory.

    compare_generate.py --preset 0.6m|25m|125m [--restem build/release/restem] [--threads 2] [--repeats 3] [--json FILE]
    compare_generate.py --preset 25m --curve      tokens per second of restem for 1 … 64 samples of one prompt

All draw 32 completions of 64 tokens for each of some prompts of 40 to 120 random tokens, in float32, with the same random
weights, in turn, `repeats` times; medians are reported. The peers run 128 completions at a time. restem and transformers
sample at temperature 1; llama.cpp takes the largest logit, which costs it less. Seconds leave loading out; the share of the
ceiling is that of LibTorch's large float32 product, of which each thread computes its own, all at once, measured beside each
run; it counts what a token needs in products alone.
generate_contenders.py has the peers; it needs transformers and gguf, and llama.cpp needs llama-cpp-python (PyPI).
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from generate_contenders import PRESETS
from measure import run

REPOSITORY = Path(__file__).resolve().parents[2]
CONTENDERS = Path(__file__).with_name("generate_contenders.py")
SAMPLES, NEW_TOKENS = 32, 64


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=PRESETS, required=True)
    parser.add_argument("--restem", type=Path, default=REPOSITORY / "build/release/restem")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--prompts", type=int, default=0, help="0: as many as the preset says")
    parser.add_argument("--llama-python", default=sys.executable, help="a Python that has llama_cpp; '' leaves it out")
    parser.add_argument("--curve", action="store_true", help="restem alone, by the number of samples of one prompt")
    parser.add_argument("--json", type=Path, help="also write the result there")
    return parser.parse_args()


def report_of(command):
    """-> (the JSON line that a process prints last, its peak RSS in bytes)."""
    stdout, _, peak = run(command, stderr=subprocess.DEVNULL)
    return json.loads(stdout.strip().splitlines()[-1]), peak


def restem_command(options, folder, prompts, samples):
    return [
        options.restem, "generate", "--model", folder / "model", "--input", prompts, "--output", folder / "out.jsonl",
        "--samples", samples, "--temperature", 1, "--max-new-tokens", NEW_TOKENS, "--ignore-eos",
        "--threads", options.threads, "--dtype", "float32", "--quiet",
    ]


def flops_per_token(shape):
    """-> operations of the products behind one generated token, attention left out."""
    kv = shape["hidden"] // shape["heads"] * shape["kv_heads"]
    layer = 2 * shape["hidden"] ** 2 + 2 * shape["hidden"] * kv + 3 * shape["hidden"] * shape["inner"]
    return 2 * (shape["layers"] * layer + shape["vocab"] * shape["hidden"])


def measure(options, folder):
    """-> {contender: [(tokens per second, peak RSS)]}, GFLOP/s of the ceiling beside each repeat."""
    peers = {"transformers": sys.executable}
    if options.llama_python:
        peers["llama.cpp"] = options.llama_python
    runs, ceilings = {"restem": [], **{name: [] for name in peers}}, []
    threads = ["--threads", options.threads]
    for _ in range(options.repeats):
        ceilings.append(report_of([sys.executable, CONTENDERS, "ceiling", *threads])[0]["gflops"])
        line, peak = report_of(restem_command(options, folder, folder / "prompts.jsonl", SAMPLES))
        runs["restem"].append((line["tokens_per_second"], peak))
        for name, python in peers.items():
            line, peak = report_of([python, CONTENDERS, name, folder / "model", folder / "prompts.jsonl", *threads])
            runs[name].append((line["generated_tokens"] / line["seconds"], peak))
    return runs, ceilings


def compare(options, folder, shape):
    runs, ceilings = measure(options, folder)
    speed = {name: statistics.median(run[0] for run in each) for name, each in runs.items()}
    peak = {name: statistics.median(run[1] for run in each) for name, each in runs.items()}
    ceiling = statistics.median(ceilings)
    share = speed["restem"] * flops_per_token(shape) / (ceiling * 1e9)
    for name in runs:
        print(f"{name:13}{speed[name]:9.0f} tokens/s, {peak[name] / 2**20:6.0f} MiB; restem: "
              f"{speed['restem'] / speed[name]:.1f} times as fast, {peak['restem'] / peak[name]:.2f} of the memory")
    print(f"share of the ceiling of {ceiling:.0f} GFLOP/s: {share:.2f}")
    return {"preset": options.preset, "threads": options.threads, "runs": runs, "ceilings_gflops": ceilings,
            "tokens_per_second": speed, "peak_rss_bytes": peak, "share_of_ceiling": share}


def curve(options, folder):
    """One prompt, more and more samples."""
    first = (folder / "prompts.jsonl").read_text().splitlines()[0]
    (folder / "one.jsonl").write_text(first + "\n")
    points = []
    for samples in (1, 2, 4, 8, 16, 32, 64):
        command = restem_command(options, folder, folder / "one.jsonl", samples)
        seconds = statistics.median(report_of(command)[0]["seconds"] for _ in range(options.repeats))
        points.append({"samples": samples, "seconds": seconds})
        cost = 1000 * seconds / samples
        print(f"{samples:3} samples {seconds:7.3f} s, {cost:7.1f} ms each  {'#' * max(1, round(40 * cost / 1000 / points[0]['seconds']))}")
    return {"preset": options.preset, "threads": options.threads, "curve": points}


def main():
    options = parse_arguments()
    with tempfile.TemporaryDirectory(prefix="restem-generate-") as name:
        folder = Path(name)
        # In processes of their own: what this one holds would count as the peak of those that it starts.
        for what in (["write-model", folder / "model"], ["write-prompts", folder / "prompts.jsonl"]):
            command = [sys.executable, CONTENDERS, *what, "--preset", options.preset, "--prompts", options.prompts]
            run(command, stderr=subprocess.DEVNULL)
        result = curve(options, folder) if options.curve else compare(options, folder, PRESETS[options.preset])
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
