#!/usr/bin/env python3
"""What compare_generate.py runs beside `restem generate`, each in a process of its own; prints one JSON line.

    generate_contenders.py write-model DIR --preset P      a model with random weights, as HF directory and as GGUF
    generate_contenders.py write-prompts FILE --preset P   the records of `restem generate`
    generate_contenders.py transformers|llama.cpp DIR FILE [--threads 2] [--samples 32] [--batch 128] [--new-tokens 64]
    generate_contenders.py ceiling [--threads 2]           GFLOP/s of LibTorch's float32 product, 2048 x 2048 x 2048, on every thread

Both peers draw `samples` completions per prompt, `batch` at a time, all of `new-tokens` tokens. transformers samples at
temperature 1 with its KV cache. llama.cpp computes a prompt once and copies its cells to all samples; it takes the largest
logit, which costs it less than a draw.
"""

import argparse
import json
import random
import time
from pathlib import Path

from measure import write_tokenizer

PRESETS = {
    "0.6m": {"layers": 4, "hidden": 96, "inner": 288, "heads": 4, "kv_heads": 4, "vocab": 1024, "prompts": 64},
    "25m": {"layers": 8, "hidden": 384, "inner": 1024, "heads": 6, "kv_heads": 6, "vocab": 32000, "prompts": 16},
    "125m": {"layers": 12, "hidden": 768, "inner": 2048, "heads": 12, "kv_heads": 12, "vocab": 50304, "prompts": 4},
}
PROMPT_TOKENS = (40, 120)
CONTEXT = 512


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("write-model", "write-prompts", "transformers", "llama.cpp", "ceiling"))
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--preset", choices=PRESETS)
    parser.add_argument("--prompts", type=int, default=0, help="0: as many as the preset says")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--samples", type=int, default=32)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--new-tokens", type=int, default=64)
    return parser.parse_args()


def write_model(folder, shape):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=shape["vocab"], hidden_size=shape["hidden"], intermediate_size=shape["inner"],
        num_hidden_layers=shape["layers"], num_attention_heads=shape["heads"], num_key_value_heads=shape["kv_heads"],
        max_position_embeddings=CONTEXT, tie_word_embeddings=True, eos_token_id=0, bos_token_id=None,
    )
    model = LlamaForCausalLM(config)
    model.save_pretrained(folder)
    write_tokenizer(folder)
    write_gguf(folder / "model.gguf", shape, model)


def write_gguf(path, shape, model):
    """The same weights for llama.cpp, which pairs the rotated halves of a head differently and so wants q and k permuted."""
    import gguf

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(shape["layers"])
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(shape["hidden"])
    writer.add_feed_forward_length(shape["inner"])
    writer.add_head_count(shape["heads"])
    writer.add_head_count_kv(shape["kv_heads"])
    writer.add_layer_norm_rms_eps(model.config.rms_norm_eps)
    writer.add_rope_dimension_count(shape["hidden"] // shape["heads"])
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(shape["vocab"])
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("no_vocab")
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, shape["layers"])
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight":
            continue
        array = tensor.numpy()
        for part, heads in (("q_proj", shape["heads"]), ("k_proj", shape["kv_heads"])):
            if part in name:
                halves = array.reshape(heads, 2, -1, array.shape[1])
                array = halves.swapaxes(1, 2).reshape(array.shape).copy()
        writer.add_tensor(names.get_name(name, try_suffixes=(".weight",)), array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_prompts(path, shape, count):
    draw = random.Random(1)
    with open(path, "w", encoding="utf-8") as out:
        for index in range(count):
            tokens = [draw.randrange(2, shape["vocab"]) for _ in range(draw.randrange(*PROMPT_TOKENS))]
            out.write(json.dumps({"id": index, "prompt_tokens": tokens}) + "\n")


def read_prompts(path):
    return [json.loads(line)["prompt_tokens"] for line in open(path, encoding="utf-8")]


def run_transformers(folder, prompts, options):
    import torch
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(options.threads)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    at_once = max(1, options.batch // options.samples)
    tokens = 0
    start = time.perf_counter()
    for first in range(0, len(prompts), at_once):
        batch = prompts[first : first + at_once]
        longest = max(map(len, batch))
        ids = torch.tensor([[0] * (longest - len(p)) + p for p in batch])
        mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in batch])
        with torch.inference_mode():
            output = model.generate(
                input_ids=ids, attention_mask=mask, do_sample=True, temperature=1.0, top_k=0, top_p=1.0,
                max_new_tokens=options.new_tokens, min_new_tokens=options.new_tokens,
                num_return_sequences=options.samples, pad_token_id=0,
            )
        tokens += output.shape[0] * (output.shape[1] - longest)
    return {"seconds": time.perf_counter() - start, "generated_tokens": tokens}


def run_llama_cpp(folder, prompts, options):
    import ctypes

    import llama_cpp
    import numpy

    llama_cpp.llama_log_set(ctypes.cast(None, llama_cpp.llama_log_callback), ctypes.c_void_p())
    llama_cpp.llama_backend_init()
    model = llama_cpp.llama_model_load_from_file(str(folder / "model.gguf").encode(), llama_cpp.llama_model_default_params())
    at_once = max(1, options.batch // options.samples)
    rows = at_once * options.samples
    longest = max(map(len, prompts))
    params = llama_cpp.llama_context_default_params()
    params.n_ctx = at_once * longest + rows * options.new_tokens + 256
    params.n_batch = params.n_ubatch = max(512, rows)
    params.n_seq_max = rows
    params.n_threads = params.n_threads_batch = options.threads
    params.kv_unified = True  # cells can be shared by sequences
    params.type_k = params.type_v = 0  # float32
    context = llama_cpp.llama_init_from_model(model, params)
    vocab = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))
    memory = llama_cpp.llama_get_memory(context)
    batch = llama_cpp.llama_batch_init(params.n_batch, 0, 1)

    def decode(entries):  # (token, position, sequence, whether logits are wanted)
        batch.n_tokens = len(entries)
        for i, (token, position, sequence, wanted) in enumerate(entries):
            batch.token[i], batch.pos[i], batch.n_seq_id[i] = token, position, 1
            batch.seq_id[i][0], batch.logits[i] = sequence, wanted
        if llama_cpp.llama_decode(context, batch) != 0:
            raise SystemExit("llama_decode failed")

    def largest(index):
        logits = llama_cpp.llama_get_logits_ith(context, index)
        return int(numpy.ctypeslib.as_array(logits, shape=(vocab,)).argmax())

    tokens = 0
    start = time.perf_counter()
    for first in range(0, len(prompts), at_once):
        llama_cpp.llama_memory_clear(memory, True)
        running = []  # [token, position, sequence]
        for number, prompt in enumerate(prompts[first : first + at_once]):
            lead = number * options.samples
            decode([(token, i, lead, i + 1 == len(prompt)) for i, token in enumerate(prompt)])
            token = largest(len(prompt) - 1)
            for sequence in range(lead, lead + options.samples):
                if sequence != lead:
                    llama_cpp.llama_memory_seq_cp(memory, lead, sequence, -1, -1)
                running.append([token, len(prompt), sequence])
        tokens += len(running)
        for _ in range(options.new_tokens - 1):
            decode([(token, position, sequence, True) for token, position, sequence in running])
            for i, row in enumerate(running):
                row[0], row[1] = largest(i), row[1] + 1
            tokens += len(running)
    return {"seconds": time.perf_counter() - start, "generated_tokens": tokens}


def ceiling(options):
    """Each thread multiplies for itself, so that a slow core does not hold up a fast one."""
    import threading

    import torch

    torch.set_num_threads(1)
    a, b = torch.randn(2048, 2048), torch.randn(2048, 2048)
    products = [0] * options.threads
    end = time.perf_counter() + 3

    def multiply(number):
        while time.perf_counter() < end:
            torch.mm(a, b)
            products[number] += 1

    start = time.perf_counter()
    threads = [threading.Thread(target=multiply, args=(number,)) for number in range(options.threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"gflops": sum(products) * 2 * 2048**3 / (time.perf_counter() - start) / 1e9}


def main():
    options = parse_arguments()
    if options.what == "ceiling":
        print(json.dumps(ceiling(options)))
    elif options.what == "write-model":
        write_model(options.paths[0], PRESETS[options.preset])
    elif options.what == "write-prompts":
        shape = PRESETS[options.preset]
        write_prompts(options.paths[0], shape, options.prompts or shape["prompts"])
    else:
        runner = {"transformers": run_transformers, "llama.cpp": run_llama_cpp}[options.what]
        print(json.dumps(runner(options.paths[0], read_prompts(options.paths[1]), options)))


if __name__ == "__main__":
    main()
