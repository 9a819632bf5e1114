"""agentos mcp wrap end to end: one client, one server, the built-in policy and policies of our own."""
import json
import os
import pathlib
import subprocess
import time
import unittest

from wrapped import SERVER, Place, Refused, wait_until

ALLOW = """apiVersion: agentos/v1
kind: Policy
metadata: {name: test}
spec:
  rules:
    - {name: life, syscalls: [tools, mcp_request], action: allow}
    - {name: list, phase: list, tools: ["*"], action: allow}
    - {name: hide, phase: list, tools: [fails], action: deny, priority: 90}
    - {name: not-that, tools: [echo], when: 'args.text.contains("secret")', action: deny, priority: 90,
       message: Words about secrets are not said., reason: it names a secret}
    - {name: ask, tools: [write_note], action: ask, priority: 80, ask: {timeout: 1m}}
    - {name: redact, phase: result, tools: [echo], action: allow, obligations: [{redact: {matching: "4[0-9]{3}", with: "<number>"}}]}
    - {name: run, tools: ["*"], action: allow}
"""


def environment_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/environ").read_text(errors="replace")
    except OSError:
        return ""  # it has ended


class Wrap(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = Place()
        cls.policy = cls.place.kernel.folder / "test.yaml"
        cls.policy.write_text(ALLOW, encoding="utf-8")

    @classmethod
    def tearDownClass(cls):
        cls.place.stop()

    def wrap(self, *options, **client):
        made = self.place.wrap(*options, **client)
        self.addCleanup(lambda: made.process.poll() is None and made.kill())
        return made

    def test_a_call_made_while_its_server_starts_is_run_when_it_has(self):
        slow = ("/bin/sh", "-c", f"sleep 1; exec {SERVER}")
        client = self.wrap("--name", "slow", server=slow)
        client.start()
        self.assertEqual(client.text("echo", {"text": "at once"}), "at once")

    def test_a_client_is_answered_and_a_tool_that_reads_is_run(self):
        first = self.wrap("--name", "known")
        first.start()
        first.ask("tools/list")
        first.close()
        client = self.wrap("--name", "known")
        about = client.start()  # from the pin, whether the server is there yet or not
        self.assertEqual(about["protocolVersion"], "2025-11-25")
        self.assertEqual(about["serverInfo"]["name"], "fixture")
        self.assertEqual(about["instructions"], "Use echo to hear yourself.")
        names = [tool["name"] for tool in client.ask("tools/list")["tools"]]
        self.assertIn("echo", names)
        self.assertEqual(names, sorted(names))
        self.assertEqual(client.text("echo", {"text": "hello"}), "hello")
        self.assertEqual(client.close(), 0)

    def test_intent_and_outcome_are_recorded(self):
        client = self.wrap("--name", "recorded")
        client.start()
        client.text("echo", {"text": "for the record"})
        client.close()
        entries = [one for one in self.place.entries() if "for the record" in json.dumps(one)]
        self.assertGreaterEqual(len(entries), 2, "an intent with the argument, an outcome with the result")

    def test_arguments_that_do_not_fit_the_schema_are_refused_as_a_result(self):
        client = self.wrap()
        client.start()
        result = client.call("echo", {"text": 7})
        self.assertTrue(result["isError"])
        self.assertEqual(result["_meta"]["io.agentos/denial"]["code"], "invalid_argument")

    def test_a_policy_on_arguments_denies_with_rule_and_reason(self):
        client = self.wrap("--policy", str(self.policy))
        client.start()
        result = client.call("echo", {"text": "a secret"})
        about = result["_meta"]["io.agentos/denial"]
        self.assertTrue(result["isError"])
        self.assertEqual(about["code"], "denied")
        self.assertEqual(about["retry"], "never")
        self.assertIn("not-that", about["rule"])
        self.assertIn("Words about secrets", about["reason"])

    def test_results_are_redacted(self):
        client = self.wrap("--policy", str(self.policy))
        client.start()
        self.assertEqual(client.text("echo", {"text": "it is 4711"}), "it is <number>")

    def test_a_tool_denied_in_the_list_is_not_shown(self):
        client = self.wrap("--policy", str(self.policy))
        client.start()
        names = [tool["name"] for tool in client.ask("tools/list")["tools"]]
        self.assertNotIn("fails", names)
        self.assertIn("error", names)
        with self.assertRaises(Refused) as refused:
            client.call("no-such-tool")
        self.assertNotIn("fails", str(refused.exception))

    def test_what_a_server_says_of_a_failure_reaches_the_client(self):
        client = self.wrap()
        client.start()
        with self.assertRaises(Refused) as refused:
            client.call("fails")
        self.assertEqual(refused.exception.code, -32030)
        self.assertEqual(refused.exception.data, {"why": "asked"})
        result = client.call("error")
        self.assertTrue(result["isError"])
        self.assertEqual(result["content"][0]["text"], "it went wrong")

    def test_a_tool_that_may_write_waits_for_a_person_and_is_run_once(self):
        client = self.wrap("--policy", str(self.policy))
        client.start()
        asked = client.send("tools/call", {"name": "write_note", "arguments": {"text": "x"}}, {"progressToken": "p"})
        listed = wait_until(lambda: json.loads(self.place.agentos("approve", "ls", "--format", "json").stdout))
        self.assertEqual(client.told("notifications/progress")["progressToken"], "p")
        answer = self.place.agentos("approve", "grant", listed[0]["approval"])
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual(client.reply(asked)["content"][0]["text"], "written 1")

    def test_a_call_nobody_answers_is_told_to_be_pending_and_found_again(self):
        client = self.wrap("--policy", str(self.policy))
        client.start()
        begun = time.monotonic()
        result = client.call("write_note", {"text": "pending"}, seconds=40)
        self.assertLess(time.monotonic() - begun, 30)
        about = result["_meta"]["io.agentos/denial"]
        self.assertEqual(about["code"], "approval_pending")
        self.assertEqual(self.place.agentos("approve", "grant", about["approval"]).returncode, 0)
        self.assertEqual(client.text("write_note", {"text": "pending"}), "written 1")
        # The outcome was fetched; the same words again are another call, which is asked for anew.
        again = client.send("tools/call", {"name": "write_note", "arguments": {"text": "pending"}})
        listed = wait_until(lambda: json.loads(self.place.agentos("approve", "ls", "--format", "json").stdout))
        self.assertEqual(self.place.agentos("approve", "deny", listed[0]["approval"]).returncode, 0)
        self.assertEqual(client.reply(again)["_meta"]["io.agentos/denial"]["code"], "approval_required")

    def test_the_built_in_policy_asks_before_a_tool_that_may_write(self):
        client = self.wrap()
        client.start()
        client.send("tools/call", {"name": "write_note", "arguments": {"text": "x"}})
        listed = wait_until(lambda: json.loads(self.place.agentos("approve", "ls", "--format", "json").stdout))
        self.assertEqual(listed[0]["tool"], "write_note")
        client.close()
        wait_until(lambda: not json.loads(self.place.agentos("approve", "ls", "--format", "json").stdout))

    def test_variables_pass_only_when_named_and_stay_out_of_the_record(self):
        self.place.kernel.environment["FIXTURE_TOKEN"] = "token-that-nobody-may-read"
        client = self.wrap()
        client.start()
        self.assertEqual(client.text("environment", {"name": "FIXTURE_TOKEN"}), "unset")
        client.close()
        client = self.wrap("--env", "FIXTURE_TOKEN", "--name", "with-token")
        client.start()
        self.assertEqual(client.text("environment", {"name": "FIXTURE_TOKEN"}), "token-that-nobody-may-read")
        client.close()
        opened = [one for one in self.place.entries() if "mcp_open" in json.dumps(one)]
        self.assertTrue(opened)
        self.assertNotIn("token-that-nobody-may-read", json.dumps(opened))

    def test_progress_logging_and_changes_reach_the_client(self):
        client = self.wrap()
        client.start()
        client.ask("tools/list")
        client.ask("logging/setLevel", {"level": "debug"})
        client.call("test_tool_with_progress", meta={"progressToken": "mine"})
        steps = [client.told("notifications/progress") for _ in range(3)]
        self.assertEqual([one["progress"] for one in steps], [0, 50, 100])
        self.assertEqual({one["progressToken"] for one in steps}, {"mine"})
        client.call("test_tool_with_logging")
        self.assertEqual(client.told("notifications/message")["data"], "logged")
        client.ask("resources/subscribe", {"uri": "test://static-text"})
        client.call("touch")
        self.assertEqual(client.told("notifications/resources/updated")["uri"], "test://static-text")

    def test_resources_prompts_and_completion_pass(self):
        client = self.wrap()
        client.start()
        self.assertEqual(client.ask("resources/list")["resources"][0]["uri"], "test://static-text")
        self.assertEqual(client.ask("resources/read", {"uri": "test://static-text"})["contents"][0]["text"], "static text")
        self.assertEqual(client.ask("prompts/list")["prompts"][0]["name"], "greet")
        self.assertEqual(client.ask("prompts/get", {"name": "greet"})["messages"][0]["content"]["text"], "hello")
        completion = client.ask("completion/complete", {"ref": {"type": "ref/prompt", "name": "greet"}, "argument": {"name": "a", "value": ""}})
        self.assertEqual(completion["completion"]["values"], ["one", "two"])

    def test_a_cancelled_request_is_cancelled_at_the_server(self):
        client = self.wrap()
        client.start()
        asked = client.send("tools/call", {"name": "silent", "arguments": {}})
        client.text("echo", {"text": "behind it"})
        client.tell("notifications/cancelled", {"requestId": asked, "reason": "enough"})
        errors = self.place.kernel.work / "errors.log"
        wait_until(lambda: b"cancelled" in errors.read_bytes())

    def test_what_changes_is_drift_and_blocked_until_it_is_approved(self):
        client = self.wrap("--name", "drifting")
        client.start()
        before = {tool["name"] for tool in client.ask("tools/list")["tools"]}
        client.call("change_tools")
        client.told("notifications/tools/list_changed")
        self.assertEqual({tool["name"] for tool in client.ask("tools/list")["tools"]}, before)
        shown = json.loads(self.place.agentos("mcp", "pin", "show", "drifting", "--format", "json").stdout)
        self.assertEqual([(one["what"], one["item"]) for one in shown["differences"]], [("added", "tool added")])
        self.assertEqual(self.place.agentos("mcp", "pin", "approve", "drifting").returncode, 0)
        client.told("notifications/tools/list_changed")
        self.assertEqual({tool["name"] for tool in client.ask("tools/list")["tools"]}, before | {"added"})
        offered = json.loads(self.place.agentos("mcp", "inspect", "drifting", "--format", "json").stdout)["offers"]["tools"]
        kinds = {finding["kind"] for tool in offered if tool["name"] == "added" for finding in tool["findings"]}
        self.assertEqual(kinds, {"instruction", "sensitive-path"})
        client.close()
        # On reconnect the server offers less than its pin.
        client = self.wrap("--name", "drifting")
        client.start()
        self.assertIn("added", [tool["name"] for tool in client.ask("tools/list")["tools"]], "answered from the pin at once")

        def differences():
            shown = json.loads(self.place.agentos("mcp", "pin", "show", "drifting", "--format", "json").stdout)
            return [(one["what"], one["item"]) for one in shown["differences"]] == [("removed", "tool added")]

        wait_until(differences)
        self.assertNotIn("added", [tool["name"] for tool in client.ask("tools/list")["tools"]])

    def test_another_command_under_a_pinned_name_is_offered_nothing(self):
        client = self.wrap("--name", "fixed")
        client.start()
        self.assertTrue(client.ask("tools/list")["tools"])
        client.close()
        client = self.place.wrap("--name", "fixed", server=(SERVER, "legacy"))
        self.addCleanup(client.kill)
        client.start()
        self.assertEqual(client.ask("tools/list")["tools"], [])

    def test_nothing_is_left_when_a_client_is_killed(self):
        for _ in range(5):
            client = self.wrap()
            client.start()
            client.kill()
        wait_until(lambda: self.place.agentos("ps", "--format", "json").stdout.strip() in ("[]", ""), what="an empty list of agents")
        left = subprocess.run(["pgrep", "-f", f"{SERVER}"], capture_output=True, text=True).stdout.split()
        self.assertEqual([pid for pid in left if str(self.place.kernel.folder) in environment_of(pid)], [])


if __name__ == "__main__":
    unittest.main()
