"""Clients and proxies that come and are killed at any moment leave no process and no descriptor.

AGENTOS_CYCLES says how often: 50 by default, 1000 for what the promises say.
"""
import json
import os
import pathlib
import unittest

from wrapped import SERVER, Place, Refused, wait_until

CYCLES = int(os.environ.get("AGENTOS_CYCLES", "50"))
SIDE_BY_SIDE = 5
ALLOW = """apiVersion: agentos/v1
kind: Policy
metadata: {name: test}
spec:
  rules: [{name: all, syscalls: ["*"], action: allow}, {name: list, phase: list, tools: ["*"], action: allow}]
"""


class Cycles(unittest.TestCase):
    def setUp(self):
        self.place = Place()
        self.addCleanup(self.place.stop)
        self.policy = self.place.kernel.folder / "test.yaml"
        self.policy.write_text(ALLOW, encoding="utf-8")

    def client(self, name):
        return self.place.wrap("--policy", str(self.policy), "--name", name)

    def of_this_kernel(self):
        """Processes that have this kernel's folder in their environment, but for the kernel and what it keeps."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                environment = (entry / "environ").read_bytes() if entry.name.isdigit() else b""
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if str(self.place.kernel.folder).encode() in environment or SERVER.encode() in words:
                found.append((int(entry.name), b" ".join(words).decode(errors="replace")))
        kept = ("agentos serve", "agentos-signer", "agentos-parser", "agentos-egress")
        return [one for one in found if not any(word in one[1] for word in kept)]

    # The moments at which a client goes: how far it has come, and who is killed.
    @staticmethod
    def goes(client, cycle):
        moment = cycle % 6
        try:
            if moment >= 1:
                client.start()
            if moment >= 2:
                client.ask("tools/list")
            if moment == 3:
                client.send("tools/call", {"name": "silent", "arguments": {}})
            if moment == 4:
                client.send("tools/call", {"name": "wedge", "arguments": {}})
            if moment == 5:
                client.send("tools/call", {"name": "flood", "arguments": {"count": 2000}})
        except (Refused, BrokenPipeError):
            pass
        if cycle % 2:
            client.kill()  # the proxy, in whatever it does
        else:
            client.close()  # the client: its pipes close

    def test_nothing_is_left(self):
        kernel = self.place.kernel
        for cycle in range(2 * SIDE_BY_SIDE):  # what is made once is made
            self.goes(self.client("warm"), cycle)
        wait_until(self.is_calm, what="the end of all agents")
        before = kernel.settled_descriptors()
        memory = kernel.memory_bytes()
        for first in range(0, CYCLES, SIDE_BY_SIDE):
            clients = [self.client(f"cycle-{i}") for i in range(min(SIDE_BY_SIDE, CYCLES - first))]
            for i, client in enumerate(clients):
                self.goes(client, first + i)
        wait_until(self.is_calm, what="the end of all agents")
        wait_until(lambda: self.of_this_kernel() == [], what=f"no process, but there are {self.of_this_kernel()}")
        wait_until(lambda: kernel.settled_descriptors() <= before, what=f"{before} descriptors again")
        grown = kernel.memory_bytes() - memory
        print(f"{CYCLES} cycles: {before} descriptors before and after, resident memory grew by {grown >> 10} KiB")

    def is_calm(self):
        listed = self.place.agentos("ps", "--format", "json").stdout.strip()
        return not listed or json.loads(listed) == []


if __name__ == "__main__":
    unittest.main()
