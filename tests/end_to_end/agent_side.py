"""What a test's agent needs inside its sandbox: the raw line protocol on the inherited socket. Standard library only."""
import json
import os
import socket
import time


def connect():
    """The inherited connection, raw."""
    return socket.socket(fileno=int(os.environ["AGENTOS_SOCKET_FD"]))


class Lines:
    def __init__(self, connected):
        self.socket = connected
        self.socket.settimeout(60)
        self.buffer = b""

    def send(self, octets):
        self.socket.sendall(octets)

    def next(self):
        while b"\n" not in self.buffer:
            octets = self.socket.recv(1 << 20)
            if not octets:
                return None
            self.buffer += octets
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line)

    def exchange(self, octets):
        self.send(octets)
        return self.next()

    def call(self, method, **params):
        """The whole response to one call."""
        return self.exchange(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode() + b"\n")


def calm_neighbour(lines, until_closed):
    """Makes a call every few milliseconds until its input ends; tells the slowest and how many failed."""
    import select

    slowest, failed, made = 0.0, 0, 0
    while True:
        started = time.monotonic()
        reply = lines.call("write", path="/mem/working/beat", data=str(made))
        slowest = max(slowest, time.monotonic() - started)
        made += 1
        failed += "error" in reply
        if select.select([until_closed], [], [], 0.005)[0]:
            return {"slowest_ms": slowest * 1000, "failed": failed, "made": made}
