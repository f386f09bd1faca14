r"""Runs all targets for a limited time, and shows how to replay a finding.

python -m tests.fuzz [--seconds 60] [--target NAME]...   or FUZZ_SECONDS; a third of it with atheris if installed
python -m tests.fuzz --target NAME --replay FILE
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tests.fuzz import mutate, pump
from tests.fuzz.corpus import WORDS, seeds
from tests.fuzz.targets import TARGETS

FINDINGS: Final = Path(__file__).parent / "findings"
#: An input that takes longer than this, in seconds, or more megabytes, is a finding too.
_SLOW: Final = 5
_MEMORY: Final = 1024
_LENGTH: Final = 8192


def say(text: str) -> None:
    """Print a line on standard output, without buffering."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def by_hypothesis(name: str, seconds: float) -> bool:
    """Run Hypothesis. Returns whether nothing was found."""
    try:
        tried = mutate.run(name, seconds)
    except Exception:  # noqa: BLE001 # any exception is a finding
        say(f"{name:12} hypothesis: FOUND\n{traceback.format_exc()}")
        return False
    say(f"{name:12} hypothesis: {tried} inputs, nothing found")
    return True


def by_pump(name: str, seconds: float) -> bool:
    """Search for input whose cost grows faster than its size. Returns whether there was none."""
    try:
        tried = pump.run(name, seconds)
    except Exception:  # noqa: BLE001 # as above
        say(f"{name:12} time: FOUND\n{traceback.format_exc()}")
        return False
    say(f"{name:12} time: {tried} inputs, nothing found")
    return True


def by_atheris(name: str, seconds: float) -> bool:
    """Run atheris. Returns whether nothing was found. Findings are kept in `tests/fuzz/findings`."""
    with tempfile.TemporaryDirectory() as folder:
        corpus, found = Path(folder, "corpus"), Path(folder, "found")
        corpus.mkdir()
        found.mkdir()
        for number, seed in enumerate(seeds(name)):
            (corpus / f"seed-{number}").write_bytes(seed)
        words = Path(folder, "words")
        words.write_text("\n".join(_quoted(word) for word in WORDS if len(word) <= 64) + "\n")
        limits = (f"-max_total_time={max(1, round(seconds))}", f"-timeout={_SLOW}", f"-rss_limit_mb={_MEMORY}")
        form = (f"-max_len={_LENGTH}", f"-dict={words}", f"-artifact_prefix={found}/", "-print_final_stats=1")
        command = (sys.executable, "-m", "tests.fuzz.guided", name, *limits, *form, str(corpus))
        result = subprocess.run(  # noqa: S603 # our own program
            command, capture_output=True, timeout=seconds + 60, check=False
        )
        log = result.stderr.decode("utf-8", "replace") + result.stdout.decode("utf-8", "replace")
        if result.returncode == 0:
            tried = re.search(r"number_of_executed_units: (\d+)", log)
            say(f"{name:12} atheris: {tried[1] if tried else '?'} inputs, nothing found")
            return True
        say(f"{name:12} atheris: FOUND\n{log[-6000:]}")
        for file in found.iterdir():
            FINDINGS.mkdir(exist_ok=True)
            kept = FINDINGS / f"{name}-{file.name}"
            kept.write_bytes(file.read_bytes())
            say(f"see it again: python -m tests.fuzz --target {name} --replay {kept}")
        return False


def _quoted(word: bytes) -> str:
    return '"' + "".join(f"\\x{byte:02x}" for byte in word) + '"'


def _plan(names: list[str], seconds: float) -> Iterator[bool]:
    ways = [by_hypothesis, by_pump]
    if find_spec("atheris"):
        ways.append(by_atheris)
    else:
        say("atheris is not installed (pip install --group fuzz): hypothesis and time alone")
    for name in names:
        for way in ways:
            yield way(name, seconds / len(names) / len(ways))


def main() -> int:
    """Returns the exit code: 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=float, default=float(os.environ.get("FUZZ_SECONDS") or 60))
    parser.add_argument("--target", action="append", choices=TARGETS, help="default: all of them, in turn")
    parser.add_argument("--replay", type=Path, help="run one input, given as a file")
    chosen = parser.parse_args()
    names = chosen.target or list(TARGETS)
    if chosen.replay:
        TARGETS[names[0]].run(chosen.replay.read_bytes())
        say("nothing found")
        return 0
    return 0 if all(list(_plan(names, chosen.seconds))) else 1


if __name__ == "__main__":
    sys.exit(main())
