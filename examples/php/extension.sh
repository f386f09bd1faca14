#!/bin/sh
# Builds gRPC's extension in the given folder, with its PHP library next to it. Debian has libgrpc and gRPC's source,
# but no package for PHP. Elsewhere `pecl install grpc` and Composer do this.
set -eu
out=$1
rm -rf "$out" && mkdir -p "$out/apt/lists/partial"
out=$(cd "$out" && pwd)

# The repositories that apt knows, as sources of source packages; kept apart from the machine's own lists.
apt-get indextargets --format '$(REPO_URI) $(RELEASE) main' 'Identifier: Packages' 'Origin: Debian' |
    sed 's/^/deb-src /' >"$out/apt/sources.list"
apt() {
    apt-get -qq -o Dir::Etc::SourceList="$out/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::State::Lists="$out/apt/lists" -o Dir::Cache="$out/apt" -o APT::Sandbox::User=root "$@"
}
apt update
(cd "$out/apt" && apt source --download-only grpc)

tar -xf "$out"/apt/grpc_*.orig.tar.* -C "$out" --strip-components=1 --wildcards \
    '*/src/php/ext/grpc' '*/src/php/lib' '*/src/php/composer.json' '*/etc/roots.pem'
rm -rf "$out/apt"
cd "$out/src/php/ext/grpc"
{ phpize && ./configure --enable-grpc && make -j2; } >"$out/build.log" 2>&1 || { tail -20 "$out/build.log" >&2; exit 1; }
