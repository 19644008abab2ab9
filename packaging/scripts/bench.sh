#!/usr/bin/env bash
# Measures the release build: start to ready, idle memory, message to first token, the edge beside FastAPI, honest
# requests in a flood of silent connections, remembering and searching, the vector index, the archive; a report, not
# a gate. Arguments are for the first four.
set -euo pipefail
# shellcheck source=packaging/scripts/steps.sh
. "$(dirname "$0")/steps.sh"

packaging/scripts/setup.sh build
packaging/scripts/release.sh
# bench NAME ARGUMENT...
bench() { cargo bench "${LOCKED[@]}" --quiet --package benches --bench "$1" -- "${@:2}"; }

VENV="$ROOT/target/edge-venv"
peer() {
    python3 -m venv "$VENV"
    "$VENV/bin/pip" install --quiet --disable-pip-version-check -r benches/peers/requirements-edge.txt
}
wanted="$(digest benches/peers/requirements-edge.txt)"
if [ ! -x "$VENV/bin/python" ] || ! stamped edge-peer "$wanted"; then
    step "FastAPI to compare with" peer
    stamp edge-peer "$wanted"
fi
step "the appliance" bench appliance "$@"
step "the edge beside FastAPI" bench edge "$@"
step "a flood of silent connections" bench flood "$@"
step "remembering and searching" bench recall "$@"
step "vectors" bench vectors
step "the archive" bench archive
