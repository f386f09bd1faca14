#!/bin/sh
# Fails when generated/ is not what protos/ make.
set -eu
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
sh "$(dirname "$0")/generate.sh" "$fresh"
find generated -name __pycache__ -prune -exec rm -rf {} +
diff -r generated "$fresh" && echo "generated/ is fresh" || {
    echo "generated/ is stale: run make generate" >&2
    exit 1
}
