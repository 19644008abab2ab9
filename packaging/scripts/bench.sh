#!/usr/bin/env bash
# Measures the release build: start to ready, idle memory, message to first token; a report, not a gate.
set -euo pipefail
# shellcheck source=packaging/scripts/steps.sh
. "$(dirname "$0")/steps.sh"

packaging/scripts/setup.sh build
packaging/scripts/release.sh
step "benches" cargo bench "${LOCKED[@]}" --package benches -- "$@"
