#!/usr/bin/env bash
# Installs the pinned clients, and the Node that they and the conformance suite need, unless that was done for this lockfile.
set -euo pipefail
cd "$(dirname "$0")"
if [ -x node_modules/node/bin/node ] && cmp -s package-lock.json node_modules/.heddle-lock; then exit 0; fi
npm ci --no-audit --no-fund --legacy-peer-deps
cp package-lock.json node_modules/.heddle-lock
