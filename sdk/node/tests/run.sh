#!/bin/bash
# Runs the tests of the Node client: 0 passed, 77 skipped because this machine lacks what they need.
#
#   run.sh client         against a fake kernel; Node 18 or later
#   run.sh example BIN    the example as an agent of a real kernel; BIN holds agentos and agentos-init
#   run.sh types          the types, by the TypeScript compiler: TSC, or tsc of the path (4.8 or later)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
what=$1

if [[ $what == types ]]; then
  compiler=$(command -v "${TSC:-tsc}") || {
    echo "skipped: tsc is not installed"
    exit 77
  }
  exec "$compiler" --project "$here/types"
fi

if ! command -v node >/dev/null; then
  echo "skipped: node is not installed"
  exit 77
fi
major=$(node -p 'process.versions.node.split(".")[0]')
if ((major < 18)); then
  echo "skipped: node $major is older than 18"
  exit 77
fi

if [[ $what == client ]]; then
  exec node --test "$here/client.test.js"
fi

programs=$(cd "$2" && pwd)
if [[ ! -x $programs/agentos ]]; then
  echo "skipped: $programs/agentos is not built"
  exit 77
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export XDG_RUNTIME_DIR=$folder/run XDG_STATE_HOME=$folder/state HOME=$folder
mkdir -m 700 "$XDG_RUNTIME_DIR"
cd "$here/.."
"$programs/agentos" run --private --policy examples/notes.yaml -- node examples/notes.js >"$folder/out" 2>"$folder/err" || {
  cat "$folder/out" "$folder/err"
  exit 1
}
cat "$folder/out"
for expected in '^checkpoint [A-Za-z0-9_-]{43}$' '^notes: "one\\ntwo\\n"$' '^6\*7 = .*42' '^refused by notes/protect-policy: '; do
  grep -Eq "$expected" "$folder/out" || {
    echo "the example did not say: $expected"
    exit 1
  }
done
