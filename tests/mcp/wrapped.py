"""A client of `agentos mcp wrap` for tests, of either era, written with the standard library alone."""
from __future__ import annotations

import json
import pathlib
import queue
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "end_to_end"))
from real_kernel import PROGRAMS, RealKernel, wait_until  # noqa: E402,F401

SERVER = str(PROGRAMS / "mcp-fixture-server")
SECONDS = 30
META = "io.modelcontextprotocol/"


class Refused(Exception):
    """An error of JSON-RPC."""

    def __init__(self, error):
        super().__init__(error.get("message"))
        self.code = error["code"]
        self.data = error.get("data")


class Client:
    """One connection: `answers` says what is answered to requests of the server, by method."""

    def __init__(self, command, environment, folder, modern=False, capabilities=None, answers=None):
        self.modern = modern
        self.capabilities = {"roots": {}, "sampling": {}, "elicitation": {}} if capabilities is None else capabilities
        self.answers = answers or {}
        self.notifications = []
        self.asked = []
        self._next = 1
        self._replies = {}
        self._changed = threading.Condition()
        self.errors = open(pathlib.Path(folder) / "errors.log", "ab")
        self.process = subprocess.Popen(
            command, env=environment, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            message = json.loads(line)
            if "method" in message and "id" in message:
                self.asked.append(message)
                answer = self.answers.get(message["method"])
                if callable(answer):
                    answer = answer(message["params"])
                if answer is None:
                    self.write({"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32601, "message": "no"}})
                else:
                    self.write({"jsonrpc": "2.0", "id": message["id"], "result": answer})
            with self._changed:
                if "method" in message and "id" not in message:
                    self.notifications.append(message)
                elif "method" not in message:
                    self._replies[message.get("id")] = message
                self._changed.notify_all()
        with self._changed:
            self._replies[None] = {"error": {"code": 0, "message": "the connection ended"}}
            self._changed.notify_all()

    def write(self, message):
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def send(self, method, params=None, meta=None):
        identifier = self._next
        self._next += 1
        params = dict(params or {})
        meta = dict(meta or {})
        if self.modern:
            meta[META + "protocolVersion"] = "2026-07-28"
            meta[META + "clientInfo"] = {"name": "test", "version": "1"}
            meta[META + "clientCapabilities"] = self.capabilities
        if meta:
            params["_meta"] = meta
        self.write({"jsonrpc": "2.0", "id": identifier, "method": method, "params": params})
        return identifier

    def reply(self, identifier, seconds=SECONDS):
        with self._changed:
            if not self._changed.wait_for(lambda: identifier in self._replies or None in self._replies, seconds):
                raise AssertionError(f"no answer to {identifier} in {seconds} s")
            message = self._replies.pop(identifier, None) or self._replies[None]
        if "error" in message:
            raise Refused(message["error"])
        return message["result"]

    def ask(self, method, params=None, meta=None, seconds=SECONDS):
        """The result; a modern client answers what is wanted of it and asks again."""
        result = self.reply(self.send(method, params, meta), seconds)
        while self.modern and result.get("resultType") == "input_required":
            responses = {}
            for key, request in result.get("inputRequests", {}).items():
                self.asked.append(request)
                answer = self.answers[request["method"]]
                responses[key] = answer(request.get("params", {})) if callable(answer) else answer
            again = {**params, "inputResponses": responses}
            if "requestState" in result:
                again["requestState"] = result["requestState"]
            result = self.reply(self.send(method, again, meta), seconds)
        return result

    def tell(self, method, params=None):
        self.write({"jsonrpc": "2.0", "method": method, "params": params or {}})

    def start(self, revision="2025-11-25"):
        if self.modern:
            return self.ask("server/discover")
        result = self.ask(
            "initialize",
            {"protocolVersion": revision, "capabilities": self.capabilities, "clientInfo": {"name": "test", "version": "1"}},
        )
        self.tell("notifications/initialized")
        return result

    def call(self, tool, arguments=None, meta=None, seconds=SECONDS):
        return self.ask("tools/call", {"name": tool, "arguments": arguments or {}}, meta, seconds)

    def text(self, tool, arguments=None, meta=None):
        return self.call(tool, arguments, meta)["content"][0]["text"]

    def told(self, method, seconds=SECONDS):
        """The first notification of that method, which is taken."""
        with self._changed:
            found = []

            def come():
                found[:] = [one for one in self.notifications if one["method"] == method]
                return bool(found)

            if not self._changed.wait_for(come, seconds):
                raise AssertionError(f"{method} did not come in {seconds} s; there were {self.notifications}")
            self.notifications.remove(found[0])
        return found[0].get("params", {})

    def close(self):
        self.process.stdin.close()
        code = self.process.wait(SECONDS)
        self._reader.join(SECONDS)
        self.process.stdout.close()
        self.errors.close()
        return code

    def kill(self):
        self.process.kill()
        self.process.wait(SECONDS)
        self._reader.join(SECONDS)
        self.process.stdin.close()
        self.process.stdout.close()
        self.errors.close()


class Place:
    """A kernel and clients in front of the fixture server."""

    def __init__(self, *options):
        self.kernel = RealKernel("--mode", "interval", *options).start()

    def agentos(self, *words):
        return subprocess.run(
            [PROGRAMS / "agentos", *words], env=self.kernel.environment, cwd=self.kernel.work, capture_output=True, text=True, timeout=60
        )

    def wrap(self, *options, server=(SERVER,), **client):
        command = [str(PROGRAMS / "agentos"), "mcp", "wrap", *options, "--read", SERVER, "--", *server]
        return Client(command, self.kernel.environment, self.kernel.work, **client)

    def entries(self):
        """The record, oldest first."""
        out = self.agentos("log", "show", "--last", "100000", "--format", "json").stdout
        return [json.loads(line) for line in out.splitlines()] if not out.lstrip().startswith("[") else json.loads(out)

    def stop(self):
        self.kernel.stop()
