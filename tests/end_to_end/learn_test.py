"""`run --trace` records what a program opens; `run --learn` proposes documents for it and changes nothing."""
import json

import real_kernel
from real_kernel import KernelTest, PYTHON

SCRIPT = """import socket, sys
open("notes.txt").read()
for path in sys.argv[1:3]:
    try: open(path).read()
    except OSError: pass
try: open("result.txt", "w").write("x")
except OSError: pass
try: socket.create_connection(("192.0.2.1", 443), 1)
except OSError: pass
"""


class Learn(KernelTest):
    def setUp(self) -> None:
        super().setUp()
        (self.kernel.work / "notes.txt").write_text("notes\n", encoding="utf-8")
        self.data = self.kernel.folder / "data.csv"
        self.data.write_text("1,2\n", encoding="utf-8")
        self.key = self.kernel.folder / ".ssh/id"
        self.key.parent.mkdir()
        self.key.write_text("key\n", encoding="utf-8")

    def attempt(self, *options):
        ran = self.kernel.run(PYTHON, "-c", SCRIPT, str(self.data), str(self.key), options=options)
        self.assertEqual(ran.returncode, 0, ran)
        return ran

    def events(self):
        lines = self.kernel.cli("log", "show", "--format", "jsonl", "--last", "5000").stdout.decode().splitlines()
        entries = [json.loads(line) for line in lines]
        return [(entry["leaf"]["name"], entry["opening"]) for entry in entries if entry["leaf"].get("name") in ("blocked", "traced")]

    def test_without_trace_openings_are_not_recorded(self) -> None:
        self.attempt()
        self.assertEqual([opening["target"] for _, opening in self.events()], ["tcp 192.0.2.1:443"])

    def test_a_traced_run_has_every_opening_with_what_became_of_it(self) -> None:
        self.attempt("--trace")
        seen = {(name, opening["target"], opening.get("access")) for name, opening in self.events()}
        self.assertIn(("traced", str(self.kernel.work / "notes.txt"), "read"), seen)
        self.assertIn(("blocked", str(self.data), "read"), seen)
        self.assertIn(("blocked", str(self.kernel.work / "result.txt"), "write"), seen)
        self.assertFalse((self.kernel.work / "result.txt").exists(), "seen is not allowed")
        self.assertTrue(any(name == "traced" and target.startswith("/usr/lib") for name, target, _ in seen))

    def test_a_proposal_allows_what_was_tried_but_for_keys_and_changes_nothing(self) -> None:
        folder = self.kernel.folder / "proposal"
        ran = self.attempt("--learn", str(folder))
        told = ran.stderr.decode()
        profile = (folder / "profile.yaml").read_text(encoding="utf-8")
        self.assertIn('"${home}/data.csv"', profile)
        self.assertIn('"${cwd}"', profile, "a file is made where its folder may be changed")
        self.assertIn("network: proxy", profile)
        self.assertNotIn(".ssh", profile)
        self.assertIn(f"left out: {self.key}", told)
        self.assertRegex(told, r"\+grant read \$\{home\}/data\.csv")
        self.assertFalse((self.kernel.work / "result.txt").exists())
        again = self.kernel.cli("run", "--policy", str(folder / "policy.yaml"), "--profile", str(folder / "profile.yaml"), "--", PYTHON, "-c", SCRIPT,
                                str(self.data), str(self.key))  # fmt: skip
        self.assertEqual(again.returncode, 0, again)
        self.assertEqual((self.kernel.work / "result.txt").read_text(encoding="utf-8"), "x")


if __name__ == "__main__":
    real_kernel.main()
