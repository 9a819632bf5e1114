"""What a server offers beside tools differs from its pin: told, hidden, refused, asked about, accepted as it was shown."""
import json
import unittest

from wrapped import SERVER, Place, Refused, wait_until

ALLOW = """apiVersion: agentos/v1
kind: Policy
metadata: {name: test}
spec:
  rules: [{name: all, syscalls: ["*"], action: allow}, {name: list, phase: list, tools: ["*"], action: allow}]
"""


class Drift(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = Place()
        cls.policy = cls.place.kernel.folder / "test.yaml"
        cls.policy.write_text(ALLOW, encoding="utf-8")

    @classmethod
    def tearDownClass(cls):
        cls.place.stop()

    def client(self, name, *options, server=(SERVER,), modern=False):
        made = self.place.wrap("--policy", str(self.policy), "--name", name, *options, server=server, modern=modern)
        self.addCleanup(lambda: made.process.poll() is None and made.kill())
        made.start()
        made.ask("tools/list")
        return made

    def shown(self, name):
        found = json.loads(self.place.agentos("mcp", "pin", "show", name, "--format", "json").stdout)
        return [(one["what"], one["item"]) for one in found["differences"]]

    def changed(self, client, name, what, *differences):
        client.call("change", {"what": what})
        wait_until(lambda: self.shown(name) == list(differences), what=f"{differences}")

    def approvals(self):
        return json.loads(self.place.agentos("approve", "ls", "--format", "json").stdout)

    def approve(self, name):
        accepted = self.place.agentos("mcp", "pin", "approve", name)
        self.assertEqual(accepted.returncode, 0, accepted.stderr)
        return accepted.stdout

    def refused(self, client, method, params):
        with self.assertRaises(Refused) as refused:
            client.ask(method, params)
        self.assertIn("not what was accepted", str(refused.exception))

    def names(self, client, method, key, member):
        return [one[member] for one in client.ask(method)[key]]

    def test_prompts_that_were_added_or_changed_are_hidden_and_not_got_until_they_are_accepted(self):
        client = self.client("prompts")
        self.changed(client, "prompts", "prompts", ("added", "prompt added"))
        self.assertEqual(self.names(client, "prompts/list", "prompts", "name"), ["greet"])
        self.refused(client, "prompts/get", {"name": "added"})
        self.refused(client, "completion/complete", {"ref": {"type": "ref/prompt", "name": "added"}, "argument": {"name": "a", "value": ""}})
        self.changed(client, "prompts", "prompt", ("changed", "prompt greet"), ("added", "prompt added"))
        self.assertEqual(self.names(client, "prompts/list", "prompts", "name"), [])
        self.refused(client, "prompts/get", {"name": "greet"})
        text = self.approve("prompts")
        self.assertIn('changed prompt greet\n    /description\n    - "Greets."\n    + "Greets, and more."\n', text)
        client.told("notifications/prompts/list_changed")
        self.assertEqual(self.names(client, "prompts/list", "prompts", "name"), ["greet", "added"])
        self.assertEqual(client.ask("prompts/get", {"name": "added"})["messages"][0]["content"]["text"], "hello")

    def test_resources_that_were_added_or_changed_are_hidden_and_not_read_until_they_are_accepted(self):
        client = self.client("resources", server=(SERVER, "legacy"))
        self.changed(client, "resources", "resources", ("added", "resource test://added"))
        self.assertEqual(self.names(client, "resources/list", "resources", "uri"), ["test://static-text"])
        self.refused(client, "resources/read", {"uri": "test://added"})
        self.refused(client, "resources/subscribe", {"uri": "test://added"})
        self.assertEqual(client.ask("resources/read", {"uri": "test://static-text"})["contents"][0]["text"], "static text")
        self.changed(client, "resources", "resource", ("changed", "resource test://static-text"), ("added", "resource test://added"))
        self.assertEqual(self.names(client, "resources/list", "resources", "uri"), [])
        self.refused(client, "resources/read", {"uri": "test://static-text"})
        self.approve("resources")
        client.told("notifications/resources/list_changed")
        self.assertEqual(self.names(client, "resources/list", "resources", "uri"), ["test://static-text", "test://added"])
        self.assertTrue(client.ask("resources/read", {"uri": "test://added"})["contents"])

    def test_templates_that_were_added_are_hidden_and_what_may_be_of_them_is_not_read(self):
        client = self.client("templates")
        self.assertTrue(client.ask("resources/read", {"uri": "test://template/1/data"})["contents"])
        self.changed(client, "templates", "templates", ("added", "template more://{id}"))
        self.assertEqual(self.names(client, "resources/templates/list", "resourceTemplates", "uriTemplate"), ["test://template/{id}/data"])
        self.refused(client, "resources/read", {"uri": "more://1"})
        self.assertTrue(client.ask("resources/read", {"uri": "test://template/1/data"})["contents"])
        self.approve("templates")
        self.assertTrue(client.ask("resources/read", {"uri": "more://1"})["contents"])

    def test_a_modern_client_is_refused_the_same(self):
        client = self.client("modern", modern=True)
        self.changed(client, "modern", "prompts", ("added", "prompt added"))
        self.assertEqual(self.names(client, "prompts/list", "prompts", "name"), ["greet"])
        self.refused(client, "prompts/get", {"name": "added"})

    def test_changed_instructions_are_not_passed_on_until_they_are_accepted(self):
        self.client("instructions").close()
        self.place.kernel.environment["FIXTURE_INSTRUCTIONS"] = "Obey."
        self.addCleanup(self.place.kernel.environment.pop, "FIXTURE_INSTRUCTIONS")

        def about(*options):
            client = self.place.wrap("--name", "instructions", "--env", "FIXTURE_INSTRUCTIONS", *options)
            self.addCleanup(lambda: client.process.poll() is None and client.kill())
            said = client.start()["instructions"]
            client.call("echo", {"text": "there"})
            wait_until(lambda: self.shown("instructions") in ([("changed", "instructions")], []))
            return client, said

        client, said = about()
        self.assertEqual(said, "Use echo to hear yourself.")
        self.assertIn('changed instructions\n    - "Use echo to hear yourself."\n    + "Obey."\n', self.approve("instructions"))
        client.close()
        client, said = about()
        self.assertEqual(said, "Obey.")

    def test_told_only_everything_is_offered_and_the_record_says_what_differs(self):
        client = self.client("warned", "--drift", "warn")
        self.changed(client, "warned", "prompts", ("added", "prompt added"))
        self.changed(client, "warned", "resources", ("added", "prompt added"), ("added", "resource test://added"))
        self.assertEqual(self.names(client, "prompts/list", "prompts", "name"), ["greet", "added"])
        self.assertTrue(client.ask("prompts/get", {"name": "added"})["messages"])
        self.assertTrue(client.ask("resources/read", {"uri": "test://added"})["contents"])
        told = [one for one in self.place.entries() if "added resource test://added" in json.dumps(one)]
        self.assertTrue(told)

    def test_an_operator_is_asked_sees_the_difference_and_grants(self):
        client = self.client("asking", "--drift", "ask")
        self.changed(client, "asking", "prompts", ("added", "prompt added"))
        self.refused(client, "prompts/get", {"name": "added"})
        waiting = wait_until(self.approvals)
        self.assertEqual([(one["call"], one["rule"]) for one in waiting], [("pin_decide", "drift")])
        self.assertEqual(json.loads(waiting[0]["preview"])["server"], "asking")
        shown = self.place.agentos("approve", "show", waiting[0]["approval"]).stdout
        self.assertIn('added prompt added\n    + {"name":"added"}\n', shown)
        granted = self.place.agentos("approve", "grant", waiting[0]["approval"])
        self.assertEqual(granted.returncode, 0, granted.stderr)
        self.assertEqual(self.names(client, "prompts/list", "prompts", "name"), ["greet", "added"])
        self.assertEqual(self.approvals(), [])

    def test_what_was_asked_about_and_has_changed_again_is_asked_about_anew(self):
        client = self.client("twice", "--drift", "ask")
        self.changed(client, "twice", "prompts", ("added", "prompt added"))
        first = wait_until(self.approvals)[0]["approval"]
        self.changed(client, "twice", "resources", ("added", "prompt added"), ("added", "resource test://added"))
        wait_until(lambda: [one["approval"] for one in self.approvals() if one["approval"] != first])
        late = self.place.agentos("approve", "grant", first)
        self.assertNotEqual(late.returncode, 0)
        self.assertEqual(self.names(client, "prompts/list", "prompts", "name"), ["greet"])
        # Refused, it stays as it is and is not asked about again.
        self.assertEqual(self.place.agentos("approve", "deny", self.approvals()[0]["approval"]).returncode, 0)
        self.refused(client, "prompts/get", {"name": "added"})
        self.assertEqual(self.approvals(), [])
        client.close()

    def test_a_question_about_drift_goes_with_its_client(self):
        client = self.client("leaving", "--drift", "ask")
        self.changed(client, "leaving", "prompts", ("added", "prompt added"))
        wait_until(self.approvals)
        client.close()
        wait_until(lambda: self.approvals() == [], what="no question")

    def test_a_server_of_another_command_is_asked_nothing(self):
        self.client("other").close()
        client = self.place.wrap("--policy", str(self.policy), "--name", "other", server=(SERVER, "legacy"))
        self.addCleanup(client.kill)
        client.start()
        self.refused(client, "prompts/get", {"name": "greet"})
        self.refused(client, "resources/read", {"uri": "test://static-text"})
        self.assertEqual(client.ask("tools/list")["tools"], [])

    def test_only_what_was_looked_at_can_be_accepted(self):
        client = self.client("bound")
        self.changed(client, "bound", "prompts", ("added", "prompt added"))
        looked = json.loads(self.place.agentos("mcp", "pin", "show", "bound", "--format", "json").stdout)["offered"]
        self.changed(client, "bound", "resources", ("added", "prompt added"), ("added", "resource test://added"))
        late = self.place.agentos("mcp", "pin", "approve", "bound", "--digest", looked)
        self.assertNotEqual(late.returncode, 0)
        self.assertIn("changed since it was looked at", late.stderr)


if __name__ == "__main__":
    unittest.main()
