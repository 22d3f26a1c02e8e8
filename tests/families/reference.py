"""Small random models of every family, and what transformers computes with them.

    reference.py write ROOT    for each family ROOT/<name>/ with config.json (also as transformers 4 wrote it, in old/),
                               weights, reference.json and gradient/: a checkpoint that holds gradients for weights
    reference.py read ROOT     {name: logits} of ROOT/<name>/saved as JSON on stdout, for the tokens of reference.json

reference.json: {"tokens", "logits", "greedy": [{"prompt", "completion"}], "examples": [{"problem", "prompt", "completion",
"weight"}], "loss"}. The loss is Σ weight · mean(−log p of the completion) / Σ weight.
"""
import json
import pathlib
import random
import sys

import tokenizers
import torch
import transformers as t

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from random_models import random_model  # noqa: E402

VOCAB, WINDOW, NEW_TOKENS = 256, 11, 16
COMMON = dict(vocab_size=VOCAB, hidden_size=48, num_hidden_layers=3, max_position_embeddings=128, bos_token_id=1,
              eos_token_id=2, pad_token_id=0, initializer_range=0.3)
DENSE = dict(**COMMON, intermediate_size=100)
GQA = dict(num_attention_heads=4, num_key_value_heads=2)
GEMMA = dict(**DENSE, **GQA, head_dim=16, query_pre_attn_scalar=10, sliding_window=WINDOW)
MOE = dict(num_experts_per_tok=3, **GQA)


def rope(kind, **parameters):
    return {"rope_parameters": {"rope_type": kind, "rope_theta": 10000.0, **parameters}}


LLAMA3 = rope("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=64)
YARN = rope("yarn", factor=4.0, original_max_position_embeddings=32)
LONG = rope("longrope", short_factor=[1.0, 1.1, 1.5], long_factor=[2.0, 4.0, 8.0], partial_rotary_factor=0.5)
CONFIGS = {
    "llama-mha": t.LlamaConfig(**DENSE, num_attention_heads=4, num_key_value_heads=4, tie_word_embeddings=False),
    "llama-gqa-tied": t.LlamaConfig(**DENSE, num_attention_heads=6, num_key_value_heads=2, tie_word_embeddings=True, rope_theta=5e4),
    "llama-biases": t.LlamaConfig(**DENSE, num_attention_heads=4, num_key_value_heads=1, attention_bias=True, mlp_bias=True, head_dim=20),
    "llama-3.1": t.LlamaConfig(**DENSE, **GQA, **LLAMA3),
    "llama-linear": t.LlamaConfig(**DENSE, **GQA, **rope("linear", factor=2.5)),
    "llama-dynamic": t.LlamaConfig(**DENSE, **GQA, **rope("dynamic", factor=2.0)),
    "mistral": t.MistralConfig(**DENSE, **GQA, sliding_window=WINDOW),
    "mistral-full": t.MistralConfig(**DENSE, **GQA, sliding_window=None),
    "qwen2-gqa": t.Qwen2Config(**DENSE, **GQA, tie_word_embeddings=False),
    "qwen2-tied": t.Qwen2Config(**DENSE, num_attention_heads=8, num_key_value_heads=4, tie_word_embeddings=True, rms_norm_eps=1e-5),
    "qwen2-window": t.Qwen2Config(**DENSE, **GQA, use_sliding_window=True, sliding_window=WINDOW, max_window_layers=1),
    "qwen2-yarn": t.Qwen2Config(**DENSE, **GQA, **YARN),
    "qwen3": t.Qwen3Config(**DENSE, **GQA, head_dim=16, tie_word_embeddings=True),
    "qwen3-moe": t.Qwen3MoeConfig(**DENSE, **MOE, head_dim=16, num_experts=6, moe_intermediate_size=20, norm_topk_prob=True, mlp_only_layers=[1]),
    "qwen3-moe-window": t.Qwen3MoeConfig(**DENSE, **MOE, head_dim=16, num_experts=5, moe_intermediate_size=24, norm_topk_prob=False,
                                         decoder_sparse_step=2, use_sliding_window=True, sliding_window=WINDOW),
    "mixtral": t.MixtralConfig(**DENSE, **MOE, num_local_experts=4),
    "gemma2": t.Gemma2Config(**GEMMA, attn_logit_softcapping=2.0, final_logit_softcapping=3.0),
    "gemma3": t.Gemma3TextConfig(**GEMMA, layer_types=["sliding_attention", "full_attention", "sliding_attention"]),
    "gemma3-scaled": t.Gemma3TextConfig(**GEMMA, layer_types=["sliding_attention", "full_attention", "sliding_attention"],
                                        rope_parameters={"full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6},
                                                         "sliding_attention": {"rope_type": "default", "rope_theta": 1e4}}),
    "phi3": t.Phi3Config(**DENSE, **GQA, sliding_window=WINDOW),
    "phi3-longrope": t.Phi3Config(**DENSE, **GQA, original_max_position_embeddings=64, **LONG),
    "smollm3": t.SmolLM3Config(**DENSE, **GQA, no_rope_layer_interval=2),
    "olmo2": t.Olmo2Config(**DENSE, **GQA),
    "gpt2": t.GPT2Config(vocab_size=VOCAB, n_embd=48, n_layer=3, n_head=4, n_positions=128, bos_token_id=1, eos_token_id=2,
                         initializer_range=0.3),
    "gpt2-untied": t.GPT2Config(vocab_size=VOCAB, n_embd=48, n_layer=2, n_head=4, n_positions=128, bos_token_id=1, eos_token_id=2,
                                initializer_range=0.3, tie_word_embeddings=False),
}


def old_style(config):
    """The same configuration as transformers 4 wrote it."""
    config = dict(config)
    if "dtype" in config:
        config["torch_dtype"] = config.pop("dtype")
    parameters = config.pop("rope_parameters", None)
    if parameters is None:
        return config
    if "full_attention" in parameters:
        config["rope_local_base_freq"] = parameters["sliding_attention"]["rope_theta"]
        parameters = parameters["full_attention"]
    parameters = dict(parameters)
    config["rope_theta"] = parameters.pop("rope_theta")
    for moved in ("partial_rotary_factor", "original_max_position_embeddings"):
        if config["model_type"] == "phi3" and moved in parameters:
            config[moved] = parameters.pop(moved)
    if parameters["rope_type"] != "default":
        config["rope_scaling"] = {("type" if key == "rope_type" else key): value for key, value in parameters.items()}
    return config


def logits_of(model, tokens):
    with torch.no_grad():
        return model(torch.tensor([tokens])).logits[0].float().tolist()


def greedy(model, prompt):
    output = model.generate(torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long), do_sample=False,
                            max_new_tokens=NEW_TOKENS, min_new_tokens=NEW_TOKENS, eos_token_id=None, pad_token_id=0)
    return {"prompt": prompt, "completion": output[0, len(prompt):].tolist()}


def examples(draw):
    def tokens(count):
        return [draw.randrange(3, VOCAB) for _ in range(count)]

    first, second = tokens(9), tokens(20)
    return [{"problem": "a", "prompt": first, "completion": tokens(30), "weight": 1.0},
            {"problem": "a", "prompt": first, "completion": tokens(7), "weight": 0.5},
            {"problem": "b", "prompt": second, "completion": tokens(1), "weight": 2.0},
            {"problem": "b", "prompt": second, "completion": tokens(14), "weight": 1.0}]


def loss_of(model, batch):
    total = 0.0
    for example in batch:
        tokens = torch.tensor([example["prompt"] + example["completion"]])
        count = len(example["completion"])
        log_p = torch.log_softmax(model(tokens).logits[0].double(), -1)[-count - 1:-1]
        total = total - example["weight"] * log_p.gather(1, tokens[0, -count:, None]).mean()
    return total / sum(example["weight"] for example in batch)


def write(root):
    draw = random.Random(5)
    tokens = [draw.randrange(3, VOCAB) for _ in range(40)]
    prompts = [tokens[:1], tokens[:7], tokens[:33]]
    batch = examples(draw)
    for seed, (name, config) in enumerate(CONFIGS.items()):
        model = random_model(config, seed)
        directory = root / name
        model.save_pretrained(directory, max_shard_size="100KB" if name == "llama-mha" else "5GB")
        (directory / "old").mkdir()
        written = json.loads((directory / "config.json").read_text())
        (directory / "old" / "config.json").write_text(json.dumps(old_style(written)))
        loss = loss_of(model, batch)
        loss.backward()
        (directory / "reference.json").write_text(json.dumps({
            "tokens": tokens, "logits": logits_of(model, tokens), "greedy": [greedy(model, prompt) for prompt in prompts],
            "examples": batch, "loss": loss.item()}))
        for parameter in model.parameters():
            parameter.data = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        model.save_pretrained(directory / "gradient")
    # Texts of completions are not compared: any tokenizer will do.
    vocabulary = {chr(0x100 + i): i for i in range(VOCAB)}
    tokenizers.Tokenizer(tokenizers.models.BPE(vocab=vocabulary, merges=[])).save(str(root / "tokenizer.json"))


def read(root):
    logits = {}
    for name in CONFIGS:
        model = t.AutoModelForCausalLM.from_pretrained(root / name / "saved", dtype=torch.float32, attn_implementation="eager").eval()
        logits[name] = logits_of(model, json.loads((root / name / "reference.json").read_text())["tokens"])
    json.dump(logits, sys.stdout)


if __name__ == "__main__":
    torch.set_num_threads(1)
    {"write": write, "read": read}[sys.argv[1]](pathlib.Path(sys.argv[2]))
