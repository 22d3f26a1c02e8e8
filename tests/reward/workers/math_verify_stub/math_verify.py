"""Stands for the library where only the worker's protocol is tested: an answer is what stands in $…$."""
import re
import time


def parse(text, parsing_timeout):
    assert parsing_timeout is None
    if "noise" in text:
        print("a library that prints")
    if "raise" in text:
        raise ValueError("cannot")
    return re.findall(r"\$([^$]*)\$", text)


def verify(gold, found, timeout_seconds):
    assert timeout_seconds is None
    while found[-1] == "slow":
        try:
            time.sleep(0.01)
        except Exception:  # as the library does
            pass
    return gold[-1] == found[-1]
