#!/usr/bin/env bash
# The package's life under systemd, which runs in namespaces of its own: the unit as it is shipped, all hardening on.
set -euo pipefail
# shellcheck source=packaging/deb/life.sh
. "$(dirname "$0")/life.sh"

SYSTEM="$1"
GROUP="ai-infra-smoke-$$"
UNIT=ai-infrastructure.service

# boot: mounts what systemd wants and becomes it. Runs within the namespaces.
boot() {
    cd "$SYSTEM"
    mount --bind . .
    cd "$SYSTEM"
    mount -t proc proc proc
    mount -t sysfs -o ro sysfs sys
    mount -t tmpfs -o mode=755 tmpfs run
    mount -t tmpfs tmpfs tmp
    mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts dev/pts
    mount --bind "$SYSTEM/console" dev/console
    mount_groups
    ip link set lo up
    # Not chroot: within one the kernel makes no user namespaces, which the unit asks for.
    pivot_root . .
    umount -l .
    # Credentials reach a service by a mount that is made elsewhere and spreads.
    mount --make-rshared /
    exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system
}

# Control groups of either generation; of the first, only the two that matter here.
mount_groups() {
    if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
        mount -t cgroup2 cgroup2 sys/fs/cgroup
        return
    fi
    mount -t tmpfs tmpfs sys/fs/cgroup
    mkdir sys/fs/cgroup/systemd sys/fs/cgroup/devices
    mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
    mount -t cgroup -o devices cgroup sys/fs/cgroup/devices
}

# own_groups: the places of our control groups.
own_groups() {
    if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
        printf '%s\n' "/sys/fs/cgroup/$GROUP"
    else
        printf '%s\n' "/sys/fs/cgroup/systemd/$GROUP" "/sys/fs/cgroup/devices/$GROUP"
    fi
}

# Makes the groups and starts the boot inside them.
power_on() {
    local group
    : >"$SYSTEM/console"
    for group in $(own_groups); do mkdir "$group" || return 1; done
    (
        for group in $(own_groups); do echo "$BASHPID" >"$group/cgroup.procs"; done
        exec setsid unshare --mount --pid --fork --kill-child --net --ipc --uts --cgroup "$0" "$SYSTEM" boot
    ) </dev/null >"$SYSTEM.boot" 2>&1 &
    outer=$!
    soon 20 has_become_systemd
}

# Before that, the only child may be one of the shell that makes the namespaces.
has_become_systemd() {
    first="$(tr -d ' ' <"/proc/$outer/task/$outer/children")"
    [ "$(cat "/proc/$first/comm")" = systemd ]
}

power_off() {
    local code=$? group
    [ "$code" = 0 ] || [ -z "$first" ] || journal
    # Its child dies with it, and with that one everything inside.
    kill -KILL "$outer" 2>/dev/null || true
    wait "$outer" 2>/dev/null || true
    soon 10 is_not test -e "/proc/${first:-none}" || true
    for group in $(own_groups); do
        [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} + || true
    done
    rm -f "$SYSTEM.boot"
}

inside() { nsenter -t "$first" --mount --pid --net --ipc --uts --cgroup --root --wd "${BARE[@]}" "$@"; }

is_up() { [[ "$(inside systemctl is-system-running 2>/dev/null)" =~ ^(running|degraded)$ ]]; }

property() { inside systemctl show --value --property "$1" "$UNIT"; }

is_active() { inside systemctl is-active --quiet "$UNIT"; }

# What the journal says, when a check has failed.
journal() { inside journalctl --no-pager --output=cat --unit="$UNIT" --lines=30 >&2 || true; }

# status FIELD: what the kernel says about the server.
status() { inside sed -n "s/^$1:[[:space:]]*\([^[:space:]]*\).*/\1/p" "/proc/$(property MainPID)/status"; }

owned_alone() {
    [ "$(inside stat -c '%U %a' "$1")" = "ai-infra 600" ]
}

is_confined() {
    [ "$(status NoNewPrivs)" = 1 ] && [ "$(status Seccomp)" = 2 ] && [ "$(status CapBnd)" = 0000000000000000 ] &&
        [ "$(status Uid)" = "$(inside id -u ai-infra)" ]
}

# Root itself, in the server's view of the files, cannot write where the server has nothing to write.
writes_nowhere_else() {
    local said
    said="$(inside nsenter -t "$(property MainPID)" --mount touch /usr/bin/written /etc/ai-infrastructure/written 2>&1 || true)"
    [ "$(grep -c 'Read-only file system' <<<"$said")" = 2 ]
}

finds_nothing_wrong() { inside ai-infra --quiet doctor >/dev/null; }

# drop_in TEXT: settings on top of the unit.
drop_in() {
    inside mkdir -p "/etc/systemd/system/$UNIT.d"
    printf '[Service]\n%s\n' "$1" >"$SYSTEM/etc/systemd/system/$UNIT.d/smoke.conf"
    inside systemctl daemon-reload
}

restart() { inside systemctl restart "$UNIT" 2>/dev/null; }

restarted() { [ "$(property NRestarts)" -gt "$1" ] && is_active; }

# A secret that is too short must be refused, so it was read; and tried once, because waiting mends nothing.
refuses_a_bad_secret() {
    inside install -d -m 700 /etc/credstore
    printf 'short' >"$SYSTEM/etc/credstore/ai-infrastructure.jwt_secret"
    ! restart || return 1
    [ "$(property ExecMainStatus)" = 78 ] && [ "$(property NRestarts)" = 0 ]
}

takes_a_good_secret() {
    printf 'forty-eight characters that nobody else will ever know' >"$SYSTEM/etc/credstore/ai-infrastructure.jwt_secret"
    inside systemctl reset-failed "$UNIT"
    restart
}

is_watched() {
    drop_in "$(printf 'WatchdogSec=3\nTimeoutAbortSec=2')"
    restart
    # Ticks keep it alive for longer than the watchdog would; frozen, it is ended and started again.
    sleep 7
    [ "$(property NRestarts)" = 0 ] && is_active || return 1
    inside sh -c 'kill -STOP "$1"' sh "$(property MainPID)"
    soon 30 restarted 0
}

# The data behind a link, as when it was moved to another disk.
lies_behind_a_link() {
    inside systemctl stop "$UNIT"
    inside sh -c 'mkdir /srv/disk && mv "$1" /srv/disk/data && ln -s /srv/disk/data "$1"' sh "$DATA"
    restart
}

# In another place by /etc/default, which the unit does not name yet: refused once, in words that name the way.
is_refused_elsewhere() {
    inside systemctl stop "$UNIT"
    inside sh -c 'rm "$1" && mv /srv/disk/data /srv/disk/moved' sh "$DATA"
    inside sed -i '$aAI_INFRA__DATA__DIR=/srv/disk/moved' /etc/default/ai-infrastructure
    ! restart || return 1
    [ "$(property ExecMainStatus)" = 77 ] && [ "$(property NRestarts)" = 0 ] &&
        inside journalctl --no-pager --output=cat --unit="$UNIT" | grep -q 'ReadWritePaths=/srv/disk/moved'
}

lies_elsewhere() {
    drop_in "ReadWritePaths=/srv/disk/moved"
    inside systemctl reset-failed "$UNIT"
    restart && inside ai-infra doctor | grep -q ' data .*/srv/disk/moved'
}

comes_back() {
    inside systemctl stop "$UNIT"
    inside sed -i '/^AI_INFRA__DATA__DIR/d' /etc/default/ai-infrastructure
    inside sh -c 'rm -rf "$1" && mv /srv/disk/moved "$1" && rmdir /srv/disk' sh "$DATA"
    restart
}

traces() {
    inside find / -xdev -not -path '/var/log/*' -not -path '/var/lib/dpkg/*' \( -name '*ai-infra*' -o -name '*ai_infra*' \) |
        grep -v '^/package.deb$'
}

# A machine may not let us; in CI that is a failure.
skip() {
    [ ! -f "$SYSTEM.boot" ] || cat "$SYSTEM.boot" >&2
    echo "SKIPPED the life as a service: systemd does not come up in a container here" >&2
    first=""
    [ "${CI:-}" != true ] || exit 1
    exit 0
}

if [ "${2:-}" = boot ]; then boot; fi

first="" outer=""
trap power_off EXIT
power_on && soon 60 is_up || skip
told "systemd $(inside systemctl --version | awk 'NR == 1 { print $2 }') is up"

begin="$(now)"
check "installs in silence and starts" dpkg_quietly -i /package.deb
check "is active, having said READY" is_active
check "answers root" answers "remember that the staging database is called heron" ""
took="$(since "$begin")"
check "first answer $took s after dpkg -i (at most $MOST_SECONDS)" in_time "$took"
check "is enabled" inside systemctl is-enabled --quiet "$UNIT"
check "its sockets are in $RUN" inside test -S "$RUN/api.sock" -a -S "$RUN/agent.sock"
check "the key of the people's socket is its own" owned_alone "$RUN/people.key"
check "no privileges, no capabilities, system calls filtered" is_confined
check "writes nowhere else" writes_nowhere_else
check "all six agents live" soon 20 all_six_live
check "they live in tmux, and root may look" inside tmux -S "$RUN/tmux.sock" has-session -t ai-infrastructure
check "recalls in another conversation" answers "what is the staging database called?" heron
check "the doctor finds nothing wrong" finds_nothing_wrong
check "refuses a bad secret, once" refuses_a_bad_secret
check "takes a good one" takes_a_good_secret
check "the watchdog starts it again when it hangs" is_watched
check "still knows" answers "what is the staging database called?" heron
check "data behind a link is the same" lies_behind_a_link
check "still knows behind it" answers "what is the staging database called?" heron
check "data that the unit does not name is refused in words, once" is_refused_elsewhere
check "data that it names is served, and said by the doctor" lies_elsewhere
check "still knows there" answers "what is the staging database called?" heron
check "the data comes back" comes_back

inside rm -r "/etc/systemd/system/$UNIT.d"
edit_settings
before="$(property MainPID)"
check "upgrades over itself" dpkg_quietly -i /package.deb
check "the edited settings are kept" settings_kept
check "was restarted" is_not test "$before" = "$(property MainPID)"
check "still knows after the upgrade" answers "what is the staging database called?" heron

begin="$(now)"
check "removes in silence" dpkg_quietly -r ai-infrastructure
told "stopped and removed in $(since "$begin") s"
check "runs no more" is_not is_active
check "what was said is kept" inside test -s "$DATA/state.redb"
check "installs again and knows" dpkg_quietly -i /package.deb
check "still knows after the removal" answers "what is the staging database called?" heron
check "purges in silence" dpkg_quietly -P ai-infrastructure
check "nothing is left" is_not traces
