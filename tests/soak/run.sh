#!/usr/bin/env bash
# Mixed load on heddle-fixtures in the folder named by the first argument, then quiet; and clients that get in one another's
# way. What follows goes to soak.mjs and contention.mjs: tests/soak/run.sh build/release/bin --minutes 0.25
set -euo pipefail
folder=$(realpath "${1:-build/release/bin}")
shift || true
cd "$(dirname "$0")"
../client/install.sh
export HEDDLE_FIXTURES=$folder/heddle-fixtures
for part in soak contention; do ../client/node_modules/node/bin/node $part.mjs "$@"; done
