"""Greedy completions by transformers for 64 prompts of very different lengths.

    greedy_reference.py random DIR        writes random models under DIR/<name>/, each with greedy.json
    greedy_reference.py given MODEL DIR   greedy.json of a published model, into DIR

greedy.json: a list of {"prompt", "completion"} token ids. Every prompt goes through the model alone, without a cache to share.
"""
import json
import pathlib
import random
import sys

import torch
import transformers

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from random_models import random_model  # noqa: E402

PROMPTS, LONGEST, NEW_TOKENS = 64, 150, 40
COMMON = dict(vocab_size=300, hidden_size=64, intermediate_size=112, num_hidden_layers=3, max_position_embeddings=256,
              bos_token_id=1, eos_token_id=2, initializer_range=0.3)
CONFIGS = {
    "llama": transformers.LlamaConfig(**COMMON, num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=False),
    "qwen2": transformers.Qwen2Config(**COMMON, num_attention_heads=8, num_key_value_heads=8, tie_word_embeddings=True),
}


def write_greedy(model, directory):
    draw = random.Random(7)
    first_id, vocab = 3, model.config.vocab_size
    records = []
    for index in range(PROMPTS):
        length = 1 + (index * (LONGEST - 1)) // (PROMPTS - 1)
        prompt = [draw.randrange(first_id, vocab) for _ in range(length)]
        output = model.generate(
            torch.tensor([prompt]), attention_mask=torch.ones(1, length, dtype=torch.long), do_sample=False,
            max_new_tokens=NEW_TOKENS, min_new_tokens=NEW_TOKENS, eos_token_id=None, pad_token_id=0,
        )
        records.append({"prompt": prompt, "completion": output[0, length:].tolist()})
    pathlib.Path(directory, "greedy.json").write_text(json.dumps(records))


def write_random(root):
    for seed, (name, config) in enumerate(CONFIGS.items()):
        model = random_model(config, seed)
        model.save_pretrained(pathlib.Path(root, name))
        write_greedy(model, pathlib.Path(root, name))


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[1] == "random":
        write_random(sys.argv[2])
    else:
        write_greedy(transformers.AutoModelForCausalLM.from_pretrained(sys.argv[2], dtype=torch.float32).eval(), sys.argv[3])
