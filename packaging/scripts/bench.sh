#!/usr/bin/env bash
# Measures the release build: start to ready, idle memory, message to first token, honest requests in a flood of
# silent connections, remembering and searching, the vector index, the archive; a report, not a gate. Arguments are
# for the first three.
set -euo pipefail
# shellcheck source=packaging/scripts/steps.sh
. "$(dirname "$0")/steps.sh"

packaging/scripts/setup.sh build
packaging/scripts/release.sh
# bench NAME ARGUMENT...
bench() { cargo bench "${LOCKED[@]}" --quiet --package benches --bench "$1" -- "${@:2}"; }

step "the appliance" bench appliance "$@"
step "a flood of silent connections" bench flood "$@"
step "remembering and searching" bench recall "$@"
step "vectors" bench vectors
step "the archive" bench archive
