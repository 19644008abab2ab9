#!/usr/bin/env bash
# Prints the release binary's version and size beside its budget (packaging/size-budget.json).
set -euo pipefail
# shellcheck source=packaging/scripts/steps.sh
. "$(dirname "$0")/steps.sh"

[ -x "$BINARY" ] || stop "there is no release binary yet" "make release"
bytes="$(stat -c %s "$BINARY")"
budget="$(sed -n 's/.*"release_bytes": *\([0-9]*\).*/\1/p' packaging/size-budget.json)"
say "$("$BINARY" version): $((bytes / 1000)) KB of $((budget / 1000)) KB allowed, $(ldd "$BINARY" 2>&1 | xargs)"
