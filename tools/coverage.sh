#!/bin/bash
# Runs the tests of a coverage build and reports line and branch coverage of src/. The whole report lies beside the
# build; the total is the last line.
#
#   tools/coverage.sh BUILD_DIRECTORY TEST_JOBS
set -euo pipefail
directory=$1
jobs=$2
profiles=$PWD/$directory/profiles
rm -rf "$profiles"
mkdir -p "$profiles"
LLVM_PROFILE_FILE="$profiles/%p-%m.profraw" tools/run_tests.sh "$directory" -j "$jobs" -LE '^style$'
find "$profiles" -name '*.profraw' >"$profiles/list"
llvm-profdata-19 merge -sparse -f "$profiles/list" -o "$directory/merged.profdata"
objects=()
for program in "$directory"/bin/*; do
  [[ -x "$program" && -f "$program" ]] && objects+=(-object "$program")
done
llvm-cov-19 report "${objects[@]}" -instr-profile="$directory/merged.profdata" \
  -ignore-filename-regex='(_test\.cc|_fuzz\.cc|_bench\.cc|/usr/|/tests/)' >"$directory/coverage.txt"
echo "coverage: whole report in $directory/coverage.txt"
grep '^TOTAL' "$directory/coverage.txt"
