#!/bin/sh
# Builds the wheels of the three distributions, installs them into a new environment, and runs tests there against what was installed.
set -eu
python=${PYTHON:-python}
root=$(pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for project in generated/python clients/python .; do
    "$python" -m build --quiet --wheel --outdir "$work/dist" "$project"
done
"$python" -m venv "$work/venv"
pip="$work/venv/bin/python -m pip install --quiet --disable-pip-version-check -c $root/requirements/constraints.txt"
$pip pip
$pip "$work"/dist/*.whl --group "$root/pyproject.toml:test"

# Beside the tests there is no bridge/ here: what they import is the wheel's.
mkdir "$work/checkout"
cp -r tests pyproject.toml "$work/checkout"
cd "$work/checkout"
"$work/venv/bin/python" -c '
import aibridge.client, bridge, sys
from aibridge.v1 import chat_pb2, chat_pb2_grpc, embeddings_pb2, errors_pb2, models_pb2
for module in (bridge, aibridge.client, chat_pb2):
    if "site-packages" not in module.__file__:
        sys.exit("not the wheel: " + module.__file__)
'
"$work/venv/bin/aibridge" version
"$work/venv/bin/pytest" -q tests/rpc tests/server/test_app.py
