"""Agent and Operator: the generated calls over a connection, and what is handier than a call."""

from __future__ import annotations

import socket
from types import TracebackType
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple, Type, TypeVar

from ._address import inherited_socket, operator_socket
from ._calls import CallsOfAgents, CallsOfAll, CallsOfOperators, WriteReply
from ._exchange import Signal
from ._region import Region, region_of
from ._transport import Connection
from ._wire import BytesLike

WRITE_SIZE_MAX = 640 * 1024  # of one request, so that its line stays within bounds as base64 too
C = TypeVar("C", bound="Client")


class Client(CallsOfAll):
    """A connection to the kernel. Several threads may use it at once; `with` closes it."""

    def __init__(self, connected: socket.socket) -> None:
        self._connection = Connection(connected)

    def call(self, name: str, fields: Mapping[str, Any], descriptors: Sequence[int] = ()) -> Dict[str, Any]:
        """Any call by name; the typed methods are made of this."""
        return self._connection.call(name, fields, descriptors)[0]

    def call_for_descriptor(self, name: str, fields: Mapping[str, Any]) -> Tuple[Dict[str, Any], int]:
        return self._connection.call(name, fields, brings_descriptor=True)

    def disconnect(self) -> None:
        """Closes the connection; calls under way fail with Disconnected."""
        self._connection.disconnect()

    def __enter__(self: C) -> C:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.disconnect()


class Agent(Client, CallsOfAgents):
    """The kernel as an agent sees it."""

    @classmethod
    def connect(cls) -> Agent:
        """Takes over the connection this agent was started with. NoKernel: it was not started as an agent."""
        return cls(inherited_socket())

    def on_signal(self, callback: Callable[[Signal], None]) -> None:
        """Calls back, on a thread of its own, for each signal whose disposition is "handle" (see sigaction)."""
        self._connection.on_signal(callback)

    def mmap(
        self,
        region: Optional[str] = None,
        *,
        size: Optional[int] = None,
        access: Optional[str] = None,
        share_with: Optional[Sequence[str]] = None,
    ) -> Region:
        """Makes or joins a shared memory region, mapped here: an mmap.mmap with .region and .access."""
        return region_of(*self._call_mmap(region, size=size, access=access, share_with=share_with))

    def attach(self, agent: Optional[str] = None) -> Agent:
        """A further connection: of the caller, or of a child it made without a process."""
        _, descriptor = self._call_attach(agent)
        return Agent(socket.socket(fileno=descriptor))

    def write(  # type: ignore[override]  # the path comes first
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
            written += super().write(part, path=path, handle=handle, offset=at, append=append).size
        return WriteReply(size=written)

    def read_bytes(self, path: str) -> bytes:
        """The whole file."""
        content = bytearray()
        while True:
            part = self.read(path, offset=len(content))
            content += part.data
            if part.end or not part.data:
                return bytes(content)

    def read_text(self, path: str, encoding: str = "utf-8") -> str:
        """The whole file as text."""
        return self.read_bytes(path).decode(encoding)

    def tool(self, name: str, /, **arguments: Any) -> Any:
        """Runs a registered tool and gives what it returned."""
        return self.exec(name, arguments=arguments).result


class Operator(Client, CallsOfOperators):
    """The kernel as its operator sees it."""

    @classmethod
    def connect(cls, path: str = "") -> Operator:
        """Connects to the kernel at `path`, AGENTOS_SOCKET, or where it listens by default. NoKernel: none does."""
        return cls(operator_socket(path))


def pieces_of(octets: bytes) -> Sequence[int]:
    """Where each piece of a large write starts; one piece when there is nothing to write."""
    return range(0, max(len(octets), 1), WRITE_SIZE_MAX)


def offset_of(piece: int, path: Optional[str], offset: Optional[int], append: Optional[bool]) -> Optional[int]:
    """Where in the file a piece goes: by handle and when appending the kernel keeps count itself."""
    if append or (path is None and offset is None) or (piece == 0 and offset is None):
        return None
    return (offset or 0) + piece
