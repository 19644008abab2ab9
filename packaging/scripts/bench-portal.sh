#!/usr/bin/env bash
# Measures the portal of the release build in Chromium, on a machine that is otherwise quiet: single tasks of a
# long conversation and of a long list in ms, the first result after the last key, Lighthouse's performance.
set -euo pipefail
# shellcheck source=packaging/scripts/steps.sh
. "$(dirname "$0")/steps.sh"

packaging/scripts/setup.sh build
packaging/scripts/release.sh
export AI_INFRA_BENCH_PORTAL=true
packaging/scripts/browser.sh tests/browser/{long,memory,lighthouse}.test.mjs
