"""Every header compiles alone: what it uses it includes. Results are kept by content, so a second run is quick.

A header that its own .cc includes first is proved by compiling that .cc, which every build does; the others are compiled
here."""
import concurrent.futures
import hashlib
import pathlib
import re
import shutil
import subprocess

import repository

INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)
FLAGS = {
    ".h": ["clang++-19", "-x", "c++", "-std=gnu++23", "-Wall", "-Wextra", "-Wno-gnu-statement-expression",
           "-Wno-unused-const-variable"],
    "c": ["clang-19", "-x", "c", "-std=c17", "-Wall", "-Wextra", "-Wpedantic"],
}


def closure(root, name, known):
    """Content of a header and of all of ours it includes, as one digest."""
    pending, seen = [name], {}
    while pending:
        file = pending.pop()
        if file in seen:
            continue
        if file not in known:
            content = (root / file).read_bytes()
            places = [base + found.decode() for found in INCLUDE.findall(content) for base in ("src/", "")]
            known[file] = hashlib.sha256(content).hexdigest(), [place for place in places if (root / place).is_file()]
        seen[file], includes = known[file]
        pending += includes
    return hashlib.sha256(repr(sorted(seen.items())).encode()).hexdigest()


def included_first(root, name):
    own = root / (name.removesuffix(".h") + ".cc")
    first = INCLUDE.search(own.read_bytes()) if own.is_file() else None
    angle = re.search(rb"^[ \t]*#[ \t]*include[ \t]*<", own.read_bytes(), re.MULTILINE) if first else None
    return bool(first) and first.group(1).decode() == name.removeprefix("src/") and not (angle and angle.start() < first.start())


def check(findings, parsed):
    if shutil.which("clang++-19") is None:
        print("clang++-19 is not installed: run tools/setup.sh")
        return repository.SKIPPED
    version = subprocess.run(["clang++-19", "--version"], capture_output=True, text=True, check=True).stdout.split("\n")[0]
    cache, known = parsed.cache or parsed.root / "build" / "headers_alone", {}
    cache.mkdir(parents=True, exist_ok=True)
    names = repository.files(parsed.root, (".h",), "src/") + repository.files(parsed.root, (".h",), "sdk/c/")
    findings.looked_at = len(names)

    def compile_alone(name):
        flags = FLAGS["c" if name.startswith("sdk/c/") else ".h"]
        key = hashlib.sha256(f"{version}{flags}{name}{closure(parsed.root, name, known)}".encode()).hexdigest()
        if (cache / key).exists():
            return name, ""
        source = f'#include "{name.removeprefix("src/")}"\n'
        result = subprocess.run([*flags, "-fsyntax-only", "-Werror", "-Isrc", "-I.", "-"], cwd=parsed.root, input=source,
                                capture_output=True, text=True, check=False)
        if result.returncode == 0:
            (cache / key).touch()
        return name, result.stderr if result.returncode else ""

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, errors in pool.map(compile_alone, [name for name in names if not included_first(parsed.root, name)]):
            if errors:
                place = re.search(r"^(?:\./)?([^:\n]+):(\d+):\d+: (?:fatal )?error: (.*)$", errors, re.MULTILINE)
                file, line, what = place.groups() if place else (name, 1, errors.strip())
                findings.add(file, line, f"{name} does not compile alone ({what})", "include what it uses")


repository.run(check, __doc__, [("--cache", {"type": pathlib.Path})])
