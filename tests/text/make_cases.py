#!/usr/bin/env python3
"""Writes tokenizers of several kinds and what the `tokenizers` library makes of many strings with them.

    make_cases.py OUT [DATA]

For each kind: OUT/<kind>/tokenizer.json (or tokenizer.model), encode.jsonl ({"bytes": hex, "ids", "ids_with_special"})
and decode.jsonl ({"ids", "text", "text_without_special"}). For those of MANY also many.jsonl ({"ids", "text"}, of some also
"ids_with_special"), of the strings in OUT/many_strings.jsonl. DATA is the public data folder; without it the two kinds made of
published files are left out.
"""

import json
import os
import random
import sys

from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors,
                        trainers)

import real_text
import unigram_kinds

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
QWEN2 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
         r"|\s+(?!\S)|\s+")
GPT4O = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
         r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
         r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
BLOOM = " ?[^(\\s|[.,!?…。，、।۔،])]+"

SCRIPTS = [
    "The quick brown fox jumps over the lazy dog; it didn't care, we'll see: they've won!",
    "Größe, façade, naïve café, Ærøskøbing, İstanbul ıçin, Žluťoučký kůň, ŠĐČĆŽ, ß ẞ ſ",
    "Съешь ещё этих мягких французских булок, да выпей чаю.",
    "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία ΟΔΟΣ ΣΑΣ ς",
    "זה כיף סתם לשמוע איך תנצח קרפד עץ טוב בגן",
    "نص حكيم له سر قاطع وذو شأن عظيم مكتوب على ثوب أخضر؟ ١٢٣ ۴۵۶",
    "ऋषियों को सताने वाले दुष्ट राक्षसों के राजा रावण का सर्वनाश १२३। क्‍ष",
    "ยังไม่ได้ทดสอบ นายสังฆภัณฑ์ เฮงพิทักษ์ฝั่ง ๑๒๓",
    "いろはにほへと ちりぬるを。カタカナ ｶﾀｶﾅ ㌔ ㍿ 日本語、東京都！「引用」",
    "天地玄黄，宇宙洪荒。日月盈昃，辰宿列张。１２３ＡＢＣ",
    "키스의 고유조건은 입술끼리 만나야 하고 특별한 기술은 필요치 않다. 가각",
    "გთხოვთ ახლავე გაიაროთ რეგისტრაცია Մի քիչ տեքստ አማርኛ ጽሑፍ",
    "Tiếng Việt có nhiều dấu: ế ố ữ ỷ; e\u0302\u0301 o\u0302\u0301 u\u031b\u0303",
    "e\u0301 a\u030a\u0301 n\u0303 \u0344 \u1e9b\u0323 \u212b \ufb01 \ufb03 ½ ² ₃ Ⅳ ① \u0958 \u2126",
    "👩‍👩‍👧‍👦 👍🏽 🏳️‍🌈 🇨🇭🇯🇵 👨🏿‍🚒 ❤️‍🔥 0️⃣ 🤷🏻‍♀️ 🫠",
    "def f(x):\n    return x**2 + 3*x - 1  # 12345\n\n\n\tif a != b && c <= d { e->f[0] = \"g\"; }",
    "$1,234.56 + 7.5% = £99; 3/4 of 1000000 is 750000. A=πr² ∑∫√ ≤≥≠ ∀∃ x₁⁻²",
    "http://example.com/a?b=c&d=%20e#f user@example.org C:\\dir\\file.txt",
    "don't DON'T We'Ll they'RE I'd 'S 'ſ it’s ''s",
    "snake_case camelCase PascalCase kebab-case SCREAMING_CASE x1y2z3",
    "\u200b\u200c\u200d\u2060\ufeff zero\u200bwidth joi\u200dner nbsp\u00a0here \u1680ogham\u180emvs\u3000wide",
    "\u2028line\u2029para\u0085nel\x0bvt\x0cff\x1cfs\x1dgs\x1ers\x1fus",
    "math 𝒜𝓑𝔠𝕕 𝟘𝟙𝟚 old 𐌰𐌱 𐎀𐎁 𒀀𒀁 ext 𠀀𠀁 𪜀",
    "ߒߞߏ ᬩᬮᬶ ꕙꔤ 𞤀𞤣𞤤𞤢𞤥 𐓏𐒰𐓓𐒰𐓓𐒷 𑄌𑄋𑄴𑄟𑄳𑄦 ᱥᱟᱱᱛᱟᱲᱤ ꯃꯤꯇꯩ Ᵽ Ꞌ ₿ ₹ ᲅ 🦾🥲",
    "<0x41> <0x0A> <unk> </s> <s> ▁ ▁▁ a▁b <|x|> Ġ Ċ â ĠĠ",
]
SPACES = [" ", "  ", "   ", "\n", "\n\n", "\t", "\r\n", " \n", "\n ", "\u00a0", "\u3000", "\r", " " * 17, "\n" * 9]
CONTROLS = [chr(c) for c in range(32)] + ["\x7f", "\x80", "\x9f", "\ufffd", "\ufffe", "\uffff", "\U0010ffff"]
INVALID = [b"\x80", b"\xff", b"\xc3", b"\xc0\xaf", b"\xe2\x82", b"\xed\xa0\x80", b"\xf0\x9f\x98", b"\xf4\x90\x80\x80",
           b"\xf8\x88\x80\x80\x80", b"\xe2\x28\xa1", b"\xf0\x28\x8c\xbc", b"\xc3\x28", b"\xe0\x80\x80", b"\xfe\xfe"]
ADDED = ["<|begin_of_text|>", "<|end_of_text|>", "<|im_start|>", "<|im_end|>", "<tool_call>", "<s>", "</s>", "<unk>",
         "<mask>", "YesWord", "yesword", "Élan", "[PAD]", "<|endoftext|>", "<l>", "<r>"]


def words(text):
    return text.split(" ")


def random_character(rng):
    while True:
        kind = rng.random()
        if kind < 0.3:
            c = rng.randrange(0x20, 0x7F)
        elif kind < 0.6:
            c = rng.randrange(0x80, 0x3000)
        elif kind < 0.85:
            c = rng.randrange(0x3000, 0x10000)
        else:
            c = rng.randrange(0x10000, 0x20000)
        if 0xD800 <= c < 0xE000:
            continue
        if real_text.is_old(chr(c)):
            return chr(c)


def random_text(rng, added=ADDED):
    """Mixes words of all scripts, white space, control characters, added tokens, random characters, invalid bytes."""
    out = b""
    for _ in range(rng.randrange(1, 14)):
        kind = rng.random()
        if kind < 0.45:
            out += rng.choice(words(rng.choice(SCRIPTS))).encode()
        elif kind < 0.65:
            out += rng.choice(SPACES).encode()
        elif kind < 0.73:
            out += rng.choice(added).encode()
        elif kind < 0.9:
            out += "".join(random_character(rng) for _ in range(rng.randrange(1, 6))).encode()
        elif kind < 0.94:
            out += rng.choice(CONTROLS).encode()
        elif kind < 0.97:
            out += str(rng.randrange(10 ** rng.randrange(1, 9))).encode()
        else:
            out += rng.choice(INVALID)
    return out


def strings(data):
    rng = random.Random(7)
    fixed = [b""] + [s.encode() for s in SCRIPTS + SPACES + CONTROLS + ADDED] + INVALID
    fixed += [s.upper().encode() for s in SCRIPTS] + [("x" + s + "y").encode() for s in SPACES]
    fixed += [(" " * n).encode() for n in (2, 3, 100, 5000)] + [b"\n" * 3000, b"a" * 3000, (" a" * 2000).encode()]
    fixed += [" ".join(rng.choice(words(rng.choice(SCRIPTS))) for _ in range(300)).encode() for _ in range(5)]
    for token in ADDED:
        for around in ("a{}b", " {} ", "  {}  x", "{0}{0}", "a {} b", "é{}", "{}é", "_{}", "\n{}\t{}", "x{}\u200d"):
            fixed.append(around.format(token, token).encode())
    if data:
        with open(os.path.join(data, "gsm8k", "test.jsonl"), encoding="utf-8") as lines:
            for _, line in zip(range(200), lines):
                problem = json.loads(line)
                fixed += [problem["question"].encode(), problem["answer"].encode()]
    return fixed + [random_text(rng) for _ in range(1500)]


def many_strings(data):
    """Texts that real_text.py finds, and mixtures of all sorts, 20,000 with those of strings()."""
    rng = random.Random(13)
    found = real_text.code(5000) + real_text.messages(6000) + (real_text.problems(data, 4000) if data else [])
    texts = [text.encode() for text in found]
    texts += [real_text.emoji(rng).encode() for _ in range(1000)]
    added = [token for token in ADDED if token not in ("<s>", "</s>")]
    return texts + [random_text(rng, added) for _ in range(19000 - len(texts))]


def special(content, **options):
    return AddedToken(content, special=True, normalized=False, **options)


def corpus():
    rng = random.Random(3)
    return [" ".join(rng.choice(words(rng.choice(SCRIPTS))) for _ in range(40)) for _ in range(300)] + SCRIPTS * 5


VOCAB_SIZE = None  # of every BPE kind, where a benchmark wants larger ones


def train(tokenizer, vocab_size=700, **options):
    trainer = trainers.BpeTrainer(vocab_size=VOCAB_SIZE or vocab_size, show_progress=False, min_frequency=2, **options)
    tokenizer.train_from_iterator(corpus(), trainer)
    return tokenizer


def byte_alphabet():
    return sorted(pre_tokenizers.ByteLevel.alphabet())


def gpt2(data):
    folder = os.path.join(data, "tokenizers", "gpt2")
    with open(os.path.join(folder, "encoder.json"), encoding="utf-8") as file:
        vocab = json.load(file)
    with open(os.path.join(folder, "vocab.bpe"), encoding="utf-8") as file:
        merges = [tuple(line.split(" ")) for line in file.read().split("\n")[1:] if line]
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_special_tokens([special("<|endoftext|>")])
    return tokenizer


def llama2(data):
    return Tokenizer.from_file(os.path.join(data, "stories260K", "hf", "tokenizer.json"))


def llama3():
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(LLAMA3), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    train(tokenizer, initial_alphabet=byte_alphabet())
    tokenizer.add_special_tokens([special("<|begin_of_text|>"), special("<|end_of_text|>")])
    bos = tokenizer.token_to_id("<|begin_of_text|>")
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=True),
        processors.TemplateProcessing(single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A <|begin_of_text|>:1 $B:1",
                                      special_tokens=[("<|begin_of_text|>", bos)])])
    return tokenizer


def qwen2():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(QWEN2), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    train(tokenizer, initial_alphabet=byte_alphabet())
    tokenizer.add_special_tokens([special("<|endoftext|>"), special("<|im_start|>"), special("<|im_end|>")])
    tokenizer.add_tokens([AddedToken("<tool_call>", normalized=False), AddedToken("Élan", normalized=True)])
    return tokenizer


def byte_tokens():
    return ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]


def sentencepiece(normalizer, pre_tokenizer, decoder, bos=True):
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoder
    train(tokenizer, vocab_size=900, special_tokens=byte_tokens(), limit_alphabet=200)
    # Byte tokens of the vocabulary are no added tokens: only the first three are.
    state = json.loads(tokenizer.to_str())
    state["added_tokens"] = [token for token in state["added_tokens"] if token["id"] < 3]
    tokenizer = Tokenizer.from_str(json.dumps(state))
    if bos:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>", pair="<s> $A </s> $B", special_tokens=[("<s>", 1), ("</s>", 2)])
    return tokenizer


def metaspace_first():
    return sentencepiece(None, pre_tokenizers.Metaspace(prepend_scheme="first", split=False),
                         decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
                                            decoders.Strip(content=" ", left=1, right=0)]))


def metaspace_always():
    return sentencepiece(normalizers.NFKC(), pre_tokenizers.Metaspace(prepend_scheme="always"), decoders.Metaspace())


def metaspace_never():
    return sentencepiece(normalizers.Replace(Regex(" {2,}"), " "), pre_tokenizers.Metaspace(prepend_scheme="never"),
                         decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="never"),
                                            decoders.Fuse(), decoders.Strip(content=" ", left=1, right=0)]))


def gemma():
    return sentencepiece(normalizers.Replace(" ", "▁"), pre_tokenizers.Split(" ", "merged_with_previous"),
                         decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]))


def starcoder():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.Strip(left=True, right=False)])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=True)])
    tokenizer.decoder = decoders.ByteLevel()
    train(tokenizer, initial_alphabet=byte_alphabet())
    tokenizer.add_special_tokens([special("<|endoftext|>"), special("<l>", lstrip=True), special("<r>", rstrip=True)])
    tokenizer.add_tokens([AddedToken("<mask>", lstrip=True, rstrip=True, normalized=False),
                          AddedToken("YesWord", single_word=True, normalized=False),
                          AddedToken("yesword", single_word=True, normalized=True)])
    return tokenizer


def gpt4o():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(GPT4O), "removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    return train(tokenizer, initial_alphabet=byte_alphabet())


def bloom():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(BLOOM), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    return train(tokenizer, initial_alphabet=byte_alphabet())


def falcon():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.ByteLevel(add_prefix_space=False),
        pre_tokenizers.Digits(individual_digits=False), pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), "isolated")])
    tokenizer.decoder = decoders.ByteLevel()
    return train(tokenizer, initial_alphabet=byte_alphabet())


def lower_words():
    """No bytes: unknown characters, a suffix at the end of words, tokens found in the normalized text."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    train(tokenizer, special_tokens=["<unk>"], end_of_word_suffix="</w>", limit_alphabet=60)
    tokenizer.add_tokens([AddedToken("Élan", normalized=True), AddedToken("YesWord", single_word=True, normalized=True)])
    return tokenizer


def prefixed():
    """Subword prefixes, unknowns that do not fuse, splits merged with their neighbours."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=False, continuing_subword_prefix="##"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.Strip()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split(",", "merged_with_previous"),
        pre_tokenizers.Split(Regex(r"[(\[{\-]"), "merged_with_next"), pre_tokenizers.Split(Regex(r"\W"), "contiguous"),
        pre_tokenizers.Split(Regex(r"(?<=\w)o\b"), "isolated")])
    train(tokenizer, special_tokens=["<unk>"], continuing_subword_prefix="##", limit_alphabet=60)
    return tokenizer


def t5():
    return unigram_kinds.t5(corpus())


def xlmr():
    return unigram_kinds.xlmr(corpus())


def bert():
    """BERT's parts, and pre-tokenizers that nothing published combines."""
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]", continuing_subword_prefix="##"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.BertNormalizer()])
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    train(tokenizer, special_tokens=["[UNK]", "[CLS]", "[SEP]"], continuing_subword_prefix="##", limit_alphabet=200)
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    return tokenizer


def scripts():
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.BertNormalizer(clean_text=False, lowercase=False, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.UnicodeScripts(), pre_tokenizers.CharDelimiterSplit("e"), pre_tokenizers.FixedLength(7)])
    tokenizer.decoder = decoders.BPEDecoder()
    return train(tokenizer, special_tokens=["<unk>"], end_of_word_suffix="</w>", limit_alphabet=200)


KINDS = [llama3, qwen2, metaspace_first, metaspace_always, metaspace_never, gemma, starcoder, gpt4o, bloom, falcon,
         lower_words, prefixed, t5, xlmr, bert, scripts]
DATA_KINDS = [gpt2, llama2]
MANY = {"gpt2", "llama2", "llama3", "qwen2", "gemma", "t5", "sp_bpe", "sp_unigram"}


def write_lines(path, records):
    with open(path, "w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record) + "\n")


def write_kind(out, name, tokenizer, texts, random_ids=500):
    folder = os.path.join(out, name)
    os.makedirs(folder, exist_ok=True)
    tokenizer.save(os.path.join(folder, "tokenizer.json"))
    # Merges as published before pairs were: "left right".
    if name == "qwen2":
        path = os.path.join(folder, "tokenizer.json")
        with open(path, encoding="utf-8") as file:
            state = json.load(file)
        state["model"]["merges"] = [" ".join(merge) for merge in state["model"]["merges"]]
        with open(path, "w", encoding="utf-8") as file:
            json.dump(state, file, ensure_ascii=False)
    tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
    encoded = []
    for raw in texts:
        text = raw.decode("utf-8", errors="replace")
        if name == "scripts" and not real_text.is_old(text):
            continue
        encoded.append({"bytes": raw.hex(), "ids": tokenizer.encode(text, add_special_tokens=False).ids,
                        "ids_with_special": tokenizer.encode(text).ids})
    write_lines(os.path.join(folder, "encode.jsonl"), encoded)
    rng = random.Random(11)
    size = max(tokenizer.get_vocab(with_added_tokens=True).values()) + 1
    sequences = [record["ids_with_special"] for record in encoded]
    sequences += [[rng.randrange(size) for _ in range(rng.randrange(1, 12))] for _ in range(random_ids)]
    sequences += [[rng.randrange(min(size, 300)) for _ in range(rng.randrange(1, 12))] for _ in range(random_ids)]
    write_lines(os.path.join(folder, "decode.jsonl"),
                [{"ids": ids, "text": tokenizer.decode(ids, skip_special_tokens=False),
                  "text_without_special": tokenizer.decode(ids, skip_special_tokens=True)} for ids in sequences])


def write_many(out, name, tokenizer, texts):
    ids = [encoding.ids for encoding in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
    records = [{"ids": one, "text": text} for one, text in zip(ids, tokenizer.decode_batch(ids, skip_special_tokens=True))]
    for record, encoding in zip(records[::10], tokenizer.encode_batch_fast(texts[::10])):
        record["ids_with_special"] = encoding.ids
    write_lines(os.path.join(out, name, "many.jsonl"), records)


def write_sentencepiece(out, name, raw_texts, many):
    config = {"sp_unigram": {"add_eos_token": True}, "sp_bpe_nfkc": {"add_bos_token": False}}.get(name, {})
    model = unigram_kinds.SentencePiece(
        unigram_kinds.train(corpus(), **unigram_kinds.SENTENCEPIECE[name]), config)
    folder = os.path.join(out, name)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "tokenizer.model"), "wb") as file:
        file.write(model.serialized)
    with open(os.path.join(folder, "tokenizer_config.json"), "w", encoding="utf-8") as file:
        json.dump(config, file)
    processor = model.processor
    encoded = []
    for raw in raw_texts:
        text = raw.decode("utf-8", errors="replace")
        if model.encodes(text):
            ids = processor.encode(text)
            encoded.append({"bytes": raw.hex(), "ids": ids, "ids_with_special": model.around(ids)})
    write_lines(os.path.join(folder, "encode.jsonl"), encoded)
    rng = random.Random(11)
    normal = [i for i in range(processor.get_piece_size()) if i not in model.control]
    bytes_only = [i for i in normal if processor.is_byte(i)] or normal
    sequences = [record["ids_with_special"] for record in encoded]
    sequences += [[rng.choice(normal) for _ in range(rng.randrange(1, 12))] for _ in range(500)]
    sequences += [[rng.choice(rng.choice((normal, bytes_only, bytes_only))) for _ in range(rng.randrange(1, 12))]
                  for _ in range(500)]
    write_lines(os.path.join(folder, "decode.jsonl"),
                [{"ids": ids, "text_without_special": processor.decode(ids)} for ids in sequences])
    if name in MANY:
        records = []
        for text in many:
            ids = processor.encode(text) if model.encodes(text) else None
            records.append(None if ids is None else {"ids": ids, "ids_with_special": model.around(ids),
                                                     "text": processor.decode(ids)})
        write_lines(os.path.join(folder, "many.jsonl"), records)


def main():
    out, data = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    texts = strings(data)
    raw_many = many_strings(data)
    write_lines(os.path.join(out, "many_strings.jsonl"), [raw.hex() for raw in raw_many])
    many = [raw.decode("utf-8", errors="replace") for raw in raw_many]
    made = [(kind.__name__, kind()) for kind in KINDS]
    made += [(kind.__name__, kind(data)) for kind in DATA_KINDS if data]
    for name, tokenizer in made:
        write_kind(out, name, tokenizer, texts)
        if name in MANY:
            write_many(out, name, tokenizer, many)
    for name in unigram_kinds.SENTENCEPIECE:
        write_sentencepiece(out, name, texts, many)


if __name__ == "__main__":
    main()
