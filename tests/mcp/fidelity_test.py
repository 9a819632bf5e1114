"""What of the notifications reaches the other side, measured for each pairing of eras: docs/mcp_fidelity.md.

The page is what this test writes: it fails when they differ. AGENTOS_WRITE_DOCS=1 writes the page anew.
"""
import os
import pathlib
import time
import unittest

from wrapped import META, SERVER, Place, Refused

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/mcp_fidelity.md"
PAIRINGS = [(client, server) for client in ("legacy", "modern") for server in ("legacy", "modern")]
ANSWER_SECONDS = 5  # one that has not come by then does not come
ALLOW = """apiVersion: agentos/v1
kind: Policy
metadata: {name: test}
spec:
  rules: [{name: all, syscalls: ["*"], action: allow}, {name: list, phase: list, tools: ["*"], action: allow}]
"""
HEAD = """# MCP notifications through AgentOS

Whether a notification that one side sends reaches the other through `agentos mcp wrap`, for each pairing of eras: a
client of the legacy era (2024-11-05 to 2025-11-25) or the modern one (2026-07-28) in front of a server of either.
Written by `tests/mcp/fidelity_test.py`, which measures it over stdio.

| notification | sent by | {columns} |
|---|---|{rules}|
"""
TAIL = """
- *no*: a modern client is told nothing outside its own requests and what `subscriptions/listen` names. A question that a
  server takes back is gone when the client comes back with its answer. Nothing decides on what a client says unasked:
  its progress reaches only the server that asked with that token, in numbers, and the state of its own tasks reaches
  none.
- `notifications/initialized` is each side's own: AgentOS answers the client's and sends the server one.
- `notifications/resources/list_changed`, `tools` and `prompts` alike, are sent once the new list is known and compared
  with the pin, at most once a second of one server.
"""


class Pair:
    """One connection, and what its server wrote to standard error since it began."""

    def __init__(self, place, policy, client, server):
        self.place = place
        self.client_era = client
        self.server_era = server
        self.errors = place.kernel.work / "errors.log"
        self.before = self.errors.stat().st_size if self.errors.exists() else 0
        self.client = place.wrap("--policy", str(policy), "--name", f"{client}-{server}", "--drift", "warn", server=(SERVER, server), modern=client == "modern",
                                 answers={"roots/list": {"roots": []}})
        self.client.start()
        self.client.ask("tools/list")
        self.meta = {META + "logLevel": "debug", "progressToken": "p"} if self.client.modern else {"progressToken": "p"}
        if self.client.modern:
            wanted = {"toolsListChanged": True, "promptsListChanged": True, "resourcesListChanged": True, "resourceSubscriptions": ["test://static-text"]}
            self.client.send("subscriptions/listen", {"notifications": wanted})
            self.client.told("notifications/subscriptions/acknowledged")
        else:
            self.client.ask("logging/setLevel", {"level": "debug"})
            self.client.ask("resources/subscribe", {"uri": "test://static-text"})
        self.client.text("echo", {"text": "it is there"})
        self.client.notifications.clear()

    def comes(self, method, tool, arguments=None):
        """Whether the client is told `method` when the server runs `tool`."""
        self.client.call(tool, arguments or {}, meta=self.meta)
        return self.until(lambda: any(one["method"] == method for one in self.client.notifications))

    def reaches(self, method, word=None):
        """Whether the server hears `method` when the client says it."""
        if method == "notifications/cancelled":
            asked = self.client.send("tools/call", {"name": "silent", "arguments": {}})
            self.client.text("echo", {"text": "behind it"})
            self.client.tell(method, {"requestId": asked})
        elif method == "notifications/progress":
            self.client.answers["roots/list"] = self.answer_with_progress
            self.client.call("roots")
        else:
            self.client.tell(method, {"taskId": "t", "status": "working"})
        wanted = (word or f"notified {method}").encode()
        return self.until(lambda: wanted in self.errors.read_bytes()[self.before:])

    def answer_with_progress(self, params):
        for token in ("of nobody", params["_meta"]["progressToken"]):
            self.client.tell("notifications/progress", {"progressToken": token, "progress": 1})
        return {"roots": []}

    @staticmethod
    def until(condition):
        end = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < end:
            if condition():
                return True
            time.sleep(0.02)
        return False


# Notification, who sends it, how it is brought about; only a legacy server asks by requests that can be cancelled.
ROWS = [
    ("notifications/progress", "server", lambda pair, method: pair.comes(method, "test_tool_with_progress")),
    ("notifications/message", "server", lambda pair, method: pair.comes(method, "test_tool_with_logging")),
    ("notifications/tools/list_changed", "server", lambda pair, method: pair.comes(method, "change_tools")),
    ("notifications/prompts/list_changed", "server", lambda pair, method: pair.comes(method, "change", {"what": "prompts"})),
    ("notifications/resources/list_changed", "server", lambda pair, method: pair.comes(method, "change", {"what": "resources"})),
    ("notifications/resources/updated", "server", lambda pair, method: pair.comes(method, "touch")),
    ("notifications/cancelled", "server", lambda pair, method: None if pair.server_era == "modern" else pair.comes(method, "ask_and_cancel")),
    ("notifications/elicitation/complete", "server", lambda pair, method: None if pair.server_era == "modern" else pair.comes(method, "say", {"method": method})),
    ("notifications/tasks/status", "server", lambda pair, method: None if pair.server_era == "modern" else pair.comes(method, "say", {"method": method})),
    ("notifications/cancelled", "client", lambda pair, method: pair.reaches(method, "cancelled")),
    ("notifications/progress", "client", lambda pair, method: None if "modern" in (pair.client_era, pair.server_era) else pair.reaches(method)),
    ("notifications/roots/list_changed", "client", lambda pair, method: None if pair.client.modern else pair.reaches(method)),
    ("notifications/tasks/status", "client", lambda pair, method: None if pair.client.modern else pair.reaches(method)),
]
WORDS = {True: "yes", False: "no", None: "not in that era"}


class Fidelity(unittest.TestCase):
    def test_the_page_says_what_is_measured(self):
        place = Place()
        self.addCleanup(place.stop)
        policy = place.kernel.folder / "test.yaml"
        policy.write_text(ALLOW, encoding="utf-8")
        cells = [[] for _ in ROWS]
        for client, server in PAIRINGS:
            pair = Pair(place, policy, client, server)
            for row, (method, _, measure) in zip(cells, ROWS):
                pair.client.notifications.clear()
                try:
                    row.append(WORDS[measure(pair, method)])
                except Refused as refused:
                    row.append(f"refused: {refused}")
            pair.client.kill()
        columns = [f"{client} client, {server} server" for client, server in PAIRINGS]
        page = HEAD.format(columns=" | ".join(columns), rules="|".join("---" for _ in columns))
        for (method, sender, _), row in zip(ROWS, cells):
            page += f"| `{method}` | {sender} | {' | '.join(row)} |\n"
        page += TAIL
        if os.environ.get("AGENTOS_WRITE_DOCS") == "1":
            PAGE.write_text(page, encoding="utf-8")
        self.assertEqual(PAGE.read_text(encoding="utf-8"), page)


if __name__ == "__main__":
    unittest.main()
