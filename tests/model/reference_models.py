"""Writes small random models with transformers, and what transformers computes with them.

    reference_models.py write DIR     models under DIR/<name>/ and DIR/<name>/reference.json
    reference_models.py read DIR      logits of the model in DIR as JSON on stdout, tokens from DIR/reference.json

A reference holds token ids, the logits behind each of them, and a greedy continuation.
"""
import json
import pathlib
import sys

import torch
import transformers

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from random_models import random_model  # noqa: E402

TOKENS = [3, 17, 200, 5, 5, 64, 1, 90, 33, 254, 12, 7]
GREEDY = 24

COMMON = dict(vocab_size=256, hidden_size=48, intermediate_size=100, num_hidden_layers=3, max_position_embeddings=128,
              bos_token_id=1, eos_token_id=2, initializer_range=0.3)
LLAMA, QWEN2 = transformers.LlamaConfig, transformers.Qwen2Config
CONFIGS = {
    "llama-mha": LLAMA(**COMMON, num_attention_heads=4, num_key_value_heads=4, tie_word_embeddings=False),
    "llama-gqa-tied": LLAMA(**COMMON, num_attention_heads=6, num_key_value_heads=2, tie_word_embeddings=True, rope_theta=50000.0),
    "llama-biases": LLAMA(**COMMON, num_attention_heads=4, num_key_value_heads=1, attention_bias=True, mlp_bias=True, head_dim=20),
    "qwen2-gqa": QWEN2(**COMMON, num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=False),
    "qwen2-tied": QWEN2(**COMMON, num_attention_heads=8, num_key_value_heads=4, tie_word_embeddings=True, rms_norm_eps=1e-5),
}


def logits_of(model, tokens):
    with torch.no_grad():
        return model(torch.tensor([tokens])).logits[0].float().tolist()


def write(root):
    for seed, (name, config) in enumerate(CONFIGS.items()):
        model = random_model(config, seed)
        directory = pathlib.Path(root, name)
        model.save_pretrained(directory, max_shard_size="100KB" if "mha" in name else "5GB")
        tokens = list(TOKENS)
        for _ in range(GREEDY):
            tokens.append(int(torch.tensor(logits_of(model, tokens)[-1]).argmax()))
        reference = {"tokens": TOKENS, "logits": logits_of(model, TOKENS), "greedy": tokens[len(TOKENS):]}
        (directory / "reference.json").write_text(json.dumps(reference))


def read(directory):
    model = transformers.AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()
    tokens = json.loads(pathlib.Path(directory, "reference.json").read_text())["tokens"]
    json.dump(logits_of(model, tokens), sys.stdout)


if __name__ == "__main__":
    {"write": write, "read": read}[sys.argv[1]](sys.argv[2])
