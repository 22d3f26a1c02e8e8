"""Real text that any machine with Python has, and what else a tokenizer may be given: emoji, noise, broken UTF-8."""

import gettext
import glob
import json
import os
import random
import unicodedata

EMOJI = ["👩‍👩‍👧‍👦", "👨🏿‍🚒", "🏳️‍🌈", "🇨🇭", "🇯🇵", "🇺🇳", "👍🏽", "❤️‍🔥", "0️⃣", "🤷🏻‍♀️", "🧑🏾‍🤝‍🧑🏻", "☠️", "©️", "™", "🫠", "👁️‍🗨️",
         "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f", "🇦", "‍", "\ufe0f", "🏿", "💯"]


def code(limit):
    """Lines of Python's own library, some of them several at once."""
    rng = random.Random(1)
    out = []
    for path in sorted(glob.glob(os.path.join(os.path.dirname(os.__file__), "*.py")))[:80]:
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")
        for _ in range(80):
            begin = rng.randrange(len(lines))
            out.append("\n".join(lines[begin:begin + rng.choice((1, 1, 2, 4))]))
    rng.shuffle(out)
    return out[:limit]


def messages(limit):
    """Translated messages of the programs installed, in about 100 languages; none where there are none."""
    paths = sorted(glob.glob("/usr/share/locale/*/LC_MESSAGES/*.mo"))
    random.Random(2).shuffle(paths)
    out = []
    for path in paths[:150]:
        try:
            with open(path, "rb") as file:
                found = [text for text in gettext.GNUTranslations(file)._catalog.values() if text]
        except (OSError, ValueError, UnicodeDecodeError):
            continue
        out += [text[:400] for text in random.Random(3).sample(found, min(len(found), 60))]
    random.Random(4).shuffle(out)
    return [text for text in out if is_old(text)][:limit]


def problems(data, limit):
    with open(os.path.join(data, "gsm8k", "test.jsonl"), encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return [part for record in records for part in (record["question"], *record["answer"].split("\n"))][:limit]


def is_old(text):
    """The libraries follow versions of Unicode from 9 to 16: characters of 3.2 are the same in all of them."""
    return all(unicodedata.category(c) == unicodedata.ucd_3_2_0.category(c) != "Cn" for c in text)


def emoji(rng):
    return "".join(rng.choice(EMOJI + [" ", "a", "é", "字"]) for _ in range(rng.randrange(1, 8)))
