"""docs/promises.md is a ledger a program can read, and its cheap promises are kept today.

Each row is | promise | command | last figure | machine | run |, run being `cheap` (this test runs the command; 0 keeps the
promise) or `long`. Commands are written from the repository's root; build/bin/ stands for the build under test."""
import os
import pathlib
import re
import subprocess

import repository

LEDGER = "docs/promises.md"
COLUMNS = ["promise", "command", "last figure", "machine", "run"]
COMMAND_SECONDS_MAX = 60


def keep(findings, parsed, line, command):
    programs = parsed.programs.resolve()
    missing = [name for name in re.findall(r"build/bin/([\w-]+)", command) if not (programs / name).is_file()]
    if missing:
        findings.add(LEDGER, line, f"{', '.join(missing)} is not built", "build it before running this test")
        return
    try:
        result = subprocess.run(["bash", "-c", command.replace("build/bin/", f"{programs}/")], cwd=parsed.root, text=True,
                                capture_output=True, timeout=COMMAND_SECONDS_MAX, check=False,
                                env={**os.environ, "BUILD_BIN": str(programs)})
    except subprocess.TimeoutExpired:
        findings.add(LEDGER, line, f"took longer than {COMMAND_SECONDS_MAX} s", "mark it long, or make it quick")
        return
    if result.returncode != 0:
        findings.add(LEDGER, line, f"`{command}` ended with {result.returncode}: {(result.stderr or result.stdout).strip()[-400:]}",
                     "keep the promise, or take it back")


def check(findings, parsed):
    header = None
    for number, line in enumerate(repository.read(parsed.root, LEDGER).splitlines(), 1):
        if not line.startswith("|"):
            header = None
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1])]
        if header is None:
            header = cells
            if cells != COLUMNS:
                findings.add(LEDGER, number, f"columns are {cells}", f"they are {' | '.join(COLUMNS)}")
            continue
        if set("".join(cells)) <= set("-: "):
            continue
        findings.looked_at += 1
        command = re.fullmatch(r"`([^`]+)`", cells[1]) if len(cells) == len(COLUMNS) else None
        if command is None or not all(cells) or cells[4] not in ("cheap", "long"):
            findings.add(LEDGER, number, "the row does not parse", "five filled cells, the command in backquotes, run is cheap or long")
        elif cells[4] == "cheap":
            keep(findings, parsed, number, command.group(1).replace("\\|", "|"))


repository.run(check, __doc__, [("--programs", {"type": pathlib.Path, "default": pathlib.Path("build/bin")})])
