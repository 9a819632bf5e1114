#!/bin/sh
# Every figure of the kernel, its peer and its limit in one run; the disk is the one this folder lies on.
set -eu
cd "$(dirname "$0")/.."
bench=build/bin/kernel_bench
world=$(mktemp -d "$PWD/build/bench.XXXXXX")
trap 'rm -rf "$world"' EXIT INT TERM
seconds=${BENCH_SECONDS:-10}
echo "machine: $(nproc) cores, $(uname -sr)"
echo "-- in-process, everything on one core"
taskset -c 0 "$bench" write "$world/a" "$seconds"
echo "-- in-process, the writer on the second core"
"$bench" write "$world/b" "$seconds"
echo "-- the Python original"
python3 bench/original.py "$world" 5
echo "-- over the socket from another process, beside a bare echo, all on one core"
taskset -c 0 "$bench" socket "$world/c" 30000
echo "-- pipelined from 8 agents"
"$bench" pipelined "$world/d" 5
echo "-- 10,000 agents"
"$bench" contexts "$world/e"
echo "-- cold starts"
start() { # start LABEL CMD...: median of 21 runs in milliseconds
  label=$1
  shift
  python3 - "$label" "$@" <<'PY'
import subprocess, statistics, sys, time
label, command = sys.argv[1], sys.argv[2:]
times = []
for _ in range(21):
    before = time.perf_counter()
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    times.append((time.perf_counter() - before) * 1000)
print(f'{{"what":"{label}","median_ms":{statistics.median(times):.1f}}}')
PY
}
agentos=$PWD/build/bin/agentos
export AGENTOS_SOCKET="$world/kernel.sock"
start "plain true" /bin/true
start "agentos version" "$agentos" version
"$agentos" --state-dir "$world/state" serve --background >/dev/null
start "agentos run -- true, kernel running" "$agentos" --state-dir "$world/state" run -- /bin/true
"$agentos" --state-dir "$world/state" serve --stop >/dev/null
start "agentos run --private -- true" "$agentos" --state-dir "$world/private" run --private -- /bin/true
echo "-- size"
stat -c '{"what":"%n","bytes":%s}' build/bin/agentos build/bin/agentos-init
