#!/usr/bin/env bash
# Makes .venv with the official client that the tests drive the mock Messages API with.
set -euo pipefail
# shellcheck source=packaging/scripts/steps.sh
. "$(dirname "$0")/steps.sh"

WANTED="anthropic==2.12.0"

skip() {
    printf 'SKIPPED python: %s, so the mock Messages API is not proven against the official client\n' "$1" >&2
    [ "${CI:-}" != true ] || exit 1
    exit 0
}

make_venv() {
    rm -rf .venv
    python3 -m venv .venv 2>/dev/null && return
    may_install || return 1
    install_packages python3 python3-venv
    rm -rf .venv
    python3 -m venv .venv
}

if [ -x .venv/bin/python ] && stamped python "$WANTED"; then exit; fi
say "installing $WANTED into .venv"
make_venv || skip "no venv could be made (sudo apt-get install -y python3-venv)"
.venv/bin/python -m pip install --quiet --disable-pip-version-check "$WANTED" || skip "pip could not install $WANTED"
stamp python "$WANTED"
