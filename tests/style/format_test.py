"""Every C and C++ file is formatted as .clang-format says."""
import concurrent.futures
import re
import shutil
import subprocess

import repository

BATCH = 20


def check(findings, parsed):
    program = shutil.which("clang-format-19")
    if program is None:
        print("clang-format-19 is not installed: run tools/setup.sh")
        return repository.SKIPPED
    names = [name for name in repository.files(parsed.root, repository.CODE) if not repository.is_generated(parsed.root, name)]
    findings.looked_at = len(names)
    batches = [names[start:start + BATCH] for start in range(0, len(names), BATCH)]

    def formatted(batch):
        return subprocess.run([program, "--dry-run", "-Werror", *batch], cwd=parsed.root,
                              capture_output=True, text=True, check=False)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for result in pool.map(formatted, batches):
            places = dict(re.findall(r"^(.+?):(\d+):\d+: error: ", result.stderr, re.MULTILINE)[::-1])
            for file, line in places.items():
                findings.add(file, line, "not formatted", f"make format, or clang-format-19 -i {file}")
            if result.returncode != 0 and not places:
                findings.add(".clang-format", 1, f"clang-format-19 failed: {result.stderr.strip()}", "mend its configuration")


repository.run(check, __doc__)
