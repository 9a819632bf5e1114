"""The Node client on a real kernel: an agent in its sandbox, and an operator outside. Skipped where Node is not."""
import json
import os
import shutil
import subprocess
import sys

import real_kernel

PACKAGE = real_kernel.HERE.parents[1] / "sdk/node"
NODE = shutil.which("node") or ""
DENY_UNLINK = """apiVersion: agentos/v1
kind: Policy
metadata: {name: test}
spec:
  rules:
    - {name: keep, syscalls: [unlink], action: deny, priority: 10, message: Nothing is removed.}
    - {name: everything, syscalls: ["*"], action: allow}
"""


class NodeAgent(real_kernel.KernelTest):
    def setUp(self) -> None:
        super().setUp()
        self.kernel.policy.write_text(DENY_UNLINK, encoding="utf-8")
        package = self.kernel.work / "node_modules/agentos"
        package.mkdir(parents=True)
        for name in ("package.json", *json.loads((PACKAGE / "package.json").read_text(encoding="utf-8"))["files"]):
            source = PACKAGE / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, package / name)
        self.script = self.kernel.work / "agent.mjs"
        shutil.copy(PACKAGE / "tests/agent.mjs", self.script)

    def start(self, *command) -> subprocess.Popen:
        return subprocess.Popen(
            command, env=self.kernel.environment, cwd=self.kernel.work, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )

    def start_agent(self, doing: str) -> subprocess.Popen:
        run = (real_kernel.PROGRAMS / "agentos", "run", "--policy", self.kernel.policy)
        process = self.start(*run, "--", NODE, str(self.script), doing)
        self.addCleanup(self.end, process)
        return process

    def end(self, process: subprocess.Popen) -> None:
        process.kill()
        process.communicate()

    def last_line(self, process: subprocess.Popen):
        out, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, out)
        return json.loads(out.strip().split("\n")[-1])

    def test_agent_reads_writes_cancels_and_meets_its_walls(self) -> None:
        seen = self.last_line(self.start_agent("talk"))
        self.assertEqual(seen["written"], {"size": 1_500_000})
        self.assertTrue(seen["same"])
        self.assertEqual(seen["last"], "\u00e9 999")
        self.assertEqual(seen["sum"], {"value": 42})
        self.assertEqual(seen["timedOut"]["name"], "TimeoutError")
        self.assertTrue(150 <= seen["waitedMs"] < 20_000, seen["waitedMs"])
        self.assertEqual((seen["denied"]["name"], seen["denied"]["code"]), ("Denied", -2))
        self.assertEqual((seen["denied"]["rule"], seen["denied"]["message"]), ("test/keep", "Nothing is removed."))
        self.assertEqual(seen["absent"]["name"], "NotFound")
        self.assertEqual(seen["wrong"]["name"], "InvalidArgument")
        self.assertEqual(seen["operators"]["name"], "NotPermitted")
        self.assertEqual(seen["again"]["name"], "NoKernel")
        self.assertTrue(seen["isNotFound"])
        self.assertEqual(seen["bounds"]["others"], [], "the client lets through what the kernel cannot read")
        self.assertGreater(seen["bounds"]["taken"], 0)
        self.assertGreater(seen["bounds"]["unsendable"], 0)

    def test_signals_are_events_and_a_waiting_call_is_cancelled(self) -> None:
        process = self.start_agent("signals")
        agent = process.stdout.readline().strip()
        wire = self.kernel.operator()
        self.addCleanup(wire.close)
        self.assertEqual(wire.call("signal", target=agent, signal="SIGUSR1", reason="look up").get("effect"), "handled")
        seen = self.last_line(process)
        self.assertEqual((seen["signal"]["name"], seen["signal"]["reason"]), ("SIGUSR1", "look up"))
        self.assertEqual(seen["signal"]["sender"], f"operator:{os.getuid()}")
        self.assertEqual(seen["message"]["message"], "no longer")

    def test_operator_sees_agents_and_hears_when_the_kernel_ends(self) -> None:
        waiting = self.start_agent("signals")
        agent = waiting.stdout.readline().strip()
        operator = self.start(NODE, str(self.script), "operator")
        self.assertEqual(operator.stdout.readline().strip(), "connected")
        self.assertEqual(self.kernel.stop(), 0)
        seen = self.last_line(operator)
        self.assertEqual([one["agent"] for one in seen["ps"]["agents"]], [agent])
        self.assertGreater(seen["metrics"]["metrics"]["syscall_count"], 0)
        self.assertEqual(seen["agents"]["name"], "NotPermitted")
        self.assertIn("reply" if "reply" in seen["waited"] else seen["waited"]["name"], ("reply", "Disconnected"))
        waiting.communicate(timeout=60)


def main() -> None:
    version = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=False).stdout if NODE else ""
    if not version or int(version.lstrip("v").split(".")[0]) < 18:
        print(f"skipped: node {version.strip() or 'is not installed'}; 18 or later is needed")
        sys.exit(77)
    real_kernel.main()


if __name__ == "__main__":
    main()
