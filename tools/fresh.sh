#!/bin/sh
# Fails if generated/ is not what protos/ generate. Without Go or Node.js their part is not checked, with a message;
# with REQUIRE_TOOLCHAINS that is a failure.
set -eu
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT

parts=python
for pair in go:go typescript:npm; do
    if command -v "${pair#*:}" > /dev/null; then
        parts="$parts ${pair%:*}"
    else
        echo "generated/${pair%:*} is not checked: ${pair#*:} is not on the PATH" >&2
        [ -z "${REQUIRE_TOOLCHAINS:-}" ] || exit 1
    fi
done
# shellcheck disable=SC2086 # a list of words
sh "$(dirname "$0")/generate.sh" "$fresh" $parts

find generated -name __pycache__ -prune -exec rm -rf {} +
stale=
for made in "$fresh"/aibridge.binpb "$fresh"/*/*; do
    name=generated/${made#"$fresh"/}
    diff -rq "$name" "$made" > /dev/null || { echo "$name is stale" >&2; stale=yes; }
done
[ -z "$stale" ] || {
    echo "generated/ is stale: run make generate" >&2
    exit 1
}
echo "generated/ is fresh: $parts"
