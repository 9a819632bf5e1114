"""What the threaded client promises, against a fake kernel."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import agentos  # noqa: E402
from agentos._wire import DEPTH_MAX, LINE_BYTES_MAX, decode_octets, encode_octets  # noqa: E402
from fake_kernel import FakeKernel, Held, Refusal, WithDescriptor  # noqa: E402


class ClientTest(unittest.TestCase):
    def start(self, answer):
        kernel = FakeKernel(answer)
        agent = agentos.Agent(kernel.client)
        self.addCleanup(kernel.close)
        self.addCleanup(agent.disconnect)
        return kernel, agent

    def test_request_holds_only_what_was_given(self):
        kernel, agent = self.start(lambda method, params: {"data": "hi", "end": True})
        reply = agent.read("/state/a", offset=0)
        self.assertEqual(reply.data, b"hi")
        self.assertTrue(reply.end)
        self.assertEqual(kernel.requests, [(1, "read", {"path": "/state/a", "offset": 0})])

    def test_replies_in_any_order_reach_their_callers(self):
        kernel, agent = self.start(lambda method, params: Held())
        results = {}
        threads = [
            threading.Thread(target=lambda n=n: results.__setitem__(n, agent.open(f"/state/{n}").handle)) for n in range(40)
        ]
        for thread in threads:
            thread.start()
        kernel.wait_for_requests(40)
        for identifier, _, params in reversed(kernel.requests):
            kernel.send({"id": identifier, "result": {"handle": int(params["path"].rsplit("/", 1)[1])}})
        for thread in threads:
            thread.join()
        self.assertEqual(results, {n: n for n in range(40)})

    def test_refusal_is_the_exception_of_its_name(self):
        refusal = Refusal("denied", "Policy denies this call", rule="r1", reason="no", hint="ask", retry=False)
        _, agent = self.start(lambda method, params: refusal)
        with self.assertRaises(agentos.Denied) as caught:
            agent.unlink("/etc/passwd")
        error = caught.exception
        self.assertEqual((error.code, error.name, error.rule, error.reason, error.hint), (-2, "denied", "r1", "no", "ask"))
        self.assertIs(error.retry, False)
        self.assertIsInstance(error, agentos.AgentOSError)

    def test_unknown_error_is_internal(self):
        _, agent = self.start(lambda method, params: Refusal("from_the_future"))
        with self.assertRaises(agentos.Internal):
            agent.status()

    def test_octets_travel_as_text_or_base64(self):
        kernel, agent = self.start(lambda method, params: {"size": 1})
        for octets in (b"", b"caf\xc3\xa9\n", b"\xff\x00", b"\x00" * 50, "text"):
            agent.write("/state/a", octets)
        sent = [params["data"] for _, _, params in kernel.requests]
        self.assertEqual(sent[0:2], ["", "caf\u00e9\n"])
        self.assertEqual(sent[2], {"base64": "/wA="})
        self.assertEqual(list(sent[3]), ["base64"])  # as text each NUL would be six octets
        self.assertEqual(sent[4], "text")
        for octets in (b"", b"\xff\xfe", bytes(range(256)), b"\x01" * 99):
            self.assertEqual(decode_octets(encode_octets(octets)), octets)

    def test_large_write_goes_in_pieces_that_fit(self):
        files = {}

        def answer(method, params):
            data = decode_octets(params["data"])
            held = files.get(params["path"], b"") if "offset" in params else b""
            at = params.get("offset", 0)
            files[params["path"]] = held[:at] + data + held[at + len(data) :]
            return {"size": len(data)}

        kernel, agent = self.start(answer)
        content = os.urandom(1_500_000)
        self.assertEqual(agent.write("/state/big", content).size, len(content))
        self.assertEqual(files["/state/big"], content)
        self.assertEqual(len(kernel.requests), 3)

    def test_read_text_reads_to_the_end(self):
        content = "h\u00e9llo " * 1000

        def answer(method, params):
            data = content.encode()[params["offset"] : params["offset"] + 999]
            return {"data": encode_octets(data), "end": params["offset"] + 999 >= len(content.encode())}

        _, agent = self.start(answer)
        self.assertEqual(agent.read_text("/state/a"), content)

    def test_tool_gives_its_result(self):
        kernel, agent = self.start(lambda m, p: {"result": {"words": 3}, "exit_status": 0, "duration_us": 5})
        self.assertEqual(agent.tool("word_count", text="a b c", name="x"), {"words": 3})
        self.assertEqual(kernel.requests[0][2], {"tool": "word_count", "arguments": {"text": "a b c", "name": "x"}})

    def test_mmap_maps_the_descriptor_that_came(self):
        with tempfile.TemporaryFile() as file:
            file.write(b"shared!!" * 512)
            file.flush()
            reply = {"region": "r1", "size": 4096, "access": "write"}
            kernel, agent = self.start(lambda m, p: WithDescriptor(reply, file.fileno()))
            region = agent.mmap(size=4096)
            self.assertEqual(region[:8], b"shared!!")
            self.assertEqual((region.region, region.access), ("r1", "write"))
            region[:8] = b"written!"
            file.seek(0)
            self.assertEqual(file.read(8), b"written!")
            region.close()

    def test_attach_gives_another_agent(self):
        def answer(method, params):
            return {"code": 0} if method == "exit" else None

        other = FakeKernel(answer)
        self.addCleanup(other.close)
        kernel, agent = self.start(lambda m, p: WithDescriptor({"agent": "a-2"}, other.client.fileno()))
        with agent.attach("a-2") as child:
            other.client.close()
            self.assertEqual(child.exit().code, 0)
        self.assertEqual(kernel.requests[0][2], {"agent": "a-2"})

    def test_descriptors_of_replies_in_one_read_keep_their_order(self):
        kernel, agent = self.start(lambda method, params: Held())
        regions = {}
        with tempfile.TemporaryFile() as one, tempfile.TemporaryFile() as two:
            for file, letter in ((one, b"1"), (two, b"2")):
                file.write(letter * 10)
                file.flush()
            threads = [
                threading.Thread(target=lambda n=n: regions.__setitem__(n, bytes(agent.mmap(f"r{n}")[:1]))) for n in (1, 2)
            ]
            for thread in threads:
                thread.start()
            kernel.wait_for_requests(2)
            for identifier, _, params in kernel.requests:
                file = one if params["region"] == "r1" else two
                reply = {"region": params["region"], "size": 10, "access": "read"}
                kernel.send({"id": identifier, "result": reply}, [file.fileno()])
            for thread in threads:
                thread.join()
        self.assertEqual(regions, {1: b"1", 2: b"2"})

    def test_reply_without_its_descriptor_is_an_error(self):
        _, agent = self.start(lambda m, p: {"region": "r", "size": 1, "access": "read"})
        with self.assertRaises(agentos.ProtocolError):
            agent.mmap(size=1)

    def test_signal_reaches_the_callback_which_may_make_calls(self):
        kernel, agent = self.start(lambda method, params: {"data": "", "end": True})
        got = []
        done = threading.Event()

        def on_signal(signal):
            agent.read("/state/a")
            got.append((signal.name, signal.reason))
            done.set()

        kernel.send({"method": "notifications/signal", "params": {"signal": "SIGTERM", "reason": "time"}})
        kernel.send({"method": "notifications/from_the_future", "params": {}})
        agent.on_signal(on_signal)
        self.assertTrue(done.wait(20))
        self.assertEqual(got, [("SIGTERM", "time")])

    def test_lost_connection_fails_calls_under_way_and_later_ones(self):
        kernel, agent = self.start(lambda method, params: Held())
        failures = []

        def call():
            try:
                agent.recv()
            except agentos.Disconnected as error:
                failures.append(error)

        threads = [threading.Thread(target=call) for _ in range(3)]
        for thread in threads:
            thread.start()
        kernel.wait_for_requests(3)
        kernel.close()
        for thread in threads:
            thread.join()
        self.assertEqual(len(failures), 3)
        with self.assertRaises(agentos.Disconnected):
            agent.status()

    def test_interrupted_call_is_cancelled_and_its_answer_ignored(self):
        kernel, agent = self.start(lambda method, params: Held() if method == "recv" else {"code": 3})
        with mock.patch.object(threading.Event, "wait", side_effect=KeyboardInterrupt):
            with self.assertRaises(KeyboardInterrupt):
                agent.recv()
        kernel.wait_for_cancelled(1)
        self.assertEqual(kernel.cancelled, [1])
        kernel.send({"id": 1, "error": {"code": -32011, "message": "cancelled", "data": {"error": "cancelled"}}})
        self.assertEqual(agent.exit().code, 3)

    def test_lines_that_are_not_json_rpc_end_the_connection(self):
        for line in (b"nonsense\n", b"[]\n", b'{"jsonrpc":"2.0","id":77,"result":{}}\n', b"x" * (LINE_BYTES_MAX + 2)):
            kernel, agent = self.start(lambda method, params: Held())
            try:
                kernel.send_raw(line)
            except BrokenPipeError:
                pass
            with self.assertRaises(agentos.AgentOSError):
                agent.recv()

    def test_reply_of_a_wrong_type_names_the_field(self):
        _, agent = self.start(lambda m, p: {"handle": True})
        with self.assertRaisesRegex(agentos.ProtocolError, '"handle"'):
            agent.open("/state/a")

    def test_what_cannot_be_sent_is_refused_before_it_is_sent(self):
        kernel, agent = self.start(lambda m, p: {"code": 0})
        deep = {}
        for _ in range(DEPTH_MAX + 1):
            deep = {"d": deep}
        bad = ({"n": 1 << 60}, {"n": float("nan")}, {"t": "\ud800"}, {"o": object()}, {1: 2}, deep, {"l": [0] * 60_000},
               {"t": "x" * LINE_BYTES_MAX})
        for arguments in bad:
            with self.assertRaises(agentos.Unsendable):
                agent.exec("tool", arguments=arguments)
        self.assertEqual(agent.exit().code, 0)
        self.assertEqual([request[1] for request in kernel.requests], ["exit"])

    def test_at_most_256_calls_are_under_way(self):
        kernel, agent = self.start(lambda method, params: Held())
        threads = [threading.Thread(target=agent.close, args=(n,)) for n in range(260)]
        for thread in threads:
            thread.start()
        kernel.wait_for_requests(256)
        answered = 0
        while answered < 260:
            kernel.wait_for_requests(answered + 1)
            self.assertLessEqual(len(kernel.requests) - answered, 256)
            kernel.send({"id": kernel.requests[answered][0], "result": {}})
            answered += 1
        for thread in threads:
            thread.join()


class OperatorTest(unittest.TestCase):
    def test_spawn_passes_descriptors_and_parts(self):
        reply = {"agent": "a", "run": "r", "pid": 1, "policy": "p", "profile": "q", "output": "", "manifest": {}}
        kernel = FakeKernel(lambda method, params: reply)
        self.addCleanup(kernel.close)
        with agentos.Operator(kernel.client) as operator:
            budget = agentos.Budget(calls=5)
            policy = [agentos.Document("p.yaml", "version: 1")]
            spawned = operator.spawn(["/bin/true"], "/", budget=budget, policy=policy, descriptors=(0, 1, 2))
        self.assertEqual(spawned.agent, "a")
        self.assertEqual(len(kernel.descriptors), 3)
        for descriptor in kernel.descriptors:
            os.close(descriptor)
        params = kernel.requests[0][2]
        self.assertEqual(params["budget"], {"calls": 5})
        self.assertEqual(params["policy"], [{"file": "p.yaml", "text": "version: 1"}])


class AddressTest(unittest.TestCase):
    def test_agent_finds_its_inherited_descriptor_and_takes_it_over(self):
        kernel = FakeKernel(lambda method, params: {"code": 0})
        self.addCleanup(kernel.close)
        number = kernel.client.detach()
        with mock.patch.dict(os.environ, {"AGENTOS_SOCKET_FD": str(number)}):
            with agentos.Agent.connect() as agent:
                self.assertEqual(agent.exit().code, 0)
                with self.assertRaises(agentos.NoKernel):
                    agentos.Agent.connect()

    def test_descriptor_that_is_no_socket_is_no_kernel(self):
        with tempfile.TemporaryFile() as file:
            for word in (str(file.fileno()), "99999", "three"):
                with mock.patch.dict(os.environ, {"AGENTOS_SOCKET_FD": word}), self.assertRaises(agentos.NoKernel):
                    agentos.Agent.connect()
            os.fstat(file.fileno())  # still open

    def test_operator_looks_in_the_stated_order(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "agentos", "kernel.sock")
            os.mkdir(os.path.dirname(path))
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
                listener.bind(path)
                listener.listen()
                for variables in ({"XDG_RUNTIME_DIR": folder}, {"AGENTOS_SOCKET": path, "XDG_RUNTIME_DIR": "/nowhere"}):
                    with mock.patch.dict(os.environ, variables):
                        if "AGENTOS_SOCKET" not in variables:
                            os.environ.pop("AGENTOS_SOCKET", None)
                        agentos.Operator.connect().disconnect()
            with mock.patch.dict(os.environ, {"AGENTOS_SOCKET": path}), self.assertRaises(agentos.NoKernel):
                agentos.Operator.connect()

    def test_folder_in_tmp_of_another_is_not_trusted(self):
        from agentos import _address

        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            _address.check_folder(folder + "/kernel.sock")
            os.chmod(folder, 0o777)
            with self.assertRaises(agentos.NoKernel):
                _address.check_folder(folder + "/kernel.sock")


if __name__ == "__main__":
    unittest.main()
