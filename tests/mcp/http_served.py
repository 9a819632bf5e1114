"""`agentos mcp serve --http` for tests, and clients of both shapes of streamable HTTP with the standard library alone."""
from __future__ import annotations

import contextlib
import http.client
import json
import os
import queue
import socket
import subprocess
import threading

from wrapped import META, PROGRAMS, SECONDS, SERVER

BOTH = "application/json, text/event-stream"


class Served:
    """The endpoint as a process, in front of the fixture server."""

    def __init__(self, place, *options, servers=None, token_file=True):
        self.place = place
        self.folder = place.kernel.folder
        config = self.folder / "servers.json"
        config.write_text(json.dumps({"mcpServers": servers or {"fixture": {"command": SERVER}}}), encoding="utf-8")
        self.token_file = self.folder / "token"
        words = ["--token-file", str(self.token_file)] if token_file else []
        self.errors = open(self.folder / "http.log", "ab")
        self.process = subprocess.Popen(
            [PROGRAMS / "agentos", "mcp", "serve", "--http", "0", "--format", "json", *words, "--read", SERVER, *options, str(config)],
            env=place.kernel.environment, cwd=place.kernel.work, stdout=subprocess.PIPE, stderr=self.errors)
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("it did not start: " + (self.folder / "http.log").read_text(encoding="utf-8"))
        self.url = json.loads(line)["url"]
        self.port = int(self.url.split(":")[2].split("/")[0])
        self.token = self.token_file.read_text(encoding="utf-8").strip() if token_file else None

    def connection(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)

    def raw(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS)

    def request(self, method="POST", body=None, headers=None, path="/mcp", token=True):
        """Status, headers and body of one request."""
        sent = {"Content-Type": "application/json", "Accept": BOTH}
        if token:
            sent["Authorization"] = f"Bearer {self.token}"
        sent.update(headers or {})
        connection = self.connection()
        with contextlib.closing(connection):
            connection.request(method, path, body=json.dumps(body).encode() if isinstance(body, (dict, list)) else body,
                               headers={name: value for name, value in sent.items() if value is not None})
            reply = connection.getresponse()
            return reply.status, reply.headers, reply.read()

    def stop(self):
        self.process.terminate()
        code = self.process.wait(SECONDS)
        self.process.stdout.close()
        self.errors.close()
        return code


def events(reply):
    """The events of an answer, as (id, data)."""
    identifier, data = None, []
    for line in reply:
        line = line.decode().rstrip("\r\n")
        if not line:
            if data or identifier is not None:
                yield identifier, "\n".join(data)
            identifier, data = None, []
        elif line.startswith("id:"):
            identifier = line[3:].strip()
        elif line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))


class HttpClient:
    """One client: legacy with a session, or modern without."""

    def __init__(self, served, modern=False, capabilities=None, answers=None):
        self.served = served
        self.modern = modern
        self.capabilities = {"roots": {}, "sampling": {}, "elicitation": {}} if capabilities is None else capabilities
        self.answers = answers or {}
        self.session = None
        self.revision = "2026-07-28" if modern else None
        self._next = 0

    def headers(self, more=None):
        out = {"Content-Type": "application/json", "Accept": BOTH, "Authorization": f"Bearer {self.served.token}"}
        if self.session:
            out["Mcp-Session-Id"] = self.session
        if self.revision:
            out["MCP-Protocol-Version"] = self.revision
        out.update(more or {})
        return out

    def message(self, method, params=None, meta=None):
        self._next += 1
        params, meta = dict(params or {}), dict(meta or {})
        if self.modern:
            meta[META + "protocolVersion"] = self.revision
            meta[META + "clientCapabilities"] = self.capabilities
        if meta:
            params["_meta"] = meta
        return {"jsonrpc": "2.0", "id": self._next, "method": method, "params": params}

    def mirrored(self, message):
        if not self.modern:
            return {}
        out = {"Mcp-Method": message["method"]}
        if message["method"] in ("tools/call", "prompts/get"):
            out["Mcp-Name"] = message["params"]["name"]
        elif message["method"] == "resources/read":
            out["Mcp-Name"] = message["params"]["uri"]
        return out

    def post(self, message, more=None):
        """The connection and the answer, whose body is not read yet."""
        connection = self.served.connection()
        connection.request("POST", "/mcp", json.dumps(message).encode(), self.headers({**self.mirrored(message), **(more or {})}))
        return connection, connection.getresponse()

    def ask(self, method, params=None, meta=None, more=None):
        """The answer and what was said before it."""
        message = self.message(method, params, meta)
        connection, reply = self.post(message, more)
        with contextlib.closing(connection):
            if reply.headers.get("Content-Type") == "application/json":
                answer = json.loads(reply.read())
                answer["status"] = reply.status
                if method == "initialize" and "result" in answer:
                    self.session = reply.headers["Mcp-Session-Id"]
                    self.revision = answer["result"]["protocolVersion"]
                return answer, []
            said = []
            for _, data in events(reply):
                if not data:
                    continue
                one = json.loads(data)
                if "method" in one and "id" in one:
                    self.tell_raw({"jsonrpc": "2.0", "id": one["id"], "result": self.answers[one["method"]]})
                elif "method" not in one:
                    one["status"] = reply.status
                    return one, said
                said.append(one)
            raise AssertionError("the stream ended without an answer")

    def result(self, method, params=None, meta=None, more=None):
        answer, _ = self.ask(method, params, meta, more)
        if "error" in answer:
            raise AssertionError(answer)
        return answer["result"]

    def call(self, tool, arguments=None, meta=None, more=None):
        return self.result("tools/call", {"name": tool, "arguments": arguments or {}}, meta, more)

    def text(self, tool, arguments=None):
        return self.call(tool, arguments)["content"][0]["text"]

    def tell_raw(self, message):
        status, _, body = self.served.request(body=message, headers=self.headers(self.mirrored(message) if "method" in message else {}))
        if status != 202 or body:
            raise AssertionError((status, body))

    def start(self, revision="2025-11-25"):
        if self.modern:
            return self.result("server/discover")
        result = self.result("initialize", {"protocolVersion": revision, "capabilities": self.capabilities,
                                            "clientInfo": {"name": "test", "version": "1"}})
        self.tell_raw({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return result

    def get(self, last=None):
        connection = self.served.connection()
        connection.request("GET", "/mcp", headers=self.headers({"Last-Event-ID": last} if last else {}))
        return connection, connection.getresponse()


class Stream:
    """An answer that goes on: its events come into a queue."""

    def __init__(self, connection, reply):
        if reply.status != 200 or reply.headers["Content-Type"] != "text/event-stream":
            raise AssertionError((reply.status, reply.read()))
        self.connection = connection
        # The connection object forgets its socket when an answer ends with the connection.
        self.socket = socket.socket(fileno=os.dup(connection.sock.fileno())) if connection.sock else None
        self.queue = queue.Queue()
        self.last = None
        self._thread = threading.Thread(target=self._read, args=(reply,), daemon=True)
        self._thread.start()

    def _read(self, reply):
        try:
            for one in events(reply):
                self.queue.put(one)
        except (OSError, http.client.HTTPException, ValueError, AttributeError):
            pass  # it was closed while it was read
        self.queue.put(None)

    def next(self, seconds=SECONDS):
        """The next message; None at the end."""
        while True:
            try:
                one = self.queue.get(timeout=seconds)
            except queue.Empty:
                raise AssertionError(f"nothing came in {seconds} s") from None
            if one is None:
                return None
            self.last = one[0] or self.last
            if one[1]:
                return json.loads(one[1])

    def primed(self):
        """Until the event that says how to come back."""
        one = self.queue.get(timeout=SECONDS)
        self.last = one[0]
        return self.last

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.connection.close()
        self._thread.join(SECONDS)
