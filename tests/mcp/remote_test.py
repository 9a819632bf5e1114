"""A server in the map that has a URL: reached over HTTP by a confined program, governed as any other."""
import json
import unittest

from http_served import Served
from wrapped import PROGRAMS, Client, Place

POLICY = """apiVersion: agentos/v1
kind: Policy
metadata: {name: test}
spec:
  rules:
    - {name: life, syscalls: [tools, mcp_request], action: allow}
    - {name: list, phase: list, tools: ["*"], action: allow}
    - {name: not-that, tools: [echo], when: 'args.text.contains("secret")', action: deny, priority: 90}
    - {name: run, tools: ["*"], action: allow}
"""


class Remote(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.elsewhere = Place()
        cls.place = Place()
        for place in (cls.elsewhere, cls.place):
            (place.kernel.folder / "test.yaml").write_text(POLICY, encoding="utf-8")
        cls.remote = Served(cls.elsewhere, "--policy", str(cls.elsewhere.kernel.folder / "test.yaml"))

    @classmethod
    def tearDownClass(cls):
        cls.remote.stop()
        cls.place.stop()
        cls.elsewhere.stop()

    def client(self, token=None, url=None, **more):
        config = self.place.kernel.folder / "remote.json"
        entry = {"type": "http", "url": url or self.remote.url, "headers": {"Authorization": f"Bearer {token or self.remote.token}"}}
        config.write_text(json.dumps({"mcpServers": {"remote": entry}}), encoding="utf-8")
        command = [str(PROGRAMS / "agentos"), "mcp", "serve", "--policy", str(self.place.kernel.folder / "test.yaml"), str(config)]
        made = Client(command, self.place.kernel.environment, self.place.kernel.work, **more)
        self.addCleanup(lambda: made.process.poll() is None and made.kill())
        return made

    def test_tools_are_listed_called_and_governed_here(self):
        for modern in (False, True):
            client = self.client(modern=modern)
            client.start()
            self.assertIn("echo", [tool["name"] for tool in client.ask("tools/list")["tools"]])
            self.assertEqual(client.text("echo", {"text": "far"}), "far")
            self.assertEqual(client.call("echo", {"text": "a secret"})["_meta"]["io.agentos/denial"]["code"], "denied")
            self.assertEqual(client.text("region", {"region": "eu"}), "eu")  # which it must mirror into a field
            self.assertEqual(client.close(), 0)

    def test_progress_and_what_a_server_asks_travel(self):
        client = self.client(answers={"elicitation/create": {"action": "accept", "content": {"answer": "yes"}}})
        client.start()
        client.ask("tools/list")
        result = client.call("test_tool_with_progress", meta={"progressToken": "p"})
        self.assertEqual(result["content"][0]["text"], "done")
        self.assertEqual(client.told("notifications/progress")["progress"], 0)

    def test_a_token_that_is_wrong_is_explained(self):
        client = self.client(token="wrong")
        client.start()
        self.assertEqual(client.ask("tools/list")["tools"], [])

    def test_the_value_of_a_header_is_in_no_record(self):
        client = self.client()
        client.start()
        client.ask("tools/list")
        client.close()
        self.assertNotIn(self.remote.token, json.dumps(self.place.entries()))

    def test_a_url_that_is_none_is_refused(self):
        client = self.client(url="ftp://example.com/")
        self.assertEqual(client.close(), 64)


if __name__ == "__main__":
    unittest.main()
