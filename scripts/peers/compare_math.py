#!/usr/bin/env python3
"""Speed and correctness of the math reward beside Math-Verify, on the labelled pairs of its tests.

    pip install math-verify==0.9.0                       in a virtual environment of its own
    cmake --build --preset release --target math_bench
    python scripts/peers/compare_math.py [--rounds 5] [--bench build/release/tests/bench/math_bench]

Both judge the same pairs in turn, each on one thread, in several rounds of one session, so that a busy machine slows
both; speeds are medians. Math-Verify gets the gold answer as LaTeX, and where that is no match as it is.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def restem(bench):
    """Verdicts per second and share of agreement with the labels."""
    command = [bench, "--benchmark_filter=labelled_pairs.*threads:1$", "--benchmark_format=json",
               "--benchmark_min_time=1"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result = json.loads(done.stdout)["benchmarks"][0]
    return result["items_per_second"], result["agreement"]


def math_verify(pairs):
    """The same of Math-Verify; where it says no, the gold answer as it is gets a second, untimed try."""
    from math_verify import parse, verify

    agreed = 0
    seconds = 0.0
    for pair in pairs:
        start = time.perf_counter()
        answer = parse(pair["completion"])
        correct = verify(parse(f"${pair['answer']}$"), answer)
        seconds += time.perf_counter() - start
        correct = correct or verify(parse(pair["answer"]), answer)
        agreed += correct == pair["correct"]
    return len(pairs) / seconds, agreed / len(pairs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--bench", default=str(ROOT / "build/release/tests/bench/math_bench"))
    parser.add_argument("--pairs", default=str(ROOT / "tests/reward/math/labelled_pairs.jsonl"))
    options = parser.parse_args()
    with open(options.pairs, encoding="utf-8") as file:
        pairs = [json.loads(line) for line in file]
    math_verify(pairs[:5])  # imports and grammars
    ours, theirs = [], []
    for _ in range(options.rounds):
        ours.append(restem(options.bench))
        theirs.append(math_verify(pairs))
    speeds = [statistics.median(speed for speed, _ in rounds) for rounds in (ours, theirs)]
    ratios = sorted(our[0] / their[0] for our, their in zip(ours, theirs))
    print(f"{len(pairs)} pairs, {options.rounds} rounds, one thread each")
    print(f"restem       {speeds[0]:10.0f} verdicts/s   agrees with {100 * ours[0][1]:.1f} % of the labels")
    print(f"Math-Verify  {speeds[1]:10.0f} verdicts/s   agrees with {100 * theirs[0][1]:.1f} % of the labels")
    print(f"ratio        {statistics.median(ratios):10.0f} (lowest {ratios[0]:.0f}, highest {ratios[-1]:.0f})")


if __name__ == "__main__":
    main()
