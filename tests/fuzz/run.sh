#!/usr/bin/env bash
# Lets every fuzz program search, one after the other, with coverage and sanitizers, and says how far each came. What they
# reach is kept in build/fuzz/reached, so that the next call goes on from there; what breaks is in build/fuzz/broken.
# Usage: tests/fuzz/run.sh [SECONDS_EACH [NAME...]]
#
# An input that broke something becomes a file of corpus/NAME together with the fix, and so a test.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-60}
shift || true
names=("$@")
if ((${#names[@]} == 0)); then
  for source in tests/fuzz/*_fuzz.cpp; do names+=("$(basename "$source" .cpp)"); done
fi

cmake --preset fuzz --log-level=NOTICE
cmake --build --preset fuzz --target fuzzers
# As in CMakeLists.txt.
export ASAN_OPTIONS=detect_leaks=0
failed=0
for name in "${names[@]}"; do
  reached=build/fuzz/reached/$name broken=build/fuzz/broken/$name
  mkdir -p "$reached" "$broken"
  result=survived
  if ! "build/fuzz/bin/$name" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -verbosity=0 -print_final_stats=1 \
    -artifact_prefix="$broken/" "$reached" "tests/fuzz/corpus/$name" 2>"$broken/log"; then
    result="BROKE, see $broken"
    failed=1
  fi
  runs=$(sed -n 's/.*number_of_executed_units: *//p' "$broken/log")
  echo "fuzz: $name $result, ${runs:-?} inputs, $(find "$reached" -type f | wc -l) kept"
done
exit "$failed"
