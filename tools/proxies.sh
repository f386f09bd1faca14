#!/usr/bin/env bash
# Installs Debian's squid and tinyproxy, the forward proxies of `make test-proxies`, and starts neither.
set -euo pipefail
PATH=$PATH:/usr/sbin
command -v squid tinyproxy > /dev/null && exit 0
[ "$(id -u)" = 0 ] && command -v apt-get > /dev/null || {
    echo "make test-proxies needs squid and tinyproxy: install them, or run it as root on Debian or Ubuntu" >&2
    exit 1
}
install() { DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends squid tinyproxy; }
log=$(mktemp)
install > "$log" 2>&1 || { apt-get update >> "$log" 2>&1 && install >> "$log" 2>&1; } || { cat "$log" >&2; exit 1; }
# Where there is an init system all the same, the packages have started them.
for name in squid tinyproxy; do service "$name" stop > /dev/null 2>&1 || true; done
