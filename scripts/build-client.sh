#!/usr/bin/env bash
# Installs and builds examples/nextjs-client for production, unless the last build was of the same files. The first
# argument: the folder of the node to build with; default the machine's.
set -euo pipefail
cd "$(dirname "$0")/../examples/nextjs-client"
if (($# > 0)); then export PATH=$1:$PATH; fi
export NEXT_TELEMETRY_DISABLED=1

if ! cmp -s package-lock.json node_modules/.heddle-lock; then
  npm ci --no-audit --no-fund
  cp package-lock.json node_modules/.heddle-lock
fi
hash=$(find src package-lock.json package.json next.config.mjs tsconfig.json -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum)
if [ "$(cat .next/heddle-hash 2>/dev/null)" = "$hash" ]; then exit 0; fi
rm -f .next/heddle-hash
npm run build
echo "$hash" >.next/heddle-hash
