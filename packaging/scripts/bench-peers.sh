#!/usr/bin/env bash
# Measures the vector index beside other engines, in alternating rounds; prints the tables of docs/vectors.md. Not a gate.
set -euo pipefail
# shellcheck source=packaging/scripts/steps.sh
. "$(dirname "$0")/steps.sh"

DATA="$ROOT/target/bench-vectors"
VENV="$ROOT/target/peers-venv"
VECTORS="$DATA/minilm.f32"

# Python wheels, in an environment of their own: the product has nothing of them.
peers() {
    python3 -m venv "$VENV"
    "$VENV/bin/pip" install --quiet --disable-pip-version-check -r benches/peers/requirements.txt
}

bench() { cargo bench "${LOCKED[@]}" --quiet --package benches --bench vectors "$@"; }

# The file cargo made; it says so in a line such as `Executable benches/vectors.rs (target/.../vectors-0123)`.
executable() {
    cargo bench "${LOCKED[@]}" --package benches --bench vectors --no-run 2>&1 | sed -nE 's/^ *Executable .*\((.*)\)$/\1/p'
}

# Sentences of the dependencies' documentation, embedded once: half an hour on two cores.
embeddings() { "$VENV/bin/python" benches/peers/minilm.py "$DATA"; }

# prepare DIM: vectors, labels and true answers.
prepare() { bench -- --minilm "$VECTORS" --dim "$1" --prepare "$DATA/$1"; }

# contest DIM: all engines, then hnsw_rs, which takes minutes to build.
contest() {
    "$VENV/bin/python" benches/peers/vectors.py "$DATA/$1" --bench "$BENCH"
    bench -- --minilm "$VECTORS" --dim "$1"
}

packaging/scripts/setup.sh build
mkdir -p "$DATA"
wanted="$(digest benches/peers/requirements.txt)"
if [ ! -x "$VENV/bin/python" ] || ! stamped peers "$wanted"; then
    step "engines to compare with" peers
    stamp peers "$wanted"
fi
[ -f "$VECTORS" ] || step "embeddings" embeddings
BENCH="$ROOT/$(executable)"
for dim in 384 1536; do
    [ -f "$DATA/$dim/truth.u32" ] || step "vectors of $dim numbers" prepare "$dim"
    step "beside others, $dim numbers" contest "$dim"
done
step "growth" bench -- --growth
