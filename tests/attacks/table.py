#!/usr/bin/env python3
"""Runs every attack on every kind of host and writes what stopped it to docs/attacks.md.

    tests/attacks/table.py [--bin build/dev/bin] [--output docs/attacks.md]

Run it as root, so that the second half can run as a user who is nobody. It writes nothing when an attack got through.
"""
import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
KINDS = (("with_namespaces", "ABI 7, namespaces"), ("without_namespaces", "ABI 7, none"),
         ("with_landlock_2_and_namespaces", "ABI 2, namespaces"), ("with_landlock_2_without_namespaces", "ABI 2, none"))
HEAD = """# Attacks, and what stopped them

Written by `tests/attacks/table.py` from a run on {system}; `make test` runs the same programs and fails when one gets
through. Each program under [tests/attacks/programs](../tests/attacks/programs) also runs without a sandbox, where it
gets what it wants (or the host refuses it to everybody).

A cell is what the program was answered. *The start is refused*: the profile needs what such a host has not. *Not
promised* is what it says: the attack may succeed there. *Stopped by* names the mechanisms that hold the promise
([isolation](reference/isolation.md)) with namespaces and Landlock ABI 7. *In the record*: every start writes down the
promises it makes, and for *measured* ones what the system answered to a probe; the single attempt is not recorded, for
Linux refuses it without asking anybody.

The programs ran as root and as a user who is nobody; where the two differ, nobody's answer follows a slash.

| attack | it would | {kinds} | stopped by | in the record |
|---|---|{rules}---|---|
"""


def results(command, output):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    suites = json.loads(pathlib.Path(output).read_text(encoding="utf-8"))["testsuites"]
    return {case["name"]: case for suite in suites for case in suite["testsuite"]}


def run_all(binaries):
    """{kind: {attack: case}} as this user, and the same as nobody."""
    own, nobody = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        for kind, _ in KINDS:
            options = ["--gtest_brief=1", f"--gtest_filter=*/Attacking.is_refused_{kind}/*"]
            own[kind] = results([binaries / "attacks_test", f"--gtest_output=json:{folder}/own-{kind}", *options],
                                f"{folder}/own-{kind}")
            nobody[kind] = results([HERE / "unprivileged_test.sh", binaries, "attacks_test",
                                    f"--gtest_output=json:{folder}/nobody-{kind}", *options], f"{folder}/nobody-{kind}")
    return own, nobody


def answer(case):
    text = case.get("answer", "not run")
    return "not promised" if text == "refused, not promised" else text.strip() or "refused"


def rows(own, nobody):
    for path in sorted((HERE / "programs").iterdir()):
        if path.suffix not in (".c", ".sh", ".py"):
            continue
        name = path.stem if path.suffix == ".c" else path.name
        ending = "/a_" + name.replace(".", "_")
        cells, first = [], None
        for kind, _ in KINDS:
            mine, theirs = (next(case for full, case in cases[kind].items() if full.endswith(ending)) for cases in (own, nobody))
            cells.append(answer(mine) if answer(mine) == answer(theirs) else f"{answer(mine)} / {answer(theirs)}")
            first = first or mine
        stopped = first.get("mechanisms", "").replace("_", " ") or "nothing"
        yield f"| `{name}` | {first['wants']} | {' | '.join(cells)} | {stopped} | {first['record']} |\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=pathlib.Path("build/dev/bin"))
    parser.add_argument("--output", type=pathlib.Path, default=HERE.parent.parent / "docs/attacks.md")
    parsed = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("table.py: run it as root, or the half as nobody is missing")
    own, nobody = run_all(parsed.bin.resolve())
    system = f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}"
    head = HEAD.format(system=system, kinds=" | ".join(title for _, title in KINDS), rules="---|" * len(KINDS))
    parsed.output.write_text(head + "".join(rows(own, nobody)), encoding="utf-8")
    print(f"wrote {parsed.output}")


main()
