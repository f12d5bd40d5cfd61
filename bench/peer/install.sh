#!/usr/bin/env bash
# Puts the JavaScript LangGraph server with the graphs of the conformance suite into the folder that is named: the suite's
# graphs and its script, and the packages of the lockfile beside this script. CONFORMANCE names the folder of the suite;
# without it a folder "conformance" beside the repository is taken if there is one.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:?usage: install.sh FOLDER}
beside=$(cd "$here/../../.." && pwd)/conformance
suite=${CONFORMANCE:-}
if [ -z "$suite" ] && [ -d "$beside" ]; then suite=$beside; fi
if [ -z "$suite" ]; then
  echo "bench/peer: where is the conformance suite? Set CONFORMANCE to its folder, which has peer-graphs/serve.mjs" >&2
  exit 1
fi
graphs=$suite/peer-graphs
if [ ! -f "$graphs/serve.mjs" ]; then
  echo "bench/peer: no $graphs/serve.mjs; CONFORMANCE is to name the folder of the conformance suite" >&2
  exit 1
fi
mkdir -p "$folder"
cp -r --no-preserve=mode "$graphs/." "$folder/"
cp "$here/package.json" "$here/package-lock.json" "$folder/"
if cmp -s "$here/package-lock.json" "$folder/node_modules/.heddle-lock"; then exit 0; fi
cd "$folder"
npm ci --no-audit --no-fund --legacy-peer-deps
cp package-lock.json node_modules/.heddle-lock
