#!/usr/bin/env python3
"""Looks for syncs of the recorder that no test misses.

usage: tools/drop_syncs.py [--build build/dev] [--only N ...] [--list]

Each place in src/lib/recorder that makes something durable is found in the source and made droppable in a copy; the
copies are compiled in place of the originals (the tree is not touched) and linked with the tests once. Then the tests
run once for each place, which does nothing that time. Ends with status 1 when a place can be dropped unnoticed.
"""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "src/lib/recorder"
# Code of tests, of benchmarks, and the disk that only tests have.
OTHERS = re.compile(r"(_test|_bench|_fuzz)\.cc$|^fake_disk\.cc$")
# The tests that look for lost syncs run first; all the others only when none of them fails.
QUICK = "PowerFailure.*:*Failure*:*Durab*:RealDisk*:Backup*:Salts*:Blob*"
TEST_SECONDS_MAX = 900
COMPILERS = 2
TARGET_OF_ARCHIVE = {"lib/libagentos_recorder.a": "agentos_recorder", "lib/libagentos_base.a": "agentos_base"}

HEADER = """\
#pragma once
#include <cstdlib>
#include <string_view>
namespace agentos::recorder::dropping {
inline bool dropped(int place) {
  static const int wanted = [] { const char* text = std::getenv("DROPPED_SYNC"); return text ? std::atoi(text) : 0; }();
  return place == wanted;
}
}
"""

CALLS = re.compile(
    r"::fdatasync\(|::fsync\(|\bRWF_DSYNC\b|(?:[\w>.()*-]+(?:->|\.))?\b(?:sync|sync_directory|append_synced_at)\("
)


def end_of_call(text, at):
    """The offset behind the parenthesis that closes the one before `at`."""
    depth = 1
    while depth:
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
    return at


def places_in(path):
    """(offset, end, call, line) of each sync in a source file; definitions and comments are none."""
    text = path.read_text()
    found = []
    for match in CALLS.finditer(text):
        line_start = text.rfind("\n", 0, match.start()) + 1
        before = text[line_start : match.start()]
        if "//" in before or re.search(r"\bStatus\s+(\w+::)*$", before):
            continue
        begin, end = match.start(), match.end()
        word = match.group()
        while word.startswith(("TRY(", "(")) and not word.startswith("(*"):
            begin += word.index("(") + 1
            word = text[begin : match.end()]
        if word.endswith("("):
            end = end_of_call(text, end)
        found.append((begin, end, text[begin:end], text.count("\n", 0, begin) + 1))
    return found


def without(call, number):
    """`call` as an expression that does nothing when place `number` is dropped."""
    dropped = f"::agentos::recorder::dropping::dropped({number})"
    if call == "RWF_DSYNC":
        return f"({dropped} ? 0 : RWF_DSYNC)"
    if call.startswith("::"):
        return f"({dropped} ? 0 : {call})"
    if "append_synced_at(" in call:
        return f"({dropped} ? {call.replace('append_synced_at(', 'write_at(')} : {call})"
    return f"({dropped} ? ::agentos::Status{{}} : {call})"


def is_sanitizer(word):
    return word.startswith(("-fsanitize", "-fno-sanitize"))


def compile_all(build_folder, scratch):
    """The tests and what they need, as objects by target; without sanitizers, since they run many times."""
    objects = {"recorder_test": [], "agentos_recorder": [], "agentos_base": []}
    commands = []
    for entry in json.loads((build_folder / "compile_commands.json").read_text()):
        target = next((name for name in objects if f"/{name}.dir/" in entry["command"]), None)
        if target is None:
            continue
        command = [word for word in shlex.split(entry["command"]) if not is_sanitizer(word)]
        command[command.index("-o") + 1] = str(scratch / f"{len(commands)}.o")
        objects[target].append(command[command.index("-o") + 1])
        if target == "agentos_recorder":
            command += ["-ivfsoverlay", str(scratch / "overlay.json"), "-include", str(scratch / "dropping.h")]
        commands.append((command, entry["directory"]))
    with ThreadPoolExecutor(COMPILERS) as pool:
        for done in pool.map(lambda one: subprocess.run(one[0], cwd=one[1], capture_output=True, text=True), commands):
            if done.returncode != 0:
                sys.exit(done.stderr)
    return objects


def build(build_folder, scratch):
    """Compiles and links; gives the program and its places."""
    (scratch / "dropping.h").write_text(HEADER)
    places, overlay = [], []
    for path in sorted(FOLDER.glob("*.cc")):
        if OTHERS.search(path.name):
            continue
        text, found = path.read_text(), places_in(path)
        for begin, end, call, line in reversed(found):
            number = len(places) + found.index((begin, end, call, line)) + 1
            text = text[:begin] + without(call, number) + text[end:]
        places += [(path.name, line, call) for _, _, call, line in found]
        if found:
            (scratch / path.name).write_text(text)
            overlay.append({"type": "file", "name": str(path), "external-contents": str(scratch / path.name)})
    (scratch / "overlay.json").write_text(json.dumps({"version": 0, "roots": overlay}))
    objects = compile_all(build_folder, scratch)
    link = subprocess.run(["ninja", "-C", str(build_folder), "-t", "commands", "-s", "bin/recorder_test"],
                          capture_output=True, text=True, check=True).stdout.splitlines()[-1]
    words = []
    for word in shlex.split(link):
        target = TARGET_OF_ARCHIVE.get(word, "recorder_test" if "/recorder_test.dir/" in word else None)
        if target:
            words += objects.pop(target, [])
        elif not is_sanitizer(word):
            words.append(word)
    program = scratch / "recorder_test"
    words[words.index("-o") + 1] = str(program)
    words = words[words.index("&&") + 1 :] if words[:2] == [":", "&&"] else words
    if "&&" in words:
        words = words[: words.index("&&")]
    subprocess.run(words, cwd=build_folder, check=True)
    return program, places


def first_failure(program, number, tests):
    """The name of a test that fails without place `number`; None when all pass."""
    environment = {**os.environ, "DROPPED_SYNC": str(number)}
    command = [str(program), "--gtest_brief=1", "--gtest_fail_fast", f"--gtest_filter={tests}"]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=TEST_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        return "(a test that does not end)"
    if done.returncode == 0:
        return None
    names = re.findall(r"\[  FAILED  \] (\S+)", done.stdout)
    return names[0] if names else f"(the program ended with {done.returncode})"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/dev")
    parser.add_argument("--only", type=int, nargs="*")
    parser.add_argument("--list", action="store_true", help="the places, without running anything")
    arguments = parser.parse_args()
    if arguments.list:
        for path in sorted(FOLDER.glob("*.cc")):
            if not OTHERS.search(path.name):
                for _, _, call, line in places_in(path):
                    print(f"{path.name}:{line}: {call}")
        return 0
    with tempfile.TemporaryDirectory(prefix="drop_syncs.") as scratch:
        program, places = build(arguments.build.resolve(), Path(scratch))
        if wrong := first_failure(program, 0, QUICK):
            print(f"nothing is dropped and yet {wrong} fails", file=sys.stderr)
            return 2
        unnoticed = 0
        for number, (name, line, call) in enumerate(places, 1):
            if arguments.only and number not in arguments.only:
                continue
            begun = time.monotonic()
            failed = first_failure(program, number, QUICK) or first_failure(program, number, "*")
            unnoticed += failed is None
            print(f"{number:3} {name}:{line} {call[:48]:48} {failed or 'UNNOTICED'} ({time.monotonic() - begun:.1f} s)",
                  flush=True)
        print(f"{len(places)} syncs, {unnoticed} of them can be dropped unnoticed")
        return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
