"""PEFT adapters on models of tests/families/reference.py, and what `peft` computes with them.

    lora_reference.py write ROOT    for each family ROOT/<name>/adapter (PEFT's files) and lora.json: {"logits", "loss",
                                    "gradient": {tensor name: [rows]}}
    lora_reference.py read ROOT     {name: logits} of ROOT/<name>/adapter-saved as JSON on stdout
"""
import json
import pathlib
import sys

import peft
import torch
import transformers

from reference import logits_of, loss_of

TARGETS = {"llama-mha": "all-linear", "qwen3": ["q_proj", "v_proj", "mlp.down_proj"], "qwen3-moe": ["k_proj", "o_proj"],
           "gemma2": "all-linear", "phi3": ["qkv_proj", "gate_up_proj"], "gpt2": ["c_attn", "mlp.c_proj"]}


def base_of(root, name):
    return transformers.AutoModelForCausalLM.from_pretrained(root / name, dtype=torch.float32, attn_implementation="eager").eval()


def write(root):
    for name, targets in TARGETS.items():
        reference = json.loads((root / name / "reference.json").read_text())
        config = peft.LoraConfig(r=4, lora_alpha=6, target_modules=targets, fan_in_fan_out=name == "gpt2", use_rslora=name == "qwen3")
        torch.manual_seed(3)
        model = peft.get_peft_model(base_of(root, name), config)
        adapter = {key: value for key, value in model.named_parameters() if value.requires_grad}
        for value in adapter.values():  # B begins as zero: make it matter
            value.data = 0.2 * torch.randn_like(value)
        model.save_pretrained(root / name / "adapter")
        saved = root / name / "adapter" / "adapter_config.json"
        saved.write_text(json.dumps(json.loads(saved.read_text()) | {"base_model_name_or_path": str(root / name)}))
        loss = loss_of(model, reference["examples"])
        loss.backward()
        gradient = {key.removeprefix("base_model.model.").replace(".default", ""): value.grad.tolist() for key, value in adapter.items()}
        (root / name / "lora.json").write_text(json.dumps(
            {"logits": logits_of(model, reference["tokens"]), "loss": loss.item(), "gradient": gradient}))


def read(root):
    logits = {}
    for name in TARGETS:
        model = peft.PeftModel.from_pretrained(base_of(root, name), root / name / "adapter-saved").eval()
        logits[name] = logits_of(model, json.loads((root / name / "reference.json").read_text())["tokens"])
    json.dump(logits, sys.stdout)


if __name__ == "__main__":
    torch.set_num_threads(1)
    {"write": write, "read": read}[sys.argv[1]](pathlib.Path(sys.argv[2]))
