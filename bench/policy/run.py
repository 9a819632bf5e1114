#!/usr/bin/env python3
"""The policy engine beside Cedar, OPA, the Python original, cel-go and cel-rust: one workload, one run.

Every engine decides the same requests under the same rules (workload.py); that all give the verdicts the workload asks
for is checked in the first round, and the exit status is 1 when one does not. Rounds are interleaved and medians taken. A peer that
setup.sh could not make is reported as skipped. `--format json` prints one object instead of the tables.
"""
import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

import workload

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "bench/policy"
PEERS = ROOT / "build/peers"
OURS = ROOT / "build/bin/peer_bench"
PYTHON = os.environ.get("AGENTOS_ORIGINAL_PYTHON", str(PEERS / "venv/bin/python"))
ENGINES = {
    "agentos": [OURS, "rules"],
    "cedar": [PEERS / "rust/release/cedar_peer"],
    "opa": [PEERS / "go/peers", "opa"],
    "original": [PYTHON, HERE / "original.py"],
}
CEL_ENGINES = {
    "agentos": [OURS, "cel"],
    "cel-rust": [PEERS / "rust/release/cel_peer"],
    "cel-go": [PEERS / "go/peers", "cel"],
}
MOST = max(workload.SIZES)
COMPARED = [size for size in workload.SIZES if size >= 100]


def lines_of(command, what):
    """The JSON objects an engine prints."""
    if sys.stderr.isatty():
        print(f"\r\033[K{what} ...", end="", file=sys.stderr, flush=True)
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bench: {what}: exit status {done.returncode}: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def digest(verdicts):
    """FNV-1a over one letter a verdict, as every engine prints it."""
    value = 0xCBF29CE484222325
    for allowed in verdicts:
        value = ((value ^ (0x61 if allowed else 0x64)) * 0x100000001B3) % 2**64
    return f"{value:016x}"


class Run:
    """What was measured: samples[(engine, rules or expression, kind, quantity)], one a round."""

    def __init__(self, folder):
        self.folder = folder
        self.samples = {}
        self.skipped = {}
        self.disagreements = []
        self.compared = 0
        self.expected = {}
        for size in workload.SIZES:
            rows = [json.loads(line) for line in (folder / str(size) / "requests.jsonl").read_text(encoding="utf-8").splitlines()]
            self.expected[size] = digest(row["allow"] for row in rows)
        rows = [json.loads(line) for line in (folder / "expressions.jsonl").read_text(encoding="utf-8").splitlines()]
        self.expressions = {row["name"]: row["expect"] for row in rows}

    def add(self, engine, at, kind, line):
        for quantity, value in line.items():
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                self.samples.setdefault((engine, at, kind, quantity), []).append(value)

    def check(self, engine, where, got, wanted):
        self.compared += 1
        if got != wanted:
            self.disagreements.append(f"{engine} {where}: {got}, wanted {wanted}")

    def has(self, engine, command):
        if not os.access(command[0], os.X_OK):
            self.skipped[engine] = "not built; bench/policy/setup.sh says why"
        return engine not in self.skipped

    def decide(self, size, seconds, verify):
        for engine, command in ENGINES.items():
            if not self.has(engine, command):
                continue
            for line in lines_of([*command, self.folder, size, seconds, *verify], f"{engine}, {size:,} rules"):
                if "skipped" in line:
                    self.skipped[engine] = line["skipped"]
                    break
                if verify:
                    self.check(engine, f"at {size:,} rules", line["verdicts_digest"], self.expected[size])
                self.add(engine, size, line["kind"], line)

    def evaluate(self, seconds):
        for engine, command in CEL_ENGINES.items():
            if not self.has(engine, command):
                continue
            rows = lines_of([*command, self.folder, seconds], f"{engine}, expressions")
            self.check(engine, "expressions", [row["expression"] for row in rows], list(self.expressions))
            for line in rows:
                self.check(engine, f"on '{line['expression']}'", line["value"], self.expressions.get(line["expression"]))
                self.add(engine, line["expression"], "cel", line)

    def reload(self, seconds):
        for line in lines_of([OURS, "reload", self.folder, MOST, seconds], "reload"):
            self.add("agentos", MOST, "reload", {**line, "ratio": line["p99_during_ns"] / line["p99_before_ns"]})

    def median(self, engine, at, kind, quantity):
        samples = self.samples.get((engine, at, kind, quantity))
        return None if samples is None else statistics.median(samples)

    def times_faster(self, engine, at, kind):
        """The median of the rounds' own ratios of p50."""
        other, own = (self.samples.get((one, at, kind, "p50_ns")) for one in (engine, "agentos"))
        return None if other is None or own is None else statistics.median(a / b for a, b in zip(other, own))

    def growth(self):
        many, few = (self.samples[("agentos", size, "mixed", "p50_ns")] for size in (MOST, 10))
        return statistics.median(a / b for a, b in zip(many, few))

    def least(self, engine, places, kind):
        ratios = [self.times_faster(engine, at, kind) for at in places]
        return None if None in ratios else min(ratios)

    def on_average(self, engine):
        ratios = [self.times_faster(engine, at, "cel") for at in self.expressions]
        return None if None in ratios else statistics.geometric_mean(ratios)


def targets(run):
    def row(name, value, target, met):
        return {"name": name, "value": value, "target": target, "met": None if value is None or met is None else bool(met(value))}

    rows = [
        row("p50 at 100 rules, ns", run.median("agentos", 100, "mixed", "p50_ns"), "<= 250", lambda v: v <= 250),
        row("p50 at 100 rules where a regex is consulted, ns", run.median("agentos", 100, "regex", "p50_ns"), "<= 1,200", lambda v: v <= 1_200),
        row("p50 at 10,000 rules over that at 10", run.growth(), "<= 2 times", lambda v: v <= 2),
    ]
    for engine, times in (("cedar", 10), ("opa", 50), ("original", 50)):
        rows.append(row(f"faster than {engine}, least of 100 rules and more", run.least(engine, COMPARED, "mixed"), f">= {times} times",
                        lambda v, times=times: v >= times))
    for engine in ("cel-rust", "cel-go"):
        rows.append(row(f"faster than {engine}, least of the expressions", run.least(engine, run.expressions, "cel"), ">= 3 times", lambda v: v >= 3))
        rows.append(row(f"faster than {engine}, geometric mean", run.on_average(engine), "", None))
    rows.append(row(f"compile {MOST:,} rules, ms", run.median("agentos", MOST, "mixed", "load_ms"), "< 400", lambda v: v < 400))
    rows.append(row("p99 during reload over that before", run.median("agentos", MOST, "reload", "ratio"), "<= 2 times", lambda v: v <= 2))
    return rows


def shown(value):
    return "-" if value is None else f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def print_decisions(run):
    for title, kind, quantity in (("p50 of a decision, ns", "mixed", "p50_ns"), ("p50 where a regex is consulted, ns", "regex", "p50_ns"),
                                  ("p99 of a decision, ns", "mixed", "p99_ns"), ("decisions a second", "mixed", "decisions_per_second"),
                                  ("from text to ready, ms", "mixed", "load_ms")):
        print(f"{title:36}" + "".join(f"{f'{size:,} rules':>14}" for size in workload.SIZES))
        for engine in ENGINES:
            values = [run.median(engine, size, kind, quantity) for size in workload.SIZES]
            if any(value is not None for value in values):
                print(f"  {engine:34}" + "".join(f"{shown(value):>14}" for value in values))
        print()


def print_expressions(run):
    print(f"{'p50 of a single expression, ns':36}" + "".join(f"{engine:>14}" for engine in CEL_ENGINES))
    for name in run.expressions:
        print(f"  {name:34}" + "".join(f"{shown(run.median(engine, name, 'cel', 'p50_ns')):>14}" for engine in CEL_ENGINES))
    print()


def print_tables(run, rounds, seconds):
    print(f"machine: {machine()}; {rounds} rounds of {seconds:g} s; medians\n")
    print_decisions(run)
    print_expressions(run)
    reload = {quantity: run.median("agentos", MOST, "reload", quantity)
              for quantity in ("p99_before_ns", "p99_during_ns", "worst_before_ns", "worst_during_ns", "reloads")}
    print(f"reload of {MOST:,} rules beside decisions: " + ", ".join(f"{name} {shown(value)}" for name, value in reload.items()) + "\n")
    for entry in targets(run):
        verdict = {True: "met", False: "MISSED", None: "not measured" if entry["value"] is None else ""}[entry["met"]]
        print(f"{entry['name']:56}{shown(entry['value']):>14}  {entry['target']:14} {verdict}".rstrip())


def machine():
    return f"{os.cpu_count()} cores, {platform.system()} {platform.release()}"


def agreement(run):
    if run.disagreements:
        return "DISAGREEMENT: " + "; ".join(sorted(set(run.disagreements)))
    return (f"agreement: every engine gave the workload's verdict on all {workload.REQUESTS:,} requests at each size and on all "
            f"{len(run.expressions)} expressions ({run.compared} comparisons)")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1, help="of each measurement of decisions; an expression gets a fifth, reload six times that")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parsed = parser.parse_args()
    if not OURS.exists():
        sys.exit(f"bench: {OURS.relative_to(ROOT)} is missing: make build makes it")
    with tempfile.TemporaryDirectory(prefix="bench.", dir=ROOT / "build") as folder:
        workload.main(pathlib.Path(folder))
        run = Run(pathlib.Path(folder))
        for number in range(parsed.rounds):
            for size in workload.SIZES:
                run.decide(size, parsed.seconds, ["verify"] if number == 0 else [])
            run.evaluate(parsed.seconds / 5)
            run.reload(parsed.seconds * 6)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    if parsed.format == "json":
        print(json.dumps({"machine": machine(), "rounds": parsed.rounds, "targets": targets(run), "agreement": agreement(run),
                          "skipped": run.skipped, "samples": [{"engine": engine, "at": at, "kind": kind, "quantity": quantity, "values": values}
                                                              for (engine, at, kind, quantity), values in run.samples.items()]}))
    else:
        print_tables(run, parsed.rounds, parsed.seconds)
        print(agreement(run))
        for name, why in run.skipped.items():
            print(f"skipped: {name}: {why}")
    return 1 if run.disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
