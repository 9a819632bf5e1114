#!/bin/bash
# Runs a command quietly: its output goes to a log and is shown only when it fails. On a terminal the last line of
# the log is shown as progress once a second has passed. The exit status is the command's own.
#
#   tools/quietly.sh NAME COMMAND...      log: build/logs/NAME.log
set -uo pipefail
name=$1
shift
log=build/logs/${name// /_}.log
mkdir -p build/logs
started=$SECONDS
"$@" >"$log" 2>&1 </dev/null &
pid=$!
trap 'kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; exit 130' INT TERM
if [[ -t 2 ]]; then
  sleep 0.2
  while kill -0 "$pid" 2>/dev/null; do
    if ((SECONDS - started >= 1)); then
      width=$(($(tput cols 2>/dev/null || echo 80) - 1))
      line="$name: $(tail -n 1 "$log" | tr -d '\r\033')"
      printf '\r\033[K%s' "${line:0:width}" >&2
    fi
    sleep 0.5
  done
  printf '\r\033[K' >&2
fi
wait "$pid"
status=$?
if ((status != 0)); then
  # ninja's own lines about what went well are left out; everything the failing step said stays.
  grep -vE '^\[[0-9]+/[0-9]+\] (Building|Linking|Generating)' "$log" >&2
  echo "$name failed with status $status after $((SECONDS - started)) s (whole log: $log)" >&2
fi
exit "$status"
