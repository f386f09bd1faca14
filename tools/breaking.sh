#!/bin/sh
# Fails if protos/ would break a caller of the last release, whose descriptors are in protos/released/.
set -eu
buf=${BUF:-buf}
last=$(ls protos/released/v*.binpb | sort -V | tail -n 1)
"$buf" breaking --against "$last" && echo "protos/ is compatible with $(basename "$last" .binpb)"
