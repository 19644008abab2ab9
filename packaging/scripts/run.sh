#!/usr/bin/env bash
# Sets up, builds and starts the product with a data folder of the user's; arguments go to `ai-infra serve`.
set -euo pipefail
# shellcheck source=packaging/scripts/steps.sh
. "$(dirname "$0")/steps.sh"

DATA="${DATA:-${XDG_DATA_HOME:-$HOME/.local/share}/ai-infra}"

packaging/scripts/setup.sh build
packaging/scripts/release.sh
say "ready after $SECONDS s; starting with the data in $DATA (stop with Ctrl+C)"
exec "$BINARY" serve --data "$DATA" "$@"
