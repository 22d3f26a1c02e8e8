#!/usr/bin/env python3
"""Speed of restem's tokenizer beside the `tokenizers` package, one thread each, over real text.

    ./scripts/setup.sh --tests && cmake --build --preset release --target tokenizer_bench
    .venv/bin/python scripts/peers/compare_tokenizers.py --data FOLDER [--rounds 7] [--kinds gpt2,t5]

FOLDER is the public data folder (gsm8k/, tokenizers/gpt2). The texts are GSM8K's questions and solutions, Python's own
library in pieces of 2,000 characters, and translated messages of the installed programs in about 100 languages. All but
GPT-2's tokenizer are trained here on such text, with 16,000 tokens (8,000 for SentencePiece's). A round encodes all texts
once with each side, in turn; what is timed is the calls that encode, after a first round that is not counted, so that
both sides' caches of words are filled. The package's figure is the better of encode() in a loop, encode_batch() and
encode_batch_fast(). A SentencePiece model is compared with the tokenizer that transformers would convert it to.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/text"))

import make_cases  # noqa: E402
import real_text  # noqa: E402
import unigram_kinds  # noqa: E402
from sentencepiece import sentencepiece_model_pb2  # noqa: E402
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers  # noqa: E402

KINDS = ["gpt2", "llama2", "llama3", "qwen2", "gemma", "t5", "sp_bpe", "sp_unigram"]


def library(pieces):
    out = []
    for path in sorted(pathlib.Path(os.__file__).parent.glob("*.py"))[:120]:
        text = path.read_text(encoding="utf-8")
        out += [text[i:i + 2000] for i in range(0, len(text), 2000)]
    return out[:pieces]


def converted_bpe(serialized):
    """Of a SentencePiece model, as transformers converts Llama's."""
    proto = sentencepiece_model_pb2.ModelProto()
    proto.ParseFromString(serialized)
    vocab = {piece.piece: i for i, piece in enumerate(proto.pieces)}
    merges = sorted((-piece.score, i, piece.piece[:cut], piece.piece[cut:]) for i, piece in enumerate(proto.pieces)
                    for cut in range(1, len(piece.piece))
                    if piece.piece[:cut] in vocab and piece.piece[cut:] in vocab and piece.type == 1)
    tokenizer = Tokenizer(models.BPE(vocab, [merge[2:] for merge in merges], unk_token="<unk>", fuse_unk=True,
                                     byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    return tokenizer


def converted_unigram(serialized):
    tokenizer, charsmap = unigram_kinds.unigram(serialized)
    tokenizer.normalizer = normalizers.Sequence([charsmap, normalizers.Strip(left=False)])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    return tokenizer


def make(kind, folder, data, corpus):
    """Writes what restem loads; the package's tokenizer."""
    os.makedirs(folder)
    if kind.startswith("sp_"):
        options = {**unigram_kinds.SENTENCEPIECE[kind], "vocab_size": 8000, "max_sentence_length": 10000}
        serialized = unigram_kinds.train(corpus, **options)
        pathlib.Path(folder, "tokenizer.model").write_bytes(serialized)
        return converted_bpe(serialized) if kind == "sp_bpe" else converted_unigram(serialized)
    if kind == "gpt2":
        tokenizer = make_cases.gpt2(data)
    elif kind == "llama2":
        serialized = unigram_kinds.train(corpus, **{**unigram_kinds.SENTENCEPIECE["sp_bpe"], "vocab_size": 8000,
                                                    "max_sentence_length": 10000})
        tokenizer = converted_bpe(serialized)
    elif kind == "gemma":
        # Its vocabulary is SentencePiece's: no token has a space but at its beginning.
        serialized = unigram_kinds.train(corpus, **{**unigram_kinds.SENTENCEPIECE["sp_bpe"], "vocab_size": 8000,
                                                    "max_sentence_length": 10000, "add_dummy_prefix": False})
        tokenizer = converted_bpe(serialized)
        tokenizer.normalizer = normalizers.Replace(" ", "▁")
        tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    elif kind == "t5":
        tokenizer = unigram_kinds.t5(corpus, vocab_size=8000, max_sentence_length=10000)
    else:
        tokenizer = getattr(make_cases, kind)()
    tokenizer.save(os.path.join(folder, "tokenizer.json"))
    return Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))


def timed(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def compare(kind, folder, peer, texts, rounds, bench):
    path = folder + "/texts.json"
    pathlib.Path(path).write_text(json.dumps(texts), encoding="utf-8")
    ours = subprocess.Popen([bench, folder, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    calls = [lambda: [peer.encode(text, add_special_tokens=False) for text in texts],
             lambda: peer.encode_batch(texts, add_special_tokens=False),
             lambda: peer.encode_batch_fast(texts, add_special_tokens=False)]
    own, theirs = [], []
    for _ in range(rounds + 1):
        ours.stdin.write("\n")
        ours.stdin.flush()
        seconds, tokens = ours.stdout.readline().split()
        own.append(float(seconds))
        theirs.append([timed(call) for call in calls])
    ours.stdin.close()
    ours.wait()
    own, theirs = own[1:], theirs[1:]
    best = min(range(3), key=lambda i: statistics.median(one[i] for one in theirs))
    ratios = sorted(their[best] / our for our, their in zip(own, theirs))
    size = sum(len(text.encode()) for text in texts) / 1e6
    same = sum(len(encoding.ids) for encoding in peer.encode_batch_fast(texts, add_special_tokens=False)) == int(tokens)
    print(f"{kind:11} {size / statistics.median(own):8.1f} MB/s {size / statistics.median(t[best] for t in theirs):8.2f} MB/s "
          f"({('encode', 'encode_batch', 'encode_batch_fast')[best]})  ratio {statistics.median(ratios):5.1f} "
          f"(lowest {ratios[0]:.1f}, highest {ratios[-1]:.1f})  {'same' if same else 'another'} number of tokens", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--bench", default=str(ROOT / "build/release/tests/bench/tokenizer_bench"))
    options = parser.parse_args()
    texts = real_text.problems(options.data, 3000) + library(300) + real_text.messages(3000)
    corpus = real_text.problems(options.data, 10**6)[3000:9000] + library(10**6)[300:900] + real_text.messages(9000)[3000:]
    make_cases.VOCAB_SIZE = 16000
    make_cases.corpus = lambda: corpus
    print(f"{len(texts)} texts, {sum(map(len, texts)) / 1e6:.2f} million characters, {options.rounds} rounds, one thread each")
    print("kind          restem           tokenizers")
    for kind in options.kinds.split(","):
        with tempfile.TemporaryDirectory() as scratch:
            folder = os.path.join(scratch, kind)
            compare(kind, folder, make(kind, folder, options.data, corpus), texts, options.rounds, options.bench)


if __name__ == "__main__":
    main()
