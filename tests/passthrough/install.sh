#!/usr/bin/env bash
# Installs the pinned Next.js and builds the application for production, unless that was done for these very files.
set -euo pipefail
cd "$(dirname "$0")"
../client/install.sh
export PATH=$PWD/../client/node_modules/node/bin:$PATH NEXT_TELEMETRY_DISABLED=1
if ! cmp -s package-lock.json node_modules/.heddle-lock; then
  npm ci --no-audit --no-fund
  cp package-lock.json node_modules/.heddle-lock
fi
hash=$(find app middleware.js next.config.mjs package-lock.json -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum)
if [ "$(cat .next/production/heddle-hash 2>/dev/null)" = "$hash" ]; then exit 0; fi
rm -rf .next
# The passthrough wants its addresses when the routes are looked at; nobody is asked.
LANGGRAPH_API_URL=http://127.0.0.1:9 HEDDLE_AGENT_URL=http://127.0.0.1:9 node node_modules/next/dist/bin/next build
echo "$hash" >.next/production/heddle-hash
