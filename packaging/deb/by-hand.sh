#!/usr/bin/env bash
# The package's life without systemd, in namespaces of its own: no network, no process and no mount outlives it.
set -euo pipefail
# shellcheck source=packaging/deb/life.sh
. "$(dirname "$0")/life.sh"

SYSTEM="$1"
if [ "${2:-}" != within ]; then
    exec unshare --mount --pid --fork --kill-child --net --ipc --uts "$0" "$SYSTEM" within
fi

inside() { chroot "$SYSTEM" "${BARE[@]}" "$@"; }

mount_system() {
    mount -t proc proc "$SYSTEM/proc"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$SYSTEM/dev/pts"
    ip link set lo up
}

# files: every file there is, but for dpkg's own notes and useradd's copies of its tables.
files() {
    find "$SYSTEM" -xdev -printf '%y %P\n' |
        grep -vE '^. (var/lib/dpkg/.*|var/log/.*|etc/g?shadow-)$' | LC_ALL=C sort
}

# The command line of the unit, as its user, who may become nobody else.
start() {
    local line
    line="$(sed -n 's/^ExecStart=//p' "$SYSTEM/usr/lib/systemd/system/ai-infrastructure.service")"
    # Not by `inside`: this process id must be the server's own.
    # shellcheck disable=SC2086
    chroot "$SYSTEM" "${BARE[@]}" setpriv --reuid ai-infra --regid ai-infra --clear-groups --no-new-privs \
        --bounding-set=-all --inh-caps=-all $line >"$SYSTEM/server.log" 2>&1 &
    server=$!
    soon 20 test -f "$SYSTEM$RUN/serve.json" || { cat "$SYSTEM/server.log" >&2; return 1; }
}

stop_server() {
    kill -TERM "$server"
    wait "$server"
}

runs_as_its_user() {
    [ "$(awk '/^Uid:/ { print $2 }' "$SYSTEM/proc/$server/status")" = "$(inside id -u ai-infra)" ]
}

owned_and_closed() {
    local place
    for place in "$DATA" "$RUN"; do
        [ "$(inside stat -c '%U:%G %a' "$place")" = "ai-infra:ai-infra 700" ] || return 1
    done
}

# The portal's first page, and the program's own word that it is no placeholder.
portal_is_served() {
    local first
    exec 3<>/dev/tcp/127.0.0.1/8000
    printf 'GET / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nConnection: close\r\n\r\n' >&3
    read -r first <&3
    exec 3>&-
    [[ "$first" = "HTTP/1.1 200"* ]] && inside ai-infra version --json | grep -q '"portal": "full"'
}

# 77 is the exit code for what is not permitted.
a_stranger_is_refused() {
    local code=0
    inside setpriv --reuid 65534 --regid 65534 --clear-groups \
        ai-infra --data "$DATA" --config /etc/ai-infrastructure --quiet chat hi >/dev/null 2>&1 || code=$?
    [ "$code" = 77 ]
}

# Its own script by itself, as after an installation that was interrupted.
configures_again() {
    [ -z "$(inside env DPKG_MAINTSCRIPT_PACKAGE=ai-infrastructure \
        /var/lib/dpkg/info/ai-infrastructure.postinst configure 2>&1)" ]
}

mount_system
files >"$SYSTEM.before"
grep . "$SYSTEM/etc/passwd" "$SYSTEM/etc/group" >"$SYSTEM.people"
trap 'rm -f "$SYSTEM".{before,after,people}' EXIT

begin="$(now)"
check "installs in silence" dpkg_quietly -i /package.deb
check "starts by hand" start
check "answers" answers "remember that the staging database is called heron" ""
took="$(since "$begin")"
check "first answer $took s after dpkg -i (at most $MOST_SECONDS)" in_time "$took"
check "recalls in another conversation" answers "what is the staging database called?" heron
check "runs as ai-infra" runs_as_its_user
check "its directories are its own, mode 700" owned_and_closed
check "the portal is served" portal_is_served
check "all six agents live" soon 20 all_six_live
check "they live in tmux, and root may look" inside tmux -S "$RUN/tmux.sock" has-session -t ai-infrastructure
check "another user is refused" a_stranger_is_refused
check "the settings are in order" inside ai-infra --quiet config check

check "configures again in silence" configures_again

edit_settings
check "upgrades over itself" dpkg_quietly -i /package.deb
check "the edited settings are kept" settings_kept
check "the running server goes on" answers "what is the staging database called?" heron
check "stops within its time" stop_server
check "starts again" start
check "still knows after the upgrade" answers "what is the staging database called?" heron
check "stops again" stop_server

check "removes in silence" dpkg_quietly -r ai-infrastructure
check "the program is gone" is_not test -e "$SYSTEM/usr/bin/ai-infra"
check "what was said is kept" test -s "$SYSTEM$DATA/state.redb"
check "the edited settings are kept again" settings_kept
check "installs again" dpkg_quietly -i /package.deb
check "starts with the old data" start
check "still knows after the removal" answers "what is the staging database called?" heron
check "stops" stop_server

check "purges in silence" dpkg_quietly -P ai-infrastructure
rm -f "$SYSTEM/server.log"
files >"$SYSTEM.after"
check "nothing is left: 0 files more or less" diff "$SYSTEM.before" "$SYSTEM.after"
check "nobody is left" diff "$SYSTEM.people" <(grep . "$SYSTEM/etc/passwd" "$SYSTEM/etc/group")
