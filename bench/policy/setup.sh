#!/bin/bash
# Fetches and builds the peers into build/peers: a virtual environment with the Python original, and the programs of rust/
# and go/. Versions are pinned by requirements.txt, Cargo.lock and go.sum. A peer without its toolchain, or that cannot be
# had, is named and skipped; run.py then reports it as skipped.
set -u
here=$(cd "$(dirname "$0")" && pwd)
peers=$(cd "$here/../.." && pwd)/build/peers
mkdir -p "$peers"
jobs=${JOBS:-$(nproc)}

skip() { echo "skipped: $1: $2"; }

# attempt NAME COMMAND...: runs it quietly; its last words when it fails.
attempt() {
  local name=$1
  shift
  if "$@" >"$peers/$name.log" 2>&1; then
    echo "ready: $name"
  else
    skip "$name" "$(tail -n 1 "$peers/$name.log") (all of it: build/peers/$name.log)"
  fi
}

# shellcheck disable=SC2317 # attempt calls these
original() {
  python3 -m venv "$peers/venv" &&
    "$peers/venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
}
# shellcheck disable=SC2317
rust() { cargo build --release --locked --jobs "$jobs" --manifest-path "$here/rust/Cargo.toml" --target-dir "$peers/rust"; }
# shellcheck disable=SC2317
go_peers() { (cd "$here/go" && go build -mod=readonly -p "$jobs" -trimpath -o "$peers/go/peers" .); }

if command -v python3 >/dev/null; then attempt original original; else skip original "no python3"; fi
if command -v cargo >/dev/null; then attempt rust rust; else skip "cedar, cel-rust" "no cargo"; fi
if command -v go >/dev/null; then attempt go go_peers; else skip "opa, cel-go" "no go"; fi
exit 0
