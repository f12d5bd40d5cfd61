#!/usr/bin/env bash
# Sends secrets to the servers in the folder named by the first argument and looks for what is left of them. What follows
# goes to Node's test runner: run.sh build/release/bin --test-name-pattern TLS
set -euo pipefail
folder=$(realpath "${1:-build/release/bin}")
shift || true
cd "$(dirname "$0")"
../client/install.sh
export HEDDLE_FIXTURES=$folder/heddle-fixtures HEDDLE=$folder/heddle
exec ../client/node_modules/node/bin/node --test --test-force-exit --test-reporter spec "$@" canary.mjs
