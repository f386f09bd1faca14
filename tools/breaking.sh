#!/bin/sh
# Fails when protos/ would break a caller of the last release, whose descriptors protos/released/ keeps.
set -eu
buf=${BUF:-buf}
last=$(ls protos/released/v*.binpb | sort -V | tail -n 1)
"$buf" breaking --against "$last" && echo "protos/ break nothing of $(basename "$last" .binpb)"
