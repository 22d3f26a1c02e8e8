#!/usr/bin/env python3
"""What was measured on a GPU, and whether it was measured with these sources. Standard library only.

    gpu_results.py hash                             the hash of the sources that run on a GPU: kernels/, src/ops/ and
                                                    src/sampler/cuda/ but for what is the CPU's, src/trainer/, their
                                                    tests, and how they are compiled; of what they share with the CPU's
                                                    engine and model only the files that know of GPUs
    gpu_results.py check [--results FILE]           one line; exit code 0: results are of these sources; 77: they are not,
                                                    or there are none; 1: they are, and a test or a sanitizer found errors
    gpu_results.py collect FOLDER [--results FILE]  makes the results of what gpu_check.sh left in FOLDER

FILE is tests/bench/gpu_results.json. What FOLDER says nothing about stays as FILE has it, if that is of the same sources,
device and driver: gpu_check.sh may do its steps in several calls.
"""

import argparse
import hashlib
import json
import os
import re
import sys
from datetime import datetime, timezone
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "tests/bench/gpu_results.json"
SOURCE_FOLDERS = ("kernels", "src/ops", "src/sampler/cuda", "src/trainer", "tests/kernels", "tests/ops")
SOURCE_SUFFIXES = (".h", ".cc", ".cu", ".cuh")
BUILD_FILES = (
    "cmake/Cuda.cmake",
    "src/comm/gpu_collectives.cc",
    "src/comm/gpu_collectives.h",
    "src/comm/group.cc",
    "src/comm/group_on_gpu.cc",
    "src/comm/nccl.cc",
    "src/model/decoder.cc",
    "src/model/experts.cc",
    "src/model/on_device.cc",
    "src/model/packed_forward.cc",
    "src/sampler/cuda_parts.cc",
    "tests/comm/group_test.cc",
    "tests/sampler/cuda_test_engine.cc",
    "tests/trainer/gpu_test.cc",
)
GROUPS = ("tests", "memcheck", "racecheck", "benchmarks", "peers")  # of gpu_check.sh's steps
MUST_PASS = ("tests", "memcheck", "racecheck")
CANNOT_START = (126, 127)  # a shell's exit codes: no such command, or none that this machine can run
DID_NOT_RUN = " (did not run)"
SKIPPED = 77
# Lines of a log that say how it went: GoogleTest's, ctest's, compute-sanitizer's.
SUMMARY = re.compile(r"\[  (?:PASSED|FAILED|SKIPPED)\s*\] \d+ test|\d+% tests passed|(?:ERROR|RACECHECK) SUMMARY:")
OF_PRODUCTS = {"Forward/": "Product/", "ForwardBackward/": "ThreeProducts/"}


def source_hashes(root=REPOSITORY):
    """-> {path: sha256} of the files that decide what runs on the GPU, by path."""
    files = (path for folder in SOURCE_FOLDERS for path in (root / folder).rglob("*") if path.is_file())
    chosen = [path for path in files if path.suffix in SOURCE_SUFFIXES or path.name == "CMakeLists.txt"]
    chosen = [path for path in chosen if not path.name.endswith("_cpu.cc")] + [root / name for name in BUILD_FILES]
    hashes = {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in chosen}
    return dict(sorted(hashes.items()))


def hash_of(hashes):
    text = "".join(f"{path}\0{digest}\n" for path, digest in hashes.items())
    return hashlib.sha256(text.encode()).hexdigest()


def load(path):
    """-> the JSON of a file, None where there is none that can be read."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


# ---- check ---------------------------------------------------------------------------------------


def check(results):
    """-> (exit code, line)"""
    if results is None:
        return SKIPPED, "GPU: no results yet; run scripts/gpu_check.sh on a machine with a GPU"
    now, then = source_hashes(), results["files"]
    where = f"results of {results['date']} on {results['device']}"
    if hash_of(now) != results["sources"]:
        changed = [path for path in now if now[path] != then.get(path)]
        changed += [f"{path} (gone)" for path in then if path not in now]
        return SKIPPED, f"GPU: {where} are OLDER than the sources; no result with: {', '.join(changed)}"
    missing = [group for group in GROUPS if not results.get(group)]
    failed = results["failed"]
    line = f"GPU: {where} are for these sources"
    line += f"; not run: {', '.join(missing)}" if missing else ""
    line += f"; FAILED: {', '.join(failed)}" if failed else ""
    return int(any(name.startswith(MUST_PASS) and not name.endswith(DID_NOT_RUN) for name in failed)), line


# ---- collect -------------------------------------------------------------------------------------


def rows_of(path):
    """-> the rows of a file of tab-separated values; none if it is missing."""
    return [line.split("\t") for line in path.read_text().splitlines()] if path.exists() else []


def run_of(folder, name, code, seconds, command, paths):
    """-> how one step went, with the lines of its log that say so; without the machine's own `paths`."""
    log = folder / f"{name.replace('/', '-')}.log"
    text = log.read_text(errors="replace") if log.exists() else ""
    for path, placeholder in paths.items():
        command, text = command.replace(path, placeholder), text.replace(path, placeholder)
    lines = text.splitlines()
    run = {"exit_code": int(code), "seconds": int(seconds), "command": command}
    run["summary"] = [line.strip() for line in lines if SUMMARY.search(line)]
    if int(code) != 0:
        run["end_of_log"] = lines[-20:]
    return run


def runs_by_group(folder, prebuilt):
    """-> {group: {step: how it went}} of steps.tsv, whose names are group/step."""
    paths = {str(folder): "LOGS", **({prebuilt: "PREBUILT"} if prebuilt else {}), f"{REPOSITORY}/": ""}
    groups = {}
    for name, code, seconds, command in rows_of(folder / "steps.tsv"):
        group, step = name.split("/", 1)
        groups.setdefault(group, {})[step] = run_of(folder, name, code, seconds, command, paths)
    return groups


def medians_of(report):
    """-> [{name, ms, what it is compared with where it is}] of Google Benchmark's report: the ratio to the products alone,
    the share of a copy's bytes a second."""
    rows = [row for row in (report or {}).get("benchmarks", []) if row.get("aggregate_name") == "median"]
    rows = [row for row in rows if row["time_unit"] == "ms"]
    times = {row["run_name"]: row["real_time"] for row in rows}
    medians = []
    for row in rows:
        name, milliseconds = row["run_name"], row["real_time"]
        entry = {"name": name, "ms": milliseconds, **({"of_copy": row["of_copy"]} if "of_copy" in row else {})}
        for ours, products in OF_PRODUCTS.items():
            if name.startswith(ours) and (alone := times.get(name.replace(ours, products, 1))):
                entry["ratio_to_products"] = milliseconds / alone
        medians.append(entry)
    return medians


def name_of(group, step, run):
    """-> what a failed step is called. A sanitizer that the machine refuses to run has found nothing."""
    refused = group in ("memcheck", "racecheck") and not any("SUMMARY:" in line for line in run["summary"])
    return f"{group}/{step}" + (DID_NOT_RUN if refused or run["exit_code"] in CANNOT_START else "")


def collect(folder, old):
    """-> the results in `folder`, put over `old` where that is of the same sources and machine."""
    files = source_hashes()
    machine = dict(row for row in rows_of(folder / "machine.tsv"))
    same = {"sources": hash_of(files), "device": machine["device"], "driver": machine["driver"]}
    kept = old if old and all(old.get(key) == value for key, value in same.items()) else {}
    results = {**kept, **same, "cuda": machine["cuda"], "prebuilt": bool(machine["prebuilt"]),
               "date": datetime.now(timezone.utc).isoformat(timespec="seconds")}
    groups = runs_by_group(folder, machine["prebuilt"])
    for group in ("build", "tests", "memcheck", "racecheck"):
        results[group] = groups.get(group) or kept.get(group)
    fresh_peers = {path.stem.removeprefix("peers-"): load(path) for path in sorted(folder.glob("peers-*.json"))}
    medians = [medians_of(load(path)) for path in sorted(folder.glob("benchmarks-*.json"))]
    fresh = {"benchmarks": [entry for report in medians for entry in report], "peers": fresh_peers}
    for group, value in fresh.items():
        results[group] = value if group in groups else kept.get(group)
    if "benchmarks" in groups and not (medians and all(medians)):
        groups["benchmarks"]["medians"] = {"exit_code": 1, "summary": []}
    bad = [name_of(group, step, run) for group, steps in groups.items() for step, run in steps.items() if run["exit_code"]]
    bad += [name for name in kept.get("failed", []) if name.split("/", 1)[0] not in groups]
    return {**results, "failed": bad, "files": files}


def write_whole(path, results):
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(json.dumps(results, indent=1) + "\n")
    os.replace(temporary, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("hash")
    for command in (commands.add_parser("check"), commands.add_parser("collect")):
        command.add_argument("--results", type=Path, default=RESULTS)
    commands.choices["collect"].add_argument("folder", type=Path)
    options = parser.parse_args()
    if options.command == "hash":
        print(hash_of(source_hashes()))
        return 0
    old = load(options.results)
    if options.command == "collect":
        write_whole(options.results, collect(options.folder, old))
        return 0
    code, line = check(old)
    print(line)
    return code


if __name__ == "__main__":
    sys.exit(main())
