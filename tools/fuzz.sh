#!/bin/bash
# Runs every libFuzzer target of a build for a number of seconds. Known inputs come from tests/corpus/<target>/, new
# ones stay in the build directory. A finding is written to <build>/findings/ and fails the run.
#
#   tools/fuzz.sh BUILD_DIRECTORY SECONDS_EACH
set -uo pipefail
directory=$1
seconds=$2
failed=0
ran=0
for program in "$directory"/bin/*_fuzz; do
  [[ -x "$program" ]] || continue
  name=$(basename "$program")
  mkdir -p "$directory/corpus/$name" "$directory/findings" build/logs
  seeds=()
  [[ -d "tests/corpus/$name" ]] && seeds=("tests/corpus/$name")
  log=build/logs/$name.log
  "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$directory/findings/$name-" "$directory/corpus/$name" "${seeds[@]}" >"$log" 2>&1
  status=$?
  ran=$((ran + 1))
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  if ((status == 0)); then
    echo "$name: ok, ${runs:-0} inputs in $seconds s"
  else
    failed=$((failed + 1))
    tail -n 60 "$log"
    echo "$name: FAILED with status $status (whole log: $log; input in $directory/findings/)"
  fi
done
if ((ran == 0)); then
  echo "fuzz: $directory/bin holds no fuzz target" >&2
  exit 1
fi
echo "fuzz: $((ran - failed)) passed, $failed failed"
((failed == 0))
