#!/usr/bin/env bash
# Runs the npm clients behind the Next.js passthrough, against the heddle-fixtures binary named by the first argument
# and heddle beside it. What follows it goes to Node's test runner.
set -euo pipefail
binary=$(realpath "${1:-build/release/bin/heddle-fixtures}")
shift || true
cd "$(dirname "$0")"
./install.sh
export HEDDLE_FIXTURES=$binary HEDDLE=${binary%/*}/heddle
exec ../client/node_modules/node/bin/node --test --test-force-exit --test-concurrency=1 --test-reporter spec "$@" ./*.test.mjs
