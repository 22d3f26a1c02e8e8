#!/usr/bin/env python3
"""One ReST-EM iteration with `transformers` and PyTorch: the peer that restem is compared with.

E-step: sample N solutions per problem with `model.generate`, keep those whose last number is the answer.
M-step: fine-tune the model on them, loss on the completion only. Same model, data, parameters and threads as restem.

    rest_em_transformers.py --model DIR --train F.jsonl --out DIR --threads 2 [parameters]

Prints one JSON line, {"sample": {...}, "train": {...}}, with seconds and peak memory of each stage. Each stage runs in a
process of its own, so that its peak memory is its own; `--stage sample` or `--stage train` runs that stage in this process.
"""

import argparse
import json
import math
import random
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
MARKER = "####"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="Hugging Face model directory")
    parser.add_argument("--train", required=True, help="problems (JSONL with question and answer)")
    parser.add_argument("--out", required=True, type=Path, help="folder for samples, dataset and checkpoint")
    parser.add_argument("--stage", choices=("all", "sample", "train"), default="all")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--limit", type=int, default=0, help="problems to use, 0: all")
    parser.add_argument("--template", default="Q: {question}\nA:")
    # E-step
    parser.add_argument("--samples", type=int, default=8, help="samples per problem")
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--top-k", type=int, default=40, help="0: off")
    parser.add_argument("--top-p", type=float, default=1.0)
    parser.add_argument("--max-new-tokens", type=int, default=48)
    parser.add_argument("--batch-problems", type=int, default=32, help="problems per call of generate")
    parser.add_argument("--max-correct", type=int, default=4, help="correct samples kept per problem")
    parser.add_argument("--dedup", choices=("text", "none"), default="text", help="text: drop repeated solutions")
    # M-step
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--tokens-per-step", type=int, default=4096, help="prompt and completion tokens per step")
    parser.add_argument("--micro-batch", type=int, default=64, help="rows per forward pass")
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--warmup-steps", type=int, default=20)
    parser.add_argument("--weight-decay", type=float, default=0.1)
    parser.add_argument("--max-grad-norm", type=float, default=1.0)
    return parser.parse_args()


def read_jsonl(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def write_jsonl(path, records):
    with open(path, "w", encoding="utf-8") as out:
        out.writelines(json.dumps(record) + "\n" for record in records)


def last_number(text):
    """-> the number after the last marker, or the text's last number without one, or None."""
    if MARKER in text:
        numbers = NUMBER.findall(text.rpartition(MARKER)[2])[:1]
    else:
        numbers = NUMBER.findall(text)[-1:]
    return float(numbers[0].replace(",", "")) if numbers else None


def is_correct(text, answer):
    number = last_number(text)
    return number is not None and abs(number - float(answer)) < 1e-6


def sample_stage(options):
    """-> measures; writes samples.jsonl and dataset.jsonl."""
    start = time.perf_counter()
    torch, tokenizer, model = load(options)
    tokenizer.padding_side = "left"
    problems = read_jsonl(options.train)[: options.limit or None]
    prompts = [options.template.format(**problem) for problem in problems]
    loaded = time.perf_counter()

    samples, dataset, prompt_tokens, generated_tokens = [], [], 0, 0
    by_length = sorted(range(len(problems)), key=lambda index: len(prompts[index]))
    for first in range(0, len(by_length), options.batch_problems):
        batch = by_length[first : first + options.batch_problems]
        inputs = tokenizer([prompts[index] for index in batch], return_tensors="pt", padding=True)
        with torch.inference_mode():
            output = model.generate(
                input_ids=inputs["input_ids"],
                attention_mask=inputs["attention_mask"],
                do_sample=True,
                temperature=options.temperature,
                top_k=options.top_k,
                top_p=options.top_p,
                max_new_tokens=options.max_new_tokens,
                num_return_sequences=options.samples,
                pad_token_id=tokenizer.pad_token_id,
                eos_token_id=tokenizer.eos_token_id,
            )
        completions = output[:, inputs["input_ids"].shape[1] :].tolist()
        prompt_tokens += int(inputs["attention_mask"].sum())
        for row, tokens in enumerate(completions):
            finished = tokenizer.eos_token_id in tokens
            tokens = tokens[: tokens.index(tokenizer.eos_token_id) + 1] if finished else tokens
            generated_tokens += len(tokens)
            samples.append({
                "problem": batch[row // options.samples],
                "sample": row % options.samples,
                "tokens": tokens,
                "text": tokenizer.decode(tokens, skip_special_tokens=True),
                "finish_reason": "eos" if finished else "length",
            })
    samples.sort(key=lambda sample: (sample["problem"], sample["sample"]))

    chosen = random.Random(options.seed)
    correct = 0
    for index, problem in enumerate(problems):
        drawn = samples[index * options.samples : (index + 1) * options.samples]
        right = [s for s in drawn if s["finish_reason"] == "eos" and is_correct(s["text"], problem["answer"])]
        correct += len(right)
        if options.dedup == "text":
            right = list({sample["text"]: sample for sample in right}.values())
        chosen.shuffle(right)
        prompt = tokenizer(prompts[index])["input_ids"]
        for sample in right[: options.max_correct]:
            dataset.append({"prompt_tokens": prompt, "tokens": sample["tokens"], "weight": 1.0})
    write_jsonl(options.out / "samples.jsonl", samples)
    write_jsonl(options.out / "dataset.jsonl", dataset)
    return {
        "seconds": time.perf_counter() - loaded,
        "load_seconds": loaded - start,
        "problems": len(problems),
        "samples": len(samples),
        "correct": correct,
        "kept": len(dataset),
        "prompt_tokens": prompt_tokens,
        "generated_tokens": generated_tokens,
    }


def make_steps(dataset, tokens_per_step, shuffled):
    """-> [[row]] of at most tokens_per_step tokens each, a new order each call."""
    shuffled.shuffle(dataset)
    steps, size = [[]], 0
    for row in dataset:
        length = len(row["prompt_tokens"]) + len(row["tokens"])
        if steps[-1] and size + length > tokens_per_step:
            steps.append([])
            size = 0
        steps[-1].append(row)
        size += length
    return steps


def collate(torch, rows, pad):
    """-> input_ids, attention_mask, labels [rows, longest]; labels are -100 on prompt and padding."""
    longest = max(len(row["prompt_tokens"]) + len(row["tokens"]) for row in rows)
    input_ids = torch.full((len(rows), longest), pad)
    attention_mask = torch.zeros((len(rows), longest), dtype=torch.long)
    labels = torch.full((len(rows), longest), -100)
    for index, row in enumerate(rows):
        prompt, tokens = row["prompt_tokens"], row["tokens"]
        length = len(prompt) + len(tokens)
        input_ids[index, :length] = torch.tensor(prompt + tokens)
        attention_mask[index, :length] = 1
        labels[index, len(prompt) : length] = torch.tensor(tokens)
    return input_ids, attention_mask, labels


def make_optimizer(torch, model, options):
    matrices = [p for p in model.parameters() if p.ndim >= 2]
    vectors = [p for p in model.parameters() if p.ndim < 2]
    groups = [
        {"params": matrices, "weight_decay": options.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=options.learning_rate, betas=(0.9, 0.95))


def train_stage(options):
    """-> measures; writes checkpoint/."""
    start = time.perf_counter()
    torch, tokenizer, model = load(options)
    from transformers import get_cosine_schedule_with_warmup

    model.train()
    dataset = read_jsonl(options.out / "dataset.jsonl")
    loaded = time.perf_counter()

    shuffled = random.Random(options.seed)
    epochs = [make_steps(dataset, options.tokens_per_step, shuffled) for _ in range(options.epochs)]
    total_steps = sum(len(steps) for steps in epochs)
    optimizer = make_optimizer(torch, model, options)
    schedule = get_cosine_schedule_with_warmup(optimizer, options.warmup_steps, total_steps)
    tokens = 0
    pad = tokenizer.pad_token_id or 0  # masked: any id does
    for step in (step for steps in epochs for step in steps):
        step.sort(key=lambda row: len(row["prompt_tokens"]) + len(row["tokens"]))
        targets = sum(len(row["tokens"]) for row in step)
        step_loss = 0.0
        for first in range(0, len(step), options.micro_batch):
            rows = step[first : first + options.micro_batch]
            input_ids, attention_mask, labels = collate(torch, rows, pad)
            # num_items_in_batch makes the loss a sum over the micro-batch divided by the step's tokens.
            loss = model(
                input_ids=input_ids, attention_mask=attention_mask, labels=labels, num_items_in_batch=targets
            ).loss
            loss.backward()
            step_loss += loss.item()
            tokens += int(attention_mask.sum())
        if not math.isfinite(step_loss):
            raise SystemExit(f"loss is {step_loss}")
        torch.nn.utils.clip_grad_norm_(model.parameters(), options.max_grad_norm)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
    model.save_pretrained(options.out / "checkpoint")
    tokenizer.save_pretrained(options.out / "checkpoint")
    return {
        "seconds": time.perf_counter() - loaded,
        "load_seconds": loaded - start,
        "steps": total_steps,
        "tokens": tokens,
        "loss": step_loss,
    }


def load(options):
    """-> torch, tokenizer, model (float32 on the CPU)."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.float32)
    return torch, tokenizer, model


def main():
    options = parse_arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.stage == "all":
        report = {}
        for stage in ("sample", "train"):
            command = [sys.executable, __file__, *sys.argv[1:], "--stage", stage]
            report.update(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))
    else:
        measures = {"sample": sample_stage, "train": train_stage}[options.stage](options)
        measures["peak_rss_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        report = {options.stage: measures}
    print(json.dumps(report))


if __name__ == "__main__":
    main()
