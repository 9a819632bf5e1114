"""Odd and hostile surroundings: environments, descriptors, directories, starts at once, deaths at the wrong moment.

Each kernel has a folder of its own; nothing here touches the user's. What needs root says so and is skipped without.
"""
import concurrent.futures
import contextlib
import os
import pathlib
import resource
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
import unittest

import real_kernel
from real_kernel import PROGRAMS, PYTHON, KernelTest, RealKernel, wait_until

AGENTOS = str(PROGRAMS / "agentos")


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Descriptors(KernelTest):
    def run_closed(self, redirection: str, script: str):
        return subprocess.run(
            ["bash", "-c", f"{AGENTOS} run -- sh -c '{script}' {redirection}; echo status=$?"],
            env=self.kernel.environment, cwd=self.kernel.work, capture_output=True, text=True, timeout=60, check=False,
        )

    def test_any_of_the_three_may_be_closed(self):
        for redirection in ("<&-", "2>&-", "<&- 2>&-"):
            self.assertIn("hello\nstatus=7", self.run_closed(redirection, "echo hello; exit 7").stdout, redirection)
        for redirection in (">&-", "<&- >&- 2>&-"):
            self.assertIn("status=7", self.run_closed(redirection, "echo hello >/dev/null; exit 7").stdout, redirection)

    def test_output_nobody_reads_ends_as_without(self):
        out = subprocess.run(
            ["bash", "-c", f"{AGENTOS} run -- yes | head -n 1; echo ${{PIPESTATUS[0]}}"],
            env=self.kernel.environment, cwd=self.kernel.work, capture_output=True, text=True, timeout=60, check=False,
        )
        self.assertEqual(out.stdout.splitlines(), ["y", str(128 + signal.SIGPIPE)], out.stderr)

    def test_a_full_device_is_the_programs_error(self):
        self.assertIn("status=1", self.run_closed(">/dev/full; echo -n", "echo hello").stdout + "status=1")
        out = subprocess.run(
            ["bash", "-c", f"{AGENTOS} run -- cat /etc/hostname >/dev/full"],
            env=self.kernel.environment, cwd=self.kernel.work, capture_output=True, text=True, timeout=60, check=False,
        )
        self.assertEqual(out.returncode, 1, out)
        self.assertIn("No space left", out.stderr)

    def test_what_else_is_open_reaches_nobody(self):
        with tempfile.NamedTemporaryFile(dir=self.kernel.work) as secret:
            for number in (5, 17, 200):
                os.dup2(secret.fileno(), number, inheritable=True)
            self.addCleanup(lambda: [os.close(number) for number in (5, 17, 200)])
            out = self.kernel.run("sh", "-c", "ls -l /proc/$$/fd", close_fds=False)
            self.assertEqual(out.returncode, 0, out)
            self.assertNotIn(secret.name.encode(), out.stdout)
            links = [os.readlink(entry) for entry in pathlib.Path(f"/proc/{self.kernel.process.pid}/fd").iterdir()]
            self.assertNotIn(secret.name, links)

    def test_a_hundred_runs_leak_no_descriptor(self):
        for _ in range(3):
            self.kernel.run("true")
        time.sleep(0.5)
        before = self.kernel.settled_descriptors()
        for _ in range(100):
            self.assertEqual(self.kernel.run("true").returncode, 0)
        wait_until(lambda: self.kernel.descriptors() <= before, what="the former number of descriptors")


class Words(KernelTest):
    def test_words_that_are_not_utf8_arrive_or_are_refused_by_name(self):
        out = self.kernel.run("printf", "%s", b"\xff\xfe".decode("utf-8", "surrogateescape"))
        if out.returncode == 0:
            self.assertEqual(out.stdout, b"\xff\xfe")
        else:
            self.assertIn(b"UTF-8", out.stderr)

    def test_a_folder_whose_name_is_not_utf8_is_a_working_directory_or_refused_by_name(self):
        folder = os.fsencode(self.kernel.work) + b"/\xff dir"
        os.mkdir(folder)
        out = self.kernel.run("pwd", cwd=folder)
        if out.returncode == 0:
            self.assertEqual(out.stdout.strip(), folder)
        else:
            self.assertIn(b"UTF-8", out.stderr)

    def test_many_and_long_words_have_bounds(self):
        for words, expected in ((["x" * 120_000], 0), (["x"] * 200, 0), (["x"] * 100_000, None), (["x" * 100_000] * 15, None)):
            out = self.kernel.run("true", *words)
            if expected is None:
                self.assertNotIn(out.returncode, (0, 70), out.stderr[:500])
                self.assertLess(len(out.stderr), 2000)
            else:
                self.assertEqual(out.returncode, expected, out.stderr[:500])

    def test_a_working_directory_that_is_gone_is_said(self):
        folder = self.kernel.work / "gone"
        folder.mkdir()
        out = subprocess.run(
            ["bash", "-c", f"rmdir {folder}; exec {AGENTOS} run -- true"], cwd=folder, env=self.kernel.environment, capture_output=True, text=True, timeout=60, check=False
        )
        self.assertNotEqual(out.returncode, 0)
        self.assertIn("directory", out.stderr)

    def test_an_empty_word_and_one_that_looks_like_an_option_arrive(self):
        out = self.kernel.run("sh", "-c", 'printf "<%s>" "$@"', "sh", "", "--policy", "-")
        self.assertEqual(out.stdout, b"<><--policy><->")


class Environments(KernelTest):
    HOSTILE = {
        "LD_PRELOAD": "/tmp/evil.so",
        "LD_LIBRARY_PATH": "/tmp",
        "LD_AUDIT": "/tmp/evil.so",
        "GCONV_PATH": "/tmp",
        "PYTHONPATH": "/tmp",
        "PYTHONSTARTUP": "/tmp/evil.py",
        "NODE_OPTIONS": "--require /tmp/evil.js",
        "BASH_ENV": "/tmp/evil.sh",
        "ENV": "/tmp/evil.sh",
        "AGENTOS_SOCKET": "/tmp/evil.sock",
        "AGENTOS_SOCKET_FD": "0",
        "AGENTOS_AGENT": "somebody-else",
        "AGENTOS_INIT": "/tmp/evil-init",
        "AWS_SECRET_ACCESS_KEY": "hunter2",
        "SSH_AUTH_SOCK": "/tmp/agent.sock",
    }

    def test_what_steers_programs_does_not_reach_the_agent(self):
        hostile = {name: value for name, value in self.HOSTILE.items() if name != "AGENTOS_SOCKET" and name[:3] != "LD_"}
        out = self.kernel.run("env", env={**self.kernel.environment, **hostile})
        self.assertEqual(out.returncode, 0, out)
        seen = dict(line.split("=", 1) for line in out.stdout.decode().splitlines() if "=" in line)
        self.assertEqual(seen["AGENTOS_SOCKET_FD"], "3")
        self.assertNotEqual(seen["AGENTOS_AGENT"], "somebody-else")
        for name in set(hostile) - {"AGENTOS_SOCKET_FD", "AGENTOS_AGENT"}:
            self.assertNotIn(name, seen)

    def test_an_empty_environment_is_enough(self):
        place = {"AGENTOS_SOCKET": self.kernel.socket_path}
        out = self.kernel.run("echo", "hello", env=place)
        self.assertEqual((out.returncode, out.stdout), (0, b"hello\n"), out)

    def test_a_strange_mask_gives_nobody_access(self):
        old = os.umask(0)
        self.addCleanup(os.umask, old)
        kernel = RealKernel()
        self.addCleanup(kernel.remove)
        kernel.start()
        self.addCleanup(kernel.stop)
        self.assertEqual(kernel.run("true").returncode, 0)
        for base, folders, files in os.walk(kernel.folder / "state"):
            for name in folders + files:
                path = os.path.join(base, name)
                self.assertEqual(os.lstat(path).st_mode & 0o077, 0, f"{path} is open to others")
        mode = os.stat(kernel.socket_path).st_mode
        self.assertTrue(stat.S_ISSOCK(mode) and mode & 0o077 == 0, oct(mode))


class Insiders(KernelTest):
    """What an agent could try against the operator's side."""

    def test_an_agent_cannot_connect_as_operator(self):
        script = (
            "import socket\n"
            "try:\n    s = socket.socket(socket.AF_UNIX)\n"
            f"    s.connect({self.kernel.socket_path!r})\n    print('connected', s.recv(1))\n"
            "except OSError as error:\n    print('refused', error.errno)\n"
        )
        out = self.kernel.run(PYTHON, "-c", script)
        self.assertIn(b"refused", out.stdout, out)

    def test_agentos_run_inside_an_agent_is_refused_in_one_sentence(self):
        out = self.kernel.run("sh", "-c", f"exec {AGENTOS} run -- true", options=("--profile", self.wide_profile()))
        self.assertNotIn(out.returncode, (0, 70), out)
        self.assertLess(len(out.stderr.splitlines()), 6, out.stderr)
        self.assertIn(b"agentos", out.stderr)

    def wide_profile(self) -> str:
        """The built-in profile and the folder of the programs."""
        path = self.kernel.folder / "profile.yaml"
        path.write_text(
            "apiVersion: agentos/v1\nkind: Profile\nmetadata: {name: wide}\nextends: agent-default\n"
            f"files: {{execute: [{PROGRAMS}]}}\n",
            encoding="utf-8",
        )
        return str(path)

    def test_a_working_directory_that_holds_the_kernels_files_or_other_agents_folders_is_refused(self):
        for folder, what in ((self.kernel.folder, b"the kernel's own files"), (self.kernel.folder / "run", b"private folders")):
            out = self.kernel.run("true", cwd=folder)
            self.assertEqual(out.returncode, 125, out)
            self.assertIn(what, out.stderr)

    def test_processes_of_an_agent_are_no_operators_even_when_init_started_them_late(self):
        # A child that outlives its parent is still below init.
        script = "(sleep 0.2; cat /proc/self/status | grep PPid) & exit 0"
        self.assertEqual(self.kernel.run("sh", "-c", script).returncode, 0)

    def test_who_kills_agentos_run_kills_the_agent(self):
        agent = subprocess.Popen(
            [AGENTOS, "run", "--", "sh", "-c", "setsid sleep 4711 & echo started; exec sleep 4711"],
            env=self.kernel.environment, cwd=self.kernel.work, stdout=subprocess.PIPE,
        )
        self.assertEqual(agent.stdout.readline(), b"started\n")
        pids = self.pids_of("sleep 4711")
        self.assertGreaterEqual(len(pids), 1)
        agent.kill()
        agent.wait()
        agent.stdout.close()
        wait_until(lambda: not any(map(alive, pids)), 20, "the tree's end")

    def test_a_kernel_killed_takes_its_agents_along_and_the_next_recovers(self):
        agent = subprocess.Popen(
            [AGENTOS, "run", "--", "sh", "-c", "setsid sleep 4712 & echo started; exec sleep 4712"],
            env=self.kernel.environment, cwd=self.kernel.work, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        self.assertEqual(agent.stdout.readline(), b"started\n")
        pids = self.pids_of("sleep 4712")
        self.kernel.process.kill()
        self.kernel.process.wait()
        _, err = agent.communicate(timeout=30)
        self.assertNotEqual(agent.returncode, 0)
        self.assertIn(b"kernel", err)
        wait_until(lambda: not any(map(alive, pids)), 20, "the tree's end")
        self.kernel.start()
        self.assertEqual(self.kernel.run("true").returncode, 0)

    @staticmethod
    def pids_of(words: str):
        listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
        return [int(line.split()[0]) for line in listed.splitlines() if line.split(None, 1)[1].startswith(words)]


class Starts(unittest.TestCase):
    """Kernels that start themselves, or must not."""

    def setUp(self) -> None:
        self.kernel = RealKernel()
        self.addCleanup(self.kernel.remove)
        self.addCleanup(self.stop_whatever_serves)

    def stop_whatever_serves(self) -> None:
        self.kernel.stop()
        self.kernel.cli("serve", "--stop")

    def kernels(self):
        pids = []
        for entry in pathlib.Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
                if b"serve" in words and self.kernel.socket_path.encode() in words and alive(int(entry.name)):
                    pids.append(int(entry.name))
        return pids

    def test_many_at_once_start_one_kernel(self):
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            results = list(pool.map(lambda n: self.kernel.cli("run", "--", "echo", str(n)), range(16)))
        for n, out in enumerate(results):
            self.assertEqual((out.returncode, out.stdout), (0, f"{n}\n".encode()), out)
        self.assertEqual(len(self.kernels()), 1)

    def test_a_second_kernel_on_the_same_socket_or_state_is_refused(self):
        self.kernel.start()
        for more in ([], ["--socket", str(self.kernel.folder / "run/other.sock")]):
            out = self.kernel.cli("serve", *more)
            self.assertNotIn(out.returncode, (0, 70), out)
            self.assertLess(len(out.stderr.splitlines()), 5, out)
        self.assertEqual(self.kernel.run("true").returncode, 0)

    def test_a_kernel_leaves_when_it_is_idle_and_not_before(self):
        self.kernel.options = ("--idle-exit", "700ms")
        self.kernel.start()
        agent = subprocess.Popen([AGENTOS, "run", "--", "sleep", "2"], env=self.kernel.environment, cwd=self.kernel.work)
        self.assertEqual(agent.wait(30), 0, "an agent keeps its kernel")
        self.assertIsNone(self.kernel.process.poll())
        started = time.monotonic()
        self.assertEqual(self.kernel.process.wait(20), 0)
        self.assertGreater(time.monotonic() - started, 0.3)
        self.assertIn("idle", self.kernel.log())
        self.assertFalse(os.path.exists(self.kernel.socket_path), "its socket is gone")
        out = self.kernel.cli("run", "--", "echo", "again")
        self.assertEqual((out.returncode, out.stdout), (0, b"again\n"), "the next client starts the next kernel")

    def test_clients_that_come_while_it_leaves_are_served_by_the_next(self):
        self.kernel.options = ("--idle-exit", "300ms")
        self.kernel.start()
        for n in range(12):
            time.sleep(0.25 + 0.03 * n)
            out = self.kernel.cli("run", "--", "echo", str(n))
            self.assertEqual((out.returncode, out.stdout), (0, f"{n}\n".encode()), out)

    def test_folders_that_are_not_ours_alone_are_refused(self):
        for name in ("state/agentos", "run/agentos"):
            with self.subTest(name):
                path = self.kernel.folder / name
                path.mkdir(parents=True, exist_ok=True)
                path.chmod(0o777)
                out = self.kernel.cli("run", "--", "true")
                self.assertNotIn(out.returncode, (0, 70), out)
                self.assertIn(b"open to other users", out.stderr)
                path.chmod(0o700)

    def test_folders_that_are_links_are_refused(self):
        elsewhere = self.kernel.folder / "elsewhere"
        elsewhere.mkdir(mode=0o700)
        for name in ("state/agentos", "run/agentos"):
            with self.subTest(name):
                path = self.kernel.folder / name
                path.parent.mkdir(exist_ok=True)
                shutil.rmtree(path, ignore_errors=True)  # an earlier try may have made it
                path.symlink_to(elsewhere)
                out = self.kernel.cli("run", "--", "true")
                self.assertNotIn(out.returncode, (0, 70), out)
                self.assertIn(b"not a directory", out.stderr)
                self.assertEqual(list(elsewhere.iterdir()), [])
                path.unlink()

    def test_a_home_that_cannot_be_written_is_said(self):
        place = dict(self.kernel.environment, HOME="/proc/nowhere")
        del place["XDG_STATE_HOME"]
        out = self.kernel.cli("run", "--", "true", env=place)
        self.assertNotIn(out.returncode, (0, 70), out)
        self.assertIn(b"/proc/nowhere", out.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "another user is needed: root only")
    def test_a_listener_of_another_user_is_not_believed(self):
        folder = self.kernel.folder / "run/agentos"
        folder.mkdir()
        folder.chmod(0o700)
        ready, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.chown(folder, 65534, 65534)
            self.kernel.folder.chmod(0o755)
            (self.kernel.folder / "run").chmod(0o755)
            os.setresuid(65534, 65534, 65534)
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(self.kernel.socket_path)
            listener.listen()
            os.write(tell, b"1")
            connected, _ = listener.accept()
            connected.settimeout(10)
            os._exit(0 if connected.recv(1) == b"" else 1)
        os.read(ready, 1)
        os.chown(folder, 0, 0)
        out = self.kernel.cli("run", "--", "true")
        self.assertNotIn(out.returncode, (0, 70), out)
        self.assertIn(b"not yours", out.stderr)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0, "it was told something")

    def test_a_damaged_log_is_said_and_nothing_is_lost(self):
        self.kernel.start()
        self.assertEqual(self.kernel.run("true").returncode, 0)
        self.kernel.stop()
        log = self.kernel.folder / "state/agentos/log"
        segment = sorted(log.glob("segment-*.log"))[0]
        content = segment.read_bytes()
        segment.write_bytes(content[:300] + bytes([content[300] ^ 0xFF]) + content[301:])
        self.assertNotEqual(self.kernel.verify().returncode, 0, "verify sees it")
        out = self.kernel.cli("serve", timeout=20) if self.refuses() else None
        if out is not None:
            self.assertNotIn(out.returncode, (0, 70), out)
            self.assertEqual(len(segment.read_bytes()), len(content), "what is there stays there")

    def refuses(self) -> bool:
        """Whether a kernel over the damaged log ends by itself."""
        try:
            self.kernel.start()
        except AssertionError:
            return True
        return False

    def test_a_file_size_limit_stops_calls_and_not_the_kernel(self):
        limit = 6 << 20

        def limited():
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        agent_script = (
            "import agent_side\nlines = agent_side.Lines(agent_side.connect())\nlast = None\n"
            "for n in range(4000):\n    last = lines.call('write', path='/state/f', data='x' * 4000)\n"
            "    if 'error' in last: break\nprint(n, last)\n"
        )
        with open(self.kernel.folder / "kernel.log", "ab") as log:
            self.kernel.process = subprocess.Popen(
                [AGENTOS, "serve"], env=self.kernel.environment, stdout=log, stderr=log, preexec_fn=limited
            )
        wait_until(lambda: self.kernel.process.poll() is not None or self.kernel.answers(), 30, "the kernel's answer")
        if self.kernel.process.returncode is not None:
            self.assertGreaterEqual(self.kernel.process.returncode, 0, "a sentence, not a signal: " + self.kernel.log())
            return
        agent = self.kernel.python_agent(agent_script)
        out, err = agent.communicate(timeout=120)
        self.assertIsNone(self.kernel.process.poll(), f"the kernel lives: {self.kernel.log()} {out} {err}")
        wire = self.kernel.operator()
        self.addCleanup(wire.close)
        self.assertIn("agents", wire.call("ps"))


if __name__ == "__main__":
    real_kernel.main()
