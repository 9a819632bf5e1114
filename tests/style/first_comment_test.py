"""A source file under src/ begins by saying what it guarantees; each folder of src/LAYERS has a README of at most 40 lines.

A header, and a .cc without a header of its own, has a full sentence (25 characters) to 8 lines of prose; examples, indented
deeper, do not count. A .cc beside its header, a test, a fuzz target or a benchmark may be briefer."""
import re

import repository

LINES_MAX = 8
SENTENCE = 25
BRIEF = 10
README_LINES_MAX = 40
CHECKS = re.compile(r"_(test|fuzz|bench)\.cc$")
COMMENT = re.compile(r"^//(.*)$")


def prose(text):
    lines = []
    for line in text.splitlines():
        match = COMMENT.match(line)
        if match is None:
            break
        words = match.group(1)
        if words.strip() and not words.startswith("  "):
            lines.append(words.strip())
    return lines


def check(findings, parsed):
    everything = set(repository.files(parsed.root, under="src/"))
    for file in sorted(everything):
        if file.endswith((".h", ".cc", ".c")) and not repository.is_generated(parsed.root, file):
            findings.looked_at += 1
            beside_header = file.endswith((".cc", ".c")) and file.rsplit(".", 1)[0] + ".h" in everything
            least = BRIEF if beside_header or CHECKS.search(file) else SENTENCE
            lines = prose(repository.read(parsed.root, file))
            if len(lines) > LINES_MAX or len(" ".join(lines)) < least:
                findings.add(file, 1, f"its first comment has {len(lines)} lines of prose, {len(' '.join(lines))} characters; "
                             f"wanted are {least} characters to {LINES_MAX} lines",
                             "say first what the file guarantees and why it exists")
        elif file.endswith("README.md"):
            lines = repository.read(parsed.root, file).count("\n")
            if lines > README_LINES_MAX:
                findings.add(file, lines, f"{lines} lines, at most {README_LINES_MAX}", "keep the map, move the rest to a page of its own")
    layers = [line.split(":")[0] for line in repository.read(parsed.root, "src/LAYERS").splitlines() if re.match(r"^[a-z_/]+:", line)]
    for folder in layers:
        has_code = any(name.startswith(f"src/{folder}/") for name in everything)
        if folder not in ("handlers_seen_by", "everywhere") and has_code and f"src/{folder}/README.md" not in everything:
            findings.add(f"src/{folder}/README.md", 1, "missing", "say what the folder guarantees, may include, and where to look")


repository.run(check, __doc__)
