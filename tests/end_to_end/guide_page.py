"""Runs a page of the guide: its blocks of commands one after the other in one folder, and each line of the block of text
behind them must be found in what they print, in order."""
import pathlib
import re
import subprocess

from real_kernel import PROGRAMS, RealKernel

GUIDE = pathlib.Path(__file__).resolve().parents[2] / "docs/guide"
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page):
    """(commands, lines that are printed) of the page."""
    found = []
    for kind, text in BLOCK.findall((GUIDE / page).read_text(encoding="utf-8")):
        if kind == "sh":
            found.append([text, []])
        else:
            found[-1][1] = text.splitlines()
    return found


def run(test, page, least_blocks):
    kernel = RealKernel()
    test.addCleanup(kernel.remove)
    kernel.start()
    test.addCleanup(kernel.stop)
    environment = {**kernel.environment, "PATH": f"{PROGRAMS}:{kernel.environment['PATH']}"}
    pairs = blocks(page)
    test.assertGreaterEqual(len(pairs), least_blocks)
    for commands, lines in pairs:
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands], cwd=kernel.work, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False, timeout=120,
        )
        printed = ran.stdout + ran.stderr
        test.assertEqual(ran.returncode, 0, f"{commands}\n{printed}")
        test.assertTrue(lines, f"the page says nothing of what this prints:\n{commands}")
        rest = ran.stdout
        for line in lines:
            test.assertIn(line, rest, f"{commands}\nprinted:\n{printed}")
            rest = rest[rest.index(line) + len(line):]
