#!/usr/bin/env python3
"""What the walls cost: starts, a compilation and a file-heavy script inside and outside, and the end of a large tree.

Every figure is beside what it is compared with, measured in the same run: pairs are interleaved, each pair begins with
the other side, and a ratio is the median of the pairs' own. `agentos run` is timed as a whole command, its client and
the manifest included; the kernel runs already. A peer that is not there, or that does not start, is named as skipped.
`--format json` prints one object instead of the table.
"""
import argparse
import contextlib
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
COMMAND_SECONDS_MAX = 300
SOURCES = 16  # of the C project
FUNCTIONS = 25  # of each
LAUNCHES = re.compile(r"^(?P<name>.*?)\s+p50\s+(?P<p50>\d+) us\s+p90\s+(?P<p90>\d+) us\s+min\s+(?P<min>\d+) us\s+\((?P<count>\d+)\)$")
BWRAP = ["bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib",
         "--symlink", "usr/lib64", "/lib64", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "/usr/bin/true"]
TOUCHING = """\
import os, sys
for turn in range(int(sys.argv[1])):
    os.mkdir("files")
    for i in range(1000):
        with open(f"files/{i}", "wb") as out:
            out.write(b"x" * 4096)
    for i in range(1000):
        os.stat(f"files/{i}")
        with open(f"files/{i}", "rb") as text:
            text.read()
        os.rename(f"files/{i}", f"files/{i}.moved")
    for name in os.listdir("files"):
        os.unlink(f"files/{name}")
    os.rmdir("files")
"""


def note(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text} ...", end="", file=sys.stderr, flush=True)


class Failed(Exception):
    """A command that was to be timed did not do its work."""


def timed(command, work, environment):
    """Milliseconds of a whole command."""
    before = time.perf_counter()
    done = subprocess.run(command, cwd=work, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True, timeout=COMMAND_SECONDS_MAX, check=False)
    taken = time.perf_counter() - before
    if done.returncode != 0:
        raise Failed(f"exit status {done.returncode}: {done.stderr.strip()[-300:]}")
    return taken * 1000


def spawned(environment):
    """Plain posix_spawn of the same program, in milliseconds."""
    before = time.perf_counter()
    pid = os.posix_spawn("/usr/bin/true", ["true"], environment)
    _, status = os.waitpid(pid, 0)
    taken = time.perf_counter() - before
    if status != 0:
        raise Failed(f"true ended with {status}")
    return taken * 1000


class World:
    """A kernel of its own, and the folder agents work in; the one may not lie in the other."""

    def __init__(self, programs, state, work):
        self.agentos = programs / "agentos"
        self.state, self.work = state, work
        self.environment = dict(os.environ, AGENTOS_SOCKET=f"{state}/kernel.sock")
        self.line = [self.agentos, "--state-dir", state / "kernel"]

    def __enter__(self):
        subprocess.run([*self.line, "serve", "--background"], env=self.environment, stdout=subprocess.DEVNULL, check=True)
        return self

    def __exit__(self, *failure):
        subprocess.run([*self.line, "serve", "--stop"], env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)

    def inside(self, profile, command):
        return [*self.line, "run", "--profile", profile, "--", *command]

    def time(self, command):
        return timed(command, self.work, self.environment)


def measure_starts(world, pairs):
    """Samples of each way to start `true`, and why a way is missing."""
    srt = shutil.which("srt", path=f"{ROOT}/build/peers/node_modules/.bin:{os.environ.get('PATH', '')}")
    ways = {
        "posix_spawn of true": lambda: spawned(world.environment),
        "agentos run -- true": lambda: world.time(world.inside("agent-default", ["/usr/bin/true"])),
        "bwrap ... true": lambda: world.time(BWRAP),
        "srt true": lambda: world.time([srt, "true"]),
    }
    samples, skipped = {}, {}
    if shutil.which("bwrap") is None:
        skipped["bwrap ... true"] = "bubblewrap is not installed"
    if srt is None:
        skipped["srt true"] = "not installed: npm install --prefix build/peers @anthropic-ai/sandbox-runtime"
    for name in list(ways):
        if name in skipped:
            continue
        try:
            ways[name]()  # the first of each is not counted, and says whether it works at all
        except (Failed, OSError, subprocess.TimeoutExpired) as error:
            if name == "agentos run -- true":
                raise
            skipped[name] = f"does not start here: {error}"
    there = [name for name in ways if name not in skipped]
    for turn in range(pairs):
        note(f"starts, {turn + 1} of {pairs}")
        for name in there[turn % len(there):] + there[:turn % len(there)]:
            samples.setdefault(name, []).append(ways[name]())
    return samples, skipped


def measure_launches(programs, rounds):
    """What the launcher alone takes, without a client and a kernel: rows of sandbox_bench by host variant."""
    note("launches and kills")
    done = subprocess.run([programs / "sandbox_bench", str(rounds)], capture_output=True, text=True, timeout=COMMAND_SECONDS_MAX, check=False)
    if done.returncode != 0:
        raise Failed(f"sandbox_bench: exit status {done.returncode}: {done.stderr.strip()}")
    rows, variant = {}, ""
    for line in done.stdout.splitlines():
        row = LAUNCHES.match(line)
        if row is None:
            variant = line.strip() + ": "
            continue
        name = row["name"].strip()
        rows[name if name.startswith("posix_spawn") else variant + name] = {key: int(row[key]) for key in ("p50", "p90", "min", "count")}
    if not any("kill of a tree" in name for name in rows):
        raise Failed("sandbox_bench printed no kill of a tree")
    return rows


def write_project(folder):
    """A C project with something to optimise, and a script that builds it: objects, then a program that runs."""
    folder.mkdir()
    for unit in range(SOURCES):
        lines = ["#include <stdio.h>", "#include <string.h>", "#include <stdlib.h>", '#include "all.h"']
        for f in range(FUNCTIONS):
            lines.append(f"int f{unit}_{f}(int n) {{ char text[64]; int sum = {f}; for (int i = 0; i < n; ++i) {{ sum = sum * {unit + 3} + i;"
                         f" if (sum & {f % 7 + 1}) sum ^= (int)(snprintf(text, sizeof text, \"%d\", i) + strlen(text)); }} return sum; }}")
        lines.append(f"int unit{unit}(int n) {{ return " + " + ".join(f"f{unit}_{f}(n)" for f in range(FUNCTIONS)) + "; }")
        (folder / f"unit{unit}.c").write_text("\n".join(lines) + "\n")
    (folder / "all.h").write_text("".join(f"int unit{unit}(int);\n" for unit in range(SOURCES)))
    calls = " + ".join(f"unit{unit}(argc)" for unit in range(SOURCES))
    (folder / "main.c").write_text(f'#include "all.h"\nint main(int argc, char** argv) {{ (void)argv; return ({calls}) == 0x7fffffff; }}\n')
    (folder / "build.sh").write_text('set -e\nturns=$1\nwhile [ "$turns" -gt 0 ]; do\n  rm -f ./*.o program\n'
                                     '  for one in *.c; do cc -O1 -c "$one"; done\n'
                                     '  cc -o program ./*.o\n  ./program\n  turns=$((turns - 1))\ndone\n')


def measure_pairs(world, name, command, pairs):
    """Milliseconds inside and outside, a pair after the other."""
    inside = world.inside("build", command)
    for warm in (command, inside):
        world.time(warm)
    samples = {"outside": [], "inside": []}
    for turn in range(pairs):
        note(f"{name}, {turn + 1} of {pairs}")
        for side in ("outside", "inside") if turn % 2 == 0 else ("inside", "outside"):
            samples[side].append(world.time(inside if side == "inside" else command))
    return samples


def turns_for(world, command, seconds):
    """How often the command's work is done within about that many seconds outside, at least once."""
    once = world.time([*command, "1"])
    return max(1, round(seconds * 1000 / once))


def measure_work(world, parsed):
    project = world.work / "project"
    write_project(project)
    (world.work / "touching.py").write_text(TOUCHING)
    commands = {"a C project": ["/bin/sh", "-c", 'cd project && exec sh build.sh "$1"', "sh"], "a file-heavy script": ["/usr/bin/python3", "touching.py"]}
    samples = {}
    for name, command in commands.items():
        turns = turns_for(world, command, parsed.seconds)
        samples[name] = measure_pairs(world, name, [*command, str(turns)], parsed.pairs)
    return samples


def slowdown_percent(samples):
    return (statistics.median(b / a for a, b in zip(samples["outside"], samples["inside"])) - 1) * 100


def targets(starts, launches, work):
    def row(name, value, unit, target, met):
        return {"name": name, "value": value, "unit": unit, "target": target, "met": None if value is None or met is None else bool(met(value))}

    def over_plain(variant):
        plain = launches.get("posix_spawn + waitpid of /usr/bin/true")
        there = launches.get(f"{variant}: launch to on_start (manifest known)")
        return None if plain is None or there is None else (there["p50"] - plain["p50"]) / 1000

    def killed(variant):
        there = launches.get(f"{variant}: kill of a tree of 100")
        return None if there is None else there["p50"] / 1000

    def ratio(peer):
        if peer not in starts:
            return None
        return statistics.median(a / b for a, b in zip(starts["agentos run -- true"], starts[peer]))

    rows = [row("confined start over posix_spawn, p50, no namespaces", over_plain("cgroups"), "ms", "<= 1.0", lambda v: v <= 1.0),
            row("confined start over posix_spawn, p50, namespaces", over_plain("namespaces and cgroups"), "ms", "<= 2.5", lambda v: v <= 2.5),
            row("agentos run -- true over bwrap ... true", ratio("bwrap ... true"), "times", "", None),
            row("agentos run -- true over srt true", ratio("srt true"), "times", "", None)]
    for name, samples in work.items():
        rows.append(row(f"{name}, inside against outside", slowdown_percent(samples), "% slower", "<= 5", lambda v: v <= 5))
    for variant, most_ms in (("namespaces and cgroups", 20), ("namespaces", 20), ("cgroups", 20), ("neither", 100)):
        rows.append(row(f"kill of a tree of 100, {variant}", killed(variant), "ms", f"<= {most_ms}", lambda v, most_ms=most_ms: v <= most_ms))
    return rows


def print_table(machine, parsed, starts, launches, work, rows, skipped):
    print(f"machine: {machine}; {parsed.pairs} pairs; p50 [least..most], ms\n")
    width = max(len(name) for name in [*starts, *launches, *(f"{name}, outside" for name in work), *(row["name"] for row in rows)])
    for name, samples in [*starts.items(), *((f"{name}, {side}", values) for name, sides in work.items() for side, values in sides.items())]:
        print(f"{name:{width}}  {statistics.median(samples):>9.2f}  [{min(samples):.2f}..{max(samples):.2f}]")
    for name, row in launches.items():
        print(f"{name:{width}}  {row['p50'] / 1000:>9.2f}  [{row['min'] / 1000:.2f}.. p90 {row['p90'] / 1000:.2f}]")
    print()
    for entry in rows:
        verdict = {True: "met", False: "MISSED", None: ""}[entry["met"]]
        value = "not measured" if entry["value"] is None else f"{entry['value']:.2f} {entry['unit']}"
        print(f"{entry['name']:{width}}  {value:>18}  {entry['target']:8} {verdict}".rstrip())
    for name, why in skipped.items():
        print(f"skipped: {name}: {why}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=20, help="of each comparison")
    parser.add_argument("--seconds", type=float, default=2, help="about what one side of a pair of work takes outside")
    parser.add_argument("--rounds", type=int, default=300, help="launches of the launcher alone; a tree of 100 is killed every twentieth")
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / "build/bin", help="where agentos and sandbox_bench are")
    parser.add_argument("--format", choices=("table", "json"), default="table")
    parsed = parser.parse_args()
    if parsed.pairs < 1 or parsed.rounds < 1 or parsed.seconds <= 0:
        parser.error("--pairs, --rounds and --seconds are more than 0")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # the kernel and the folders go with us
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.release()}"
    (ROOT / "build").mkdir(exist_ok=True)
    with contextlib.ExitStack() as stack:
        state, work = (pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=f"sandbox-{name}.", dir=ROOT / "build")))
                       for name in ("state", "work"))
        world = stack.enter_context(World(parsed.programs.resolve(), state, work))
        try:
            starts, skipped = measure_starts(world, parsed.pairs)
            launches = measure_launches(world.agentos.parent, parsed.rounds)
            samples = measure_work(world, parsed)
        except (Failed, subprocess.TimeoutExpired) as error:
            sys.exit(f"bench: {error}")
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    rows = targets(starts, launches, samples)
    if parsed.format == "json":
        print(json.dumps({"machine": machine, "pairs": parsed.pairs, "targets": rows, "skipped": skipped,
                          "samples": {"starts": starts, "launches": launches, "work": samples}}))
        return
    print_table(machine, parsed, starts, launches, samples, rows, skipped)


if __name__ == "__main__":
    main()
