"""The other end of a connection, for tests: reads lines on a thread and answers by a function of the test.

The function gets (method, params) and gives a dict (the reply), an Exception (its error), or an Answer for anything
else: a descriptor to send along, an answer later, or none at all.
"""

from __future__ import annotations

import array
import json
import socket
import threading
from typing import Any, Callable, Dict, List, Optional, Tuple


class Refusal(Exception):
    """Answered as an error response with these details."""

    def __init__(self, name: str, message: str = "refused", **details: Any) -> None:
        super().__init__(message)
        self.details = {"error": name, **details}


class Held:
    """Answered only when the test says so."""


class WithDescriptor:
    def __init__(self, reply: Dict[str, Any], descriptor: int) -> None:
        self.reply = reply
        self.descriptor = descriptor


class FakeKernel:
    def __init__(self, answer: Callable[[str, Dict[str, Any]], Any]) -> None:
        self.client, self._socket = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._answer = answer
        self.requests: List[Tuple[Any, str, Dict[str, Any]]] = []
        self.cancelled: List[Any] = []
        self.descriptors: List[int] = []
        self.arrived = threading.Condition()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._thread.join()
        self._socket.close()

    def send_raw(self, octets: bytes, descriptors: Optional[List[int]] = None) -> None:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        sent = self._socket.sendmsg([octets], rights)
        self._socket.sendall(octets[sent:])

    def send(self, message: Dict[str, Any], descriptors: Optional[List[int]] = None) -> None:
        self.send_raw(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n", descriptors)

    def wait_for_requests(self, count: int) -> None:
        with self.arrived:
            if not self.arrived.wait_for(lambda: len(self.requests) >= count, timeout=20):
                raise AssertionError(f"{len(self.requests)} requests came, not {count}")

    def wait_for_cancelled(self, count: int) -> None:
        with self.arrived:
            if not self.arrived.wait_for(lambda: len(self.cancelled) >= count, timeout=20):
                raise AssertionError(f"{len(self.cancelled)} cancellations came, not {count}")

    def _serve(self) -> None:
        buffer = b""
        while True:
            try:
                octets, ancillary, _, _ = self._socket.recvmsg(65536, socket.CMSG_SPACE(64))
            except OSError:
                return
            for _, _, content in ancillary:
                self.descriptors.extend(array.array("i", content))
            if not octets:
                return
            buffer += octets
            *lines, buffer = buffer.split(b"\n")
            for line in lines:
                self._take(json.loads(line))

    def _take(self, message: Dict[str, Any]) -> None:
        if "id" not in message:
            with self.arrived:
                self.cancelled.append(message["params"]["requestId"])
                self.arrived.notify_all()
            return
        request = (message["id"], message["method"], message["params"])
        answer = self._answer(request[1], request[2])
        with self.arrived:
            self.requests.append(request)
            self.arrived.notify_all()
        if isinstance(answer, Held):
            return
        if isinstance(answer, Refusal):
            body = {"code": -32000, "message": str(answer), "data": answer.details}
            self.send({"id": request[0], "error": body})
        elif isinstance(answer, WithDescriptor):
            self.send({"id": request[0], "result": answer.reply}, [answer.descriptor])
        else:
            self.send({"id": request[0], "result": answer})
