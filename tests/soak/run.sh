#!/usr/bin/env bash
# Mixed load on heddle-fixtures in the folder named by the first argument, then quiet; what follows goes to soak.mjs:
# tests/soak/run.sh build/release/bin --minutes 0.25
set -euo pipefail
folder=$(realpath "${1:-build/release/bin}")
shift || true
cd "$(dirname "$0")"
../client/install.sh
export HEDDLE_FIXTURES=$folder/heddle-fixtures
exec ../client/node_modules/node/bin/node soak.mjs "$@"
