"""Names say what a thing is: no drawers (util, helper, manager, ...), no unfinished marks, no traces of one machine, and
files that use raw fork, clone or mmap say so in their name."""
import pathlib
import re

import repository

# Parts of a file, folder, type or function name that say nothing.
DRAWERS = {"util", "utils", "utility", "helper", "helpers", "common", "misc", "manager", "managers", "processor", "processors"}
# These say nothing only when they are the whole name.
ALONE = {"core", "data", "info", "impl", "stuff", "handler_impl"}
IDENTIFIER_DRAWERS = DRAWERS - {"common"}
TYPE = re.compile(r"\b(?:class|struct|enum(?:\s+class)?|union|concept)\s+(?:\[\[\w+\]\]\s*)?([A-Za-z_]\w*)")
DEFINED = re.compile(r"^[ \t]*(?:class|struct|union|enum(?:[ \t]+class)?)[ \t]+(?:\[\[\w+\]\][ \t]*)?(\w+)[ \t]*(?:final[ \t]*)?(?::(?!:)[^;(){}\n]*)?\{", re.MULTILINE)
C_NAMES = "src/apps/libagentos/"  # the C ABI's
NAMESPACE = re.compile(r"\bnamespace\s+([\w:]+)")
IDENTIFIER = re.compile(r"(?<![\w:])(?:agentos::)?([A-Za-z_]\w*)")
INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[^\n]*", re.MULTILINE)
USING_NAMESPACE = re.compile(r"^(?:namespace .*\{\s*)?using namespace\b", re.MULTILINE)
UNFINISHED = re.compile("|".join(rf"\b{word}\b" for word in ("TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK")))
HOMES = r"(?<![\w.-])/root/\.\w+"  # and the checkout's own folder, known when the test runs
HOSTS = re.compile("|".join(re.escape(a + b) for a, b in (
    ("deb.debian", ".org"), ("pypi", ".org"), ("pythonhosted", ".org"), ("registry.npmjs", ".org"), ("crates", ".io"),
    ("proxy.golang", ".org"), ("ghcr", ".io"), ("docker", ".io"), ("archive.ubuntu", ".com"))))
RAW = [
    (re.compile(r"(?<![\w>.])(?:::)?v?fork\s*\(\s*\)\s*[;)=!<>]|(?<!\w)::v?fork\s*\("), "fork"),
    (re.compile(r"(?<![\w>.:])(?:::)?mmap\s*\([^;{]*\bMAP_|(?<!\w)::mmap\s*\("), "mmap"),
    (re.compile(r"\b(?:SYS|__NR)_(?:clone3?|v?fork|mmap)\b|(?<!\w)::clone\s*\(|\bCLONE_NEW\w+\s*[|,)]"), "clone"),
]
TEXT = (*repository.CODE, ".def", ".md", ".py", ".sh", ".txt", ".cmake", ".yaml", ".yml", ".json", ".mjs", "Makefile",
        "LAYERS", ".ci/run", ".clang-tidy")


def words(name):
    spaced = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3_\2\4", name)
    return [word for word in spaced.lower().split("_") if word]


def check_path(findings, file, reported):
    for part in file.split("/"):
        stem = part.split(".")[0]
        bad = DRAWERS.intersection(words(stem)) or ({stem} & ALONE)
        if bad and part not in reported:
            reported.add(part)
            findings.add(file, 1, f'"{part}" is a drawer, not a name ({", ".join(sorted(bad))})', "name it after what it holds")


def check_code(findings, file, text):
    for pattern, kind in ((TYPE, "type"), (NAMESPACE, "namespace")):
        for match in pattern.finditer(text):
            for name in match.group(1).split("::"):
                parts = words(name)
                if DRAWERS.intersection(parts) or "_".join(parts) in ALONE:
                    findings.add(file, repository.line_of(text, match.start()), f"the {kind} {name} says nothing",
                                 "name it after what it is or does")
    for match in DEFINED.finditer(text) if file.startswith("src/") and not file.startswith(C_NAMES) else ():
        if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", match.group(1)):
            findings.add(file, repository.line_of(text, match.start()), f"the type {match.group(1)} is not spelled in CamelCase",
                         "write it like SyscallTable; make soak looks at all other names")
    for match in USING_NAMESPACE.finditer(text) if file.endswith(".h") else ():
        findings.add(file, repository.line_of(text, match.start()), "using namespace in a header", "name what is used")
    for match in IDENTIFIER.finditer(text):
        if match.group(1)[0].islower() and IDENTIFIER_DRAWERS.intersection(words(match.group(1))):
            findings.add(file, repository.line_of(text, match.start()), f"the name {match.group(1)} says nothing",
                         "name it after what it is or does")
    if file.startswith("src/") and not re.search(r"_raw(_test)?\.(cc|c|h)$", file):
        for pattern, what in RAW:
            for match in pattern.finditer(text):
                findings.add(file, repository.line_of(text, match.start()), f"raw {what}",
                             "move it to a file whose name ends in _raw.cc, so that danger is visible")


def check(findings, parsed):
    reported = set()
    for file in repository.files(parsed.root):
        findings.looked_at += 1
        if not file.startswith("tests/corpus/"):
            check_path(findings, file, reported)
        if not file.endswith(TEXT) or file.startswith("tests/corpus/"):
            continue
        text = repository.read(parsed.root, file)
        machine = re.compile(f"{HOMES}|{re.escape(str(pathlib.Path(parsed.root).resolve()))}")
        for pattern, what, mend in (
                (UNFINISHED, "unfinished mark", "finish it, or write an issue and say what holds today"),
                (machine, "path of one machine", "use a relative path or a made-up one"),
                (HOSTS, "package registry host", "packages come through their ordinary clients; name the package only")):
            for match in pattern.finditer(text):
                findings.add(file, repository.line_of(text, match.start()), f'{what} "{match.group(0)}"', mend)
        if file.endswith(repository.CODE) and not repository.is_generated(parsed.root, file):
            check_code(findings, file, INCLUDE.sub("", repository.without_comments(text)))


repository.run(check, __doc__)
