"""Bad input against a real kernel: one documented error or a bounded refusal, the kernel lives, others notice nothing.

Octets go in raw, over an operator's socket from here and over an agent's inherited socket from inside its sandbox.
"""
import contextlib
import json
import resource
import select
import socket
import subprocess
import time

import real_kernel
from real_kernel import KernelTest, wait_until

CONNECTIONS = 10_000
OPERATORS_MAX = 1024  # kOperatorConnectionsMax of server/unix_door/unix_door.h
IN_FLIGHT_MAX = 256
LINE_BYTES_MAX = 1 << 20
SLOWEST_MS = 2_000  # a neighbour's call beside any of this, on a busy machine with sanitizers
GROWTH_BYTES_MAX = 256 << 20  # of the kernel's memory, with sanitizers

NEIGHBOUR = """
import json, sys, agent_side
print("ready", flush=True)
print(json.dumps(agent_side.calm_neighbour(agent_side.Lines(agent_side.connect()), sys.stdin)), flush=True)
"""


def call(method="status", params="{}", identifier="1", more=""):
    return f'{{"jsonrpc":"2.0","id":{identifier},"method":"{method}","params":{params}{more}}}'.encode()


def nested(levels, inner=b"1"):
    return b'{"jsonrpc":"2.0","id":1,"method":"write","params":' + b'{"a":' * levels + inner + b"}" * levels + b"}"


# What is sent as one line -> the error's word. None: it is answered well.
LINES = [
    (b"", "malformed"),
    (b"nonsense", "malformed"),
    (b"{", "malformed"),
    (b"{}" * 2, "malformed"),
    (b"\xef\xbb\xbf{}", "malformed"),
    (call() + b" trailing", "malformed"),
    (call(params='{"data":"\\ud800"}'), "malformed"),
    (b'{"jsonrpc":"2.0","id":1,"method":"\xff\xfe"}', "malformed"),
    (b'{"jsonrpc":"2.0","id":1,"method":"status\x00"}', "malformed"),
    (b'{"jsonrpc":"2.0","jsonrpc":"2.0","id":1,"method":"status"}', "malformed"),
    (call("write", '{"path":"/state/a","path":"/policy/b","data":""}'), "malformed"),
    (nested(20_000), "malformed"),
    (b"[" * 100_000, "malformed"),
    (nested(40), "malformed"),
    (call("read", '{"path":"/state/a","offset":1e999}'), "malformed"),
    (call("read", '{"path":"/state/a","offset":99999999999999999999}'), "malformed"),
    (call("read", '{"path":"/state/a","offset":01}'), "malformed"),
    (call("read", '{"path":"/state/a","offset":NaN}'), "malformed"),
    (b"[]", "invalid_request"),
    (b"null", "invalid_request"),
    (b"{}", "invalid_request"),
    (b"[" + call() + b"]", "invalid_request"),
    (b'{"id":1,"method":"status"}', "invalid_request"),
    (b'{"jsonrpc":"1.0","id":1,"method":"status"}', "invalid_request"),
    (call(more=',"extra":1'), "invalid_request"),
    (call(params="[1]"), "invalid_request"),
    (call(identifier="1.5"), "invalid_request"),
    (call(identifier="9007199254740993"), "invalid_request"),
    (call(identifier="{}"), "invalid_request"),
    (call(identifier='"' + "x" * 200 + '"'), "invalid_request"),
    (b'{"jsonrpc":"2.0","id":1,"method":7}', "invalid_request"),
    (call("m" * 200), "invalid_request"),
    (call("teleport"), "unknown_call"),
    (call("Status"), "unknown_call"),
    (call("../status"), "unknown_call"),
]
# Of an agent's own calls.
AGENT_LINES = [
    (call("status", '{"agent":"somebody-else"}'), "invalid_argument"),
    (call("status", '{"ring":0}'), "invalid_argument"),
    (call("read", '{"path":7}'), "invalid_argument"),
    (call("read", '{"handle":"1"}'), "invalid_argument"),
    (call("read", '{"handle":1.5}'), "invalid_argument"),
    (call("read", '{"path":"/state/a","handle":1}'), "invalid_argument"),
    (call("read", '{"path":"/state/a","offset":-1}'), "invalid_argument"),
    (call("read", '{"path":"/state/a","offset":9007199254740992}'), "invalid_argument"),
    (call("read", '{"path":"/state/a","size":100000000}'), "invalid_argument"),
    (call("read", '{"path":""}'), "invalid_argument"),
    (call("read", '{"path":"state/a"}'), "invalid_argument"),
    (call("read", '{"path":"/state/a\\u0000b"}'), "invalid_argument"),
    (call("read", '{"path":"/state/' + "x" * 256 + '"}'), "invalid_argument"),
    (call("read", '{"path":"/state/' + "x/" * 2050 + '"}'), "invalid_argument"),
    (call("write", '{"path":"/state/a","data":{"base64":"!"}}'), "invalid_argument"),
    (call("write", '{"path":"/policy/x","data":""}'), "read_only"),
    (call("write", '{"path":"/state/../policy/x","data":""}'), "read_only"),
    (call("read", '{"handle":9007199254740991}'), "bad_handle"),
    (call("close", '{"handle":3}'), "bad_handle"),
    (call("send", '{"handle":3,"data":""}'), "bad_handle"),
    (call("signal", '{"target":"kernel","signal":"SIGKILL"}'), "no_such_agent"),
    (call("signal", '{"target":"","signal":"SIGNONE"}'), "no_such_signal"),
    (call("wait", '{"agent":"agent-999","timeout_ms":0}'), "no_child"),
    (call("attach", '{"agent":"agent-999"}'), "no_such_agent"),
    (call("exec", '{"tool":"../../bin/sh","arguments":{}}'), "tool_not_registered"),
    (call("checkpoint_save", '{"id":"../../etc/passwd","state":1}'), "invalid_argument"),
    (call("approve", '{"approval":"x","granted":true}'), "not_permitted"),
    (call("shutdown"), "not_permitted"),
    (call("secret_use", '{"secret":"x","host":"y"}'), "not_permitted"),
]

LINES_AGENT = """
import json, sys, agent_side
lines = agent_side.Lines(agent_side.connect())
for text in json.load(sys.stdin):
    reply = lines.exchange(bytes.fromhex(text) + b"\\n")
    print(json.dumps(reply), flush=True)
print(json.dumps(lines.call("status")), flush=True)
"""

NEVER_READS = """
import agent_side, json, socket, sys, time
raw = agent_side.connect()
lines = agent_side.Lines(raw)
lines.call("write", path="/state/big", data="x" * 700_000)
raw.settimeout(3)
line = json.dumps({"jsonrpc": "2.0", "id": 0, "method": "read", "params": {"path": "/state/big"}}).encode()
sent = 0
try:
    while sent < 5000:
        sent += 1
        raw.sendall(line.replace(b'"id": 0', b'"id": %d' % sent) + b"\\n")
    print("took all")
except (socket.timeout, TimeoutError):
    print("waits")
except OSError as error:
    print("closed")
sys.stdout.flush()
sys.stdin.read()
"""


class Neighbour:
    """Another agent, which must notice nothing."""

    def __init__(self, kernel) -> None:
        self.process = kernel.python_agent(NEIGHBOUR)
        if self.process.stdout.readline() != "ready\n":
            raise AssertionError(self.process.communicate())

    def verdict(self):
        out, err = self.process.communicate(timeout=60)
        if self.process.returncode != 0:
            raise AssertionError(err)
        return json.loads(out)


class BadInput(KernelTest):
    def check_neighbour(self, neighbour) -> None:
        seen = neighbour.verdict()
        self.assertEqual(seen["failed"], 0, seen)
        self.assertGreater(seen["made"], 10, seen)
        self.assertLess(seen["slowest_ms"], SLOWEST_MS, seen)

    def check_word(self, sent, reply, expected) -> None:
        self.assertIsNotNone(reply, f"hung up after {sent[:120]!r}")
        self.assertEqual(reply.get("error", {}).get("data", {}).get("error"), expected, f"{sent[:120]!r} -> {reply}")

    def test_each_bad_line_of_an_operator_has_its_error_and_the_connection_goes_on(self):
        wire = self.kernel.operator()
        self.addCleanup(wire.close)
        for sent, expected in LINES:
            wire.send(sent + b"\n")
            self.check_word(sent, wire.line(), expected)
        wire.send(b"x" * (LINE_BYTES_MAX + 1) + b"\n")
        self.check_word(b"a long line", wire.line(), "too_large")
        self.assertIn("agents", wire.call("ps"))

    def test_each_bad_line_of_an_agent_has_its_error_and_the_connection_goes_on(self):
        cases = LINES + AGENT_LINES
        agent = self.kernel.python_agent(LINES_AGENT)
        out, err = agent.communicate(json.dumps([sent.hex() for sent, _ in cases]), timeout=60)
        self.assertEqual(agent.returncode, 0, err)
        replies = [json.loads(line) for line in out.splitlines()]
        for (sent, expected), reply in zip(cases, replies):
            self.check_word(sent, reply, expected)
        self.assertIn("result", replies[-1])
        self.assertEqual(len(replies), len(cases) + 1)

    def test_octets_one_by_one_are_requests(self):
        wire = self.kernel.operator()
        self.addCleanup(wire.close)
        for octet in call("ps") + b"\n" + call("metrics", identifier="2") + b"\n":
            wire.send(bytes([octet]))
        self.assertEqual([wire.line()["id"], wire.line()["id"]], [1, 2])

    def test_a_half_closed_client_is_answered_then_closed(self):
        wire = self.kernel.operator()
        self.addCleanup(wire.close)
        wire.send(call("ps") + b"\n" + b'{"jsonrpc":"2.0","id":2,"method":"metr')
        wire.socket.shutdown(socket.SHUT_WR)
        replies = [wire.line(), wire.line()]
        self.assertIn("result", replies[0])
        self.check_word(b"half a line", replies[1], "malformed")
        self.assertIsNone(wire.line())

    def test_a_client_that_reads_nothing_after_it_closed_its_side_is_let_go(self):
        before = self.kernel.settled_descriptors()
        wire = self.kernel.operator()
        wire.socket.shutdown(socket.SHUT_RD)
        with contextlib.suppress(OSError):
            for n in range(2000):
                wire.send(call("ps", identifier=str(n)) + b"\n")
        wire.close()
        wait_until(lambda: self.kernel.descriptors() <= before, what="the closed connection's descriptor")

    def test_too_many_calls_at_once_are_busy_and_the_rest_go_on(self):
        wire = self.kernel.operator()
        self.addCleanup(wire.close)
        sleeper = self.kernel.cli("run", "--detach", "--", "sleep", "300")
        agent = sleeper.stdout.decode().strip()
        for n in range(IN_FLIGHT_MAX + 20):
            params = json.dumps({"agent": agent, "timeout_ms": 60_000})
            wire.send(call("wait", params, identifier=str(n)) + b"\n")
        refused = [wire.line() for _ in range(20)]
        for reply in refused:
            self.check_word(b"wait", reply, "busy")
        other = self.kernel.operator()
        self.addCleanup(other.close)
        other.call("signal", target=agent, signal="SIGKILL")
        self.assertEqual(sum("result" in wire.line() for _ in range(IN_FLIGHT_MAX)), IN_FLIGHT_MAX)

    def test_a_client_that_never_reads_is_not_read_from_and_costs_little(self):
        neighbour = Neighbour(self.kernel)
        before = self.kernel.memory_bytes()
        agent = self.kernel.python_agent(NEVER_READS)
        self.assertIn(agent.stdout.readline().strip(), ("waits", "closed"))
        self.assertLess(self.kernel.memory_bytes() - before, GROWTH_BYTES_MAX)
        agent.communicate(timeout=60)
        self.check_neighbour(neighbour)

    def test_ten_thousand_connections_are_bounded_and_others_do_not_notice(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < CONNECTIONS + 200:
            self.skipTest(f"this host allows {hard} descriptors a process")
        resource.setrlimit(resource.RLIMIT_NOFILE, (CONNECTIONS + 200, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        neighbour = Neighbour(self.kernel)
        descriptors, memory = self.kernel.settled_descriptors(), self.kernel.memory_bytes()
        wires, refused = [], 0
        with contextlib.ExitStack() as held:
            for _ in range(CONNECTIONS):
                wires.append(self.kernel.operator())
                held.callback(wires[-1].close)
            # Whoever was turned away has an error line and the end waiting; whoever is served has nothing.
            poll = select.poll()
            by_descriptor = {wire.socket.fileno(): wire for wire in wires}
            for descriptor in by_descriptor:
                poll.register(descriptor, select.POLLIN)
            expected = CONNECTIONS - (OPERATORS_MAX - 1)  # the neighbour's `agentos run` is an operator too
            until = time.monotonic() + 60
            while refused < expected and time.monotonic() < until:
                for descriptor, _ in poll.poll(1000):
                    poll.unregister(descriptor)
                    self.check_word(b"", by_descriptor[descriptor].line(), "busy")
                    self.assertIsNone(by_descriptor[descriptor].line())
                    refused += 1
            self.assertEqual(refused, expected)
            self.assertLessEqual(self.kernel.descriptors(), descriptors + OPERATORS_MAX)
            self.assertLess(self.kernel.memory_bytes() - memory, GROWTH_BYTES_MAX)
            served = next(wire for wire in wires if wire.socket.fileno() in by_descriptor and not self.is_ended(wire))
            self.assertIn("agents", served.call("ps"), "who is connected is served")
        wait_until(lambda: self.kernel.descriptors() <= descriptors, what="the former number of descriptors")
        wire = self.kernel.operator()
        self.addCleanup(wire.close)
        self.assertIn("agents", wire.call("ps"))
        self.check_neighbour(neighbour)

    @staticmethod
    def is_ended(wire) -> bool:
        """Whether the kernel closed this connection."""
        return bool(select.select([wire.socket], [], [], 0)[0])

    def test_connections_that_come_and_go_leave_nothing(self):
        descriptors = self.kernel.settled_descriptors()
        for n in range(3000):
            wire = self.kernel.operator()
            if n % 3 == 0:
                wire.send(call("ps") + b"\n")
            if n % 3 == 1:
                wire.send(b'{"jsonrpc":"2.0","id":1,"meth')
            wire.close()
        wait_until(lambda: self.kernel.descriptors() <= descriptors, what="the former number of descriptors")


FLOODS = """
apiVersion: agentos/v1
kind: Tool
metadata: {name: flood_output, summary: Writes without end.}
spec: {command: [sh, -c, "exec yes floods"], output: text, timeout_ms: 20000}
---
apiVersion: agentos/v1
kind: Tool
metadata: {name: flood_error, summary: Writes to standard error without end.}
spec: {command: [sh, -c, "exec yes floods >&2"], output: text, timeout_ms: 1500}
---
apiVersion: agentos/v1
kind: Tool
metadata: {name: flood_behind, summary: Leaves a child that holds its output.}
spec: {command: [sh, -c, "sleep 300 & echo done"], output: text, timeout_ms: 3000}
---
apiVersion: agentos/v1
kind: Tool
metadata: {name: flood_deep, summary: Deeply nested JSON.}
spec: {command: [python3, -c, "print('[' * 200000 + ']' * 200000)"], timeout_ms: 20000}
---
apiVersion: agentos/v1
kind: Tool
metadata: {name: flood_large, summary: A result larger than a reply.}
spec: {command: [python3, -c, "print('x' * 3000000)"], output: text, output_bytes_max: 4000000, timeout_ms: 20000}
"""

FLOOD_AGENT = """
import agent_side, json
lines = agent_side.Lines(agent_side.connect())
for tool in ("flood_output", "flood_error", "flood_behind", "flood_deep", "flood_large"):
    print(json.dumps({"tool": tool, **lines.call("exec", tool=tool)}), flush=True)
"""


class FloodingTools(KernelTest):
    def test_a_tool_that_floods_is_cut_off_and_gone(self):
        manifest = self.kernel.folder / "floods.yaml"
        manifest.write_text(FLOODS, encoding="utf-8")
        added = self.kernel.cli("tool", "add", str(manifest))
        self.assertEqual(added.returncode, 0, added)
        neighbour = Neighbour(self.kernel)
        before = self.kernel.memory_bytes()
        agent = self.kernel.python_agent(FLOOD_AGENT)
        out, err = agent.communicate(timeout=90)
        self.assertEqual(agent.returncode, 0, err)
        replies = {reply["tool"]: reply for reply in map(json.loads, out.splitlines())}
        words = {tool: reply.get("error", {}).get("data", {}).get("error") for tool, reply in replies.items()}
        self.assertEqual(words.pop("flood_behind"), None if "result" in replies["flood_behind"] else "timed_out", replies)
        self.assertEqual(
            words,
            {"flood_output": "tool_failed", "flood_error": "timed_out", "flood_deep": "tool_failed", "flood_large": "too_large"},
            replies,
        )
        self.assertIn("TooLarge", replies["flood_output"]["error"]["message"])
        self.assertLess(self.kernel.memory_bytes() - before, GROWTH_BYTES_MAX)
        self.check_nothing_left()
        seen = neighbour.verdict()
        self.assertEqual(seen["failed"], 0, seen)
        self.assertLess(seen["slowest_ms"], SLOWEST_MS, seen)

    def check_nothing_left(self) -> None:
        """No process of a tool outlives its call."""

        def left():
            listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
            return [line for line in listed.splitlines() if "yes floods" in line and " ps " not in line]

        wait_until(lambda: not left(), 10, f"the end of {left()}")


if __name__ == "__main__":
    real_kernel.main()
