"""Servers that die, wedge, flood, write garbage or answer with too much: bounded, explained, others unaffected."""
import time
import unittest

from wrapped import SERVER, Place, wait_until

ALLOW = """apiVersion: agentos/v1
kind: Policy
metadata: {name: test}
spec:
  rules: [{name: all, syscalls: ["*"], action: allow}, {name: list, phase: list, tools: ["*"], action: allow}]
"""


class HostileServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = Place()
        cls.policy = cls.place.kernel.folder / "test.yaml"
        cls.policy.write_text(ALLOW, encoding="utf-8")

    @classmethod
    def tearDownClass(cls):
        cls.place.stop()

    def client(self, *server):
        made = self.place.wrap("--policy", str(self.policy), server=server or (SERVER,))
        self.addCleanup(lambda: made.process.poll() is None and made.kill())
        return made

    def ready(self):
        client = self.client()
        client.start()
        client.text("echo", {"text": "there"})
        return client

    def echoes(self, client):
        def works():
            result = client.call("echo", {"text": "again"})
            return not result.get("isError") and result["content"][0]["text"] == "again"

        wait_until(works, what="the server's restart")

    def test_a_server_that_dies_is_explained_and_starts_again(self):
        client = self.ready()
        result = client.call("die")
        self.assertTrue(result["isError"])
        self.assertIn("status 7", result["content"][0]["text"])
        self.assertIn("whether it acted is not known", result["content"][0]["text"])
        self.echoes(client)

    def test_a_server_that_is_not_there_is_explained(self):
        client = self.client("/no/such/server")
        begun = time.monotonic()
        client.start()
        self.assertEqual(client.ask("tools/list")["tools"], [])
        self.assertLess(time.monotonic() - begun, 10)

    def test_a_server_that_never_speaks_holds_up_no_first_answer(self):
        client = self.client("/bin/sleep", "600")
        begun = time.monotonic()
        client.start()
        self.assertLess(time.monotonic() - begun, 5)

    def test_a_wedged_server_delays_no_other(self):
        wedged = self.ready()
        other = self.ready()
        wedged.send("tools/call", {"name": "wedge", "arguments": {}})
        for i in range(200):
            wedged.send("tools/call", {"name": "echo", "arguments": {"text": "x" * 4000}})
        begun = time.monotonic()
        for i in range(50):
            other.text("echo", {"text": str(i)})
        self.assertLess(time.monotonic() - begun, 10)
        wedged.ask("ping")
        begun = time.monotonic()
        wedged.close()
        self.assertLess(time.monotonic() - begun, 10)

    def test_too_large_an_answer_is_told_and_the_next_one_comes(self):
        client = self.ready()
        result = client.call("huge", {"octets": 100_000_000}, seconds=120)
        self.assertTrue(result["isError"])
        self.assertIn("too_large" if "too_large" in result["content"][0]["text"] else "octets", result["content"][0]["text"])
        self.echoes(client)

    def test_lines_that_are_no_messages_are_borne_and_too_many_end_the_server(self):
        client = self.ready()
        self.assertEqual(client.text("garbage", {"lines": 20}), "said")
        result = client.call("garbage", {"lines": 5000})
        self.assertTrue(result["isError"], result)
        self.echoes(client)

    def test_a_flood_of_notifications_does_not_drown_the_answer(self):
        client = self.ready()
        self.assertEqual(client.text("flood", {"count": 50_000}), "flooded")
        self.echoes(client)


if __name__ == "__main__":
    unittest.main()
