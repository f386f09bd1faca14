#!/bin/sh
# Rebuilds generated/ from protos/: `generate.sh [FOLDER [PART…]]`, by default all of it in place.
#
# The parts are python, go and typescript. Their plugins are installed into .tools, from PyPI, Go's module proxy and npm.
# Packaging (pyproject.toml, go.mod, package.json) is written by hand.
set -eu
python=${PYTHON:-python}
buf=${BUF:-buf}
out=${1:-generated}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- python go typescript

tools=$PWD/.tools
case $python in */*) PATH=$(cd "$(dirname "$python")" && pwd):$PATH ;; esac
PATH=$tools/go:$tools/typescript/node_modules/.bin:$PATH
export PATH

# Runs a command that installs something, unless it has been done with the same pins.
once() {
    stamp=$tools/$1.stamp pins=$2
    shift 2
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$pins" ] || { "$@" && echo "$pins" > "$stamp"; }
}

need() {
    command -v "$1" > /dev/null || { echo "generated/$part needs $1, which is not on the PATH" >&2; exit 1; }
}

plugins_python() {
    rm -rf "$tools/python"
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps --target "$tools/python" -r requirements/stubs.txt
}

plugins_go() {
    for plugin in google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12 \
        google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2; do
        GOBIN=$tools/go go install "$plugin" || return 1
    done
}

plugins_typescript() {
    rm -rf "$tools/typescript"
    mkdir "$tools/typescript"
    cp tools/plugins/package.json tools/plugins/package-lock.json "$tools/typescript"
    npm ci --prefix "$tools/typescript" --ignore-scripts --no-audit --no-fund --silent
}

mkdir -p "$tools" "$out"
for part in "$@"; do
    mkdir -p "$out/$part"
    rm -rf "$out/$part/aibridge"
    case $part in
    python)
        once python "$(cat requirements/stubs.txt)" plugins_python
        # Not by buf: it hands plugins a json_name for every field, and the codec goes by those that a proto sets.
        protoc="$python -m grpc_tools.protoc -Iprotos"
        PYTHONPATH=$tools/python $protoc --python_out="$out/python" --pyi_out="$out/python" protos/aibridge/v1/*.proto
        # Only files with a service: the plugin would write an empty module for each of the others.
        PYTHONPATH=$tools/python $protoc --grpc_python_out="$out/python" \
            $(grep -l '^service ' protos/aibridge/v1/*.proto)
        touch "$out/python/aibridge/v1/py.typed"
        # With comments, for documentation and reflection tools.
        "$buf" build -o "$out/aibridge.binpb"
        "$python" tools/stubs.py "$out/aibridge.binpb" "$out/python"
        ;;
    go)
        need go
        once go "$(cat "$0")" plugins_go
        "$buf" generate --template buf.gen.go.yaml -o "$out"
        ;;
    typescript)
        need node
        need npm
        once typescript "$(cat tools/plugins/package-lock.json)" plugins_typescript
        "$buf" generate --template buf.gen.typescript.yaml -o "$out"
        # The details of google.rpc.Status, which no npm package has for this runtime.
        rm -rf "$out/typescript/google"
        "$python" tools/plugins/googleapis.py > "$tools/googleapis.binpb"
        "$buf" generate --template buf.gen.typescript.yaml -o "$out" --path google/rpc "$tools/googleapis.binpb"
        ;;
    *)
        echo "no such part: $part" >&2
        exit 1
        ;;
    esac
done
