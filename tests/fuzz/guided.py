"""Fuzzing by atheris, which watches the bridge's own branches. A process of its own: libFuzzer ends it.

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
