"""What the asyncio client promises, against a fake kernel."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import agentos  # noqa: E402
from agentos import aio  # noqa: E402
from agentos._wire import decode_octets, encode_octets  # noqa: E402
from fake_kernel import FakeKernel, Held, Refusal, WithDescriptor  # noqa: E402


class AsyncClientTest(unittest.IsolatedAsyncioTestCase):
    def start(self, answer):
        kernel = FakeKernel(answer)
        self.addCleanup(kernel.close)
        return kernel, aio.Agent(kernel.client)

    async def on_thread(self, function, *arguments):
        await asyncio.get_running_loop().run_in_executor(None, function, *arguments)

    async def test_replies_in_any_order_reach_their_callers(self):
        kernel, agent = self.start(lambda method, params: Held())
        async with agent:
            calls = [asyncio.create_task(agent.open(f"/state/{n}")) for n in range(30)]
            await self.on_thread(kernel.wait_for_requests, 30)
            for identifier, _, params in reversed(kernel.requests):
                kernel.send({"id": identifier, "result": {"handle": int(params["path"].rsplit("/", 1)[1])}})
            handles = [reply.handle for reply in await asyncio.gather(*calls)]
        self.assertEqual(handles, list(range(30)))

    async def test_refusal_is_the_exception_of_its_name(self):
        _, agent = self.start(lambda method, params: Refusal("quota_exceeded", rule="budget"))
        async with agent:
            with self.assertRaises(agentos.QuotaExceeded) as caught:
                await agent.brk(10)
        self.assertEqual(caught.exception.rule, "budget")

    async def test_cancelled_task_cancels_its_call(self):
        kernel, agent = self.start(lambda method, params: Held() if method == "recv" else {"code": 1})
        async with agent:
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(agent.recv(), 0.05)
            await self.on_thread(kernel.wait_for_cancelled, 1)
            kernel.send({"id": 1, "result": {"data": "", "sender": "a", "sent_at_us": 0, "sequence": 1, "end": False}})
            self.assertEqual((await agent.exit()).code, 1)

    async def test_mmap_and_attach_take_descriptors(self):
        other = FakeKernel(lambda method, params: {"code": 7})
        self.addCleanup(other.close)
        with tempfile.TemporaryFile() as file:
            file.write(b"region")
            file.flush()

            def answer(method, params):
                if method == "mmap":
                    return WithDescriptor({"region": "r", "size": 6, "access": "read"}, file.fileno())
                return WithDescriptor({"agent": "b"}, other.client.fileno())

            _, agent = self.start(answer)
            async with agent:
                region = await agent.mmap("r", access="read")
                self.assertEqual(region[:], b"region")
                async with await agent.attach() as child:
                    other.client.close()
                    self.assertEqual((await child.exit()).code, 7)

    async def test_large_writes_at_once_keep_their_lines_whole(self):
        kernel, agent = self.start(lambda method, params: {"size": len(decode_octets(params["data"]))})
        contents = [bytes([65 + n]) * 600_000 for n in range(4)] + [os.urandom(900_000)]
        async with agent:
            replies = await asyncio.gather(*(agent.write(f"/state/{n}", c) for n, c in enumerate(contents)))
        self.assertEqual([reply.size for reply in replies], [len(content) for content in contents])
        self.assertEqual(len(kernel.requests), 6)

    async def test_read_text_and_tool(self):
        def answer(method, params):
            if method == "read":
                return {"data": encode_octets(b"abcdef"[params["offset"] :][:4]), "end": params["offset"] >= 4}
            return {"result": [1], "exit_status": 0, "duration_us": 1}

        _, agent = self.start(answer)
        async with agent:
            self.assertEqual(await agent.read_text("/state/a"), "abcdef")
            self.assertEqual(await agent.tool("t", x=1), [1])

    async def test_signal_reaches_the_callback(self):
        kernel, agent = self.start(lambda method, params: {"code": 0})
        async with agent:
            kernel.send({"method": "notifications/signal", "params": {"signal": "SIGLOOP"}})
            await agent.exit()
            got = asyncio.get_running_loop().create_future()
            agent.on_signal(lambda signal: got.set_result(signal.name))
            self.assertEqual(await asyncio.wait_for(got, 20), "SIGLOOP")

    async def test_lost_connection_fails_calls_under_way_and_later_ones(self):
        kernel, agent = self.start(lambda method, params: Held())
        call = asyncio.create_task(agent.recv())
        await self.on_thread(kernel.wait_for_requests, 1)
        kernel.close()
        with self.assertRaises(agentos.Disconnected):
            await call
        with self.assertRaises(agentos.Disconnected):
            await agent.status()
        await agent.disconnect()

    async def test_no_thread_is_used(self):
        kernel, agent = self.start(lambda method, params: {"code": 0})
        before = threading.active_count()
        async with agent:
            await agent.exit()
            self.assertEqual(threading.active_count(), before)

    async def test_agent_finds_its_inherited_descriptor(self):
        kernel = FakeKernel(lambda method, params: {"code": 0})
        self.addCleanup(kernel.close)
        with mock.patch.dict(os.environ, {"AGENTOS_SOCKET_FD": str(kernel.client.detach())}):
            async with await aio.Agent.connect() as agent:
                self.assertEqual((await agent.exit()).code, 0)


if __name__ == "__main__":
    unittest.main()
