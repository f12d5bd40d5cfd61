#!/bin/sh
# Compiles as it is told, in place of ccache, and lays a checksum beside a precompiled header: of all that was read for it.
#
# A precompiled header names the folder that made it, and is of no use when that folder is gone, so it is made anew in each. What
# is compiled with it is the same in every folder: ccache looks at the checksum instead (CCACHE_PCH_EXTSUM in CMakePresets.json).
set -eu
"$@"
output= dependencies= before=
for argument in "$@"; do
  case $before in
    -o) output=$argument ;;
    -MF) dependencies=$argument ;;
  esac
  before=$argument
done
case $output in
  *.pch | *.gch) sed 's/^[^:]*: //; s/\\$//' "$dependencies" | xargs cat | sha256sum >"$output.sum" ;;
esac
