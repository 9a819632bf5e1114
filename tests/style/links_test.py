"""Every relative link of a Markdown file leads to a file, and every #part of one to a heading."""
import re
import urllib.parse

import repository

LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)|!\[[^\]\n]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
CODE_SPAN = re.compile(r"`[^`\n]*`")


def anchors(text):
    headings = re.findall(r"^#+\s+(.*?)\s*$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def check(findings, parsed):
    for file in repository.files(parsed.root, (".md",)):
        findings.looked_at += 1
        text = FENCE.sub(lambda found: re.sub(r"[^\n]", " ", found.group(0)), repository.read(parsed.root, file))
        for match in LINK.finditer(CODE_SPAN.sub(lambda found: " " * len(found.group(0)), text)):
            target = urllib.parse.unquote(match.group(1) or match.group(2))
            if re.match(r"[a-z]+:", target):
                continue
            path, _, part = target.partition("#")
            place = (parsed.root / file).parent / path if path else parsed.root / file
            line = repository.line_of(text, match.start())
            if not place.exists():
                findings.add(file, line, f"{target} leads nowhere", "mend the link, or write what it promises")
            elif part and place.suffix == ".md" and part not in anchors(place.read_text(encoding="utf-8")):
                findings.add(file, line, f"{target}: no such heading", "mend the part after #")


repository.run(check, __doc__)
