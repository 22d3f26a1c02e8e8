#!/usr/bin/env python3
"""Write the quickstart's from-scratch model directory, scratch/: configuration and tokenizer, no weights.

The tokenizer is a byte-level BPE with Qwen2's split (every digit a token of its own), learnt from the questions and
solutions beside this file; generate.py comes first. Needs the PyPI package `tokenizers`. No BOS; EOS is <|end|>.
"""

import argparse
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import scratch_model  # noqa: E402

PAD, PAD_ID = "<|pad|>", 1
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CONFIG = scratch_model.llama_config(
    1024, layers=5, initializer_range=0.06, pad_token_id=PAD_ID, torch_dtype="float32", use_cache=True
)


def read_texts(folder):
    for split in ("base", "train"):
        for line in (folder / f"{split}.jsonl").read_text(encoding="utf-8").splitlines():
            problem = json.loads(line)
            yield f"Q: {problem['question']}\nA:{problem.get('solution', '')}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=HERE, help="folder of base.jsonl and train.jsonl")
    parser.add_argument("--out", type=Path, default=HERE / "scratch")
    arguments = parser.parse_args()
    texts = read_texts(arguments.data)
    tokenizer = scratch_model.train_tokenizer(texts, SPLIT, CONFIG["vocab_size"], [scratch_model.EOS, PAD])
    scratch_model.write(arguments.out, CONFIG, tokenizer, pad=PAD)


if __name__ == "__main__":
    main()
