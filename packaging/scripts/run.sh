#!/usr/bin/env bash
# Sets up, builds and starts the product with a data folder of the user's; arguments go to `ai-infra serve`.
set -euo pipefail
# shellcheck source=packaging/scripts/steps.sh
. "$(dirname "$0")/steps.sh"

DATA_GIVEN="${DATA:-}"
DATA="${DATA:-${XDG_DATA_HOME:-$HOME/.local/share}/ai-infra}"

# Who says where the data is among the arguments means it.
WHERE=(--data "$DATA")
previous=
for argument in "$@"; do
    case "$previous $argument" in
    "--data "*) DATA="$argument" DATA_GIVEN=1 WHERE=() ;;
    *" --data="*) DATA="${argument#--data=}" DATA_GIVEN=1 WHERE=() ;;
    esac
    previous="$argument"
done

# Root's commands look in /var/lib unless told; everybody else's look here anyway.
hint() {
    if [ "$(id -u)" = 0 ] || [ -n "${DATA_GIVEN:-}" ]; then printf ' --data %q' "$DATA"; fi
}

packaging/scripts/setup.sh build
packaging/scripts/release.sh
say "ready after $SECONDS s; the data is in $DATA; stop with Ctrl+C"
say "from another terminal:  target/ai-infra chat \"hello\"$(hint)"
exec "$BINARY" serve "${WHERE[@]}" "$@"
