"""What an agent's program tries and does not get is in the record and the timeline, with the line that would allow it."""
import json
import shutil

import real_kernel
from real_kernel import KernelTest, PYTHON

ATTEMPTS = """import os, socket, subprocess, sys
for _ in range(12):
    try: socket.create_connection(("192.0.2.1", 443), 1)
    except OSError: pass
try: socket.socket(socket.AF_UNIX).connect("/run/docker.sock")
except OSError: pass
try: subprocess.run([sys.argv[1]])
except OSError: pass
"""


class Blocked(KernelTest):
    def attempt(self):
        tool = self.kernel.folder / "tool"
        shutil.copy("/bin/true", tool)
        ran = self.kernel.run(PYTHON, "-c", ATTEMPTS, str(tool))
        self.assertEqual(ran.returncode, 0, ran)
        return str(tool)

    def events(self):
        lines = self.kernel.cli("log", "show", "--format", "jsonl", "--last", "1000").stdout.decode().splitlines()
        entries = [json.loads(line) for line in lines]
        return [entry["opening"] for entry in entries if entry["leaf"].get("name") == "blocked"]

    def test_events_have_target_process_count_and_mend(self) -> None:
        tool = self.attempt()
        events = self.events()
        by_target = {event["target"]: event for event in events}
        self.assertEqual(set(by_target), {"tcp 192.0.2.1:443", "unix /run/docker.sock", tool})
        tcp = by_target["tcp 192.0.2.1:443"]  # the last of it
        self.assertEqual((tcp["what"], tcp["count"], tcp["program"], tcp["allow"]), ("connect", 12, "python3", "network: proxy"))
        self.assertGreater(tcp["pid"], 1)
        self.assertEqual([event["count"] for event in events if event["target"] == tcp["target"]], [1, 10, 12])
        self.assertEqual(by_target[tool]["what"], "execute")
        self.assertEqual(by_target[tool]["allow"], f'files: {{execute: ["{tool}"]}}')

    def test_the_timeline_and_the_story_show_them(self) -> None:
        tool = self.attempt()
        timeline = self.kernel.cli("log", "timeline").stdout.decode()
        self.assertRegex(timeline, r"blocked.*connect tcp 192\.0\.2\.1:443 by python3 \(pid \d+\).*profile: network: proxy")
        self.assertIn(f"execute {tool}", timeline)
        page = self.kernel.folder / "page.html"
        exported = self.kernel.cli("log", "export", "--to", "html", "--out", str(page))
        self.assertEqual(exported.returncode, 0, exported)
        self.assertIn("connect tcp 192.0.2.1:443", page.read_text(encoding="utf-8"))


if __name__ == "__main__":
    real_kernel.main()
