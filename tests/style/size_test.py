"""Files stay under 450 lines and functions under 70. What is longer stands in size_ratchet.txt with its size, and may only
shrink. --update lowers the listed sizes and drops what is gone; a new line there is written by hand and argued for."""
import re

import repository

FILE_LINES_MAX = 450
FUNCTION_LINES_MAX = 70
RATCHET = "tests/style/size_ratchet.txt"
TOKEN = re.compile(r"[{};]|\n")
NOT_FUNCTIONS = re.compile(r"\b(?:namespace|class|struct|union|enum|extern)\b[^()]*$|=\s*$|\]\s*$")
NAME = re.compile(r"(~?[A-Za-z_][\w:]*|operator\s*\S+?)\s*\(")
CONTROL = {"if", "for", "while", "switch", "catch", "return", "sizeof", "decltype", "requires", "alignas", "noexcept"}


def function_name(head):
    """The name when `head` (what stands before a brace) opens a function at file or class scope, else None."""
    head = re.sub(r"^[ \t]*#.*$", "", head, flags=re.MULTILINE).strip()
    if "(" not in head or head.count("(") != head.count(")") or NOT_FUNCTIONS.search(head):
        return None
    match = NAME.search(re.sub(r"\[\[.*?\]\]|\b(?:alignas|noexcept|decltype|requires)\s*\([^()]*\)", "", head))
    if match is None or match.group(1) in CONTROL:
        return None
    test = re.match(r"(TEST(?:_[FP])?)\s*\(\s*(\w+)\s*,\s*(\w+)", head)
    return f"{test.group(2)}.{test.group(3)}" if test else match.group(1)


def functions(text):
    """(name, first line, lines) of every function of a C++ text."""
    text = re.sub(r"^[ \t]*#(?:[^\n\\]|\\\n|\\.)*", lambda found: re.sub(r"[^\n]", " ", found.group(0)),
                  repository.without_comments(text), flags=re.MULTILINE)
    depth_inside, name, start, stack, head_from = 0, None, 0, [], 0
    for match in TOKEN.finditer(text):
        token = match.group(0)
        if token == "\n":
            continue
        if name is not None:
            depth_inside += (token == "{") - (token == "}")
            # Braces of a constructor's initializers are followed by the next one or by the body.
            if depth_inside == 0 and token == "}" and text[match.end():].lstrip()[:1] not in (",", "{"):
                yield name, repository.line_of(text, start), text.count("\n", start, match.start()) + 1
                name, head_from = None, match.end()
            continue
        if token == "{":
            head = text[head_from:match.start()]
            name = function_name(head)
            if name is not None:
                depth_inside, start = 1, head_from + len(head) - len(head.lstrip())
            else:
                stack.append(head)
        elif token == "}" and stack:
            stack.pop()
        head_from = match.end()


def measure(root):
    sizes, lines = {}, {}
    for file in repository.files(root, repository.CODE):
        if repository.is_generated(root, file):
            continue
        text = repository.read(root, file)
        sizes[file], lines[file] = text.count("\n"), 1
        for name, line, length in functions(text):
            key = f"{file}:{name}"
            if length >= sizes.get(key, 0):
                sizes[key], lines[key] = length, line
    return sizes, lines


def check(findings, parsed):
    path = parsed.root / RATCHET
    comment, listed = [], {}
    for row in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        if row.startswith("#") or not row.strip():
            comment.append(row)
        else:
            key, _, size = row.rpartition(" ")
            listed[key] = int(size)
    sizes, lines = measure(parsed.root)
    findings.looked_at = len(sizes)
    for key, size in sizes.items():
        file = key.split(":")[0]
        limit, what = (FILE_LINES_MAX, "file") if key == file else (FUNCTION_LINES_MAX, "function " + key.split(":", 1)[1])
        allowed = listed.get(key, limit)
        if size > max(allowed, limit):
            findings.add(file, lines[key], f"{what} has {size} lines, at most {max(allowed, limit)}", "split it by what its parts are about")
        elif key in listed and size < allowed and not parsed.update:
            findings.add(RATCHET, 1, f"{key} shrank from {allowed} to {size} lines", "python3 tests/style/size_test.py --update")
    for key in listed.keys() - sizes.keys():
        if not parsed.update:
            findings.add(RATCHET, 1, f"{key} is gone", "python3 tests/style/size_test.py --update")
    if parsed.update:
        limits = {key: FUNCTION_LINES_MAX if ":" in key else FILE_LINES_MAX for key in listed}
        kept = {key: min(listed[key], sizes[key]) for key in listed if sizes.get(key, 0) > limits[key]}
        path.write_text("\n".join([*comment, *(f"{key} {size}" for key, size in sorted(kept.items()))]) + "\n", encoding="utf-8")


repository.run(check, __doc__, [("--update", {"action": "store_true"})])
