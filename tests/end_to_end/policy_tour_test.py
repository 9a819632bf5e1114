"""Every command of docs/guide/policy_tour.md works, and prints what the page says: the blocks of the page are run one after
the other in one folder, and each line of the block of text behind them is found in what they print, in order."""
import pathlib
import re
import subprocess
import unittest

import real_kernel
from real_kernel import PROGRAMS, RealKernel

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/guide/policy_tour.md"
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks():
    """(commands, lines that are printed) of the page."""
    found = []
    for kind, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if kind == "sh":
            found.append([text, []])
        else:
            found[-1][1] = text.splitlines()
    return found


class Tour(unittest.TestCase):
    def test_every_command_of_the_page(self):
        kernel = RealKernel()
        self.addCleanup(kernel.remove)
        kernel.start()
        self.addCleanup(kernel.stop)
        environment = {**kernel.environment, "PATH": f"{PROGRAMS}:{kernel.environment['PATH']}"}
        pairs = blocks()
        self.assertGreaterEqual(len(pairs), 10)
        for commands, lines in pairs:
            ran = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", commands], cwd=kernel.work, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                check=False, timeout=120,
            )
            printed = ran.stdout + ran.stderr
            self.assertEqual(ran.returncode, 0, f"{commands}\n{printed}")
            self.assertTrue(lines, f"the page says nothing of what this prints:\n{commands}")
            rest = ran.stdout
            for line in lines:
                self.assertIn(line, rest, f"{commands}\nprinted:\n{printed}")
                rest = rest[rest.index(line) + len(line):]


if __name__ == "__main__":
    real_kernel.main()
