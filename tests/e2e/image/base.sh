#!/usr/bin/env bash
# A base image with Python, made of Debian's packages: for machines that reach Debian's mirror but no image registry.
#
#   base.sh TAG        needs root, debootstrap and buildah
#
# BASE_CACHE (default .tools/base) keeps the file system's archive, so that the same base comes out again.
set -euo pipefail

SUITE=trixie
TAG=${1:?a tag for the image}
CACHE=${BASE_CACHE:-$(git -C "$(dirname "$0")" rev-parse --show-toplevel)/.tools/base}
TAR=$CACHE/$SUITE.tar

# The mirror is the one this machine takes its own packages from.
mirror() {
    apt-get indextargets --format '$(SITE) $(CODENAME)' 'Created-By: Packages' |
        awk -v name="$(. /etc/os-release && echo "$VERSION_CODENAME")" '$2 == name {print $1; exit}'
}

rootfs() {
    local root; root=$(mktemp -d)
    debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates "$SUITE" "$root" "$(mirror)" >"$CACHE/log" 2>&1 ||
        { tail "$CACHE/log" >&2; exit 1; }
    rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/* "$root"/usr/share/doc "$root"/usr/share/man
    : >"$root/etc/resolv.conf"
    echo 'deb http://deb.debian.org/debian '"$SUITE"' main' >"$root/etc/apt/sources.list"
    tar -C "$root" --sort=name --numeric-owner -cf "$TAR.new" .
    mv "$TAR.new" "$TAR"
    rm -rf "$root"
}

mkdir -p "$CACHE"
[ -e "$TAR" ] || rootfs
buildah bud --quiet --timestamp 0 --tag "$TAG" --file - "$CACHE" >/dev/null <<END
FROM scratch
ADD $(basename "$TAR") /
CMD ["python3"]
END
