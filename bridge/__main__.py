"""`aibridge`, and `python -m bridge`, which is the same."""

import os
import sys


def main() -> None:
    """Run the command line.

    gRPC's core writes to standard error. `serve` turns that into log lines. The other commands report failures
    themselves, so for them core is silent.
    """
    if sys.argv[1:2] != ["serve"]:
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # read when grpc is imported
    from bridge.cli.app import main as run  # noqa: PLC0415 # behind the variable: it imports grpc

    run()


if __name__ == "__main__":
    main()
