#!/usr/bin/env bash
# Format, clippy and documentation, all with warnings as errors; the portal also for WebAssembly.
set -euo pipefail
# shellcheck source=packaging/scripts/steps.sh
. "$(dirname "$0")/steps.sh"

doc() { RUSTDOCFLAGS="-D warnings" cargo doc --quiet "${LOCKED[@]}" --workspace --all-features --no-deps; }

step "format" cargo fmt --all --check
step "clippy" cargo clippy --quiet "${LOCKED[@]}" --workspace --all-targets --all-features -- -D warnings
step "clippy for WebAssembly" packaging/scripts/wasm-cargo.sh clippy --quiet -p web-dto -p web-portal -- -D warnings
step "documentation" doc
