#!/usr/bin/env bash
# Makes sure that something here compiles WebAssembly: rustup's target, else Debian's rustc-web with a std of its own.
set -euo pipefail
# shellcheck source=packaging/scripts/steps.sh
. "$(dirname "$0")/steps.sh"

WASM=wasm32-unknown-unknown
REMEDY="rustup target add $WASM"

# has_target RUSTC: whether its std for WebAssembly is there.
has_target() {
    local folder
    command -v "$1" >/dev/null || return 1
    folder="$("$1" --print target-libdir --target "$WASM" 2>/dev/null)" || return 1
    compgen -G "$folder/libstd[-.]*rlib" >/dev/null
}

by_rustup() {
    command -v rustup >/dev/null || return 1
    say "adding the target $WASM by rustup"
    RUST_BACKTRACE=0 rustup target add "$WASM" && has_target rustc
}

# Debian's second compiler. Nothing of the ordinary toolchain is touched: it has its own sysroot.
by_debian() {
    may_install || return 1
    as_root apt-get -q update >/dev/null
    apt-cache show rustc-web rust-web-src >/dev/null 2>&1 || return 1
    install_packages rustc-web cargo-web rust-web-src
    give_it_a_linker
    has_target /usr/bin/rustc || step "compiling std for $WASM" compile_std
    has_target /usr/bin/rustc
}

# A linker of the same LLVM, under the name rustc looks for.
give_it_a_linker() {
    local major tools
    major="$(/usr/bin/rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')"
    [ -x "/usr/bin/lld-$major" ] || install_packages "lld-$major"
    tools="$(/usr/bin/rustc --print sysroot)/lib/rustlib/$TRIPLE/bin"
    as_root mkdir -p "$tools"
    as_root ln -sf "/usr/bin/lld-$major" "$tools/rust-lld"
}

compile_std() {
    local library work sysroot
    library="$(dpkg -L rust-web-src | grep -m1 '/library/sysroot/Cargo.toml$')"
    sysroot="$(/usr/bin/rustc --print sysroot)/lib/rustlib/$WASM/lib"
    work="$(mktemp -d)"
    # Outside this project, so that its .cargo/config.toml does not apply; not on the packaged
    # sources themselves, which cargo may not write beside.
    cp -r "$(dirname "$(dirname "$library")")" "$work/library"
    (
        cd "$work/library/sysroot"
        unset RUSTUP_TOOLCHAIN
        RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zforce-unstable-if-unmarked \
            CARGO_TARGET_DIR="$work/target" /usr/bin/cargo build --quiet --locked --target "$WASM" \
            --profile dist --features panic-unwind,compiler-builtins-mem
    )
    as_root mkdir -p "$sysroot"
    as_root cp "$work/target/$WASM/dist/deps/"lib*.rlib "$sysroot/"
    rm -rf "$work"
}

if has_target rustc; then
    stamp wasm rustup
elif has_target /usr/bin/rustc; then
    stamp wasm debian
elif by_rustup; then
    stamp wasm rustup
elif by_debian; then
    stamp wasm debian
else
    stop "no compiler here knows the target $WASM" "$REMEDY"
fi
