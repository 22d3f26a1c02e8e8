#!/usr/bin/env python3
"""Writes the from-scratch model directory: scratch/{config,generation_config,tokenizer,tokenizer_config}.json.

A byte-level BPE in which a word, with the space before it, is one piece before merging, digits
included: " n0" is one token. Learnt from the training questions and human equations that prepare.py
wrote (argument 1, default runs/word_problems_data). Needs the PyPI package `tokenizers`. No BOS; EOS is <|end|>.
"""

import json
import pathlib
import sys

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

HERE = pathlib.Path(__file__).resolve().parent
EOS = "<|end|>"
WORDS = r" ?[a-z0-9']+| ?[^\sa-z0-9]+|\s+"
TAGS = " n0 n1 n2 n3 n4"  # the tags that prepare.py can write
CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "vocab_size": 1024,
    "hidden_size": 128,
    "intermediate_size": 352,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "head_dim": 32,
    "hidden_act": "silu",
    "max_position_embeddings": 256,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "attention_bias": False,
    "attention_dropout": 0.0,
    "mlp_bias": False,
    "initializer_range": 0.02,
    "tie_word_embeddings": True,
    "bos_token_id": None,
    "eos_token_id": 0,
    "torch_dtype": "float32",
}


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def main():
    data = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else HERE.parents[1] / "runs/word_problems_data"
    if not (data / "train.jsonl").is_file():
        sys.exit(f"make_tokenizer.py: {data}/train.jsonl is missing: run prepare.py first")
    texts = [f"{problem['question']}\nA:" for problem in read(data / "train.jsonl")]
    texts += [problem["solution"] for problem in read(data / "base_train.jsonl")] + [TAGS] * 100

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(WORDS), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=CONFIG["vocab_size"],
        special_tokens=[EOS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    ))
    if tokenizer.get_vocab_size() != CONFIG["vocab_size"]:
        sys.exit(f"make_tokenizer.py: the texts gave {tokenizer.get_vocab_size()} tokens")
    for tag in TAGS.split():
        if len(tokenizer.encode(f" {tag}").ids) != 1:
            sys.exit(f"make_tokenizer.py: {tag} is not one token")

    out = HERE / "scratch"
    out.mkdir(exist_ok=True)
    tokenizer.save(str(out / "tokenizer.json"))
    for name, content in (
        ("config.json", CONFIG),
        ("generation_config.json", {"eos_token_id": 0}),
        ("tokenizer_config.json", {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "eos_token": EOS,
            "clean_up_tokenization_spaces": False,
            "model_max_length": CONFIG["max_position_embeddings"],
        }),
    ):
        (out / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    print(f"{out}: {CONFIG['vocab_size']} tokens")


if __name__ == "__main__":
    main()
