#!/usr/bin/env python3
"""Judges mathematical answers with the public library Math-Verify, for restem's reward `command`.

    pip install 'math-verify[antlr4_13_2]==0.9.0'

    reward:
      type: command
      argv: [python3, scripts/rewards/math_verify_worker.py, --answer-field, answer]

Each line of stdin is a JSON object {"id", "text", the problem's fields}; each gets one line
{"id", "verdict", "extracted", "reason"} on stdout. An answer without LaTeX marks is put into
$…$, as Math-Verify wants it. What cannot be checked (no answer, one that cannot be parsed, a
comparison that takes too long) is "error", never "wrong"; a completion without an answer is "wrong".
All else is as Math-Verify says.
"""
import argparse
import contextlib
import json
import logging
import signal
import sys


class OutOfTime(BaseException):  # the library catches every Exception, and calls it "not equal"
    pass


@contextlib.contextmanager
def time_limit(seconds):
    """One limit for all that a completion needs, in place of Math-Verify's own for each step (SIGALRM too).

    It comes again each second, should something swallow it. What Python cannot interrupt (a power with
    millions of digits) is ended by the reward's timeout_seconds, which must be longer.
    """
    def stop(_signal, _frame):
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def as_gold(answer):
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return text if "$" in text or "\\boxed" in text or "\\(" in text or "\\[" in text else f"${text}$"


def judge(request, field, seconds, parse, verify):
    if request.get(field) is None:
        return {"verdict": "error", "reason": f"the problem has no {field}"}
    with time_limit(seconds):
        gold = parse(as_gold(request[field]), parsing_timeout=None)
        if not gold:
            return {"verdict": "error", "reason": f"the {field} cannot be parsed: {request[field]}"}
        found = parse(request["text"], parsing_timeout=None)
        if not found:
            return {"verdict": "wrong", "reason": "no answer was found"}
        extracted = str(found[-1])  # as it was written; what comes before it is SymPy's
        if verify(gold, found, timeout_seconds=None):
            return {"verdict": "correct", "extracted": extracted}
        return {"verdict": "wrong", "extracted": extracted, "reason": f"is not {gold[-1]}"}


def answer(line, field, seconds, parse, verify):
    try:
        request = json.loads(line)
        result = {"id": request["id"]}
    except Exception as error:
        return {"verdict": "error", "reason": f"not a request: {error}"}
    try:
        result.update(judge(request, field, seconds, parse, verify))
    except OutOfTime:
        result.update(verdict="error", reason=f"took longer than {seconds} s")
    except (Exception, RecursionError) as error:  # the library's, about this text: the next one may do
        result.update(verdict="error", reason=f"{type(error).__name__}: {error}"[:300])
    return result


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--answer-field", default="answer", help="the problem's field with the gold answer")
    options.add_argument("--seconds", type=float, default=5.0, help="limit for one completion")
    flags = options.parse_args()
    results = sys.stdout
    sys.stdout = sys.stderr  # what a library prints must not pass for an answer
    try:
        from math_verify import parse, verify
    except ImportError as error:
        sys.exit(f"math_verify_worker.py: {error}; pip install 'math-verify[antlr4_13_2]==0.9.0'")
    logging.getLogger("math_verify").setLevel(logging.ERROR)  # it warns that its own limits are off
    for line in sys.stdin:
        print(json.dumps(answer(line, flags.answer_field, flags.seconds, parse, verify)), file=results, flush=True)


if __name__ == "__main__":
    main()
