#!/usr/bin/env bash
# Drives the portal in Chromium against the real binary; arguments are test files, all of them when there are none.
set -euo pipefail
# shellcheck source=packaging/scripts/steps.sh
. "$(dirname "$0")/steps.sh"

HERE=tests/browser
LOG="$ROOT/target/browser.log"

# What is driven: the release binary, unless another is named.
export AI_INFRA_BROWSER_BINARY="${AI_INFRA_BROWSER_BINARY:-${AI_INFRA_RELEASE_BINARY:-$BINARY}}"

# Longer than the whole run takes on a busy machine: a browser that hangs must not hang what waits for it.
LIMIT=30m

skip() {
    printf 'SKIPPED browser tests: %s\n' "$1" >&2
    [ "${CI:-}" != true ] || exit 1
    exit 0
}

# have COMMAND PACKAGE...: whether the command is there, after an attempt to install it where that is allowed.
have() {
    command -v "$1" >/dev/null && return
    may_install && install_packages "${@:2}" && command -v "$1" >/dev/null
}

tools() {
    have chromium chromium fonts-dejavu-core || skip "Chromium is not installed (sudo apt-get install -y chromium)"
    have node nodejs || skip "Node.js is not installed (sudo apt-get install -y nodejs npm)"
    have npm npm || skip "npm is not installed (sudo apt-get install -y npm)"
    local program
    for program in nginx caddy haproxy openssl; do
        have "$program" "$program" || skip "$program is not installed (sudo apt-get install -y $program)"
    done
}

packages() {
    local wanted
    wanted="$(digest "$HERE/package.json" "$HERE/package-lock.json" "$HERE/.npmrc")"
    if [ -d "$HERE/node_modules" ] && stamped browser "$wanted"; then return; fi
    say "installing what the browser tests need"
    (cd "$HERE" && npm ci --ignore-scripts --no-audit --no-fund >/dev/null) || skip "npm could not install its packages"
    stamp browser "$wanted"
}

# One file after the other: two browsers at once would make each other slow.
run() {
    local files=("$@") code=0
    [ "$#" != 0 ] || files=("$HERE"/*.test.mjs)
    timeout --kill-after=10 "$LIMIT" node --test --test-concurrency=1 --test-reporter=spec "${files[@]}" 2>&1 |
        tee "$LOG" || code=$?
    total
    return "$code"
}

# The closing line in the words of cargo's runner, so that one rule counts all tests.
total() {
    sed -nE 's/^\S+ (pass|fail|cancelled|skipped) ([0-9]+)$/\1 \2/p' "$LOG" | awk '
        { n[$1] = $2 }
        END { printf "test result: in the browser. %d passed; %d failed; %d skipped\n",
            n["pass"], n["fail"] + n["cancelled"], n["skipped"] }'
}

[ -x "$AI_INFRA_BROWSER_BINARY" ] || stop "there is no $AI_INFRA_BROWSER_BINARY" "make browser"
tools
packages
run "$@"
