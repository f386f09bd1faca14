"""Fuzzing with atheris, which observes the bridge's branches, in a separate process, which libFuzzer ends.

python -m tests.fuzz.guided TARGET -max_total_time=10 CORPUS...
"""

import sys

import atheris

with atheris.instrument_imports(include=["bridge"]):
    from tests.fuzz.targets import TARGETS

if __name__ == "__main__":
    name = sys.argv.pop(1)
    atheris.Setup(sys.argv, TARGETS[name].run)
    atheris.Fuzz()
