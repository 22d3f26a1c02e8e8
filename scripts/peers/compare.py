#!/usr/bin/env python3
"""Compare restem's E-step and M-step with rest_em_transformers.py: time and peak memory, interleaved runs, medians.

    compare.py JOB.yaml [--restem build/release/restem] [--stages sample,train] [--threads 2] [--repeats 3] [--json FILE]

Both sides do iteration 1 of the job, from its base model, with the same problems, parameters and threads: N samples for
each problem, scored and selected (E-step), then training without early stopping on the dataset that restem selected
(M-step). A side's stage is a process of its own. restem's seconds are the wall time of its processes, start and loading
included; the peer's leave out importing and loading, which `peer_wall_seconds` includes. The peer scores by the last
number only: for a job with another reward, ask for `--stages train`. Needs PyYAML, which comes with transformers.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

import yaml

from measure import run

REPOSITORY = Path(__file__).resolve().parents[2]
PEER = Path(__file__).resolve().parent / "rest_em_transformers.py"
SAME_WORK = ("train.early_stop=none", "train.weighting=token", "control=none", "model.dtype=float32")
# What the peer cannot be told, and what it takes for granted.
TAKEN_FOR_GRANTED = {
    "train.betas": [0.9, 0.95],
    "train.lr_scheduler_type": "cosine",
    "prompt.few_shot": "",
    "sampler.stop": [],
    "em.sampler_model": "",
    "data.fields": {},
}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", type=Path)
    parser.add_argument("--restem", type=Path, default=REPOSITORY / "build/release/restem")
    parser.add_argument("--python", default=sys.executable, help="Python that has torch and transformers")
    parser.add_argument("--stages", default="sample,train", help="of the peer: sample, train or both")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--limit", type=int, default=0, help="problems to use, 0: as the job says")
    parser.add_argument("--json", type=Path, help="also write the result there")
    return parser.parse_args()


def check_comparable(job, stages):
    """Exits where the job asks for something that the peer does otherwise."""
    for key, granted in TAKEN_FOR_GRANTED.items():
        section, name = key.split(".")
        value = job.get(section, {}).get(name, granted)
        if value != granted and not (section == "sampler" and "sample" not in stages):
            raise SystemExit(f"{key}: {value}: the peer knows {granted} only")
    files = job["data"]["train"]
    if len(files) > 1 or set(files[0]) - {"path", "limit"}:
        raise SystemExit("data.train: the peer reads one file, with path and limit only")


def peer_flags(job_path, limit, stages):
    """-> command-line flags of the peer that say what the job says."""
    job = yaml.safe_load(job_path.read_text())
    check_comparable(job, stages)
    folder, sampler, train = job_path.parent, job["sampler"], job["train"]
    problems = job["data"]["train"][0]
    flags = {
        "model": folder / os.path.expandvars(job["model"]["base"]),
        "train": folder / os.path.expandvars(problems["path"]),
        "limit": limit or problems.get("limit", 0),
        "template": job["prompt"]["template"],
        "seed": job["seed"],
        "samples": sampler["samples_per_problem"],
        "temperature": sampler["temperature"],
        "top-k": sampler["top_k"],
        "top-p": sampler.get("top_p", 1.0),
        "max-new-tokens": sampler["max_new_tokens"],
        "max-correct": job["select"]["max_correct_per_problem"],
        "dedup": job["select"].get("dedup", "text"),
        "epochs": train["epochs"],
        "tokens-per-step": train["tokens_per_step"],
        "learning-rate": train["learning_rate"],
        "warmup-steps": train["warmup_steps"],
        "weight-decay": train["weight_decay"],
        "max-grad-norm": train["max_grad_norm"],
    }
    return [text for name, value in flags.items() for text in (f"--{name}", str(value))]


def run_restem(options, run_dir):
    """-> {stage: (seconds, peak RSS)}; the E-step is sample, score and select."""
    settings = list(SAME_WORK) + ([f"data.train.0.limit={options.limit}"] if options.limit else [])
    common = ["--run-dir", run_dir, "--threads", options.threads, "--device", "cpu", "--quiet"]
    common += [text for setting in settings for text in ("--set", setting)]
    measures = {}
    for stage in ("sample", "score", "select", "train"):
        _, *measures[stage] = run([options.restem, stage, options.job, "--iteration", "1", *common])
    e_step = [measures[stage] for stage in ("sample", "score", "select")]
    return {
        "sample": (sum(seconds for seconds, _ in e_step), max(peak for _, peak in e_step)),
        "train": tuple(measures["train"]),
    }


def run_peer(options, stage, flags, out):
    """-> (seconds without loading, peak RSS, wall seconds, the peer's own report)."""
    command = [options.python, PEER, "--out", out, "--stage", stage, "--threads", options.threads, *flags]
    stdout, wall, peak = run(command)
    report = json.loads(stdout)[stage]
    return report["seconds"], peak, wall, report


def count_tokens(path):
    with open(path, encoding="utf-8") as lines:
        return sum(len(json.loads(line)["tokens"]) for line in lines)


def compare(options, folder):
    """-> {stage: {side_measure: [a value per repeat]}} and the tokens of both sides."""
    stages = options.stages.split(",")
    flags = peer_flags(options.job, options.limit, stages)
    values, tokens = {stage: {} for stage in stages}, {}

    def note(stage, **measured):
        for name, value in measured.items():
            values[stage].setdefault(name, []).append(value)

    for repeat in range(options.repeats):
        run_dir, out = folder / f"restem-{repeat}", folder / f"peer-{repeat}"
        measured = run_restem(options, run_dir)
        for stage in stages:
            seconds, peak = measured[stage]
            note(stage, restem_seconds=seconds, restem_peak_rss=peak)
            if stage == "train":  # both train on the dataset that restem selected
                out.mkdir(exist_ok=True)
                shutil.copy(run_dir / "iterations/01/dataset.jsonl", out / "dataset.jsonl")
            seconds, peak, wall, report = run_peer(options, stage, flags, out)
            note(stage, peer_seconds=seconds, peer_peak_rss=peak, peer_wall_seconds=wall)
            tokens[f"peer_{stage}"] = report["generated_tokens" if stage == "sample" else "tokens"]
        tokens["restem_sample"] = count_tokens(run_dir / "iterations/01/samples.jsonl")
        print(f"repeat {repeat + 1} of {options.repeats} done", file=sys.stderr)
    return values, tokens


def main():
    options = parse_arguments()
    options.job, options.restem = options.job.resolve(), options.restem.resolve()
    with tempfile.TemporaryDirectory(prefix="restem-compare-") as folder:
        values, tokens = compare(options, Path(folder))
    result = {"threads": options.threads, "repeats": options.repeats, "tokens": tokens, "stages": {}}
    for stage, measured in values.items():
        medians = {name: statistics.median(each) for name, each in measured.items()}
        medians["time_ratio"] = medians["peer_seconds"] / medians["restem_seconds"]
        medians["wall_ratio"] = medians["peer_wall_seconds"] / medians["restem_seconds"]
        medians["memory_ratio"] = medians["restem_peak_rss"] / medians["peer_peak_rss"]
        result["stages"][stage] = {**medians, "runs": measured}
        print(
            f"{stage:7} restem {medians['restem_seconds']:7.1f} s {medians['restem_peak_rss'] / 2**20:6.0f} MiB"
            f"   peer {medians['peer_seconds']:7.1f} s {medians['peer_peak_rss'] / 2**20:6.0f} MiB"
            f"   {medians['time_ratio']:.1f} times as fast ({medians['wall_ratio']:.1f} with the peer's imports and loading),"
            f" {medians['memory_ratio']:.2f} of the memory"
        )
    print(f"tokens: {json.dumps(tokens)}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
