"""Every pairing of eras: a legacy or modern client in front of a legacy or modern server, everything that can travel."""
import json
import unittest

from wrapped import SERVER, Place, Refused

ALLOW = """apiVersion: agentos/v1
kind: Policy
metadata: {name: test}
spec:
  rules: [{name: all, syscalls: ["*"], action: allow}, {name: list, phase: list, tools: ["*"], action: allow}]
"""
ANSWERS = {
    "elicitation/create": {"action": "accept", "content": {"answer": "yes"}},
    "sampling/createMessage": {"role": "assistant", "model": "m", "content": {"type": "text", "text": "hi"}},
    "roots/list": {"roots": [{"uri": "file:///project"}]},
}
PAIRINGS = [(client, server) for client in ("legacy", "modern") for server in ("legacy", "modern")]


class Eras(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = Place()
        cls.policy = cls.place.kernel.folder / "test.yaml"
        cls.policy.write_text(ALLOW, encoding="utf-8")

    @classmethod
    def tearDownClass(cls):
        cls.place.stop()

    def pairing(self, client, server, **options):
        options.setdefault("answers", ANSWERS)
        made = self.place.wrap("--policy", str(self.policy), server=(SERVER, server), modern=client == "modern", **options)
        self.addCleanup(lambda: made.process.poll() is None and made.kill())
        made.start()
        return made

    def in_all(self, check, **options):
        for client, server in PAIRINGS:
            with self.subTest(client=client, server=server):
                made = self.pairing(client, server, **options)
                check(made)
                self.assertEqual(made.close(), 0)

    def test_tools(self):
        def check(client):
            result = client.ask("tools/list")
            self.assertIn("echo", [tool["name"] for tool in result["tools"]])
            self.assertEqual("ttlMs" in result, client.modern)
            result = client.call("echo", {"text": "x"})
            self.assertEqual(result["content"][0]["text"], "x")
            self.assertEqual(result.get("resultType"), "complete" if client.modern else None)

        self.in_all(check)

    def test_a_server_asks_a_person(self):
        def check(client):
            self.assertEqual(client.text("test_elicitation", {"message": "really?"}), "got " + json.dumps(ANSWERS["elicitation/create"], separators=(",", ":")))
            self.assertEqual(client.asked[-1]["params"]["message"], "really?")

        self.in_all(check)

    def test_a_server_asks_a_model_and_for_roots(self):
        def check(client):
            self.assertIn('"hi"', client.text("test_sampling", {"prompt": "say hi"}))
            self.assertIn("file:///project", client.text("roots"))

        self.in_all(check)

    def test_a_client_that_cannot_be_asked_is_not(self):
        def check(client):
            try:
                result = client.call("test_sampling", {"prompt": "x"})
                self.assertTrue(result.get("isError") or "error" in result["content"][0]["text"], result)
            except Refused:
                pass
            self.assertEqual(client.asked, [])

        self.in_all(check, capabilities={})

    def test_progress(self):
        def check(client):
            client.call("test_tool_with_progress", meta={"progressToken": "p"})
            self.assertEqual([client.told("notifications/progress")["progress"] for _ in range(3)], [0, 50, 100])

        self.in_all(check)

    def test_logging(self):
        def check(client):
            meta = {"io.modelcontextprotocol/logLevel": "debug"} if client.modern else {}
            client.call("test_tool_with_logging", meta=meta)
            if client.modern:
                self.assertEqual(client.told("notifications/message")["data"], "logged")

        self.in_all(check)

    def test_changes_of_resources(self):
        def check(client):
            if client.modern:
                listen = client.send("subscriptions/listen", {"notifications": {"resourceSubscriptions": ["test://static-text"]}})
                agreed = client.told("notifications/subscriptions/acknowledged")
                self.assertEqual(agreed["_meta"]["io.modelcontextprotocol/subscriptionId"], listen)
            else:
                client.ask("resources/subscribe", {"uri": "test://static-text"})
            client.call("echo", {"text": "the subscription is there"})
            client.call("touch")
            told = client.told("notifications/resources/updated")
            self.assertEqual(told["uri"], "test://static-text")
            if client.modern:
                self.assertEqual(told["_meta"]["io.modelcontextprotocol/subscriptionId"], listen)

        self.in_all(check)

    def test_changes_of_tools(self):
        def check(client):
            if client.modern:
                client.send("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
                client.told("notifications/subscriptions/acknowledged")
            client.ask("tools/list")
            client.call("change_tools")
            client.told("notifications/tools/list_changed")

        self.in_all(check)

    def test_errors_have_the_codes_of_the_clients_era(self):
        def check(client):
            with self.assertRaises(Refused) as refused:
                client.ask("resources/read", {"uri": "test://nothing"})
            if client.modern:
                self.assertEqual(refused.exception.code, -32602)

        self.in_all(check)

    def test_a_request_state_nobody_gave_is_refused(self):
        client = self.pairing("modern", "modern")
        with self.assertRaises(Refused) as refused:
            client.ask("tools/call", {"name": "echo", "arguments": {"text": "x"}, "requestState": "forged"})
        self.assertEqual(refused.exception.code, -32602)

    def test_versions_are_agreed_on_or_refused(self):
        for revision in ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"):
            client = self.place.wrap("--policy", str(self.policy))
            self.assertEqual(client.start(revision)["protocolVersion"], revision)
            self.assertEqual(client.text("echo", {"text": revision}), revision)
            client.close()
        client = self.place.wrap("--policy", str(self.policy))
        client.write({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": {"io.modelcontextprotocol/protocolVersion": "1900-01-01"}}})
        with self.assertRaises(Refused) as refused:
            client.reply(1)
        self.assertEqual(refused.exception.code, -32022)
        self.assertIn("2026-07-28", refused.exception.data["supported"])
        client.close()


if __name__ == "__main__":
    unittest.main()
