#!/usr/bin/env bash
# Makes .venv with the official packages that tests hold stand-ins against: the Messages API's client,
# and Qdrant's stubs and engine.
set -euo pipefail
# shellcheck source=packaging/scripts/steps.sh
. "$(dirname "$0")/steps.sh"

WANTED="anthropic==2.12.0 qdrant-client==1.20.0 qdrant-edge-py==0.9.0"

skip() {
    printf 'SKIPPED python: %s, so neither the mock Messages API nor vector/qdrant is held against the official packages\n' "$1" >&2
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
# shellcheck disable=SC2086  # a list of packages
.venv/bin/python -m pip install --quiet --disable-pip-version-check $WANTED || skip "pip could not install $WANTED"
stamp python "$WANTED"
