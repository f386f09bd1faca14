#!/usr/bin/env bash
# Unpacks Debian's Prometheus and promtool into the given folder. They are not installed, because an installed package
# starts a server on all addresses.
set -euo pipefail
folder=$1
[ -x "$folder/usr/bin/prometheus" ] && exit 0
command -v apt-get dpkg-deb > /dev/null || { echo "make test-operations needs apt-get and dpkg-deb (Debian, Ubuntu)" >&2; exit 1; }
mkdir -p "$folder"
cd "$folder"
apt-get download prometheus > download.log 2>&1 || {
    apt-get update >> download.log 2>&1 || true
    apt-get download prometheus >> download.log 2>&1 || { cat download.log >&2; exit 1; }
}
dpkg-deb -x prometheus_*.deb .
rm -f prometheus_*.deb download.log
