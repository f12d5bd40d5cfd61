#!/usr/bin/env bash
# Runs the npm SDKs against the heddle-fixtures binary named by the first argument.
set -euo pipefail
binary=$(realpath "${1:-build/release/bin/heddle-fixtures}")
cd "$(dirname "$0")"
./install.sh
HEDDLE_FIXTURES="$binary" exec node_modules/node/bin/node --test --test-reporter spec sdk.test.mjs
