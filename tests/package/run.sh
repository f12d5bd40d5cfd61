#!/usr/bin/env bash
# Installs heddle into a folder, builds examples/my-graph against it, and talks to the server that comes out.
# Usage: tests/package/run.sh [BUILD_FOLDER], default build/release, in which everything has been built.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(realpath "${1:-$root/build/release}")
work=$(mktemp -d)
pid=
cleanup() {
  if [[ -n $pid ]]; then kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap cleanup EXIT
fail() { echo "package: $1" >&2; exit 1; }

cmake --install "$build" --prefix "$work/heddle" >/dev/null
compiler=$(sed -n 's/^CMAKE_CXX_COMPILER:[A-Z]*=//p' "$build/CMakeCache.txt")
# A copy, so that nothing of heddle's tree can be included by accident.
cp -r "$root/examples/my-graph" "$work/my-graph"
cmake -S "$work/my-graph" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
  -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$work/heddle" >/dev/null
cmake --build "$work/build" >/dev/null

port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
"$work/build/my-server" serve --host 127.0.0.1 --port "$port" --db "$work/my.db" >"$work/log" 2>&1 &
pid=$!
base=http://127.0.0.1:$port
curl -sf --retry 50 --retry-delay 0 --retry-connrefused --retry-max-time 20 "$base/ok" >/dev/null || fail "the server does not answer: $(cat "$work/log")"

post() { curl -sf "$base$1" -H 'content-type: application/json' -d "$2"; }
answer=$(post /runs/wait '{"assistant_id": "greeter", "input": {"name": "Ada"}}')
[[ $answer == *'"greeting":"Hello, Ada."'* ]] || fail "no greeting in $answer"
thread=$(post /threads '{}' | node -pe 'JSON.parse(require("fs").readFileSync(0)).thread_id')
asked=$(post "/threads/$thread/runs/wait" '{"assistant_id": "greeter", "input": {"name": "Ada", "loud": true}}')
[[ $asked == *'Really shout at Ada?'* ]] || fail "no question in $asked"
loud=$(post "/threads/$thread/runs/wait" '{"assistant_id": "greeter", "command": {"resume": "yes"}}')
[[ $loud == *'"greeting":"HELLO, Ada!"'* ]] || fail "no loud greeting in $loud"
echo "package: a program outside of the tree serves its own graph"
