#!/usr/bin/env bash
# What every script shares: the project's root, a clean build environment, timed steps, and the rule for installing.
# Sourced, not run.
# shellcheck disable=SC2034  # the scripts that source this use the names

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
STAMPS="$ROOT/target/stamps"
TRIPLE="$(uname -m)-unknown-linux-gnu"
BINARY="$ROOT/target/$TRIPLE/release/ai-infra"
cd "$ROOT" || exit 1

# These override .cargo/config.toml, which is what makes the binary static.
unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_TARGET CARGO_BUILD_RUSTFLAGS RUSTC_WRAPPER CARGO_TARGET_DIR
# A toolchain installed by rustup is on the PATH only after a new log-in.
if [ -d "${HOME:-/nowhere}/.cargo/bin" ]; then PATH="$HOME/.cargo/bin:$PATH"; fi
# Servers stand there, and not everybody's shell looks.
PATH="$PATH:/usr/local/sbin:/usr/sbin"
export PATH

# Where the result is judged, cargo may not change the lock file, and nobody builds a second time, so that what makes
# that faster would only fill the disk.
LOCKED=()
if [ "${CI:-}" = true ]; then
    LOCKED=(--locked)
    export CARGO_INCREMENTAL=0
fi

say() { printf '==> %s\n' "$*"; }

# stop WHAT REMEDY: ends the script with the one line to type.
stop() {
    printf '\nstopped: %s\n  type this, then try again:  %s\n' "$1" "$2" >&2
    exit 1
}

# step NAME COMMAND...: runs the command in a shell of its own, where its first failure ends it, and says how long it
# took. To be called as a plain statement: after `||` or `if` bash would ignore failures inside.
step() {
    local name="$1" begin="$SECONDS" code
    shift
    say "$name"
    set +e
    (
        set -e
        "$@"
    )
    code="$?"
    set -e
    [ "$code" = 0 ] || { printf '==> %s FAILED after %s s\n' "$name" "$((SECONDS - begin))" >&2; return "$code"; }
    say "$name ... $((SECONDS - begin)) s"
}

# Whether Debian packages may be installed without asking: CI, a container as root, or SETUP=apt.
may_install() {
    command -v apt-get >/dev/null || return 1
    [ "${SETUP:-}" = apt ] || [ "${CI:-}" = true ] || { [ "$(id -u)" = 0 ] && [ ! -d /run/systemd/system ]; }
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# install_packages NAME...: by apt, after one refresh of its lists.
install_packages() {
    say "installing $*"
    as_root apt-get -q -o Acquire::Retries=3 update >/dev/null
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3 \
        install --no-install-recommends "$@" >/dev/null
}

# digest FILE_OR_FOLDER...: one hash of everything in them.
digest() {
    find "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
}

# stamped NAME VALUE: whether the step NAME was last done for VALUE.
stamped() { [ "$(cat "$STAMPS/$1" 2>/dev/null)" = "$2" ]; }

# stamp NAME VALUE: notes that it was.
stamp() {
    mkdir -p "$STAMPS"
    printf '%s\n' "$2" >"$STAMPS/$1"
}
