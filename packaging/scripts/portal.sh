#!/usr/bin/env bash
# Builds the portal into target/portal/dist, which the server embeds; skips it when nothing it is made of changed.
set -euo pipefail
# shellcheck source=packaging/scripts/steps.sh
. "$(dirname "$0")/steps.sh"

DIST="$ROOT/target/portal/dist"
WASM="$ROOT/target/portal/build/wasm32-unknown-unknown/portal/web-portal.wasm"

build() {
    packaging/scripts/wasm-cargo.sh build --package web-portal --bin web-portal --profile portal
    cargo run --quiet "${LOCKED[@]}" --package portal-tool -- "$WASM" web/portal/assets "$DIST"
}

inputs="$(digest web/portal web/dto packaging/portal-tool packaging/scripts/{portal,wasm-cargo}.sh Cargo.toml Cargo.lock)"
if [ -f "$DIST/index.html" ] && stamped portal "$inputs"; then
    say "portal ... unchanged"
    exit
fi
step "portal" build
stamp portal "$inputs"
