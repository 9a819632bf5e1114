"""A terminal behaves under `agentos run` as without it: keys, sizes, job control, exit codes.

A shell with job control runs in a pty, as a person's would, and `agentos run` in that. What the shell says and what the
programs print is what a person would see.
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

import real_kernel
from real_kernel import KernelTest, PROGRAMS, wait_until

SECONDS = 30
CTRL_C, CTRL_D, CTRL_Z, CTRL_BACKSLASH = b"\x03", b"\x04", b"\x1a", b"\x1c"


class Shell:
    """An interactive bash on a pty."""

    def __init__(self, environment, folder, size=(24, 80)) -> None:
        self.seen = ""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "-i"], {**environment, "PS1": "READY> ", "TERM": "dumb"})
        self.resize(*size)
        self.expect("READY> ")

    def resize(self, rows, columns) -> None:
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))

    def type(self, keys) -> None:
        os.write(self.terminal, keys if isinstance(keys, bytes) else keys.encode())

    def expect(self, pattern, seconds=SECONDS):
        """Reads until `pattern` was printed; what came before it is forgotten."""
        until = time.monotonic() + seconds
        while True:
            found = re.search(pattern, self.seen)
            if found:
                self.seen = self.seen[found.end() :]
                return found
            if time.monotonic() > until:
                raise AssertionError(f"no {pattern!r} in {self.seen!r}")
            if select.select([self.terminal], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.terminal, 1 << 16).decode(errors="replace")
                except OSError as error:
                    raise AssertionError(f"the terminal closed before {pattern!r}; it said {self.seen!r}") from error

    def status(self) -> int:
        """$? of what ran last."""
        self.type("echo status=$?\n")
        return int(self.expect(r"status=(\d+)\r")[1])

    def close(self) -> None:
        os.close(self.terminal)
        try:
            os.kill(self.pid, signal.SIGHUP)
            wait_until(lambda: os.waitpid(self.pid, os.WNOHANG)[0] != 0, 10, "the shell's end")
        except (ProcessLookupError, AssertionError):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


class Terminal(KernelTest):
    def setUp(self) -> None:
        super().setUp()
        self.shell = Shell(self.kernel.environment, self.kernel.work)
        self.addCleanup(self.shell.close)

    def start(self, command: str) -> None:
        self.shell.type(f"{PROGRAMS}/agentos run -- {command}\n")
        self.shell.expect("profile agent-default")

    def test_what_is_typed_arrives_and_is_echoed_once(self):
        self.start("cat")
        self.shell.type("hello\n")
        self.shell.expect("hello\r\nhello\r\n")
        self.shell.type(CTRL_D)
        self.shell.expect("READY> ")
        self.assertEqual(self.shell.status(), 0)

    def test_the_exit_code_is_the_programs_own(self):
        self.start("sh -c 'exit 42'")
        self.shell.expect("READY> ")
        self.assertEqual(self.shell.status(), 42)
        self.start("sh -c 'kill -TERM $$'")
        self.shell.expect("READY> ")
        self.assertEqual(self.shell.status(), 128 + signal.SIGTERM)

    def test_ctrl_c_interrupts_the_program_and_not_the_shell(self):
        self.start("sh -c 'echo sleeping; exec sleep 300'")
        self.shell.expect("sleeping")
        self.shell.type(CTRL_C)
        self.shell.expect("READY> ")
        self.assertEqual(self.shell.status(), 128 + signal.SIGINT)

    def test_ctrl_c_is_the_programs_to_catch(self):
        self.start("sh -c 'trap \"echo caught; exit 5\" INT; echo waiting; while :; do sleep 0.05; done'")
        self.shell.expect("waiting")
        self.shell.type(CTRL_C)
        self.shell.expect("caught")
        self.shell.expect("READY> ")
        self.assertEqual(self.shell.status(), 5)

    def test_ctrl_backslash_quits(self):
        self.start("sh -c 'echo sleeping; exec sleep 300'")
        self.shell.expect("sleeping")
        self.shell.type(CTRL_BACKSLASH)
        self.shell.expect("READY> ")
        self.assertEqual(self.shell.status(), 128 + signal.SIGQUIT)

    def test_the_window_has_the_size_of_ours_and_follows_it(self):
        self.shell.resize(31, 97)
        self.start("sh -c 'stty size; trap \"stty size\" WINCH; echo ready; while :; do sleep 0.05; done'")
        self.shell.expect("31 97")
        self.shell.expect("ready")
        self.shell.resize(40, 120)
        self.shell.expect("40 120")
        self.shell.type(CTRL_C)
        self.shell.expect("READY> ")

    def test_ctrl_z_stops_and_fg_goes_on(self):
        self.start("cat")
        self.shell.type("one\n")
        self.shell.expect("one\r\none\r\n")
        self.shell.type(CTRL_Z)
        self.shell.expect("Stopped")
        self.shell.expect("READY> ")
        self.shell.type("echo typed-to-the-shell\n")
        self.shell.expect("\ntyped-to-the-shell\r")
        self.shell.type("fg\n")
        self.shell.expect("agentos run")
        self.shell.type("two\n")
        self.shell.expect("two\r\ntwo\r\n")
        self.shell.type(CTRL_Z)
        self.shell.expect("Stopped")
        self.shell.expect("READY> ")
        self.shell.type("fg\n")
        self.shell.expect("agentos run")
        self.shell.type("three\n")
        self.shell.expect("three\r\nthree\r\n")
        self.shell.type(CTRL_D)
        self.shell.expect("READY> ")
        self.assertEqual(self.shell.status(), 0)

    def test_a_program_that_stops_itself_stops_its_job(self):
        self.start("sh -c 'echo before; kill -STOP $$; echo after'")
        self.shell.expect("before")
        self.shell.expect("Stopped")
        self.shell.expect("READY> ")
        self.shell.type("fg\n")
        self.shell.expect("after")
        self.shell.expect("READY> ")
        self.assertEqual(self.shell.status(), 0)

    def test_a_stopped_job_can_be_killed_by_the_shell(self):
        self.start("cat")
        self.shell.type(CTRL_Z)
        self.shell.expect("Stopped")
        self.shell.expect("READY> ")
        self.shell.type("kill %1; wait %1; echo waited=$?\n")
        self.shell.expect(r"waited=\d+\r")
        self.wait_for_no_agents()

    def test_a_shell_as_an_agent_has_job_control_of_its_own(self):
        self.start("env PS1='INNER> ' bash --norc --noprofile -i")
        self.shell.expect("INNER> ")
        self.assertNotIn("no job control", self.shell.seen)
        self.shell.type("sleep 300\n")
        time.sleep(0.3)
        self.shell.type(CTRL_Z)
        self.shell.expect("Stopped")
        self.shell.expect("INNER> ")
        self.shell.type("jobs; kill -9 %1; sleep 0.2; exit 3\n")
        self.shell.expect("sleep 300")
        self.shell.expect("READY> ")
        self.assertEqual(self.shell.status(), 3)

    def test_what_an_operator_stopped_only_an_operator_continues(self):
        self.start("sh -c 'echo begun; while :; do sleep 0.05; done'")
        self.shell.expect("begun")
        wire = self.kernel.operator()
        self.addCleanup(wire.close)
        agent = wire.call("ps")["agents"][0]
        wire.call("signal", target=agent["agent"], signal="SIGSTOP")
        time.sleep(0.5)
        self.assertNotIn("Stopped", self.shell.seen)
        self.assertEqual(wire.call("inspect", agent=agent["agent"])["agent"]["state"], "stopped")
        wire.call("signal", target=agent["agent"], signal="SIGCONT")
        time.sleep(0.5)
        self.shell.type(CTRL_C)
        self.shell.expect("READY> ")
        self.assertEqual(self.shell.status(), 128 + signal.SIGINT)

    def test_the_terminal_is_as_before_when_it_ends(self):
        self.shell.type("stty -a | tr -d '\\n' | md5sum\n")
        before = self.shell.expect(r"([0-9a-f]{32})  -")[1]
        self.start("sh -c 'stty raw -echo; exit 0'")
        self.shell.expect("READY> ")
        self.shell.type("stty -a | tr -d '\\n' | md5sum\n")
        self.assertEqual(self.shell.expect(r"([0-9a-f]{32})  -")[1], before)

    def test_a_terminal_that_goes_away_ends_the_agent(self):
        self.start("sleep 300")
        os.kill(self.shell.pid, signal.SIGKILL)
        os.close(self.shell.terminal)
        self.shell.terminal = os.open("/dev/null", os.O_RDWR)
        self.wait_for_no_agents()

    def wait_for_no_agents(self) -> None:
        wire = self.kernel.operator()
        self.addCleanup(wire.close)
        wait_until(lambda: not wire.call("ps")["agents"], 20, "the agent's end")


if __name__ == "__main__":
    real_kernel.main()
