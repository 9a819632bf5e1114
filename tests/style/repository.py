"""What the style tests share: which files there are, how a finding reads, and how a program ends.

Every style test takes --root (the tree to look at), prints one line a finding, "file:line: what: how to mend", and
ends with 0 (clean), 1 (findings) or 77 (it cannot run here and says why). A test that finds nothing to look at fails.
"""
import argparse
import pathlib
import re
import subprocess
import sys

SKIPPED = 77
CODE = (".h", ".cc", ".c")


class Findings:
    """Collects findings and turns them into an exit status."""

    def __init__(self, name):
        self.name = name
        self.count = 0
        self.looked_at = 0

    def add(self, file, line, what, mend):
        self.count += 1
        print(f"{file}:{line}: {what}: {mend}")

    def finish(self):
        if self.looked_at == 0:
            print(f"{self.name}: nothing was looked at, so nothing was checked: is --root the repository?")
            return 1
        print(f"{self.name}: {self.looked_at} looked at, {self.count} findings")
        return 1 if self.count else 0


def arguments(description, extra=()):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2])
    for flags, options in extra:
        parser.add_argument(flags, **options)
    return parser.parse_args()


def files(root, suffixes=None, under=""):
    """Paths relative to root: what git tracks or would track; without git, everything but build/."""
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True, check=False)
    if listed.returncode == 0:
        names = [name for name in listed.stdout.decode().split("\0") if name]
    else:
        names = [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]
        names = [name for name in names if not name.startswith(("build/", ".git/"))]
    found = sorted({name for name in names if name.startswith(under) and (root / name).is_file()})
    return [name for name in found if suffixes is None or name.endswith(tuple(suffixes))]


def is_generated(name):
    return "/generated/" in name or name.startswith(("sdk/c/", "docs/reference/"))


def read(root, name):
    return (root / name).read_text(encoding="utf-8", errors="replace")


def without_comments(text, keep_strings=False):
    """The C++ text with comments (and string contents) blanked; lines and columns stay where they are."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'',
        re.DOTALL)

    def blank(match):
        token = match.group(0)
        if not token.startswith("/") and keep_strings:
            return token
        return re.sub(r"[^\n]", " ", token) if token.startswith("/") else re.sub(r"[^\n\"']", "_", token)

    return pattern.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def run(check, description, extra=()):
    """Calls check(findings, parsed arguments) and ends the program."""
    parsed = arguments(description, extra)
    parsed.root = parsed.root.resolve()
    findings = Findings(pathlib.Path(sys.argv[0]).stem)
    sys.exit(check(findings, parsed) or findings.finish())
