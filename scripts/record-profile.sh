#!/usr/bin/env bash
# Records which code runs under load, for cmake/heddle.profdata (cmake/HeddleProfile.cmake): the workloads of heddle-bench on a
# build that counts. Takes the bench of build/release.
set -euo pipefail
cd "$(dirname "$0")/.."
bench=$PWD/build/release/bin/heddle-bench
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

cmake --preset profile --log-level=NOTICE
cmake --build --preset profile --target heddle heddle-fixtures
# A file per process; the bench itself counts nothing.
LLVM_PROFILE_FILE="$folder/%p.profraw" "$bench" --server build/profile/bin/heddle-fixtures --folder "$folder" \
  --markdown "$folder/report.md" --json "$folder/report.json" --mixed-seconds 15 \
  --only stateless,durable,tokens,joined,history,long_thread,models,mixed
llvm-profdata-19 merge --sparse --output=cmake/heddle.profdata "$folder"/*.profraw
