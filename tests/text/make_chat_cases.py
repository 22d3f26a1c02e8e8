#!/usr/bin/env python3
"""Writes templates, what they are given and what transformers renders: the cases of chat_template_test.

    make_chat_cases.py OUT [FOLDER...]

OUT gets a line {"name", "template", "variables", "expected"} for each, `expected` null where transformers raises an
exception. Every *.jinja of the folders is rendered for all conversations; a developer's own collection of published
templates can be named there. The templates of chat_templates/ were written for this test; they use what those of the
known families use.
"""

import datetime
import json
import pathlib
import sys

from transformers.utils import chat_template_utils

from chat_conversations import CONVERSATIONS, SPECIAL_TOKENS
from jinja_snippets import SNIPPETS, SNIPPET_VARIABLES


class FixedDay(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2024, 7, 26)


def rendered(template, variables):
    try:
        compiled = chat_template_utils._compile_jinja_template(template)
        text = compiled.render(**json.loads(json.dumps(variables)))
        return text.encode("utf-8").decode("utf-8")
    except Exception:  # of any kind: syntax, undefined, types, raise_exception, a lone surrogate
        return None


def snippet_cases():
    for number, template in enumerate(SNIPPETS):
        yield f"snippet {number}", template, SNIPPET_VARIABLES


def conversation_cases(folders):
    for folder in folders:
        for path in sorted(pathlib.Path(folder).rglob("*.jinja")):
            template = path.read_text(encoding="utf-8")
            for name, variables in CONVERSATIONS.items():
                base = {"tools": None, "documents": None, "add_generation_prompt": False}
                yield f"{path.name}: {name}", template, SPECIAL_TOKENS | base | variables


def main():
    chat_template_utils.datetime = FixedDay
    own = pathlib.Path(__file__).parent / "chat_templates"
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        for cases in (snippet_cases(), conversation_cases([own, *sys.argv[2:]])):
            for name, template, variables in cases:
                case = {"name": name, "template": template, "variables": variables,
                        "expected": rendered(template, variables)}
                out.write(json.dumps(case) + "\n")


if __name__ == "__main__":
    main()
