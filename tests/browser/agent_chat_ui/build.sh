#!/usr/bin/env bash
# Lays agent-chat-ui out as create-agent-chat-app does, in app/, and builds it, unless that was done with these versions.
# Its package.json has ranges only; package.json here has the versions, newest of these ranges where that was possible.
# The first argument: the folder of the node to build with.
set -euo pipefail
cd "$(dirname "$0")"
export PATH=$1:$PATH
if cmp -s package-lock.json app/.heddle-lock; then exit 0; fi
rm -rf app
npm ci --no-audit --no-fund
# It answers 0 whatever happens; the build below fails if anything is missing.
node node_modules/create-agent-chat-app/index.js --yes --project-name app --framework vite --package-manager npm \
  --install-deps false --include-agent react >/dev/null
(cd app/apps/web && node ../../../node_modules/vite/bin/vite.js build --logLevel error)
cp package-lock.json app/.heddle-lock
