#!/bin/bash
# Runs ctest on a build directory and shows what matters: output of failing tests, skipped tests with their reason,
# and ctest's closing lines. On a terminal a count shows how far it is.
#
#   tools/run_tests.sh BUILD_DIRECTORY [ctest arguments...]
set -uo pipefail
directory=$1
shift
mkdir -p build/logs
terminal=no
[[ -t 2 ]] && terminal=yes
ctest --test-dir "$directory" --output-on-failure --no-label-summary --no-tests=error "$@" 2>&1 |
  tee "build/logs/ctest_$(basename "$directory").log" |
  awk -v terminal="$terminal" '
    /^ *Start +[0-9]+: / || /^Internal ctest changing into directory/ || /^Test project / { next }
    /^ *[0-9]+\/[0-9]+ Test +#[0-9]+: .* Passed / {
      if (terminal == "yes") { printf "\r\033[Ktest %s", $1 > "/dev/stderr" }
      passed_last = 1
      next
    }
    /^ *$/ && passed_last { next }
    { if (terminal == "yes") printf "\r\033[K" > "/dev/stderr"; passed_last = 0; print; fflush() }'
exit "${PIPESTATUS[0]}"
