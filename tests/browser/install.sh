#!/usr/bin/env bash
# Installs the pinned browser driver, the Node that it needs, and Debian's Chromium, unless that was done before.
set -euo pipefail
cd "$(dirname "$0")"
if ! command -v chromium >/dev/null; then ../../scripts/install-deps.sh chromium; fi
if [ -x node_modules/node/bin/node ] && cmp -s package-lock.json node_modules/.heddle-lock; then exit 0; fi
npm ci --no-audit --no-fund
cp package-lock.json node_modules/.heddle-lock
