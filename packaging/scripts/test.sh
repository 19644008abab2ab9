#!/usr/bin/env bash
# Everything that must hold before a change lands: set-up, lints, one release build, every test, the pages in a browser.
set -euo pipefail
# shellcheck source=packaging/scripts/steps.sh
. "$(dirname "$0")/steps.sh"

LOG="$ROOT/target/test.log"
mkdir -p "$ROOT/target"
: >"$LOG"

# By nextest where it is installed, else by cargo's own runner; the output is kept for the count.
tests() {
    if cargo nextest --version >/dev/null 2>&1; then
        cargo nextest run "${LOCKED[@]}" --workspace --all-features 2>&1 | tee -a "$LOG"
    else
        echo "note: cargo-nextest is not installed, so these run by cargo test"
        cargo test "${LOCKED[@]}" --workspace --all-features --no-fail-fast --lib --bins --tests 2>&1 | tee -a "$LOG"
    fi
}

doctests() {
    cargo test --quiet "${LOCKED[@]}" --workspace --all-features --no-fail-fast --doc 2>&1 | tee -a "$LOG"
}

browser() {
    packaging/scripts/browser.sh 2>&1 | tee -a "$LOG"
}

# Adds up the closing lines of both runners: `12 passed`, `1 failed`, `1 timed out`, `2 skipped`, `2 ignored`.
count() {
    sed 's/\x1b\[[0-9;]*m//g' "$LOG" | grep -E '^test result: |^ +Summary \[' |
        grep -oE '[0-9]+ (passed|failed|timed|skipped|ignored)' | awk '
            { n[$2] += $1 }
            END { printf "%d passed, %d failed, %d skipped\n", n["passed"], n["failed"] + n["timed"], n["skipped"] + n["ignored"] }'
}

finish() {
    local code=$?
    say "all of it ... $SECONDS s"
    [ "$code" = 0 ] || say "FAILED, see above"
    count || true
    exit "$code"
}
trap finish EXIT

packaging/scripts/setup.sh test
[ ! -x .venv/bin/python ] || export AI_INFRA_TEST_PYTHON="$ROOT/.venv/bin/python"
packaging/scripts/portal.sh
packaging/scripts/lint.sh
packaging/scripts/release.sh
export AI_INFRA_RELEASE_BINARY="$BINARY"
step "tests" tests
step "documentation tests" doctests
step "browser tests" browser
