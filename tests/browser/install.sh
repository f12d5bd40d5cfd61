#!/usr/bin/env bash
# Installs the pinned browser driver, the Node that it needs, and Debian's Chromium, unless that was done before.
set -euo pipefail
cd "$(dirname "$0")"
if ! command -v chromium >/dev/null; then
  as_root=()
  if ((EUID != 0)); then as_root=(sudo); fi
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends chromium
fi
if [ -x node_modules/node/bin/node ] && cmp -s package-lock.json node_modules/.heddle-lock; then exit 0; fi
npm ci --no-audit --no-fund
cp package-lock.json node_modules/.heddle-lock
