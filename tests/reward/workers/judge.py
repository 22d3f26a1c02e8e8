"""A reward worker for tests: the text is correct if it equals the answer. The text may also ask for trouble."""
import json
import os
import subprocess
import sys
import time

MODE = sys.argv[1] if len(sys.argv) > 1 else ""


def answer(request, **changes):
    verdict = "correct" if request["text"] == str(request["answer"]) else "wrong"
    record = {"id": request["id"], "verdict": verdict, "extracted": request["text"], **changes}
    if record["verdict"] == "wrong":
        record["reason"] = "not " + str(request["answer"])
    return json.dumps(record)


def trouble(request):
    """Does what the text asks for; False if it asks for nothing."""
    text = request["text"]
    if text == "die":
        print("out of luck", file=sys.stderr)
        os._exit(3)
    elif text == "die once":
        flag = sys.argv[2]
        if not os.path.exists(flag):
            open(flag, "w").close()
            os._exit(4)
        print(answer(request, verdict="correct"))
    elif text == "hang":
        time.sleep(1000)
    elif text == "hang with child":
        child = subprocess.Popen(["sleep", "1000"])
        with open(sys.argv[2], "w") as file:
            file.write(str(child.pid))
        time.sleep(1000)
    elif text == "garbage":
        print("\x00\xff not json {")
    elif text == "list":
        print("[1, 2]")
    elif text == "no verdict":
        print(json.dumps({"id": request["id"]}))
    elif text == "maybe":
        print(answer(request, verdict="maybe"))
    elif text == "other id":
        print(answer(request, id="someone else"))
    elif text == "twice":
        print(answer(request) + "\n" + answer(request))
        time.sleep(0.05)
    elif text == "endless":
        while True:
            sys.stdout.write("x" * 65536)
    elif text == "in pieces":
        for piece in answer(request, verdict="correct") + "\n":
            sys.stdout.write(piece)
            sys.stdout.flush()
            time.sleep(0.001)
    elif text == "chatter":
        sys.stderr.write("y" * 1_000_000 + "\nlast\n")
        print(answer(request, verdict="correct"))
    elif text == "cannot":
        print(answer(request, verdict="error", reason="no network"))
    elif text == "pid":
        print(answer(request, verdict="correct", extracted=str(os.getpid())))
    elif text == "fields":
        print(answer(request, verdict="correct", extracted=json.dumps(request, sort_keys=True)))
    else:
        return False
    return True


def main():
    if MODE == "slow start":
        time.sleep(0.6)
    if MODE == "deaf":
        time.sleep(1000)
    if MODE == "dead" or (MODE == "dead until" and not os.path.exists(sys.argv[2])):
        if MODE == "dead" and len(sys.argv) > 2:
            with open(sys.argv[2], "a") as file:
                file.write("x")
        sys.exit(7)
    for line in sys.stdin:
        request = json.loads(line)
        if MODE == "slow":
            time.sleep(0.4)
        if not trouble(request):
            print(answer(request))


main()
