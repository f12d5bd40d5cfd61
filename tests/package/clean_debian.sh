#!/usr/bin/env bash
# Installs the Debian package into a clean Debian 12, a folder made by debootstrap, starts it there as its service does, and
# talks to it; then upgrades and removes it. Needs root, debootstrap and a mirror; not a part of make test.
# Usage: tests/package/clean_debian.sh [BUILD_FOLDER] [MIRROR]
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(realpath "${1:-$root/build/release}")
mirror=${2:-http://deb.debian.org/debian}
work=$(mktemp -d)
clean=$work/debian
pid=
cleanup() {
  if [[ -n $pid ]]; then kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; fi
  umount "$clean/proc" 2>/dev/null || true
  rm -rf --one-file-system "$work" # if /proc is still there, it is left alone
}
trap cleanup EXIT
fail() { echo "clean_debian: $1" >&2; exit 1; }
inside() { chroot "$clean" env DEBIAN_FRONTEND=noninteractive "$@"; }

(cd "$build" && cpack >/dev/null 2>&1)
package=$(ls "$build"/packages/heddle_*.deb)
debootstrap --variant=minbase bookworm "$clean" "$mirror" >"$work/log" 2>&1 || fail "no clean Debian: $(tail -5 "$work/log")"
mount -t proc proc "$clean/proc"
# Names are looked up as on the host; nothing starts by itself, because there is no systemd in a folder.
cp /etc/resolv.conf "$clean/etc/resolv.conf"
cp "$package" "$clean/tmp/heddle.deb"
inside apt-get install -qq --yes --no-install-recommends /tmp/heddle.deb >"$work/log" 2>&1 || fail "it does not install: $(tail -20 "$work/log")"
inside id heddle >/dev/null || fail "there is no user heddle"
[[ $(stat -c %a "$clean/etc/heddle/heddle.env") == 600 ]] || fail "everybody may read heddle.env"
[[ -L $clean/etc/systemd/system/multi-user.target.wants/heddle.service ]] || fail "the service is not enabled"
! inside /usr/bin/heddle serve --config /etc/heddle/langgraph.json --host 0.0.0.0 >"$work/log" 2>&1 || fail "it listens for everybody without asking"

# What systemd would do with the unit, as far as a folder lets it.
install -d -o "$(inside id -u heddle)" -g "$(inside id -g heddle)" -m 0700 "$clean/var/lib/heddle"
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
command=$(sed -n 's/^ExecStart=//p' "$clean/lib/systemd/system/heddle.service")
# shellcheck disable=SC2086 # words of a command
chroot --userspec=heddle:heddle "$clean" $command --port "$port" >"$work/log" 2>&1 &
pid=$!
base=http://127.0.0.1:$port
curl -sf --retry 50 --retry-delay 0 --retry-connrefused --retry-max-time 20 "$base/ok" >/dev/null || fail "it does not answer: $(cat "$work/log")"
answer=$(curl -sf "$base/runs/wait" -H 'content-type: application/json' \
  -d '{"assistant_id":"agent","input":{"messages":[{"role":"user","content":"What is 17 * 23?"}]}}')
[[ $answer == *391* ]] || fail "its agent does not calculate: $answer"
kill "$pid"
wait "$pid" || fail "it does not end in peace: $(cat "$work/log")"
pid=

echo '{"graphs": {"mine": "builtin:agent"}, "heddle": {"db": "/var/lib/heddle/heddle.db"}}' >"$clean/etc/heddle/langgraph.json"
inside dpkg --force-confold --install /tmp/heddle.deb >"$work/log" 2>&1 || fail "it does not install again: $(tail -20 "$work/log")"
grep -q mine "$clean/etc/heddle/langgraph.json" || fail "an upgrade has taken the configuration away"
inside apt-get purge -qq --yes heddle >"$work/log" 2>&1 || fail "it cannot be removed: $(tail -20 "$work/log")"
[[ ! -e $clean/etc/heddle/langgraph.json && -s $clean/var/lib/heddle/heddle.db ]] || fail "removing it removes too little, or the database"
echo "clean_debian: $(basename "$package") installs, starts, answers, upgrades and goes; the database stays"
