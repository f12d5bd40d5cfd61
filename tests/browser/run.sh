#!/usr/bin/env bash
# Drives examples/nextjs-client in Chromium, against heddle and heddle-asking-agent in the folder named by the first
# argument. What follows it goes to Node's test runner: run.sh build/release/bin --test-name-pattern stops
set -euo pipefail
folder=$(realpath "${1:-build/release/bin}")
shift || true
cd "$(dirname "$0")"
./install.sh
../../scripts/build-client.sh "$PWD/node_modules/node/bin"
agent_chat_ui/build.sh "$PWD/node_modules/node/bin"
rm -rf artefacts
export HEDDLE=$folder/heddle HEDDLE_ASKING_AGENT=$folder/heddle-asking-agent
exec node_modules/node/bin/node --test --test-force-exit --test-concurrency=1 --test-reporter spec "$@" \
  secrets.test.mjs trace.test.mjs asking.test.mjs chat.test.mjs auth0.test.mjs demo.test.mjs agent_chat_ui.test.mjs
