"""`make docs`: rebuilds every page and file that is generated from code or data. `--check` names the stale ones.

It does not rebuild pages with measurements (docs/performance.md, docs/dialects.md, the tables of docs/kubernetes.md and
docs/clients.md), nor `generated/`, which `make generate` makes.
"""

import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
#: The module of this folder that makes each file. With `--check` it writes nothing, and fails if the file is stale.
PAGES: Final = {
    "docs/api.md": "api",
    "docs/fields.md": "fields",
    "docs/errors.md": "errors",
    "docs/configuration.md": "configuration",
    "docs/faults.md": "faults",
    "docs/assets/overview-*.svg": "picture",
    "deploy/kubernetes.yaml, deploy/helm/aibridge": "chart",
}


def main() -> int:
    """Run every generator, even if one fails. Returns the exit status."""
    options = ["--check"] if "--check" in sys.argv[1:] else []
    failed = False
    for page, module in PAGES.items():
        command = [sys.executable, "-m", f"tools.{module}", *options]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 # ours
        sys.stderr.write(done.stdout + done.stderr)
        if done.returncode:
            failed = True
            print(f"{page}: {'stale' if options else 'not made'} (tools/{module}.py)", file=sys.stderr)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
