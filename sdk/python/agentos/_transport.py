"""A connection that several threads may call over at once.

One thread reads and hands each reply to the thread that waits for it. Signals are handed to the callback on a thread
of their own, so that the callback may make calls; while one is being handled, repeats of the same signal wait as one.
"""

from __future__ import annotations

import socket
import threading
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from ._address import receive, rights_of
from ._exchange import IN_FLIGHT_MAX, Answer, Disconnected, Exchange, Signal
from ._wire import AgentOSError, ProtocolError

SIGNALS_MAX = 64  # kinds of signals that wait; the table has twelve


class _Waiter:
    """One thread's place in line."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.answer = Answer()


class Connection:
    """Owns its socket. Every method may be called from any thread."""

    def __init__(self, connected: socket.socket) -> None:
        connected.setblocking(True)
        self._socket = connected
        self._lock = threading.Lock()  # guards _exchange, _closed, _signals
        self._sending = threading.Lock()  # keeps lines whole; never taken while _lock is held
        self._exchange: Exchange[_Waiter] = Exchange()
        self._closed: Optional[AgentOSError] = None
        self._slots = threading.BoundedSemaphore(IN_FLIGHT_MAX)
        self._signals: Dict[str, Signal] = {}
        self._signal_arrived = threading.Condition(self._lock)
        self._on_signal: Optional[Callable[[Signal], None]] = None
        self._reader = threading.Thread(target=self._read, name="agentos-reader", daemon=True)
        self._reader.start()

    def call(
        self, name: str, fields: Mapping[str, Any], descriptors: Sequence[int] = (), brings_descriptor: bool = False
    ) -> Tuple[Dict[str, Any], int]:
        """Makes a call and waits for its answer. Interrupted while it waits, it cancels the call."""
        waiter = _Waiter()
        self._slots.acquire()
        try:
            with self._lock:
                if self._closed is not None:
                    raise Disconnected(str(self._closed))
                identifier, line = self._exchange.begin(waiter, name, fields, brings_descriptor)
        except BaseException:
            self._slots.release()
            raise
        try:
            self._send(line, descriptors)
            waiter.done.wait()
        except BaseException:
            self._give_up(identifier, waiter)
            raise
        if waiter.answer.error is not None:
            waiter.answer.discard()
            raise waiter.answer.error
        return waiter.answer.reply, waiter.answer.descriptor

    def on_signal(self, callback: Callable[[Signal], None]) -> None:
        """Signals go to `callback` from now on; those that arrived before anybody asked are kept for it."""
        with self._lock:
            first = self._on_signal is None
            self._on_signal = callback
        if first:
            threading.Thread(target=self._deliver, name="agentos-signals", daemon=True).start()

    def disconnect(self) -> None:
        """Closes the connection; calls under way fail with Disconnected."""
        self._fail(Disconnected("the connection was closed here"))
        if threading.current_thread() is not self._reader:
            self._reader.join()

    def _give_up(self, identifier: int, waiter: _Waiter) -> None:
        with self._lock:
            line = self._exchange.give_up(identifier)
            if not line:
                waiter.answer.discard()  # it was answered after all
        if line:
            try:
                self._send(line, ())
            except OSError:
                pass  # closed: nothing is left to cancel

    def _send(self, line: bytes, descriptors: Sequence[int]) -> None:
        with self._sending:
            try:
                sent = self._socket.sendmsg([line], rights_of(descriptors))
                if sent < len(line):
                    self._socket.sendall(memoryview(line)[sent:])
            except OSError as error:
                self._fail(Disconnected(f"the connection broke: {error.strerror or error}"))

    def _read(self) -> None:
        try:
            while True:
                octets, descriptors = receive(self._socket)
                if not octets:
                    raise Disconnected("the kernel closed the connection")
                with self._lock:
                    arrivals = self._exchange.receive(octets, descriptors)
                    self._keep(arrivals.signals)
                    for waiter, answer in arrivals.answers:
                        if waiter is None:
                            answer.discard()
                        else:
                            waiter.answer = answer
                for waiter, _ in arrivals.answers:
                    self._slots.release()
                    if waiter is not None:
                        waiter.done.set()
        except OSError as error:
            self._fail(Disconnected(f"the connection broke: {error.strerror or error}"))
        except AgentOSError as error:
            self._fail(error)
        finally:
            self._socket.close()

    def _fail(self, cause: AgentOSError) -> None:
        with self._lock:
            if self._closed is None:
                self._closed = cause
            waiters = self._exchange.close()
            self._signal_arrived.notify_all()
        try:
            self._socket.shutdown(socket.SHUT_RDWR)  # ends the reader
        except OSError:
            pass
        for waiter in waiters:
            waiter.answer = Answer(error=cause if isinstance(cause, ProtocolError) else Disconnected(cause.message))
            waiter.done.set()
            self._slots.release()

    def _keep(self, signals: List[Signal]) -> None:
        for signal in signals:
            if signal.name in self._signals or len(self._signals) < SIGNALS_MAX:
                self._signals[signal.name] = signal
        if signals:
            self._signal_arrived.notify_all()

    def _deliver(self) -> None:
        while True:
            with self._lock:
                while not self._signals:
                    if self._closed is not None:
                        return
                    self._signal_arrived.wait()
                signal = self._signals.pop(next(iter(self._signals)))
                callback = self._on_signal
            if callback is not None:
                callback(signal)
