"""What the comparisons share: a measured process, and a tokenizer for models that never see text."""

import os
import subprocess
import time


def run(command, stderr=None):
    """-> (stdout, wall seconds, peak RSS in bytes) of a process that must succeed."""
    start = time.perf_counter()
    command = [str(part) for part in command]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True)
    stdout = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"exit code {process.returncode}: {' '.join(command)}")
    return stdout, time.perf_counter() - start, usage.ru_maxrss * 1024


def write_tokenizer(folder):
    """A tokenizer that only has to exist; token 0 is the end of a sequence."""
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE(vocab={"<eos>": 0, "a": 1}, merges=[]))
    tokenizer.add_special_tokens(["<eos>"])
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<eos>").save_pretrained(folder)
