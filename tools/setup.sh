#!/bin/bash
# Installs the Debian packages of tools/packages.txt that are missing, and nothing else. Costs a few milliseconds and
# says nothing when all are there. Fails with the exact line to type when it may not install.
#
#   tools/setup.sh          install what is missing
#   tools/setup.sh --list   print what is missing
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v dpkg-query >/dev/null; then
  if command -v clang++-19 >/dev/null && command -v cmake >/dev/null && command -v ninja >/dev/null; then exit 0; fi
  echo "setup: this is not a Debian system; install what tools/packages.txt names by its own means" >&2
  exit 1
fi

mapfile -t wanted < <(sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' tools/packages.txt)
# A package counts as there only when it is fully installed, not when its configuration alone remains.
installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null | sed -n 's/^installed //p') || true
missing=()
for package in "${wanted[@]}"; do
  grep -qxF -- "$package" <<<"$installed" || missing+=("$package")
done

if [[ "${1:-}" == --list ]]; then
  ((${#missing[@]} == 0)) || printf '%s\n' "${missing[@]}"
  exit 0
fi
((${#missing[@]} == 0)) && exit 0

as_root=()
if ((EUID != 0)); then
  if command -v sudo >/dev/null && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; then
    as_root=(sudo)
  else
    echo "setup: packages are missing and this user may not install them; as root, run" >&2
    echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "setup: installing ${#missing[@]} Debian packages: ${missing[*]}" >&2
install() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" </dev/null
}
if ! { "${as_root[@]}" apt-get update -q </dev/null && install; } >"$log" 2>&1; then
  cat "$log" >&2
  echo "setup: installing failed (see above); once it is mended, or by hand, run" >&2
  echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
  exit 1
fi
