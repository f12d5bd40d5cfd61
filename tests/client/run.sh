#!/usr/bin/env bash
# Runs the npm clients against the heddle-fixtures binary named by the first argument, and heddle beside it. What
# follows it goes to Node's test runner: run.sh build/release/bin/heddle-fixtures --test-name-pattern reload
set -euo pipefail
binary=$(realpath "${1:-build/release/bin/heddle-fixtures}")
shift || true
cd "$(dirname "$0")"
./install.sh
export HEDDLE_FIXTURES=$binary HEDDLE=${binary%/*}/heddle
exec node_modules/node/bin/node --test --test-force-exit --test-reporter spec "$@" ./*.test.mjs
