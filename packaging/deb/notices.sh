#!/usr/bin/env bash
# Prints every library in the program and in the portal, its licence, and the notices its authors ask to be passed on.
set -euo pipefail
# shellcheck source=packaging/scripts/steps.sh
. "$(dirname "$0")/../scripts/steps.sh"

SOURCES="${CARGO_HOME:-$HOME/.cargo}/registry/src"

# linked PACKAGE [OPTION...]: what is linked into it, a line each: `name vVERSION|licence|repository`.
linked() {
    cargo tree --quiet "${LOCKED[@]}" --edges normal,no-proc-macro --prefix none \
        --format '{p}|{l}|{r}' --package "$@" | sed 's/ (\*)$//'
}

crates() {
    { linked appliance; linked web-portal --target wasm32-unknown-unknown; } |
        grep -vF " ($ROOT" | LC_ALL=C sort -u
}

# texts NAME-VERSION: the files in a crate that hold its licence and its notices.
texts() {
    find "$SOURCES"/*/"$1" -maxdepth 2 -type f -size -64k \
        \( -iname 'licen[cs]e*' -o -iname 'copying*' -o -iname 'notice*' -o -iname 'unlicense*' \) \
        -not -name '*.rs' -print 2>/dev/null | LC_ALL=C sort
}

declare -A number=()
bodies="$(mktemp)"
trap 'rm -f "$bodies"' EXIT

# numbers NAME-VERSION: the numbers of its texts; a text that is new goes to the bodies.
numbers() {
    local file hash found=""
    while read -r file; do
        [ -n "$file" ] || continue
        hash="$(tr -s '[:space:]' ' ' <"$file" | sha256sum | cut -d' ' -f1)"
        if [ -z "${number[$hash]:-}" ]; then
            number[$hash]=$((${#number[@]} + 1))
            { printf '\n%s\n[%s]\n\n' "$(printf '=%.0s' {1..80})" "${number[$hash]}"; cat "$file"; echo; } >>"$bodies"
        fi
        case "$found " in *" ${number[$hash]} "*) ;; *) found="$found ${number[$hash]}" ;; esac
    done < <(texts "$1")
    told="${found:- none in the sources; the name of the licence is what its authors state}"
}

cat <<'HEAD'
What is linked into ai-infra and its portal
===========================================

Each library with its licence as its authors state it, where it comes from, and the numbers of the
licence texts and notices below that came with it. Beside these: the Rust standard library (MIT OR
Apache-2.0) and the GNU C library (LGPL-2.1-or-later).

HEAD
count=0
while IFS='|' read -r crate licence repository; do
    name="${crate%% *}" version="${crate#* v}"
    numbers "$name-${version%% *}"
    printf '%s %s\n  licence: %s\n  from: %s\n  texts:%s\n' \
        "$name" "${version%% *}" "${licence:-see the texts}" "${repository:-not stated}" "$told"
    count=$((count + 1))
done < <(crates)
[ "$count" -gt 100 ] || stop "only $count libraries were found" "cargo fetch"
cat "$bodies"
