"""What abigen writes today is what is committed, so an ABI change always shows in the diff. Skipped, and says so, only
while the program does not exist."""
import pathlib
import subprocess
import tempfile

import repository

OWNED = ("src/abi/generated/", "docs/reference/")  # folders that hold generated files only
MEND = "build/bin/abigen . writes them all; commit the result"


def check(findings, parsed):
    if not parsed.abigen.is_file():
        print(f"skipped: {parsed.abigen} is not built")
        return repository.SKIPPED
    with tempfile.TemporaryDirectory() as directory:
        fresh = pathlib.Path(directory)
        result = subprocess.run([parsed.abigen.resolve(), fresh], cwd=parsed.root, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            findings.add("src/apps/abigen/main.cc", 1, f"abigen failed with {result.returncode}: {result.stderr.strip()}", "mend it")
        names = {str(path.relative_to(fresh)) for path in fresh.rglob("*") if path.is_file()}
        findings.looked_at = len(names)
        for name in sorted(names):
            committed = parsed.root / name
            if not committed.is_file():
                findings.add(name, 1, "generated, but not committed", MEND)
            elif committed.read_bytes() != (fresh / name).read_bytes():
                pairs = zip(committed.read_bytes().split(b"\n"), (fresh / name).read_bytes().split(b"\n"))
                line = next((number for number, (old, new) in enumerate(pairs, 1) if old != new), 1)
                findings.add(name, line, "not what abigen writes", MEND)
        for name in repository.files(parsed.root):
            owned = any(name.startswith(folder) and any(made.startswith(folder) for made in names) for folder in OWNED)
            if owned and name not in names and not name.endswith("README.md"):
                findings.add(name, 1, "no longer generated", "remove it, or move it out of the generated folder")


repository.run(check, __doc__, [("--abigen", {"type": pathlib.Path, "default": pathlib.Path("build/bin/abigen")})])
