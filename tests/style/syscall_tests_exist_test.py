"""Every fully supported row of src/abi/syscalls.def that an agent can call has a black-box test of its own name, and every
test there has a row."""
import re

import repository

TABLE = "src/abi/syscalls.def"
ROW = re.compile(r"^CALL\(\s*(\d+),\s*(\w+),\s*\w+,\s*(\w+),\s*\w+,\s*\w+,\s*\w+,\s*(\w+),", re.MULTILINE)


def check(findings, parsed):
    text = repository.read(parsed.root, TABLE)
    rows = {match.group(2): (match.group(3), match.group(4), repository.line_of(text, match.start())) for match in ROW.finditer(text)}
    findings.looked_at = len(rows)
    if len(rows) != len(re.findall(r"^CALL\(", text, re.MULTILINE)):
        findings.add(TABLE, 1, "a row does not parse", "keep the columns as its first comment names them")
    for name, (subject, support, line) in rows.items():
        if support == "full" and subject in ("agent", "any") and not (parsed.root / f"tests/syscalls/{name}_test.cc").is_file():
            findings.add(TABLE, line, f"{name} has no black-box test", f"write tests/syscalls/{name}_test.cc")
    for file in repository.files(parsed.root, ("_test.cc",), "tests/syscalls/"):
        name = file.rsplit("/", 1)[1].removesuffix("_test.cc")
        if name not in rows:
            findings.add(file, 1, "it is named after no row of the table", "name it <call>_test.cc")


repository.run(check, __doc__)
