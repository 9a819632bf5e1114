"""Servers that die, wedge, flood, write garbage or answer with too much: bounded, explained, others unaffected."""
import json
import pathlib
import time
import unittest

from wrapped import PROGRAMS, SERVER, Client, Place, Refused, wait_until

HERE = pathlib.Path(__file__).resolve().parent
FIXTURE = HERE / "hostile_fixture.py"

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


class HostileWire(unittest.TestCase):
    """What a server writes is not what the protocol says."""

    @classmethod
    def setUpClass(cls):
        cls.place = Place()
        cls.policy = cls.place.kernel.folder / "test.yaml"
        cls.policy.write_text(ALLOW, encoding="utf-8")

    @classmethod
    def tearDownClass(cls):
        cls.place.stop()

    def client(self, mode, *options):
        command = [str(PROGRAMS / "agentos"), "mcp", "wrap", "--policy", str(self.policy), "--name", mode, "--read", str(HERE), *options,
                   "--", "/usr/bin/python3", "-B", str(FIXTURE), mode]
        made = Client(command, self.place.kernel.environment, self.place.kernel.work, answers={})
        self.addCleanup(lambda: made.process.poll() is None and made.kill())
        made.start()
        wait_until(lambda: made.ask("tools/list")["tools"], what="its tools")
        return made

    def neighbour(self):
        """Another client with a well-behaved server, which must not feel it."""
        made = self.place.wrap("--policy", str(self.policy), "--name", "neighbour")
        self.addCleanup(lambda: made.process.poll() is None and made.kill())
        made.start()
        made.text("echo", {"text": "there"})
        return made

    def act(self, mode):
        client = self.client(mode)
        return client, client.call("act", seconds=120)

    def tool_names(self, client):
        return [tool["name"] for tool in client.ask("tools/list")["tools"]]

    def test_a_line_without_an_end_ends_the_server_and_others_do_not_feel_it(self):
        neighbour = self.neighbour()
        client = self.client("endless-line")
        asked = client.send("tools/call", {"name": "act", "arguments": {}})
        for i in range(20):
            self.assertEqual(neighbour.text("echo", {"text": str(i)}), str(i))
        result = client.reply(asked, 120)
        self.assertTrue(result["isError"])
        self.assertIn("ended before it answered", result["content"][0]["text"])
        wait_until(lambda: not client.call("echo").get("isError"), what="the server's restart")

    def test_half_a_line_and_death_is_explained(self):
        _, result = self.act("half-a-line")
        self.assertTrue(result["isError"])
        self.assertIn("status 3", result["content"][0]["text"])

    def test_answers_to_what_was_not_asked_are_nothing_and_the_true_one_counts_once(self):
        client, result = self.act("lying-ids")
        self.assertEqual(result["content"][0]["text"], "the truth")
        self.assertEqual(client.text("echo"), "echo")

    def test_what_is_deep_or_no_text_or_no_message_is_passed_over(self):
        for mode in ("deep", "no-text", "progress", "errors"):
            with self.subTest(mode=mode):
                client, result = self.act(mode)
                self.assertEqual(result["content"][0]["text"], "after it")
                self.assertEqual(client.text("echo"), "echo")
                client.close()

    def test_a_result_of_no_shape_is_an_error_or_passed_as_what_it_is(self):
        client = self.client("shapeless-result")
        try:
            self.assertTrue(client.call("act").get("isError"))
        except Refused:
            pass
        self.assertEqual(client.text("echo"), "echo")

    def test_a_storm_of_requests_is_answered_or_refused_and_ends(self):
        client = self.client("asks-much")
        self.assertEqual(client.call("act", seconds=120)["content"][0]["text"], "after it")
        self.assertEqual(client.call("echo", seconds=120)["content"][0]["text"], "echo")

    def test_a_list_without_an_end_is_cut_and_served(self):
        self.assertEqual(self.tool_names(self.client("same-page")), ["echo"])

    def test_definitions_of_no_shape_are_not_offered(self):
        client = self.client("shapeless-list")
        self.assertEqual(self.tool_names(client), ["echo"])
        self.assertEqual(client.text("echo"), "echo")

    def test_tools_that_change_without_pause_cost_a_list_a_second_and_stay_blocked(self):
        client = self.client("changing")
        names = self.tool_names(client)
        begun = time.monotonic()
        calls = 0
        while time.monotonic() - begun < 3:
            self.assertEqual(client.text("echo"), "echo")
            calls += 1
        self.assertIn("echo", names)
        wait_until(lambda: self.tool_names(client) == ["echo"], what="what is new to be hidden")
        pins = [one for one in self.place.entries() if "changing" in json.dumps(one) and '"differs"' in json.dumps(one)]
        self.assertLess(len(pins), 4 * (time.monotonic() - begun) + 4, "each list is an entry of the record")
        self.assertGreater(calls, 20)

    def test_large_results_leave_no_memory_behind(self):
        client = self.place.wrap("--policy", str(self.policy), "--name", "huge")
        self.addCleanup(lambda: client.process.poll() is None and client.kill())
        client.start()
        wait_until(lambda: client.ask("tools/list")["tools"], what="its tools")
        self.assertTrue(client.call("huge", {"octets": 100_000_000}, seconds=120)["isError"])
        before = self.place.kernel.memory_bytes()
        for _ in range(3):
            self.assertTrue(client.call("huge", {"octets": 100_000_000}, seconds=120)["isError"])
        self.assertLess(self.place.kernel.memory_bytes() - before, 64 << 20)


if __name__ == "__main__":
    unittest.main()
