#!/usr/bin/env bash
# What both lives of the package share: commands inside the system, checks, the stopwatch. Sourced, not run.
# shellcheck disable=SC2034

# Everything here runs with a bare environment, as a service manager would start it.
BARE=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root)
DATA=/var/lib/ai-infrastructure
RUN=/run/ai-infrastructure
# The promise: from `dpkg -i` to the first answer.
MOST_SECONDS=60

told() { printf '    %s\n' "$*"; }

# check WHAT COMMAND...: the command must succeed.
check() {
    local what="$1"
    shift
    if "$@"; then told "$what"; else
        printf 'FAILED: %s\n' "$what" >&2
        exit 1
    fi
}

is_not() { ! "$@"; }

# soon SECONDS COMMAND...: tries until it succeeds.
soon() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}

now() { printf '%s\n' "${EPOCHREALTIME/[.,]/}"; }

# since START: seconds with one digit.
since() {
    local tenths=$((($(now) - $1) / 100000))
    printf '%d.%d\n' $((tenths / 10)) $((tenths % 10))
}

# dpkg_quietly ARGUMENT...: dpkg with no input; its own lines are all that may be printed.
dpkg_quietly() {
    local said
    said="$(inside dpkg "$@" </dev/null 2>&1)" || { printf '%s\n' "$said" >&2; return 1; }
    said="$(grep -vE '^(\(Reading database .*|Selecting previously .*|Preparing to unpack .*|Unpacking .*|Setting up .*|Removing .*|Purging .*|Processing triggers for .*)$' <<<"$said" || true)"
    [ -z "$said" ] || { printf 'the package is not silent: %s\n' "$said" >&2; return 1; }
}

chat() { inside ai-infra --quiet chat "$1"; }

# answers TEXT WORD: whether the answer to the text holds the word; an empty word takes any answer.
answers() {
    local answer
    answer="$(chat "$1")" || return 1
    [ -n "$answer" ] && grep -qi -- "$2" <<<"$answer"
}

EDITED="  level: debug"

edit_settings() {
    sed -i "s/^  # level: info\$/$EDITED/" "$SYSTEM/etc/ai-infrastructure/config.yaml"
}

settings_kept() {
    grep -qx "$EDITED" "$SYSTEM/etc/ai-infrastructure/config.yaml" &&
        [ -z "$(find "$SYSTEM/etc/ai-infrastructure" -name '*.dpkg-*')" ]
}

# in_time SECONDS: whether that is within the promise.
in_time() { [ "${1%.*}" -lt "$MOST_SECONDS" ]; }

all_six_live() {
    [ "$(inside ai-infra agent list --json | grep -cE '"status": "(running|idle|busy)"')" = 6 ]
}
