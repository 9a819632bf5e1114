#!/usr/bin/env python3
"""clang-tidy on the sources, shellcheck on the scripts, and a compile of every Python file.

Looks at src/**/*.cc of a configured build directory but tests, fuzz targets and benchmarks. The files of a folder
are joined and looked at in one go, since most of the time goes into the headers they share. A batch whose
text, headers of ours, flags and configuration have not changed since it was last clean is not looked at again. How names are
spelled takes a quarter of the time and is looked at with --names (make soak) only; a style test looks at those of types. The last
line is "lint: N passed, N failed", counted in files; the exit status says the same.
"""
import argparse
import bisect
import concurrent.futures
import hashlib
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)
NOT_LINTED = re.compile(r"_(test|fuzz|bench)\.cc$|/generated/")
INCLUDE_LINE = re.compile(r"[ \t]*#[ \t]*include[ \t]*([<\"][^>\"]+[>\"])")
FINDING = re.compile(r"(?m)^(?=\S+:\d+:\d+: (?:error|warning): )")
FILE_SECONDS_MAX = 300
JOINED_FILES_MAX = 40


def tracked(*patterns):
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns], cwd=ROOT,
                            capture_output=True, text=True, check=True).stdout.split("\n")
    return [name for name in sorted(set(listed)) if name and (ROOT / name).is_file()]


class Joined:
    """The text of several sources as one, and which line came from where."""

    def __init__(self, names):
        self.names, self.starts, self.lines, known = names, [], [], set()
        for name in names:
            self.starts.append(len(self.lines) + 1)
            here = set()
            for line in (ROOT / name).read_text(encoding="utf-8").split("\n"):
                found = INCLUDE_LINE.match(line)
                # What an earlier file includes, this one need not again; twice in one file stays a finding.
                again = found and found.group(1) in known and found.group(1) not in here
                if found:
                    here.add(found.group(1))
                self.lines.append("" if again else line)
            known |= here

    def place(self, line):
        at = bisect.bisect(self.starts, line) - 1
        return self.names[at], line - self.starts[at] + 1


class Tidy:
    def __init__(self, build, spelling):
        self.checks = [] if spelling else ["--checks=-readability-identifier-naming"]
        self.program = shutil.which("clang-tidy-19")
        self.cache = build / "lint_cache"
        self.cache.mkdir(parents=True, exist_ok=True)
        version = subprocess.run([self.program, "--version"], capture_output=True, check=True).stdout
        self.base = hashlib.sha256(repr(self.checks).encode() + version + (ROOT / ".clang-tidy").read_bytes() + pathlib.Path(__file__).read_bytes()).hexdigest()
        self.known = {}
        self.flags = {}  # of each source
        self.batches = []
        for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
            self.add(pathlib.Path(entry["file"]), entry["command"])

    def add(self, file, command):
        sources = [file]
        if "Unity" in file.parts:
            sources = [pathlib.Path(found.decode()) for found in INCLUDE.findall(file.read_bytes())]
        words = shlex.split(command)
        first = next(at for at, word in enumerate(words) if "clang" in word) + 1
        flags = [word for word in words[first:words.index("-o")] if word != "-c"]
        names = [str(source.relative_to(ROOT)) for source in sources if source.is_relative_to(ROOT)]
        names = [name for name in names if name.startswith("src/") and name.endswith((".cc", ".c")) and not NOT_LINTED.search(name)
                 and name not in self.flags and (ROOT / name).is_file()]
        self.flags.update((name, flags) for name in names)
        if not names:
            return
        # Batches of a folder with the same flags become one: the headers they share are half of the work.
        for batch in self.batches:
            same = pathlib.Path(batch[0]).parent == pathlib.Path(names[0]).parent and pathlib.Path(batch[0]).suffix == pathlib.Path(names[0]).suffix
            if same and self.flags[batch[0]] == flags and len(batch) + len(names) <= JOINED_FILES_MAX:
                batch += names
                return
        self.batches.append(names)

    def key(self, names):
        pending, seen = list(names), {}
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
        return hashlib.sha256(f"{self.base}{self.flags[names[0]]}{names}{sorted(seen.items())}".encode()).hexdigest()

    def look(self, names):
        """How many of the files are good, how many not, and what was found."""
        stamp = self.cache / self.key(names)
        if stamp.exists():
            return len(names), 0, ""
        joined = Joined(names)
        seconds = FILE_SECONDS_MAX * len(names)
        with tempfile.NamedTemporaryFile("w", suffix=pathlib.Path(names[0]).suffix, dir=self.cache, encoding="utf-8") as file:
            file.write("\n".join(joined.lines))
            file.flush()
            command = [self.program, "--quiet", f"--config-file={ROOT}/.clang-tidy", *self.checks, file.name, "--", *self.flags[names[0]],
                       "-Wno-unknown-warning-option"]
            try:
                result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False)
            except subprocess.TimeoutExpired:
                return 0, len(names), f"{names[0]}:1: clang-tidy took longer than {seconds} s on {', '.join(names)}\n"
            bad = set()

            def placed(match):
                name, line = joined.place(int(match.group(1)))
                bad.add(name)
                return f"{name}:{line}:"

            output = re.sub(re.escape(file.name) + r":(\d+):", placed, result.stdout).replace(f"{ROOT}/", "")
        if result.returncode == 0:
            stamp.touch()
            return len(names), 0, ""
        errors = "\n".join(line for line in result.stderr.splitlines() if "error" in line)
        failed = min(len(bad), len(names)) or 1  # a finding in a header is one
        return len(names) - failed, failed, output or errors or result.stderr


def script(name):
    if name.endswith(".py"):
        try:
            compile((ROOT / name).read_bytes(), name, "exec")
            return 1, 0, ""
        except SyntaxError as error:
            return 0, 1, f"{name}:{error.lineno}: {error.msg}\n"
    result = subprocess.run(["shellcheck", "--format=gcc", name], cwd=ROOT, capture_output=True, text=True, check=False)
    return int(result.returncode == 0), int(result.returncode != 0), result.stdout + result.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "dev")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--names", action="store_true", help="how names are spelled, too")
    parser.add_argument("files", nargs="*", help="only these; default: all")
    parsed = parser.parse_args()
    for program in ("clang-tidy-19", "shellcheck"):
        if shutil.which(program) is None:
            print(f"lint: {program} is not installed: run tools/setup.sh")
            return 1
    tidy = Tidy(parsed.build.resolve(), parsed.names)
    scripts = tracked("*.sh", ".ci/run", "*.py")
    batches = tidy.batches
    if parsed.files:
        wanted = {str(pathlib.Path(name).resolve().relative_to(ROOT)) for name in parsed.files}
        batches = [[name] for name in tidy.flags if name in wanted]
        scripts = [name for name in scripts if name in wanted]
    work = [(tidy.look, names) for names in sorted(batches, key=len, reverse=True)] + [(script, name) for name in scripts]
    total = sum(map(len, batches)) + len(scripts)
    passed, failed, started, shown = 0, 0, time.monotonic(), set()
    with concurrent.futures.ThreadPoolExecutor(parsed.jobs) as pool:
        for good, bad, output in pool.map(lambda task: task[0](task[1]), work):
            passed, failed = passed + good, failed + bad
            if sys.stderr.isatty():
                print(f"\r\033[Klint {passed + failed}/{total}", end="", file=sys.stderr, flush=True)
            for finding in FINDING.split(output):
                if finding.strip() and finding not in shown:  # a finding in a header shows once
                    shown.add(finding)
                    print(("\r\033[K" if sys.stderr.isatty() else "") + finding.rstrip(), flush=True)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    print(f"lint: {passed} passed, {failed} failed of {total} files in {time.monotonic() - started:.0f} s")
    return 1 if failed or not work else 0


if __name__ == "__main__":
    sys.exit(main())
