"""One connection's conversation without its socket: which calls wait, what arrives for whom.

Replies come in any order and are matched by id. Descriptors arrive with the octets around the reply they belong to;
they are handed out in order to the replies that bring one. Both clients, threads and asyncio, hold one of these.
"""

from __future__ import annotations

import json
import os
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Deque, Dict, Generic, List, Mapping, Optional, Tuple, TypeVar

from . import _errors
from ._wire import LINE_BYTES_MAX, AgentOSError, ProtocolError, line_of, request_line

W = TypeVar("W")

IN_FLIGHT_MAX = 256
DESCRIPTORS_MAX = 256  # received and not handed out yet


class Disconnected(_errors.NoKernel):
    """The connection is closed: the agent has ended, the kernel has stopped, or disconnect() was called."""


@dataclass(frozen=True)
class Signal:
    """A signal the kernel told this agent of. name: "SIGTERM"; details: the whole notification."""

    name: str
    details: Mapping[str, Any]

    @property
    def reason(self) -> str:
        """Why, as its sender said; or empty."""
        return self._text("reason")

    @property
    def sender(self) -> str:
        """Who sent it, written by the kernel; or empty."""
        return self._text("sender")

    def _text(self, name: str) -> str:
        value = self.details.get(name, "")
        return value if isinstance(value, str) else ""


@dataclass
class Answer:
    """What came back for one call: a reply with its descriptor (-1: none), or an error."""

    reply: Dict[str, Any] = field(default_factory=dict)
    descriptor: int = -1
    error: Optional[AgentOSError] = None

    def discard(self) -> None:
        """Nobody wants it any more."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


@dataclass
class _Waiting(Generic[W]):
    waiter: Optional[W]  # None: given up
    brings_descriptor: bool


@dataclass
class Arrivals(Generic[W]):
    """What one piece of input held. A waiter of None gave its call up."""

    answers: List[Tuple[Optional[W], Answer]] = field(default_factory=list)
    signals: List[Signal] = field(default_factory=list)


def error_of(wire: Any) -> AgentOSError:
    """The exception for the error member of a response."""
    body = wire if isinstance(wire, dict) else {}
    given = body.get("data")
    details = given if isinstance(given, dict) else {}

    def text(members: Mapping[str, Any], name: str) -> str:
        value = members.get(name, "")
        return value if isinstance(value, str) else ""

    kind = _errors.BY_NAME.get(text(details, "error"), _errors.Internal)
    return kind(
        text(body, "message") or "the kernel answered with an error",
        hint=text(details, "hint"),
        rule=text(details, "rule"),
        reason=text(details, "reason"),
        retry=details.get("retry"),
        approval=text(details, "approval"),
    )


class Exchange(Generic[W]):
    """Not thread-safe; the connection around it says who may touch it."""

    def __init__(self) -> None:
        self._waiting: Dict[int, _Waiting[W]] = {}
        self._descriptors: Deque[int] = deque()
        self._buffer = bytearray()
        self._scanned = 0
        self._next = 1

    def begin(self, waiter: W, name: str, fields: Mapping[str, Any], brings_descriptor: bool) -> Tuple[int, bytes]:
        """A new call: its id and the line to send."""
        identifier = self._next
        line = request_line(identifier, name, fields)
        self._next += 1
        self._waiting[identifier] = _Waiting(waiter, brings_descriptor)
        return identifier, line

    def give_up(self, identifier: int) -> bytes:
        """Nobody waits for that call any more: the line that cancels it, or nothing when it was answered."""
        waiting = self._waiting.get(identifier)
        if waiting is None:
            return b""
        waiting.waiter = None
        params = {"requestId": identifier}
        return line_of({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params})

    def receive(self, octets: bytes, descriptors: List[int]) -> Arrivals[W]:
        """Takes what was read. ProtocolError: the connection is of no use any more."""
        self._descriptors.extend(descriptors)
        if len(self._descriptors) > DESCRIPTORS_MAX:
            raise ProtocolError("the kernel sent descriptors no call asked for")
        self._buffer += octets
        arrivals: Arrivals[W] = Arrivals()
        start = 0
        while True:
            end = self._buffer.find(b"\n", max(start, self._scanned))
            if end < 0:
                break
            self._take(bytes(self._buffer[start:end]), arrivals)
            start = end + 1
        del self._buffer[:start]
        self._scanned = len(self._buffer)
        if self._scanned > LINE_BYTES_MAX:
            raise ProtocolError(f"a line of the kernel is longer than {LINE_BYTES_MAX} octets")
        return arrivals

    def close(self) -> List[W]:
        """Ends the conversation: the waiters whose calls will not be answered."""
        while self._descriptors:
            os.close(self._descriptors.popleft())
        waiters = [waiting.waiter for waiting in self._waiting.values() if waiting.waiter is not None]
        self._waiting.clear()
        self._buffer.clear()
        return waiters

    def _take(self, line: bytes, arrivals: Arrivals[W]) -> None:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            raise ProtocolError("the kernel sent a line that is not JSON") from None
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            raise ProtocolError("the kernel sent a line that is not JSON-RPC 2.0")
        if "method" in message:
            self._take_notification(message, arrivals)
        else:
            self._take_response(message, arrivals)

    @staticmethod
    def _take_notification(message: Dict[str, Any], arrivals: Arrivals[W]) -> None:
        params = message.get("params")
        if message["method"] != "notifications/signal" or not isinstance(params, dict):
            return  # told of something this version does not know
        name = params.get("signal")
        if isinstance(name, str):
            arrivals.signals.append(Signal(name, params))

    def _take_response(self, message: Dict[str, Any], arrivals: Arrivals[W]) -> None:
        identifier = message.get("id")
        if identifier is None and "error" in message and len(self._waiting) == 1:
            identifier = next(iter(self._waiting))  # a line the kernel could not read; only this can be meant
        if not isinstance(identifier, int) or identifier not in self._waiting:
            if identifier is None and "error" in message:
                raise ProtocolError(f"the kernel could not read a request: {error_of(message['error']).message}")
            raise ProtocolError("the kernel answered a call that was not made")
        waiting = self._waiting.pop(identifier)
        answer = Answer()
        if "error" in message:
            answer.error = error_of(message["error"])
        elif isinstance(message.get("result"), dict):
            answer.reply = message["result"]
            if waiting.brings_descriptor:
                if not self._descriptors:
                    answer.error = ProtocolError("the reply came without its descriptor")
                else:
                    answer.descriptor = self._descriptors.popleft()
        else:
            answer.error = ProtocolError("the reply is not an object")
        arrivals.answers.append((waiting.waiter, answer))
