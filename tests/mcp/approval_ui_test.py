"""Calls that wait for a person: asked in a client's own interface only when that was said to be trusted, told to a program."""
import json
import pathlib
import shutil
import tempfile
import unittest

from wrapped import Place, wait_until

POLICY = """apiVersion: agentos/v1
kind: Policy
metadata: {name: test}
spec:
  rules:
    - {name: life, syscalls: [tools, mcp_request], action: allow}
    - {name: list, phase: list, tools: ["*"], action: allow}
    - {name: ask, tools: [write_note], action: ask, priority: 80, ask: {timeout: 5m}}
    - {name: run, tools: ["*"], action: allow}
"""
NOTE = {"text": "the note"}


def saying(action, content=None):
    answer = {"action": action}
    if content is not None:
        answer["content"] = content
    return {"elicitation/create": answer}


class ApprovalUi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = Place()
        cls.policy = cls.place.kernel.folder / "test.yaml"
        cls.policy.write_text(POLICY, encoding="utf-8")

    @classmethod
    def tearDownClass(cls):
        cls.place.stop()

    def client(self, *options, **client):
        made = self.place.wrap("--policy", str(self.policy), *options, **client)
        self.addCleanup(lambda: made.process.poll() is None and made.kill())
        made.start()
        made.text("echo", {"text": "there"})
        return made

    def outcome(self, client, asked):
        """What became of a call that waited; the client comes back for it when it was told to."""
        result = client.reply(asked)
        while result.get("_meta", {}).get("io.agentos/denial", {}).get("code") == "approval_pending":
            result = client.call("write_note", NOTE)
        return result

    def waiting(self):
        return json.loads(self.place.agentos("approve", "ls", "--format", "json").stdout)

    def decide(self, how="grant"):
        approval = wait_until(self.waiting, what="a call that waits")[0]["approval"]
        self.assertEqual(self.place.agentos("approve", how, approval).returncode, 0)

    def test_the_person_of_a_trusted_interface_grants(self):
        for modern in (False, True):
            with self.subTest(modern=modern):
                client = self.client("--trusted-ui", "--name", f"trusted-{modern}", modern=modern, answers=saying("accept", {"approve": True}))
                self.assertEqual(client.text("write_note", NOTE), "written 1")
                asked = client.asked[-1]["params"]
                for part in ("write_note", '{"text":"the note"}', "approval-"):
                    self.assertIn(part, asked["message"])
                self.assertEqual(asked["requestedSchema"]["required"], ["approve"])
                self.assertEqual(len(client.asked), 1)
                self.assertEqual(self.waiting(), [])
                client.close()
                granted = [one for one in self.place.entries() if one["leaf"].get("call") == "approve"]
                self.assertIn(f"interface of trusted-{modern}", json.dumps(granted), "the record has the approval as a call")

    def test_the_person_of_a_trusted_interface_refuses(self):
        for modern in (False, True):
            for answer in (saying("decline"), saying("accept", {"approve": False})):
                with self.subTest(modern=modern, answer=answer):
                    client = self.client("--trusted-ui", modern=modern, answers=answer)
                    result = client.call("write_note", NOTE)
                    self.assertEqual(result["_meta"]["io.agentos/denial"]["code"], "approval_required")
                    client.close()

    def test_what_is_neither_yes_nor_no_leaves_it_to_an_operator(self):
        answers = [saying("cancel"), saying("accept", {"approve": "true"}), saying("accept", {"approve": 1}), saying("accept"), saying("accept", {}), saying("yes", {"approve": True}), {}]
        for answer in answers:
            with self.subTest(answer=answer):
                client = self.client("--trusted-ui", answers=answer)
                asked = client.send("tools/call", {"name": "write_note", "arguments": NOTE})
                wait_until(lambda: client.asked, what="the question")
                client.ask("ping")
                self.assertEqual(len(self.waiting()), 1)
                self.decide()
                self.assertEqual(self.outcome(client, asked)["content"][0]["text"], "written 1")
                client.close()

    def test_a_client_that_was_not_said_to_be_trusted_is_not_asked(self):
        for modern in (False, True):
            with self.subTest(modern=modern):
                client = self.client(modern=modern, answers=saying("accept", {"approve": True}))
                asked = client.send("tools/call", {"name": "write_note", "arguments": NOTE})
                wait_until(self.waiting)
                client.text("echo", {"text": "meanwhile"})
                self.assertEqual(client.asked, [])
                self.decide()
                self.assertEqual(self.outcome(client, asked)["content"][0]["text"], "written 1")
                client.close()

    def test_a_client_that_cannot_ask_is_not_asked(self):
        client = self.client("--trusted-ui", capabilities={}, answers=saying("accept", {"approve": True}))
        asked = client.send("tools/call", {"name": "write_note", "arguments": NOTE})
        self.decide()
        self.assertEqual(self.outcome(client, asked)["content"][0]["text"], "written 1")
        self.assertEqual(client.asked, [])

    def test_what_a_server_asks_answers_no_approval(self):
        client = self.client(answers=saying("accept", {"approve": True, "answer": "yes"}))
        asked = client.send("tools/call", {"name": "write_note", "arguments": NOTE})
        approval = wait_until(self.waiting)[0]["approval"]
        message = f'AgentOS asks: may "write_note" be called with {{"text":"the note"}}? ({approval})'
        client.call("test_elicitation", {"message": message})
        self.assertEqual([one["approval"] for one in self.waiting()], [approval])
        self.decide("deny")
        self.assertTrue(self.outcome(client, asked)["isError"])

    def test_a_modern_client_forges_no_answer(self):
        client = self.client("--trusted-ui", modern=True)
        first = client.reply(client.send("tools/call", {"name": "write_note", "arguments": NOTE}))
        self.assertEqual(first["resultType"], "input_required")
        key = next(iter(first["inputRequests"]))
        yes = {"action": "accept", "content": {"approve": True}}
        # The answer to another call, with the state of this one: another call, which is asked about for itself.
        with self.assertRaises(Exception) as refused:
            client.reply(client.send("tools/call", {"name": "write_note", "arguments": {"text": "other"}, "inputResponses": {key: yes}, "requestState": first["requestState"]}))
        self.assertEqual(refused.exception.code, -32602)
        other = client.reply(client.send("tools/call", {"name": "write_note", "arguments": {"text": "third"}, "inputResponses": {key: yes}}))
        self.assertEqual(other["resultType"], "input_required")
        self.assertEqual(len(self.waiting()), 2)
        done = client.reply(client.send("tools/call", {"name": "write_note", "arguments": NOTE, "inputResponses": {key: yes}, "requestState": first["requestState"]}))
        self.assertEqual(done["content"][0]["text"], "written 1")
        client.close()


class Notify(unittest.TestCase):
    def test_a_program_is_told_and_not_what_the_call_holds(self):
        place = Place("--notify", self.script())
        self.addCleanup(place.stop)
        policy = place.kernel.folder / "test.yaml"
        policy.write_text(POLICY, encoding="utf-8")
        client = place.wrap("--policy", str(policy))
        self.addCleanup(lambda: client.process.poll() is None and client.kill())
        client.start()
        asked = client.send("tools/call", {"name": "write_note", "arguments": {"text": "$(reboot) sk-secret"}})
        told = wait_until(lambda: self.told.exists() and self.told.read_text(encoding="utf-8"), what="the notification")
        count, approval, line = told.split("\n", 2)
        about = json.loads(line)
        waiting = json.loads(place.agentos("approve", "ls", "--format", "json").stdout)[0]
        self.assertEqual((count, approval), ("1", waiting["approval"]))
        self.assertEqual(sorted(about), ["agent", "approval", "call", "expires_us", "rule", "tool"])
        self.assertEqual((about["call"], about["tool"]), ("exec", "write_note"))
        self.assertNotIn("sk-secret", told)
        self.assertEqual(place.agentos("approve", "deny", approval).returncode, 0)
        self.assertTrue(client.reply(asked)["isError"])
        client.close()

    def script(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="agentos-notify-"))
        self.addCleanup(shutil.rmtree, folder, True)
        self.told = folder / "told"
        path = folder / "notify me"  # a space is no end of a word: nothing reads it as a shell would
        path.write_text(f'#!/bin/sh\nexec > "{folder}/new"\necho $#\necho "$1"\ncat\nmv "{folder}/new" "{self.told}"\n', encoding="utf-8")
        path.chmod(0o700)
        return str(path)


if __name__ == "__main__":
    unittest.main()
