#!/usr/bin/env python3
"""Durable appends beside their peers and their limit, in one run on the disk of this folder.

The recorder, SQLite (WAL, synchronous=FULL) and the raw limit (the same octets and hashes, O_DSYNC over zeroes) take
turns at batches of 1, 64 and 1,024; then the Python original's FlightRecorder. `--format json` prints one object.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
DURABLE = ROOT / "build/bin/durable_bench"


def interpreter():
    given = os.environ.get("AGENTOS_ORIGINAL_PYTHON")
    peer = ROOT / "build/peers/venv/bin/python"
    return given or (str(peer) if peer.exists() else shutil.which("python3"))


def lines_of(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bench: {command[0]}: exit status {done.returncode}: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each side, batch size and round")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    options = parser.parse_args()
    place = ROOT / "build/bench"
    place.mkdir(parents=True, exist_ok=True)
    figures = lines_of([DURABLE, place, str(options.rounds), str(options.seconds)])
    figures += lines_of([interpreter(), ROOT / "bench/original_recorder.py", place, str(options.seconds * 2)])
    if options.format == "json":
        print(json.dumps(figures, indent=2))
        return
    rate = {(f["side"], f["batch"]): f["entries_per_second"] for f in figures if "batch" in f}
    print(f"{'batch':>6} {'recorder/s':>12} {'raw limit/s':>12} {'of it':>6} {'SQLite/s':>12} {'times':>6} {'original/s':>12}")
    for batch in (1, 64, 1024):
        ours, raw, sqlite, original = (rate.get((side, batch)) for side in ("recorder", "raw", "sqlite", "original"))
        shown = f"{original:>12,.0f}" if original else f"{'absent':>12}"
        print(f"{batch:>6} {ours:>12,.0f} {raw:>12,.0f} {ours / raw:>6.2f} {sqlite:>12,.0f} {ours / sqlite:>6.2f} {shown}")
    for figure in figures:
        if "skipped" in figure:
            print(f"the original is absent: {figure['skipped']}")
    print("targets: at least 0.8 of the raw limit; never behind SQLite, and 2 times it at 64 and 1,024")


main()
