"""Secrets are given to the kernel and used by rule, and their values are nowhere else: not in words of commands, output,
records, environments, core dumps or sandboxes."""
import contextlib
import http.server
import json
import os
import pathlib
import pty
import subprocess
import threading
import unittest

import real_kernel
from real_kernel import PROGRAMS, PYTHON, wait_until

TYPED = "typed-7f3a91c2d4"
GIVEN = "given-5b8e60a7f1"
VALUES = (TYPED, GIVEN)
PROFILE = """apiVersion: agentos/v1
kind: Profile
metadata: {name: online}
extends: agent-default
network: {internal: [127.0.0.1]}
"""
FETCH = """import sys, urllib.request, os
for url in sys.argv[1:]:
    print(urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": "Bearer placeholder"})).read().decode())
print(sorted(os.environ))
"""


class Server(http.server.BaseHTTPRequestHandler):
    """Remembers what it was asked, and does not repeat it."""

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers.get("Authorization")))
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"fine")

    def log_message(self, *words) -> None:
        pass


def files_with_a_value(folder: pathlib.Path):
    return [str(path) for path in folder.rglob("*") if path.is_file() and any(value.encode() in path.read_bytes() for value in VALUES)]


def processes_that_show_a_value():
    """Command lines and environments of every process but this one."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        for name in ("cmdline", "environ"):
            with contextlib.suppress(OSError):
                octets = (entry / name).read_bytes()
                found += [f"{entry}/{name}" for value in VALUES if value.encode() in octets]
    return found


class Secrets(unittest.TestCase):
    def setUp(self) -> None:
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
        self.server.seen = []
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.kernel = real_kernel.RealKernel(environment={"WEATHER_KEY": GIVEN})
        self.addCleanup(self.kernel.remove)
        self.kept = self.kernel.folder / "state/agentos/secrets"

    def others(self):
        """The environment of who is not the kernel."""
        return {name: value for name, value in self.kernel.environment.items() if name != "WEATHER_KEY"}

    def secret(self, *words, **more):
        return self.kernel.cli("secret", *words, **more)

    def done(self, *words, **more):
        ran = self.secret(*words, **more)
        self.assertEqual(ran.returncode, 0, ran)
        for value in VALUES:
            self.assertNotIn(value.encode(), ran.stdout + ran.stderr)
        return ran

    def add_typed(self, *words) -> None:
        self.done("add", "typed", *words, input=TYPED.encode() + b"\n", stdin=None)

    def test_a_value_from_a_pipe_is_in_one_file_that_only_its_user_reads(self) -> None:
        self.add_typed("--to", self.url)
        self.assertEqual(files_with_a_value(self.kernel.folder), [str(self.kept / "typed.value")])
        self.assertEqual((self.kept / "typed.value").stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.kept.stat().st_mode & 0o777, 0o700)
        listed = json.loads(self.done("ls", "--format", "json").stdout)
        self.assertEqual([(one["name"], one["source"], one["state"]) for one in listed], [("typed", "file", "ok")])
        self.assertIn(b"typed.internal", self.done("ls").stdout)
        self.assertEqual(self.done("show-source", "typed").stdout.decode(), f"file {self.kept}/typed.value\n")
        self.done("rm", "typed")
        self.assertEqual(files_with_a_value(self.kernel.folder), [])
        self.assertNotEqual(self.secret("show-source", "typed").returncode, 0)

    def test_a_value_that_is_typed_is_not_shown_and_the_terminal_is_put_back(self) -> None:
        ours, theirs = pty.openpty()
        command = [PROGRAMS / "agentos", "secret", "add", "typed"]
        process = subprocess.Popen(command, env=self.others(), stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
        seen = b""
        while b"not shown" not in seen:
            seen += os.read(ours, 4096)
        self.assertEqual(processes_that_show_a_value(), [])
        os.write(ours, TYPED.encode() + b"\n")
        self.assertEqual(process.wait(30), 0)
        os.write(theirs, b"(end)")
        while b"(end)" not in seen:
            seen += os.read(ours, 4096)
        self.assertNotIn(TYPED.encode(), seen)
        self.assertEqual((self.kept / "typed.value").read_text(), TYPED)
        os.write(ours, b"echoed\n")
        self.assertIn(b"echoed", os.read(ours, 4096))
        os.close(ours)
        os.close(theirs)

    def test_the_kernel_uses_secrets_and_nobody_else_sees_them(self) -> None:
        self.add_typed("--to", self.url)
        self.done("add", "weather", "--env", "WEATHER_KEY", "--to", self.url, "--query", "key")
        profile = self.kernel.folder / "online.yaml"
        profile.write_text(PROFILE, encoding="utf-8")
        self.kernel.start()
        script = self.kernel.work / "fetch.py"
        script.write_text(FETCH + "import time\ntime.sleep(1)\n", encoding="utf-8")
        command = [PROGRAMS / "agentos", "run", "--policy", self.kernel.policy, "--profile", profile, "--", PYTHON, "-B", script,
                   "http://typed.internal/a", "http://weather.internal/b"]  # fmt: skip
        agent = subprocess.Popen(command, env=self.others(), cwd=self.kernel.work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        wait_until(lambda: len(self.server.seen) == 2 or agent.poll() is not None, what="both requests")
        self.assertEqual(processes_that_show_a_value(), [])
        for process in self.holders():
            limits = pathlib.Path(f"/proc/{process}/limits").read_text(encoding="utf-8")
            self.assertRegex(limits, r"Max core file size +0 +0 ")
        output = agent.communicate(timeout=60)[0].decode()
        self.assertEqual(agent.returncode, 0, output)
        self.assertEqual(self.server.seen, [("/a", f"Bearer {TYPED}"), (f"/b?key={GIVEN}", "Bearer placeholder")])
        self.assertIn("fine\nfine\n", output)
        for value in VALUES:
            self.assertNotIn(value, output)
        self.assertEqual(self.kernel.stop(), 0, self.kernel.log())
        self.assertEqual(files_with_a_value(self.kernel.folder), [str(self.kept / "typed.value")])
        timeline = self.kernel.cli("log", "timeline").stdout.decode()
        self.assertIn("secret_use", timeline)

    def holders(self):
        """The kernel and the proxy."""
        children = pathlib.Path(f"/proc/{self.kernel.process.pid}/task").glob("*/children")
        ids = [self.kernel.process.pid] + [int(one) for path in children for one in path.read_text(encoding="utf-8").split()]
        names = {one: pathlib.Path(f"/proc/{one}/comm").read_text(encoding="utf-8").strip() for one in ids}
        self.assertIn("agentos-egress", names.values())
        return [one for one, name in names.items() if name in ("agentos", "agentos-egress")]

    def test_a_kernel_that_cannot_find_a_secret_does_not_start(self) -> None:
        self.done("add", "absent", "--env", "NO_SUCH_VARIABLE")
        ran = self.kernel.cli("serve")
        self.assertNotEqual(ran.returncode, 0)
        self.assertIn(b'secret "absent"', ran.stderr)

    def test_bad_input_is_named_before_the_value_is_asked_for(self) -> None:
        for words, said in (
            (["../up"], b"no name of a secret"),
            (["x", "--to", "ftp://host"], b"--to"),
            (["x", "--to", "https://host/path"], b"--to"),
            (["x", "--to", self.url, "--header", "Host"], b"cannot stand in"),
            (["x", "--file", "/a", "--env", "B"], b"excludes"),
        ):
            ran = self.secret("add", *words)
            self.assertNotEqual(ran.returncode, 0, ran)
            self.assertIn(said, ran.stderr)
        ran = self.secret("add", "x", input=b"two\nlines\n", stdin=None)
        self.assertNotEqual(ran.returncode, 0)
        self.assertEqual(json.loads(self.done("ls", "--format", "json").stdout), [])
        self.done("add", "x", "--env", "A")
        self.assertNotEqual(self.secret("add", "x", "--env", "B").returncode, 0)
        self.done("add", "x", "--env", "B", "--replace")
        self.assertEqual(self.done("show-source", "x").stdout, b"environment B\n")


if __name__ == "__main__":
    real_kernel.main()
