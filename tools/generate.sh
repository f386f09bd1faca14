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

# What a part needs: found or installed, or the script ends here, before anything was touched.
prepare() {
    case $part in
    python) once python "$("$python" -V) $(cat requirements/stubs.txt)" plugins_python ;; # they are compiled for it
    go)
        need go
        once go "$(cat "$0")" plugins_go
        ;;
    typescript)
        need node
        need npm
        once typescript "$(cat tools/plugins/package-lock.json)" plugins_typescript
        ;;
    *)
        echo "no such part: $part" >&2
        exit 1
        ;;
    esac
}

plugins_python() {
    rm -rf "$tools/python"
    pip=$python
    if ! "$python" -m pip --version > /dev/null 2>&1; then # an environment made by uv has no pip
        pip=$tools/pip/bin/python
        [ -x "$pip" ] || "$python" -m venv "$tools/pip"
    fi
    "$pip" -m pip install --quiet --disable-pip-version-check --no-deps --target "$tools/python" -r requirements/stubs.txt
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
    npm ci --prefix "$tools/typescript" --ignore-scripts --no-audit --no-fund --loglevel=error
}

make_python() {
    # Not by buf: it hands plugins a json_name for every field, and the codec goes by those that a proto sets.
    protoc="$python -m grpc_tools.protoc -Iprotos"
    PYTHONPATH=$tools/python $protoc --python_out="$new/python" --pyi_out="$new/python" protos/aibridge/v1/*.proto
    # Only files with a service: the plugin would write an empty module for each of the others.
    PYTHONPATH=$tools/python $protoc --grpc_python_out="$new/python" \
        $(grep -l '^service ' protos/aibridge/v1/*.proto)
    touch "$new/python/aibridge/v1/py.typed"
    # With comments, for documentation and reflection tools.
    "$buf" build -o "$new/aibridge.binpb"
    "$python" tools/stubs.py "$new/aibridge.binpb" "$new/python"
}

make_go() {
    "$buf" generate --template buf.gen.go.yaml -o "$new"
}

make_typescript() {
    "$buf" generate --template buf.gen.typescript.yaml -o "$new"
    # The details of google.rpc.Status, which no npm package has for this runtime.
    "$python" tools/plugins/googleapis.py > "$new/googleapis.binpb"
    "$buf" generate --template buf.gen.typescript.yaml -o "$new" --path google/rpc "$new/googleapis.binpb"
    rm "$new/googleapis.binpb"
}

mkdir -p "$tools"
for part in "$@"; do
    prepare
done
# Everything is made beside what is there, and replaces it when all of it has succeeded.
new=$(mktemp -d)
trap 'rm -rf "$new"' EXIT
for part in "$@"; do
    mkdir "$new/$part"
    "make_$part"
done
mkdir -p "$out"
for part in "$@"; do
    mkdir -p "$out/$part"
    for made in "$new/$part"/*; do
        rm -rf "${out:?}/$part/$(basename "$made")"
        cp -R "$made" "$out/$part"
    done
done
[ ! -f "$new/aibridge.binpb" ] || cp "$new/aibridge.binpb" "$out"
