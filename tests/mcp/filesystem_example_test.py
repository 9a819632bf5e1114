"""examples/mcp_filesystem as its README says, with a server of our own that needs no network."""
import json
import pathlib
import unittest

from wrapped import PROGRAMS, Client, Place, wait_until

HERE = pathlib.Path(__file__).resolve().parent
POLICY = HERE.parents[1] / "examples/mcp_filesystem/policy.yaml"
FIXTURE = HERE / "filesystem_fixture.py"
PYTHON = "/usr/bin/python3"


class FilesystemExample(unittest.TestCase):
    def setUp(self):
        self.place = Place()
        self.addCleanup(self.place.stop)
        self.project = self.place.kernel.work
        (self.project / "README").write_text("the project", encoding="utf-8")
        (self.project / ".env").write_text("TOKEN=1", encoding="utf-8")
        (self.project / "src").mkdir()

    def client(self, *options):
        command = [str(PROGRAMS / "agentos"), "mcp", "wrap", "--policy", str(POLICY), "--read", str(HERE), *options, "--", PYTHON, "-B", str(FIXTURE), "."]
        made = Client(command, self.place.kernel.environment, self.project)
        self.addCleanup(lambda: made.process.poll() is None and made.kill())
        made.start()
        return made

    def waiting(self):
        return json.loads(self.place.agentos("approve", "ls", "--format", "json").stdout)

    def test_the_project_is_read_and_dotfiles_are_not(self):
        client = self.client("--write", ".")
        self.assertEqual(client.text("read_text_file", {"path": "README"}), "the project")
        self.assertIn("README", client.text("list_directory", {"path": "."}))
        for tool, arguments in (("read_text_file", {"path": ".env"}), ("read_text_file", {"path": "src/../.env"}), ("read_multiple_files", {"paths": ["README", ".env"]}),
                                ("move_file", {"source": ".env", "destination": "env"}), ("move_file", {"source": "README", "destination": ".hidden"})):
            with self.subTest(tool=tool, arguments=arguments):
                result = client.call(tool, arguments)
                self.assertTrue(result["isError"])
                self.assertTrue(result["_meta"]["io.agentos/denial"]["rule"].endswith("no-dotfiles"), result)
                self.assertNotIn("TOKEN", json.dumps(result))
        client.close()

    def test_writing_waits_for_a_person_and_happens_once(self):
        client = self.client("--write", ".")
        asked = client.send("tools/call", {"name": "write_file", "arguments": {"path": "new", "content": "x"}})
        approval = wait_until(self.waiting)[0]
        self.assertFalse((self.project / "new").exists())
        self.assertEqual(self.place.agentos("approve", "grant", approval["approval"]).returncode, 0)
        self.assertEqual(client.reply(asked)["content"][0]["text"], "written")
        self.assertEqual((self.project / "new").read_text(encoding="utf-8"), "x")
        asked = client.send("tools/call", {"name": "move_file", "arguments": {"source": "new", "destination": "src/new"}})
        self.assertEqual(self.place.agentos("approve", "deny", wait_until(self.waiting)[0]["approval"]).returncode, 0)
        self.assertTrue(client.reply(asked)["isError"])
        self.assertTrue((self.project / "new").exists())
        client.close()

    def test_without_the_grant_of_the_sandbox_even_an_approved_write_fails(self):
        client = self.client()
        asked = client.send("tools/call", {"name": "write_file", "arguments": {"path": "new", "content": "x"}})
        self.assertEqual(self.place.agentos("approve", "grant", wait_until(self.waiting)[0]["approval"]).returncode, 0)
        self.assertTrue(client.reply(asked)["isError"])
        self.assertFalse((self.project / "new").exists())
        client.close()

    def test_what_no_rule_names_is_denied(self):
        client = self.client("--write", ".")
        result = client.call("delete_everything", {"path": "."})
        self.assertEqual(result["_meta"]["io.agentos/denial"]["code"], "denied")
        client.close()


if __name__ == "__main__":
    unittest.main()
