#!/usr/bin/env python3
"""Write the quickstart's word problems: base, train, validation and test (JSONL, beside this file).

A problem is a story of templates.txt with names, things and numbers put in, or a chain of events ("buys 4 more",
"gives half away") of one to three steps. The solution works it out step by step:

    {"id": "base-0001", "question": "Mia has 12 shells. She finds 7 more. How many ...?", "answer": 19,
     "solution": " 12+7=19. #### 19"}

Only `base` keeps its solutions: `train` is what ReST-EM learns from, by its answers alone. A third of `base` are
sums to work out ("What is 12 + 7 - 4?"), the rest stories. As in text at large, not every solution of its stories
shows the working: over half just state the answer (" #### 19"). All are right. But a model this small cannot do the
working in its head: it often guesses, and has to find out for itself that working things out pays.
No question occurs twice, within a file or between files. The same seed writes the same bytes.
"""

import argparse
import json
import random
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
SIZES = {"base": 7000, "train": 2000, "validation": 150, "test": 450}
SUM_SHARE = 0.36  # of base, the rest are stories
WORKED_SHARE = 0.42  # of the solutions of base's stories
LARGEST = 60  # of any number in a question or a solution
CHAIN_SHARE = 0.35
CHAIN_EVENTS = ("gain", "gain", "gain", "lose", "lose", "lose", "double", "triple", "halve")
OPERATIONS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a // b if b and a % b == 0 else -1,
}


def read_templates(path):
    """-> lists: {section: [alternative]}, stories: [(steps, {letter: (low, high)}, [(movable, [alternative])])]."""
    lists, stories, target = {}, [], None
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith("[story]"):
            steps, ranges = line[len("[story]"):].split(";")
            bounds = {v: (int(low), int(high)) for v, low, high in re.findall(r"(\w) (\d+)-(\d+)", ranges)}
            target = []
            stories.append((steps.split(), bounds, target))
        elif line.startswith("["):
            target = lists.setdefault(line.strip("[]"), [])
        elif stories:
            movable = line.startswith("*")
            target.append((movable, [text.strip() for text in line.lstrip("* ").split(" | ")]))
        else:
            target.extend(text.strip() for text in line.split(" | "))
    return lists, stories


def apply_step(operation, a, b):
    """-> (value, "a+b=value. "), or None where the value is not a whole number from 1 to LARGEST."""
    value = OPERATIONS[operation](a, b)
    return (value, f"{a}{operation}{b}={value}. ") if 1 <= value <= LARGEST else None


def shuffle_movable(rng, sentences):
    """Shuffles each run of neighbouring sentences that are marked as movable."""
    ordered, run = [], []
    for movable, text in sentences + [(False, None)]:
        if movable:
            run.append(text)
            continue
        rng.shuffle(run)
        ordered += run + [text]
        run = []
    return ordered[:-1]


class Writer:
    """Draws problems; `draw` gives (question, answer, solution), or None where the numbers do not work out."""

    def __init__(self, templates, rng):
        self.lists, self.stories = read_templates(templates)
        self.rng = rng

    def draw(self):
        return self.draw_chain() if self.rng.random() < CHAIN_SHARE else self.draw_story()

    def draw_story(self):
        steps, bounds, lines = self.rng.choice(self.stories)
        numbers = {letter: self.rng.randint(low, high) for letter, (low, high) in bounds.items()}
        known, solution, value = dict(numbers), " ", None
        for left, operation, right, result in (re.fullmatch(r"(\w)(.)(\w)=(\w)", s).groups() for s in steps):
            step = apply_step(operation, known[left], known[right])
            if step is None:
                return None
            value = known[result] = step[0]
            solution += step[1]
        texts = shuffle_movable(self.rng, [(movable, self.rng.choice(texts)) for movable, texts in lines])
        return self.fill(" ".join(texts), self.draw_words(), numbers), value, f"{solution}#### {value}"

    def draw_chain(self):
        words = self.draw_words()
        value = self.rng.randint(3, 24)
        texts, solution = [self.fill(self.rng.choice(self.lists["start"]), words, {"n": value})], " "
        for _ in range(self.rng.choice((1, 2, 2, 3, 3))):
            event = self.rng.choice(CHAIN_EVENTS)
            operation = {"gain": "+", "lose": "-", "halve": "/"}.get(event, "*")
            number = {"double": 2, "triple": 3, "halve": 2}.get(event) or self.rng.randint(2, 12)
            step = apply_step(operation, value, number)
            if step is None:
                return None
            value = step[0]
            solution += step[1]
            ways = self.lists[event] + self.lists.get(f"{event} {words['category']}", [])
            texts.append(self.fill(self.rng.choice(ways), {**words, **self.draw_day()}, {"n": number}))
        texts.append(self.fill(self.rng.choice(self.lists["ask"]), words, {}))
        return " ".join(texts), value, f"{solution}#### {value}"

    def draw_sum(self):
        """A sum of one to three operations; only the first may be * or /, so that it reads from left to right."""
        operation = self.rng.choice("++---**/")
        high = {"*": 12, "/": LARGEST}.get(operation, 40)
        value, number = self.rng.randint(2, high), self.rng.randint(2, 9 if operation in "*/" else 30)
        question, solution = str(value), " "
        for _ in range(self.rng.choice((1, 2, 3))):
            step = apply_step(operation, value, number)
            if step is None:
                return None
            question += f" {operation} {number}"
            value = step[0]
            solution += step[1]
            operation, number = self.rng.choice("+-"), self.rng.randint(2, 30)
        return f"What is {question}?", value, f"{solution}#### {value}"

    def draw_words(self):
        """-> the words for a problem's slots."""
        gender = self.rng.choice(("she", "he"))
        person = self.rng.choice(self.lists[f"names {gender}"])
        others = [n for g in ("she", "he") for n in self.lists[f"names {g}"] if n != person]
        category = self.rng.choice(("food", "toys", "school"))
        containers, container = self.rng.choice(self.lists["containers"]).split("/")
        he, his, him = ("she", "her", "her") if gender == "she" else ("he", "his", "him")
        return {
            "A": person, "B": self.rng.choice(others), "category": category,
            "he": he, "his": his, "him": him, "He": he.capitalize(), "His": his.capitalize(),
            "t": self.rng.choice(self.lists[f"things {category}"]), "c": containers, "c1": container,
            **self.draw_day(),
        }  # fmt: skip

    def draw_day(self):
        return {"day": self.rng.choice(self.lists["days"])}

    @staticmethod
    def fill(text, words, numbers):
        return re.sub(r"\{(\w+)\}", lambda slot: str({**words, **numbers}[slot[1]]), text)


def write_splits(out, seed):
    """Writes <out>/<split>.jsonl for every split."""
    writer = Writer(HERE / "templates.txt", random.Random(seed))
    seen = set()
    for split, size in SIZES.items():
        lines = []
        while len(lines) < size:
            is_sum = split == "base" and writer.rng.random() < SUM_SHARE
            question, answer, solution = draw_new(writer.draw_sum if is_sum else writer.draw, seen)
            if split == "base":
                worked = is_sum or writer.rng.random() < WORKED_SHARE
                # No id: the file's name and the line stand in.
                record = {"question": question, "answer": answer}
                record["solution"] = solution if worked else f" #### {answer}"
            else:
                record = {"id": f"{split}-{len(lines) + 1:04d}", "question": question, "answer": answer}
            lines.append(json.dumps(record) + "\n")
        (out / f"{split}.jsonl").write_text("".join(lines), encoding="utf-8")


def draw_new(draw, seen):
    """-> the first problem drawn that works out and whose question is not in `seen`; adds it."""
    while True:
        problem = draw()
        if problem is not None and problem[0] not in seen:
            seen.add(problem[0])
            return problem


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to (default: beside this file)")
    parser.add_argument("--seed", type=int, default=20231211)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_splits(arguments.out, arguments.seed)


if __name__ == "__main__":
    main()
