#!/bin/sh
# Rebuilds generated/ (or the folder given) from protos/. Everything in it is made here; nothing is edited.
set -eu
python=${PYTHON:-python}
buf=${BUF:-buf}
out=${1:-generated}

rm -rf "$out/python" "$out/aibridge.binpb"
mkdir -p "$out/python"
"$python" -m grpc_tools.protoc -Iprotos --python_out="$out/python" --pyi_out="$out/python" protos/aibridge/v1/*.proto
# Only files with a service: the plugin would write an empty module for each of the others.
"$python" -m grpc_tools.protoc -Iprotos --grpc_python_out="$out/python" $(grep -l '^service ' protos/aibridge/v1/*.proto)
touch "$out/python/aibridge/v1/py.typed"
# With comments, for documentation and reflection tools.
"$buf" build -o "$out/aibridge.binpb"
