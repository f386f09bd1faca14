"""Runs loads inside a pod: `run.py` reads a plan (JSON) from the first line of its input, and "stop" from the second.

The plan: [{"name": ..., "command": [...], "age": seconds}]. The oldest starts first, so that all reach their age at the
same time; then it prints "aged". After "stop" every load gets SIGTERM, and their reports are printed as one line of
JSON.
"""

import json
import signal
import subprocess
import sys
import time


def main() -> None:
    plan = json.loads(sys.stdin.readline())
    oldest = max(item["age"] for item in plan)
    began = time.monotonic()
    running = {}
    for item in sorted(plan, key=lambda item: -item["age"]):
        time.sleep(max(0.0, began + oldest - item["age"] - time.monotonic()))
        running[item["name"]] = subprocess.Popen(item["command"], stdout=subprocess.PIPE, text=True)  # noqa: S603
    time.sleep(max(0.0, began + oldest - time.monotonic()))
    print("aged", flush=True)
    sys.stdin.readline()
    for process in running.values():
        process.send_signal(signal.SIGTERM)
    said = {}
    for name, process in running.items():
        out, _ = process.communicate(timeout=90)
        said[name] = json.loads(out.splitlines()[-1]) if process.returncode == 0 else {"crashed": process.returncode}
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
