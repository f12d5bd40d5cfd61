#!/usr/bin/env bash
# Installs what building, testing, linting and packaging heddle need, from the packages of Debian 12, and the packages that
# are named as arguments (the tests in a browser want chromium). Does nothing when all is there.
set -euo pipefail

packages=(
  build-essential ca-certificates ccache cmake curl file g++-12 ninja-build pkg-config
  clang-19 lld-19 libclang-rt-19-dev clang-format-19 clang-tidy-19
  libboost1.81-dev
  libsqlitecpp-dev libsqlite3-dev
  libcurl4-openssl-dev libssl-dev openssl
  libcli11-dev libxxhash-dev
  libhowardhinnant-date-dev tzdata
  libmimalloc-dev
  libbenchmark-dev valgrind
  catch2
  "$@"
)

# The tests with the npm clients need Node 18 or newer, from wherever it comes.
node_major() {
  local version
  version=$(node --version 2>/dev/null) || return 1
  version=${version#v}
  echo "${version%%.*}"
}
if ! major=$(node_major) || ((major < 18)); then packages+=(nodejs npm); fi
if ! command -v npm >/dev/null && [[ " ${packages[*]} " != *" npm "* ]]; then packages+=(npm); fi

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $status == installed ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then exit 0; fi

if ! command -v apt-get >/dev/null; then
  echo "install-deps: no apt-get here; install these by hand: ${missing[*]}" >&2
  exit 1
fi
as_root=()
if ((EUID != 0)); then
  if ! command -v sudo >/dev/null; then
    echo "install-deps: not root and no sudo; as root run: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

echo "install-deps: installing ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
