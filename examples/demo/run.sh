#!/bin/sh
# The main job on real input: two agents, one of them unmodified, over the project's documents and the machine's
# licence texts, with everything they did shown from the record. Every line printed comes from the run.
set -eu
cd "$(dirname "$0")/../.."
agentos=${AGENTOS:-build/bin/agentos}
world=$(mktemp -d "${TMPDIR:-/tmp}/agentos-demo.XXXXXX")
export AGENTOS_SOCKET="$world/kernel.sock"
finish() {
  "$agentos" --state-dir "$world/state" serve --stop >/dev/null 2>&1 || true
  rm -rf "$world"
}
trap finish EXIT INT TERM
title() { printf '\n== %s\n' "$*"; }

title 'A kernel of its own, with three tools'
"$agentos" --state-dir "$world/state" serve --background
"$agentos" tool add "$PWD/examples/demo/tools.yaml"

title 'An unmodified program as an agent: grep over the licence texts'
"$agentos" run --name reader -- grep -c -i -r warranty /usr/share/common-licenses | sort -t: -k2 -n -r | head -5

title 'A stranger that must not be disturbed'
"$agentos" run --detach --name stranger -- sleep 60
stranger=$("$agentos" ps --format json | sed -n 's/.*"agent": *"\(stranger-[0-9]*\)".*/\1/p' | head -1)

title 'The researcher, and what it does as it does it'
"$agentos" run --name researcher --policy examples/demo/policy.yaml --tokens 100000 --timeout 120s --timeline -- \
  /usr/bin/python3 examples/demo/agent.py "$stranger"

title 'All agents of this kernel'
"$agentos" ps --all

title 'One explanation: may the stranger run a tool?'
"$agentos" policy explain "$stranger" exec '{"tool": "delete_document", "arguments": {"path": "/tmp/x"}}' || true

title 'The record, verified'
"$agentos" log verify
