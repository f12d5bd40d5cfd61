#!/usr/bin/env bash
# Counts the instructions of the kernels (bench/kernels.cpp) under callgrind and compares them with bench/instructions.txt:
# one that costs over 10 % more fails. Counts are the same on a busy machine as on a quiet one.
#   scripts/count-instructions.sh [BUILD]          BUILD: folder of a release build, default build/release
#   scripts/count-instructions.sh --write [BUILD]  writes the baseline; say in the commit why it rises
set -euo pipefail
cd "$(dirname "$0")/.."
write=
if [[ ${1:-} == --write ]]; then
  write=yes
  shift
fi
build=${1:-build/release}
baseline=bench/instructions.txt
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Valgrind of Debian 12 cannot read the debug information of clang 19; names of functions stay.
cp "$build/bin/heddle-kernels" "$folder/kernels"
strip --strip-debug "$folder/kernels"
valgrind --quiet --tool=callgrind --instr-atstart=no --callgrind-out-file="$folder/out" "$folder/kernels" --instructions \
  >"$folder/repeats"

# NAME INSTRUCTIONS, of one run of the kernel.
while read -r name repeats; do
  total=$(awk -v wanted="$name" '
    /^desc: Trigger: Client Request: / { found = ($NF == wanted) }
    /^totals: / && found { print $2; exit }' "$folder"/out.*)
  if [[ -z $total ]]; then
    echo "count-instructions: callgrind wrote nothing for $name" >&2
    exit 1
  fi
  echo "$name $((total / repeats))"
done <"$folder/repeats" >"$folder/counted"

if [[ -n $write ]]; then
  cp "$folder/counted" "$baseline"
  cat "$baseline"
  exit 0
fi
awk '
  NR == FNR { allowed[$1] = $2; next }
  {
    seen[$1] = 1
    if (!($1 in allowed)) { printf "%-26s %9d  is not in the baseline\n", $1, $2; failed = 1; next }
    ratio = $2 / allowed[$1]
    verdict = ratio > 1.10 ? "  costs over 10 % more than the baseline" : ""
    if (verdict != "") failed = 1
    printf "%-26s %9d  %6.1f %% of %d%s\n", $1, $2, 100 * ratio, allowed[$1], verdict
  }
  END {
    for (name in allowed) if (!(name in seen)) { printf "%-26s is in the baseline and was not counted\n", name; failed = 1 }
    exit failed
  }' "$baseline" "$folder/counted"
