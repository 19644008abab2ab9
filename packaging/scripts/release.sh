#!/usr/bin/env bash
# Builds the release binary with the portal inside, and prints its size.
set -euo pipefail
# shellcheck source=packaging/scripts/steps.sh
. "$(dirname "$0")/steps.sh"

build() {
    AI_INFRA_REQUIRE_PORTAL=1 cargo build "${LOCKED[@]}" --release --package appliance --bin ai-infra
}

packaging/scripts/portal.sh
step "release binary" build
ln -sfn "$TRIPLE/release/ai-infra" target/ai-infra
packaging/scripts/size.sh
