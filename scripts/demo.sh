#!/usr/bin/env bash
# Starts the demo (examples/local-cloud/demo.mjs) with the machine's Node, or with the pinned one of the tests if that is
# older than 20. heddle is built already.
set -euo pipefail
cd "$(dirname "$0")/.."
node=node
if ! node --eval 'process.exit(Number.parseInt(process.versions.node) >= 20 ? 0 : 1)'; then
  tests/client/install.sh
  node=tests/client/node_modules/node/bin/node
fi
exec "$node" examples/local-cloud/demo.mjs "$@"
