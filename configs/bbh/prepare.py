#!/usr/bin/env python3
"""Turns the published BIG-Bench Hard files into the problem files of configs/bbh.yaml.

    RESTEM_DATA=/path/to/data configs/bbh/prepare.py [OUTPUT]

Reads $RESTEM_DATA/bbh/{tasks/*.json,cot-prompts/*.txt}, as github.com/suzgunmirac/BIG-Bench-Hard has
them in bbh/ and cot-prompts/. Writes one file a task to OUTPUT (default: runs/bbh_data in the
repository, git-ignored), with lines {"question", "answer", "shots"}: a job has one prompt.few_shot
for all sets, so each problem carries its task's three worked examples, without the canary above them.
Only Python's standard library.
"""

import json
import os
import pathlib
import sys


def main():
    if "RESTEM_DATA" not in os.environ:
        raise SystemExit("prepare.py: set RESTEM_DATA to the folder that holds bbh/")
    source = pathlib.Path(os.environ["RESTEM_DATA"]) / "bbh"
    repository = pathlib.Path(__file__).resolve().parents[2]
    output = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else repository / "runs/bbh_data"
    output.mkdir(parents=True, exist_ok=True)
    tasks = sorted((source / "tasks").glob("*.json"))
    if not tasks:
        raise SystemExit(f"prepare.py: no tasks in {source / 'tasks'}")
    for task in tasks:
        prompt = (source / "cot-prompts" / f"{task.stem}.txt").read_text(encoding="utf-8")
        _, _, shots = prompt.partition("-----\n")
        examples = json.loads(task.read_text(encoding="utf-8"))["examples"]
        with open(output / f"{task.stem}.jsonl", "w", encoding="utf-8") as file:
            for example in examples:
                problem = {"question": example["input"], "answer": example["target"], "shots": shots.strip()}
                file.write(json.dumps(problem, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
