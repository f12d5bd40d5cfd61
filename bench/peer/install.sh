#!/usr/bin/env bash
# Puts the JavaScript LangGraph server with the graphs of the conformance suite into the folder that is named: the suite's
# graphs and its script, and the packages of the lockfile beside this script. The suite is found beside the repository
# (../shared/conformance) or where CONFORMANCE says.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:?usage: install.sh FOLDER}
graphs=${CONFORMANCE:-$here/../../../shared/conformance}/peer-graphs
if [ ! -f "$graphs/serve.mjs" ]; then
  echo "bench/peer: no graphs at $graphs; set CONFORMANCE to the folder of the suite" >&2
  exit 1
fi
mkdir -p "$folder"
cp -r --no-preserve=mode "$graphs/." "$folder/"
cp "$here/package.json" "$here/package-lock.json" "$folder/"
if cmp -s "$here/package-lock.json" "$folder/node_modules/.heddle-lock"; then exit 0; fi
cd "$folder"
npm ci --no-audit --no-fund --legacy-peer-deps
cp package-lock.json node_modules/.heddle-lock
