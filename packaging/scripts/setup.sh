#!/usr/bin/env bash
# Prepares this machine: `setup.sh build` for building and running, `setup.sh test` for the tests too.
set -euo pipefail
# shellcheck source=packaging/scripts/steps.sh
. "$(dirname "$0")/steps.sh"

# The least Rust that compiles this, from the workspace's rust-version.
least_rust() { sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml; }

# need COMMAND PACKAGE: what nothing works without.
need() {
    command -v "$1" >/dev/null && return
    if may_install; then install_packages "$2"; else
        stop "$1 is not installed" "sudo apt-get install -y $2"
    fi
}

# want COMMAND PACKAGE WHY: what only a part needs. Missing is said aloud, and in CI it fails.
want() {
    command -v "$1" >/dev/null && return
    if may_install; then install_packages "$2"; return; fi
    printf 'SKIPPED %s: not installed, so %s. To have it:  sudo apt-get install -y %s\n' "$1" "$3" "$2" >&2
}

rust() {
    command -v cargo >/dev/null ||
        stop "Rust is not installed" "sudo apt-get install -y rustup && rustup default stable"
    local have
    have="$(rustc --version | cut -d' ' -f2 | cut -d- -f1)"
    [ "$(printf '%s\n' "$(least_rust)" "$have" | sort -V | head -n1)" = "$(least_rust)" ] ||
        stop "Rust $have is older than $(least_rust)" "rustup update stable"
}

# The C parts (allocator, compression, cryptography) and the static C library.
compiler() {
    need cc build-essential
    [ -n "$(cc -print-file-name=libc.a | grep / || true)" ] && return
    if may_install; then install_packages libc6-dev; else
        stop "the static C library is not installed" "sudo apt-get install -y libc6-dev"
    fi
}

for_building() {
    rust
    compiler
    packaging/scripts/wasm.sh
    want tmux tmux "agents run as plain children instead of in windows"
}

for_testing() {
    for_building
    want strace strace "the tests of a failing disk are left out"
    local program
    for program in nginx caddy haproxy openssl; do
        want "$program" "$program" "the browser tests, some of which stand behind it, are left out"
    done
    packaging/scripts/python.sh
}

case "${1:-build}" in
    build) step "set-up" for_building ;;
    test) step "set-up for tests" for_testing ;;
    *) echo "usage: setup.sh build|test" >&2; exit 2 ;;
esac
