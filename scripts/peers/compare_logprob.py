#!/usr/bin/env python3
"""Compare `restem logprob` with a plain transformers script: time, peak memory, largest difference. Interleaved, medians.

    compare_logprob.py --preset wide|small [--restem build/release/restem] [--threads 2] [--repeats 3] [--json FILE]

The plain script batches 8 records, pads, and takes log_softmax over all positions. Both score the same token ids with the
same random weights. `wide`: vocabulary 151,936 over a narrow trunk, so that lm_head dominates, as with small models of
large vocabularies; `small`: 25 million parameters, vocabulary 32,000. A third of the tokens are completions. Times are
those of whole processes, and, as each of the two reports it, of the work without starting and loading.
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from measure import run, write_tokenizer

REPOSITORY = Path(__file__).resolve().parents[2]
PRESETS = {
    "wide": {"layers": 2, "hidden": 896, "inner": 2432, "heads": 14, "kv_heads": 2, "vocab": 151936, "records": 32},
    "small": {"layers": 8, "hidden": 384, "inner": 1024, "heads": 6, "kv_heads": 6, "vocab": 32000, "records": 96},
}
PROMPT, COMPLETION = 128, 64  # mean lengths, tokens


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=PRESETS, default="wide")
    parser.add_argument("--restem", type=Path, default=REPOSITORY / "build/release/restem")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path, help="also write the result there")
    parser.add_argument("--plain", nargs=3, metavar=("MODEL", "INPUT", "OUTPUT"), help=argparse.SUPPRESS)
    parser.add_argument("--write-model", metavar="MODEL", help=argparse.SUPPRESS)
    return parser.parse_args()


def write_model(folder, shape):
    """Random weights, and a tokenizer that only has to exist."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(1)
    config = Qwen2Config(
        vocab_size=shape["vocab"], hidden_size=shape["hidden"], intermediate_size=shape["inner"],
        num_hidden_layers=shape["layers"], num_attention_heads=shape["heads"], num_key_value_heads=shape["kv_heads"],
        max_position_embeddings=1024, tie_word_embeddings=True, eos_token_id=0, bos_token_id=None,
    )
    Qwen2ForCausalLM(config).save_pretrained(folder)
    write_tokenizer(folder)


def write_records(path, shape):
    draw = random.Random(1)

    def tokens(mean):
        return [draw.randrange(2, shape["vocab"]) for _ in range(draw.randrange(mean // 2, mean * 3 // 2))]

    with open(path, "w", encoding="utf-8") as out:
        for index in range(shape["records"]):
            record = {"id": index, "prompt_tokens": tokens(PROMPT), "completion_tokens": tokens(COMPLETION)}
            out.write(json.dumps(record) + "\n")


def plain(options):
    """The script that restem is compared with; prints its seconds."""
    import torch
    from transformers import AutoModelForCausalLM

    model_dir, input_path, output_path = options.plain
    torch.set_num_threads(options.threads)
    model = AutoModelForCausalLM.from_pretrained(model_dir, dtype=torch.float32)
    records = [json.loads(line) for line in open(input_path, encoding="utf-8")]
    start = time.perf_counter()
    with open(output_path, "w", encoding="utf-8") as out, torch.inference_mode():
        for first in range(0, len(records), 8):
            batch = records[first : first + 8]
            rows = [record["prompt_tokens"] + record["completion_tokens"] for record in batch]
            longest = max(map(len, rows))
            ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
            mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
            logp = torch.log_softmax(model(input_ids=ids, attention_mask=mask).logits[:, :-1], dim=-1)
            chosen = logp.gather(2, ids[:, 1:].unsqueeze(2)).squeeze(2)
            for record, row, values in zip(batch, rows, chosen):
                begin = len(record["prompt_tokens"]) - 1
                out.write(json.dumps({"id": record["id"], "logprobs": values[begin : len(row) - 1].tolist()}) + "\n")
    print(json.dumps({"seconds": time.perf_counter() - start}))


def largest_difference(path_a, path_b):
    lines = zip(open(path_a, encoding="utf-8"), open(path_b, encoding="utf-8"))
    return max(
        abs(x - y) for a, b in lines for x, y in zip(json.loads(a)["logprobs"], json.loads(b)["logprobs"], strict=True)
    )


def main():
    options = parse_arguments()
    if options.plain:
        return plain(options)
    shape = PRESETS[options.preset]
    if options.write_model:
        return write_model(options.write_model, shape)
    with tempfile.TemporaryDirectory(prefix="restem-logprob-") as name:
        folder = Path(name)
        # In a process of its own: what this one holds would count as the peak of those that it starts.
        run([sys.executable, __file__, "--preset", options.preset, "--write-model", folder / "model"])
        write_records(folder / "in.jsonl", shape)
        measured = {"restem": [], "plain": []}
        for _ in range(options.repeats):
            common = ["--threads", options.threads]
            files = ["--model", folder / "model", "--input", folder / "in.jsonl", "--output", folder / "restem.jsonl"]
            stdout, seconds, peak = run([options.restem, "logprob", *files, *common, "--quiet", "--dtype", "float32"])
            measured["restem"].append((seconds, json.loads(stdout)["seconds"], peak))
            script = [sys.executable, __file__, *common, "--plain", folder / "model", folder / "in.jsonl", folder / "plain.jsonl"]
            stdout, seconds, peak = run(script)
            measured["plain"].append((seconds, json.loads(stdout)["seconds"], peak))
        difference = largest_difference(folder / "restem.jsonl", folder / "plain.jsonl")
    medians = {side: [statistics.median(column) for column in zip(*runs)] for side, runs in measured.items()}
    (ours, our_work, our_peak), (theirs, their_work, their_peak) = medians["restem"], medians["plain"]
    result = {
        "preset": options.preset, "threads": options.threads, "repeats": options.repeats, "runs": measured,
        "time_ratio": theirs / ours, "work_ratio": their_work / our_work, "memory_ratio": our_peak / their_peak,
        "largest_difference": difference,
    }
    for side, (seconds, work, peak) in medians.items():
        print(f"{side:7}{seconds:6.1f} s, {work:.1f} s of them work, {peak / 2**20:.0f} MiB")
    print(f"{theirs / ours:.1f} times as fast, {their_work / our_work:.1f} times at the work alone, "
          f"{our_peak / their_peak:.2f} of the memory, largest difference {difference:.1e}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
