#!/usr/bin/env bash
# Kills the server in the folder named by the first argument again and again, and checks what it does after each start.
# Before that, bad days of the disk, cut streams and stops. What follows goes to crash.mjs: run.sh build/release/bin --points 1000 --seed 7
set -euo pipefail
folder=$(realpath "${1:-build/release/bin}")
shift || true
cd "$(dirname "$0")"
../client/install.sh
export HEDDLE_CRASH_AGENT=$folder/heddle-crash-agent
node=../client/node_modules/node/bin/node
"$node" --test --test-force-exit --test-concurrency=1 --test-reporter spec disk.test.mjs streams.test.mjs drain.test.mjs
exec "$node" crash.mjs "$@"
