#!/usr/bin/env bash
# Proves the package (DEB=FILE, else the newest in target/deb): lintian, the unit's score, and its whole life in a Debian 12 of its own.
set -euo pipefail
# shellcheck source=packaging/scripts/steps.sh
. "$(dirname "$0")/steps.sh"

SUITE=bookworm
PLACE="$ROOT/target/deb-smoke"
# The unit may be exposed to this much, in tenths, by `systemd-analyze security`.
MOST_EXPOSURE=15

need() {
    command -v "$1" >/dev/null && return
    if may_install; then install_packages "$2"; else
        stop "$1 is not installed" "sudo apt-get install -y $2"
    fi
}

newest() {
    mkdir -p target/deb
    find target/deb -maxdepth 1 -name '*.deb' -printf '%T@ %p\n' | sort -n | tail -n1 | cut -d' ' -f2-
}

# The mirror that this machine's own apt uses for the suite.
mirror() {
    apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' |
        awk -v suite="$SUITE" '$1 == suite && !found { print $2; found = 1 }'
}

# Without `--show-overrides`, which counts what is overridden with a reason as a failure.
lint() {
    lintian --allow-root --fail-on error,warning --tag-display-limit 0 "$DEB" || return 1
    say "0 errors, 0 warnings; overrides, each with its reason in packaging/deb/lintian-overrides:"
    sed -n 's/^ai-infrastructure: /    /p' packaging/deb/lintian-overrides
}

score() {
    local unit="$PLACE/ai-infrastructure.service"
    dpkg-deb --fsys-tarfile "$DEB" | tar -xO ./usr/lib/systemd/system/ai-infrastructure.service >"$unit"
    # It prints the table whatever the score; only the last line is wanted here.
    systemd-analyze security --no-pager --offline=true --threshold="$MOST_EXPOSURE" "$unit" | tail -n1
}

# base NAME PACKAGE,...: a minimal system with these packages, kept as a tarball.
base() {
    local tarball="$PLACE/$1.tar" from="${MIRROR:-$(mirror)}" work
    [ ! -f "$tarball" ] || return 0
    [ -n "$from" ] || stop "apt here knows no mirror of $SUITE" "MIRROR=URL make deb-smoke"
    work="$(mktemp -d "$PLACE/making.XXXXXX")"
    # The system's own root; mktemp made it for root alone.
    chmod 755 "$work"
    mkdir -p "$PLACE/packages"
    debootstrap --variant=minbase --cache-dir="$PLACE/packages" --include="$2" "$SUITE" "$work" "$from" \
        >"$PLACE/$1.log" 2>&1 || { tail -n 20 "$PLACE/$1.log" >&2; return 1; }
    tar -C "$work" -cf "$tarball.new" . || return 1
    mv "$tarball.new" "$tarball"
    rm -rf --one-file-system "$work"
}

# life SCRIPT NAME: unpacks a base system, runs the script on it, and removes it again.
life() {
    local code=0 system
    system="$(mktemp -d "$PLACE/$2.XXXXXX")"
    tar -C "$system" -xf "$PLACE/$2.tar"
    cp "$DEB" "$system/package.deb"
    "packaging/deb/$1" "$system" || code=$?
    rm -rf --one-file-system "$system"
    return "$code"
}
# Whatever is unpacked when this ends. Its mounts are in namespaces of their own and gone with them, so only plain files
# are left here.
trap 'rm -rf --one-file-system "$PLACE"/*.??????' EXIT

[ "$(id -u)" = 0 ] || stop "a chroot takes root" "sudo make deb-smoke"
DEB="${DEB:-$(newest)}"
[ -f "$DEB" ] || stop "there is no package yet" "make deb"
DEB="$(realpath "$DEB")"
mkdir -p "$PLACE"
need debootstrap debootstrap
need lintian lintian
need systemd-analyze systemd
need ip iproute2

say "${DEB##*/}: $(($(stat -c %s "$DEB") / 1000)) KB"
step "lintian" lint
step "the unit's exposure" score
step "base system" base plain tmux
step "base system with systemd" base systemd tmux,systemd,systemd-sysv,dbus
step "life by hand" life by-hand.sh plain
step "life as a service" life by-systemd.sh systemd
