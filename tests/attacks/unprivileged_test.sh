#!/bin/bash
# The attack and sandbox tests once more, as a user who is nobody: what is promised must not depend on root.
#
#   unprivileged_test.sh BIN PROGRAM [gtest arguments...]
#
# Started by root it copies the programs it needs to a folder anyone can read and gives everything up (uid, gid, groups,
# capabilities) for a uid that has no process. Started by anybody else the plain tests are this already: 77, skipped.
set -euo pipefail
bin=$1
program=$2
shift 2

if ((EUID != 0)); then
  echo "skipped: not started by root, so the plain tests ran without privileges already"
  exit 77
fi

# RLIMIT_NPROC counts a uid's processes, so another run's or a real user's would disturb.
uid=0
for candidate in $(seq 62001 62400); do
  if ! ps -o pid= -U "$candidate" >/dev/null && ! getent passwd "$candidate" >/dev/null; then
    uid=$candidate
    break
  fi
done
((uid != 0)) || { echo "no unused uid between 62001 and 62400"; exit 1; }

folder=$(mktemp -d /tmp/agentos-unprivileged.XXXXXX)
trap 'rm -rf "$folder"' EXIT
cp -r "$bin/attacks" "$bin/agentos-init" "$bin/agentos-egress" "$bin/$program" "$folder"
mkdir "$folder/tmp"
chmod -R a+rX,go-w "$folder"
chown -R "$uid:$uid" "$folder/tmp"
cd "$folder/tmp"
# The first run says who it is, so that a test that kept root would show; its own shell expands what is quoted.
# shellcheck disable=SC2016
setpriv --reuid="$uid" --regid="$uid" --clear-groups --inh-caps=-all --bounding-set=-all \
  sh -c 'test "$(id -u)" != 0 && ! grep -E "^Cap(Inh|Prm|Eff|Bnd|Amb):.*[1-9a-f]" /proc/self/status'
env -i PATH=/usr/local/bin:/usr/bin:/bin HOME="$folder/tmp" TMPDIR="$folder/tmp" LANG=C.UTF-8 \
  ASAN_OPTIONS="${ASAN_OPTIONS:-}" UBSAN_OPTIONS="${UBSAN_OPTIONS:-}" \
  setpriv --reuid="$uid" --regid="$uid" --clear-groups --inh-caps=-all --bounding-set=-all "$folder/$program" "$@"
