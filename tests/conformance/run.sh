#!/usr/bin/env bash
# Runs the conformance suite against heddle-fixtures and compares with the ratchet: a scenario that has passed once
# must go on passing (`run.sh BINARY --raise` adds new passes). The suite is found beside the repository (../shared/conformance) or where CONFORMANCE says.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
binary=$(realpath "${1:-build/release/bin/heddle-fixtures}")
suite=${CONFORMANCE:-$here/../../../shared/conformance}
node=$here/../client/node_modules/node/bin/node
if [ ! -f "$suite/run.mjs" ]; then
  echo "conformance: no suite at $suite; set CONFORMANCE to its folder. Skipped."
  exit 0
fi
# The suite runs only under its real name.
suite=$(realpath "$suite")
"$here/../client/install.sh"
exec "$node" "$here/ratchet.mjs" "$binary" "$suite" "${@:2}"
