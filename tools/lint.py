#!/usr/bin/env python3
"""clang-tidy on the sources, shellcheck on the scripts, and a compile of every Python file.

Looks at src/**/*.cc of a configured build directory but tests, fuzz targets and benchmarks. A file whose text, headers
of ours, flags and configuration have not changed since it was last clean is not looked at again. The last line is
"lint: N passed, N failed", counted in files; the exit status says the same.
"""
import argparse
import concurrent.futures
import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)
NOT_LINTED = re.compile(r"_(test|fuzz|bench)\.cc$|/generated/")
FINDING = re.compile(r"(?m)^(?=\S+:\d+:\d+: (?:error|warning): )")
FILE_SECONDS_MAX = 300


def tracked(*patterns):
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns], cwd=ROOT,
                            capture_output=True, text=True, check=True).stdout.split("\n")
    return [name for name in sorted(set(listed)) if name and (ROOT / name).is_file()]


class Tidy:
    def __init__(self, build):
        self.program = shutil.which("clang-tidy-19")
        self.build = build
        self.cache = build / "lint_cache"
        self.cache.mkdir(parents=True, exist_ok=True)
        commands = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
        self.commands = {str(pathlib.Path(entry["file"]).relative_to(ROOT)): entry["command"] for entry in commands
                         if pathlib.Path(entry["file"]).is_relative_to(ROOT)}
        version = subprocess.run([self.program, "--version"], capture_output=True, check=True).stdout
        self.base = hashlib.sha256(version + (ROOT / ".clang-tidy").read_bytes()).hexdigest()
        self.known = {}

    def files(self):
        return [name for name in self.commands if name.startswith("src/") and not NOT_LINTED.search(name) and (ROOT / name).is_file()]

    def key(self, name):
        pending, seen = [name], {}
        while pending:
            file = pending.pop()
            if file in seen:
                continue
            if file not in self.known:
                content = (ROOT / file).read_bytes()
                places = [base + found.decode() for found in INCLUDE.findall(content) for base in ("src/", "")]
                self.known[file] = hashlib.sha256(content).hexdigest(), [place for place in places if (ROOT / place).is_file()]
            seen[file], includes = self.known[file]
            pending += includes
        return hashlib.sha256(f"{self.base}{self.commands[name]}{sorted(seen.items())}".encode()).hexdigest()

    def look(self, name):
        stamp = self.cache / self.key(name)
        if stamp.exists():
            return name, True, ""
        try:
            result = subprocess.run([self.program, "-p", self.build, "--quiet", "--extra-arg=-Wno-unknown-warning-option", name],
                                    cwd=ROOT, capture_output=True, text=True, timeout=FILE_SECONDS_MAX, check=False)
        except subprocess.TimeoutExpired:
            return name, False, f"{name}:1: clang-tidy took longer than {FILE_SECONDS_MAX} s: split the file\n"
        if result.returncode == 0:
            stamp.touch()
            return name, True, ""
        errors = "\n".join(line for line in result.stderr.splitlines() if "error" in line)
        return name, False, (result.stdout or errors or result.stderr).replace(f"{ROOT}/", "")


def script(name):
    if name.endswith(".py"):
        try:
            compile((ROOT / name).read_bytes(), name, "exec")
            return name, True, ""
        except SyntaxError as error:
            return name, False, f"{name}:{error.lineno}: {error.msg}\n"
    result = subprocess.run(["shellcheck", "--format=gcc", name], cwd=ROOT, capture_output=True, text=True, check=False)
    return name, result.returncode == 0, result.stdout + result.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "dev")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("files", nargs="*", help="only these; default: all")
    parsed = parser.parse_args()
    for program in ("clang-tidy-19", "shellcheck"):
        if shutil.which(program) is None:
            print(f"lint: {program} is not installed: run tools/setup.sh")
            return 1
    tidy = Tidy(parsed.build.resolve())
    scripts = tracked("*.sh", ".ci/run", "*.py")
    work = [(tidy.look, name) for name in tidy.files()] + [(script, name) for name in scripts]
    if parsed.files:
        work = [(look, name) for look, name in work if name in parsed.files]
    passed, failed, started, shown = 0, 0, time.monotonic(), set()
    with concurrent.futures.ThreadPoolExecutor(parsed.jobs) as pool:
        for name, good, output in pool.map(lambda task: task[0](task[1]), work):
            passed, failed = passed + good, failed + (not good)
            if sys.stderr.isatty():
                print(f"\r\033[Klint {passed + failed}/{len(work)} {name}", end="", file=sys.stderr, flush=True)
            for finding in FINDING.split(output):
                if finding.strip() and finding not in shown:  # a finding in a header shows once
                    shown.add(finding)
                    print(("\r\033[K" if sys.stderr.isatty() else "") + finding.rstrip(), flush=True)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    print(f"lint: {passed} passed, {failed} failed of {len(work)} files in {time.monotonic() - started:.0f} s")
    return 1 if failed or not work else 0


if __name__ == "__main__":
    sys.exit(main())
