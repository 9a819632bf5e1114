"""The same clients for asyncio: one task may await a call while others make theirs. No threads are used.

A client belongs to the event loop it was connected in.
"""

from __future__ import annotations

import asyncio
import socket
from types import TracebackType
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple, Type, TypeVar

from ._address import inherited_socket, operator_socket, receive, rights_of
from ._calls import AsyncCallsOfAgents, AsyncCallsOfAll, AsyncCallsOfOperators, WriteReply
from ._client import WRITE_SIZE_MAX, offset_of, pieces_of
from ._exchange import IN_FLIGHT_MAX, Answer, Disconnected, Exchange, Signal
from ._region import Region, region_of
from ._wire import AgentOSError, BytesLike, ProtocolError

__all__ = ["Agent", "Client", "Operator"]

C = TypeVar("C", bound="Client")
_Future = asyncio.Future  # of one Answer


class Client(AsyncCallsOfAll):
    """A connection to the kernel; `async with` closes it. Made inside a running event loop."""

    def __init__(self, connected: socket.socket) -> None:
        connected.setblocking(False)
        self._socket = connected
        self._loop = asyncio.get_running_loop()
        self._exchange: Exchange[_Future[Answer]] = Exchange()
        self._sending = asyncio.Lock()
        self._slots = asyncio.Semaphore(IN_FLIGHT_MAX)
        self._closed: Optional[AgentOSError] = None
        self._loop.add_reader(connected.fileno(), self._readable)

    async def call(self, name: str, fields: Mapping[str, Any], descriptors: Sequence[int] = ()) -> Dict[str, Any]:
        """Any call by name; the typed methods are made of this. Cancelling the task cancels the call."""
        return (await self._call(name, fields, descriptors, False)).reply

    async def call_for_descriptor(self, name: str, fields: Mapping[str, Any]) -> Tuple[Dict[str, Any], int]:
        answer = await self._call(name, fields, (), True)
        return answer.reply, answer.descriptor

    async def disconnect(self) -> None:
        """Closes the connection; calls under way fail with Disconnected."""
        self._fail(Disconnected("the connection was closed here"))

    async def __aenter__(self: C) -> C:
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        await self.disconnect()

    async def _call(
        self, name: str, fields: Mapping[str, Any], descriptors: Sequence[int], brings_descriptor: bool
    ) -> Answer:
        await self._slots.acquire()
        waiter: _Future[Answer] = self._loop.create_future()
        try:
            if self._closed is not None:
                raise Disconnected(self._closed.message)
            identifier, line = self._exchange.begin(waiter, name, fields, brings_descriptor)
        except BaseException:
            self._slots.release()
            raise
        try:
            await self._send(line, descriptors)
            answer = await waiter
        except asyncio.CancelledError:
            self._give_up(identifier, waiter)
            raise
        if answer.error is not None:
            raise answer.error
        return answer

    def _give_up(self, identifier: int, waiter: _Future[Answer]) -> None:
        line = self._exchange.give_up(identifier)
        if line:
            self._loop.create_task(self._send(line, ()))
        elif waiter.done() and not waiter.cancelled():
            waiter.result().discard()  # it was answered after all

    async def _send(self, line: bytes, descriptors: Sequence[int]) -> None:
        # A line begun is ended even when the task that sends it is cancelled: the next would follow half of it.
        await asyncio.shield(self._loop.create_task(self._send_whole(line, rights_of(descriptors))))

    async def _send_whole(self, line: bytes, rights: Sequence[Tuple[int, int, bytes]]) -> None:
        async with self._sending:
            left = memoryview(line)
            while len(left) > 0 and self._closed is None:
                try:
                    left = left[self._socket.sendmsg([left], rights) :]
                    rights = ()
                except BlockingIOError:
                    await self._writable()
                except OSError as error:
                    self._fail(Disconnected(f"the connection broke: {error.strerror or error}"))

    async def _writable(self) -> None:
        ready: _Future[None] = self._loop.create_future()
        number = self._socket.fileno()
        self._loop.add_writer(number, lambda: None if ready.done() else ready.set_result(None))
        try:
            await ready
        finally:
            self._loop.remove_writer(number)

    def _readable(self) -> None:
        try:
            octets, descriptors = receive(self._socket)
            if not octets:
                raise Disconnected("the kernel closed the connection")
            arrivals = self._exchange.receive(octets, descriptors)
        except BlockingIOError:
            return
        except OSError as error:
            return self._fail(Disconnected(f"the connection broke: {error.strerror or error}"))
        except AgentOSError as error:
            return self._fail(error)
        for waiter, answer in arrivals.answers:
            self._slots.release()
            if waiter is None or waiter.done():
                answer.discard()
            else:
                waiter.set_result(answer)
        for signal in arrivals.signals:
            self._signalled(signal)
        return None

    def _signalled(self, signal: Signal) -> None:
        """Operators get none."""

    def _fail(self, cause: AgentOSError) -> None:
        if self._closed is not None:
            return
        self._closed = cause
        self._loop.remove_reader(self._socket.fileno())
        self._loop.remove_writer(self._socket.fileno())
        self._socket.close()
        error = cause if isinstance(cause, ProtocolError) else Disconnected(cause.message)
        for waiter in self._exchange.close():
            self._slots.release()
            if not waiter.done():
                waiter.set_result(Answer(error=error))


class Agent(Client, AsyncCallsOfAgents):
    """The kernel as an agent sees it."""

    def __init__(self, connected: socket.socket) -> None:
        super().__init__(connected)
        self._on_signal: Optional[Callable[[Signal], None]] = None
        self._early: Dict[str, Signal] = {}  # arrived before anybody asked; one of each kind

    @classmethod
    async def connect(cls) -> Agent:
        """Takes over the connection this agent was started with. NoKernel: it was not started as an agent."""
        return cls(inherited_socket())

    def on_signal(self, callback: Callable[[Signal], None]) -> None:
        """Calls back from the event loop for each signal whose disposition is "handle" (see sigaction)."""
        self._on_signal = callback
        early, self._early = self._early, {}
        for signal in early.values():
            self._loop.call_soon(callback, signal)

    async def mmap(
        self,
        region: Optional[str] = None,
        *,
        size: Optional[int] = None,
        access: Optional[str] = None,
        share_with: Optional[Sequence[str]] = None,
    ) -> Region:
        """Makes or joins a shared memory region, mapped here: an mmap.mmap with .region and .access."""
        return region_of(*await self._call_mmap(region, size=size, access=access, share_with=share_with))

    async def attach(self, agent: Optional[str] = None) -> Agent:
        """A further connection: of the caller, or of a child it made without a process."""
        _, descriptor = await self._call_attach(agent)
        return Agent(socket.socket(fileno=descriptor))

    async def write(  # type: ignore[override]  # the path comes first
        self,
        path: Optional[str] = None,
        data: Optional[BytesLike] = None,
        *,
        handle: Optional[int] = None,
        offset: Optional[int] = None,
        append: Optional[bool] = None,
    ) -> WriteReply:
        """Writes octets, by path (the whole file, unless offset or append says otherwise) or by handle.

        Data larger than one message goes in several calls; each is decided and recorded by itself.
        """
        if data is None:
            raise TypeError("write() needs data")
        octets = data.encode("utf-8") if isinstance(data, str) else bytes(data)
        written = 0
        for piece in pieces_of(octets):
            at = offset_of(piece, path, offset, append)
            part = octets[piece : piece + WRITE_SIZE_MAX]
            reply = await super().write(part, path=path, handle=handle, offset=at, append=append)
            written += reply.size
        return WriteReply(size=written)

    async def read_bytes(self, path: str) -> bytes:
        """The whole file."""
        content = bytearray()
        while True:
            part = await self.read(path, offset=len(content))
            content += part.data
            if part.end or not part.data:
                return bytes(content)

    async def read_text(self, path: str, encoding: str = "utf-8") -> str:
        """The whole file as text."""
        return (await self.read_bytes(path)).decode(encoding)

    async def tool(self, name: str, /, **arguments: Any) -> Any:
        """Runs a registered tool and gives what it returned."""
        return (await self.exec(name, arguments=arguments)).result

    def _signalled(self, signal: Signal) -> None:
        if self._on_signal is not None:
            self._loop.call_soon(self._on_signal, signal)
        elif signal.name in self._early or len(self._early) < 64:
            self._early[signal.name] = signal


class Operator(Client, AsyncCallsOfOperators):
    """The kernel as its operator sees it."""

    @classmethod
    async def connect(cls, path: str = "") -> Operator:
        """Connects to the kernel at `path`, AGENTOS_SOCKET, or where it listens by default. NoKernel: none does."""
        return cls(operator_socket(path))
