#!/usr/bin/env python3
"""Every figure of the kernel beside its peer and its limit, measured in one run.

Rounds are interleaved and medians taken, so that a slow minute of the machine falls on all alike. The disk is the one
this folder lies on. `--format json` prints one object instead of the table.
"""
import argparse
import contextlib
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BENCH = ROOT / "build/bin/kernel_bench"
AGENTOS = ROOT / "build/bin/agentos"
COLD_STARTS = 21
SOCKET_CALLS = 30_000
ORIGINAL_SECONDS = 5


def lines_of(command, what):
    """The JSON objects a benchmark prints."""
    if sys.stderr.isatty():
        print(f"\r\033[K{what} ...", end="", file=sys.stderr, flush=True)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bench: {what}: exit status {done.returncode}: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


class Figures:
    def __init__(self):
        self.samples = {}
        self.skipped = {}

    def add(self, name, value):
        self.samples.setdefault(name, []).append(value)

    def median(self, name):
        return statistics.median(self.samples[name]) if name in self.samples else None

    def ratio(self, name, other):
        """The median of the rounds' own ratios."""
        if name not in self.samples or other not in self.samples:
            return None
        return statistics.median(a / b for a, b in zip(self.samples[name], self.samples[other]))


def measure_round(figures, world, shared, seconds):
    def write(name, place, *before):
        line = lines_of([*before, BENCH, "write", f"{place}/{name}", str(seconds)], name)[0]
        shutil.rmtree(f"{place}/{name}")
        figures.add(name, line["calls_per_second"])
        for quantile in ("p50_ns", "p99_ns", "p999_ns"):
            figures.add(f"{name} {quantile}", line[quantile])
        return line

    write("write, one core", world, "taskset", "-c", "0")
    line = write("write, two cores", world)
    if shared:
        write("write, two cores, log in memory", shared)
    disk = lines_of([BENCH, "disk", f"{world}/raw", "5"], "raw disk")[0]["bytes_per_second"]
    shutil.rmtree(f"{world}/raw")
    figures.add("disk bytes per second", disk)
    figures.add("log bytes per call", line["written_bytes_per_call"])
    figures.add("calls per second the disk could take", disk / line["written_bytes_per_call"])
    python = os.environ.get("AGENTOS_ORIGINAL_PYTHON", str(ROOT / "build/peers/venv/bin/python"))
    if not os.access(python, os.X_OK):
        python = "python3"
    original = lines_of([python, ROOT / "bench/original.py", world, str(ORIGINAL_SECONDS)], "the Python original")[0]
    if "skipped" in original:
        figures.skipped["the Python original"] = original["skipped"]
    else:
        figures.add("write, the original", original["calls_per_second"])
    for line in lines_of(["taskset", "-c", "0", BENCH, "socket", f"{world}/socket", str(SOCKET_CALLS)], "socket"):
        figures.add("socket echo p50_ns" if "echo" in line["what"] else "socket write p50_ns", line["p50_ns"])
    shutil.rmtree(f"{world}/socket")


def measure_once(figures, world):
    figures.add("pipelined from 8 agents", lines_of([BENCH, "pipelined", f"{world}/pipelined", "5"], "pipelined")[-1]["calls_per_second"])
    lines = lines_of(["taskset", "-c", "0", BENCH, "contexts", f"{world}/contexts"], "10,000 agents")
    idle = next(line["bytes"] for line in lines if "bytes" in line)
    few, many = (line["p50_ns"] for line in lines if "p50_ns" in line)
    figures.add("idle context bytes", idle)
    figures.add("latency beside 10,000 agents over that beside 10", many / few)


def measure_starts(figures, world, work):
    """`work` is where agents start; it may not hold the kernel's own files."""
    environment = dict(os.environ, AGENTOS_SOCKET=f"{world}/kernel.sock")

    def start(name, *command):
        for _ in range(COLD_STARTS):
            before = time.perf_counter()
            subprocess.run(command, cwd=work, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
            figures.add(name, (time.perf_counter() - before) * 1000)

    state = [AGENTOS, "--state-dir", f"{world}/state"]
    start("start of plain true, ms", "/bin/true")
    start("start of agentos version, ms", AGENTOS, "version")
    subprocess.run([*state, "serve", "--background"], env=environment, stdout=subprocess.DEVNULL, check=True)
    try:
        start("start of agentos run -- true, kernel running, ms", *state, "run", "--", "/bin/true")
    finally:
        subprocess.run([*state, "serve", "--stop"], env=environment, stdout=subprocess.DEVNULL, check=False)
    start("start of agentos run --private -- true, ms", AGENTOS, "--state-dir", f"{world}/private", "run", "--private", "--", "/bin/true")
    for program in ("agentos", "agentos-init"):
        figures.add(f"size of {program}, MB", (AGENTOS.parent / program).stat().st_size / 1e6)


def targets(figures):
    """Name, value, the target as text, whether it is met (None: none, or not measured)."""

    def row(name, value, target, met):
        return {"name": name, "value": value, "target": target, "met": None if value is None or met is None else bool(met(value))}

    echo, call = figures.median("socket echo p50_ns"), figures.median("socket write p50_ns")
    return [
        row("write, one core", figures.median("write, one core"), ">= 300,000/s", lambda v: v >= 300_000),
        row("write, two cores", figures.median("write, two cores"), ">= 600,000/s", lambda v: v >= 600_000),
        row("of what the disk could take", figures.ratio("write, two cores", "calls per second the disk could take"), "", None),
        row("of the same with the log in memory", figures.ratio("write, two cores", "write, two cores, log in memory"), "", None),
        row("one core over the original", figures.ratio("write, one core", "write, the original"), ">= 20 times", lambda v: v >= 20),
        row("socket write beyond echo, p50 us", None if echo is None else (call - echo) / 1000, "<= 8 us", lambda v: v <= 8),
        row("pipelined from 8 agents", figures.median("pipelined from 8 agents"), ">= 120,000/s", lambda v: v >= 120_000),
        row("idle context bytes", figures.median("idle context bytes"), "<= 16,384", lambda v: v <= 16_384),
        row("latency beside 10,000 agents over that beside 10", figures.median("latency beside 10,000 agents over that beside 10"),
            "<= 1.2 times", lambda v: v <= 1.2),
    ]


def shown(value):
    return "not measured" if value is None else f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10, help="of each in-process measurement")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parsed = parser.parse_args()
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.release()}"
    figures = Figures()
    with contextlib.ExitStack() as stack:
        world = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench.", dir=ROOT / "build"))
        shared = stack.enter_context(tempfile.TemporaryDirectory(prefix="agentos-bench.", dir="/dev/shm")) if os.access("/dev/shm", os.W_OK) else None
        for _ in range(parsed.rounds):
            measure_round(figures, world, shared, parsed.seconds)
        measure_once(figures, world)
        measure_starts(figures, world, stack.enter_context(tempfile.TemporaryDirectory()))
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    rows = targets(figures)
    if parsed.format == "json":
        print(json.dumps({"machine": machine, "mode": "effects", "rounds": parsed.rounds, "targets": rows, "skipped": figures.skipped,
                          "samples": figures.samples}))
        return
    print(f"machine: {machine}; mode effects; {parsed.rounds} rounds of {parsed.seconds:g} s; medians [least..most]\n")
    width = max(map(len, figures.samples))
    for name, samples in figures.samples.items():
        print(f"{name:{width}}  {shown(statistics.median(samples)):>14}  [{shown(min(samples))}..{shown(max(samples))}]")
    print()
    for entry in rows:
        verdict = {True: "met", False: "MISSED", None: ""}[entry["met"]]
        print(f"{entry['name']:{width}}  {shown(entry['value']):>14}  {entry['target']:14} {verdict}".rstrip())
    for name, why in figures.skipped.items():
        print(f"skipped: {name}: {why}")


if __name__ == "__main__":
    main()
