#!/usr/bin/env bash
# cargo for WebAssembly, by whichever compiler wasm.sh found, in a target folder of its own.
set -euo pipefail
# shellcheck source=packaging/scripts/steps.sh
. "$(dirname "$0")/steps.sh"

command="$1"
shift
export CARGO_TARGET_DIR="$ROOT/target/portal/build"
# Leptos then gives all elements one type instead of one for each shape: 374 KB to send instead of 404.
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="--cfg erase_components"
if stamped wasm debian; then
    # That compiler has no clippy, so it checks; what stands behind `--` is for clippy alone.
    if [ "$command" = clippy ]; then
        command=check
        arguments="$*"
        read -ra arguments <<<"${arguments%% -- *}"
        set -- "${arguments[@]}"
    fi
    # cargo would find rustup's rustc first.
    unset RUSTUP_TOOLCHAIN
    export RUSTC=/usr/bin/rustc
    exec /usr/bin/cargo "$command" --target wasm32-unknown-unknown "${LOCKED[@]}" "$@"
fi
exec cargo "$command" --target wasm32-unknown-unknown "${LOCKED[@]}" "$@"
