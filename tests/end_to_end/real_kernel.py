"""A real kernel process for tests: its own folder, environment and socket, and agents as real process trees.

Nothing here knows the kernel's code: it starts the programs of one build and speaks the wire. A test that leaves
processes behind fails: stop() waits until the kernel and everything below it is gone.
"""
from __future__ import annotations

import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

ALLOW_ALL = """apiVersion: agentos/v1
kind: Policy
metadata: {name: test}
spec:
  rules:
    - {name: everything, syscalls: ["*"], action: allow}
"""
PYTHON = "/usr/bin/python3"  # the system's own: a profile grants it
START_SECONDS = 30
REPLY_SECONDS = 30
HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = pathlib.Path(os.environ.get("AGENTOS_BIN", HERE.parents[1] / "build/bin")).resolve()


def wait_until(condition, seconds=REPLY_SECONDS, what="what the test waits for"):
    """The first true value of condition(); fails after `seconds`."""
    until = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > until:
            raise AssertionError(f"{what} did not come within {seconds} s")
        time.sleep(0.01)


class Wire:
    """Octets to and from a socket of the kernel, line by line."""

    def __init__(self, connected: socket.socket) -> None:
        connected.settimeout(REPLY_SECONDS)
        self.socket = connected
        self._buffer = b""
        self._next = 1

    def send(self, octets: bytes) -> None:
        self.socket.sendall(octets)

    def line(self):
        """The next line as JSON; None at the end."""
        while b"\n" not in self._buffer:
            try:
                octets = self.socket.recv(1 << 16)
            except ConnectionResetError:
                return None
            if not octets:
                return None
            self._buffer += octets
        line, self._buffer = self._buffer.split(b"\n", 1)
        return json.loads(line)

    def call(self, method, **params):
        """One call: its result, or its error's data with "message"."""
        identifier = f"call-{self._next}"
        self._next += 1
        message = {"jsonrpc": "2.0", "id": identifier, "method": method, "params": params}
        self.send(json.dumps(message).encode() + b"\n")
        while True:
            reply = self.line()
            if reply is None:
                raise AssertionError(f"the kernel hung up on {method}")
            if reply.get("id") == identifier:
                if "error" in reply:
                    return {"message": reply["error"]["message"], **reply["error"]["data"]}
                return reply["result"]

    def close(self) -> None:
        self.socket.close()


class RealKernel:
    def __init__(self, *options: str, environment=None, folder=None) -> None:
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="agentos-test-"))
        (self.folder / "run").mkdir(mode=0o700, exist_ok=True)
        self.work = self.folder / "work"  # where agents start: an agent may read its working directory
        self.work.mkdir(exist_ok=True)
        self.environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(self.folder / "run"),
            "XDG_STATE_HOME": str(self.folder / "state"),
            **{name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")},
            **(environment or {}),
        }
        self.policy = self.folder / "allow-all.yaml"
        self.policy.write_text(ALLOW_ALL, encoding="utf-8")
        self.socket_path = str(self.folder / "run/agentos/kernel.sock")
        self.process = None
        self.options = options

    def start(self) -> "RealKernel":
        with open(self.folder / "kernel.log", "ab") as log:
            self.process = subprocess.Popen(
                [PROGRAMS / "agentos", "serve", *self.options], env=self.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        wait_until(lambda: self.process.poll() is not None or self.answers(), START_SECONDS, "the kernel's answer")
        if self.process.poll() is not None:
            raise AssertionError(f"the kernel ended with {self.process.returncode}: {self.log()}")
        return self

    def answers(self) -> bool:
        with contextlib.suppress(OSError):
            self.operator().close()
            return True
        return False

    def operator(self) -> Wire:
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connected.connect(self.socket_path)
        except OSError:
            connected.close()
            raise
        return Wire(connected)

    def cli(self, *words, **more):
        """Runs agentos with these words to its end."""
        more.setdefault("stdin", subprocess.DEVNULL)
        more.setdefault("timeout", 60)
        more.setdefault("env", self.environment)
        more.setdefault("cwd", self.work)
        return subprocess.run([PROGRAMS / "agentos", *words], capture_output=True, check=False, **more)

    def run(self, *command, options=(), **more):
        """A program as an agent, to its end, under a policy that allows everything."""
        return self.cli("run", "--policy", str(self.policy), *options, "--", *command, **more)

    def python_agent(self, script: str, *arguments: str, **more):
        """A Python script as an agent, started: its process. It imports agent_side from this folder."""
        path = self.work / f"agent-{time.monotonic_ns()}.py"
        path.write_text(script, encoding="utf-8")
        shutil.copy(HERE / "agent_side.py", self.work / "agent_side.py")
        command = [PROGRAMS / "agentos", "run", "--policy", str(self.policy), "--", PYTHON, "-B", str(path), *arguments]
        return subprocess.Popen(
            command, env=self.environment, cwd=self.work, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more
        )

    def log(self) -> str:
        return (self.folder / "kernel.log").read_text(encoding="utf-8", errors="replace")

    def descriptors(self) -> int:
        """How many the kernel has open; the log's own files, of which it prepares the next one ahead, not counted."""
        count = 0
        for entry in os.listdir(f"/proc/{self.process.pid}/fd"):
            with contextlib.suppress(FileNotFoundError):
                count += "/state/agentos/log/" not in os.readlink(f"/proc/{self.process.pid}/fd/{entry}")
        return count

    def settled_descriptors(self) -> int:
        """The same once it has not changed for half a second: a kernel that has just started still opens some."""
        last, since = self.descriptors(), time.monotonic()
        while time.monotonic() - since < 0.5:
            time.sleep(0.05)
            if (now := self.descriptors()) != last:
                last, since = now, time.monotonic()
        return last

    def memory_bytes(self) -> int:
        """Resident memory of the kernel process."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/statm").read_text(encoding="utf-8").split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")

    def verify(self):
        """The verdict of the log, read as anybody would."""
        return self.cli("log", "verify", "--format", "json", "--dir", str(self.folder / "state/agentos/log"))

    def stop(self) -> int:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError("the kernel did not stop within 30 s of SIGTERM") from None
        return self.process.returncode if self.process is not None else 0

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


class KernelTest(unittest.TestCase):
    """One kernel a test; it must stop in order with status 0 and leave a log that verifies."""

    options = ()

    def setUp(self) -> None:
        self.kernel = RealKernel(*self.options)
        self.addCleanup(self.kernel.remove)
        self.kernel.start()
        self.addCleanup(self.check_the_end)

    def check_the_end(self) -> None:
        self.assertEqual(self.kernel.stop(), 0, self.kernel.log())
        verdict = self.kernel.verify()
        self.assertEqual(verdict.returncode, 0, verdict)


def main() -> None:
    """Runs the tests of the calling file; ends with 77 when the programs are not there."""
    if not (PROGRAMS / "agentos").is_file():
        print(f"skipped: {PROGRAMS}/agentos is not built")
        sys.exit(77)
    unittest.main(verbosity=1)
