"""An agent changes a folder privately, and its changes come back only by commit: the programs as people run them."""
import hashlib
import json
import os

import real_kernel
from real_kernel import KernelTest

CHANGE = r"""
set -e
pwd
cat a.txt
echo changed > a.txt
echo "new file" > new.txt
rm -r gone
mkdir -p deep/er && echo x > deep/er/x
chmod 600 run.sh
cat a.txt
"""


class Workspaces(KernelTest):
    def setUp(self) -> None:
        super().setUp()
        self.project = self.kernel.work / "project"
        self.write("a.txt", "one\n")
        self.write("gone/x", "x\n")
        self.write("run.sh", "#!/bin/sh\n")
        (self.project / "run.sh").chmod(0o755)

    def write(self, name, text) -> None:
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def contents(self):
        return {
            str(path.relative_to(self.project)): (path.stat().st_mode & 0o7777, path.read_bytes() if path.is_file() else None)
            for path in self.project.rglob("*")
        }

    def in_workspace(self, script, *options):
        ran = self.kernel.run("sh", "-c", script, options=["--workspace", str(self.project), *options], cwd=self.project)
        self.assertEqual(ran.returncode, 0, ran)
        return ran

    def namespaces(self) -> bool:
        findings = json.loads(self.kernel.cli("doctor", "--format", "json").stdout)
        return any(one["mechanism"] == "namespaces" and one["state"] == "ok" for one in findings)

    def done(self, *words):
        ran = self.kernel.cli(*words)
        self.assertEqual(ran.returncode, 0, ran)
        return ran

    def refused(self, *words) -> str:
        ran = self.kernel.cli(*words)
        self.assertNotEqual(ran.returncode, 0, ran)
        return ran.stderr.decode()

    def changes(self, *words):
        return {one["path"]: one for one in json.loads(self.done("diff", "--format", "json", *words).stdout)}

    def test_private_until_commit_and_back_by_rollback(self):
        before = self.contents()
        ran = self.in_workspace(CHANGE)
        lines = ran.stdout.decode().splitlines()
        if self.namespaces():
            self.assertEqual(lines[0], str(self.project.resolve()), "the copy is found at the folder's own path")
        else:
            self.assertIn("gives no namespaces", ran.stderr.decode())
        self.assertEqual(lines[1:], ["one", "changed"])
        self.assertIn("the workspace project", ran.stderr.decode())
        self.assertEqual(self.contents(), before)
        changes = {path: one["change"] for path, one in self.changes().items()}
        self.assertEqual(
            changes,
            {"a.txt": "changed", "new.txt": "added", "gone": "removed", "gone/x": "removed", "deep": "added", "deep/er": "added",
             "deep/er/x": "added", "run.sh": "mode"},
        )
        self.assertIn("0755 -> 0600", self.done("diff", "project").stdout.decode())
        shown = self.done("diff", "project").stdout.decode()
        self.assertIn("@@ -1,1 +1,1 @@\n-one\n+changed\n", shown)
        self.assertIn("+new file\n", shown)
        self.assertNotIn("@@", self.done("diff", "--names").stdout.decode())
        self.done("commit", "project")
        after = self.contents()
        self.assertEqual(after["a.txt"][1], b"changed\n")
        self.assertEqual(after["run.sh"][0], 0o600)
        self.assertNotIn("gone", after)
        self.assertEqual(after["deep/er/x"][1], b"x\n")
        self.assertEqual(self.changes(), {})
        self.done("rollback", "project")
        self.assertEqual(self.contents(), before)
        self.assertEqual(len(self.changes()), 8)
        self.done("discard", "project")
        self.assertEqual(self.contents(), before)
        self.assertEqual(json.loads(self.done("workspace", "ls", "--format", "json").stdout), [])

    def test_a_changed_original_refuses_the_commit_and_is_named(self):
        self.in_workspace("echo agent > a.txt")
        self.write("a.txt", "person\n")
        self.write("more.txt", "person\n")
        said = self.refused("commit")
        self.assertIn('"a.txt" (changed)', said)
        self.assertIn('"more.txt" (added)', said)
        self.assertEqual((self.project / "a.txt").read_text(), "person\n")
        self.assertEqual(set(self.changes("--original")), {"a.txt", "more.txt"})

    def test_hooks_and_agent_configuration_need_their_names(self):
        self.write(".git/config", "[core]\n")
        self.in_workspace("mkdir -p .git/hooks sub/.git/hooks .claude && echo evil > .git/hooks/pre-commit && echo x > sub/.git/hooks/h; echo {} > .mcp.json; echo ok > fine")
        self.assertFalse((self.project / ".git/hooks").exists(), "and no placeholder is made in the original")
        said = self.refused("commit")
        for name in (".git/hooks/pre-commit", "sub/.git/hooks/h", ".mcp.json", ".claude"):
            self.assertIn(f'"{name}"', said)
        self.assertNotIn('"fine"', said)
        self.assertFalse((self.project / "fine").exists(), "all or nothing")
        allow = [word for name in (".git/hooks", "sub/.git", ".mcp.json", ".claude/") for word in ("--allow-protected", name)]
        self.done("commit", "project", *allow)
        self.assertEqual((self.project / ".git/hooks/pre-commit").read_text(), "evil\n")

    def test_links_out_of_the_folder_are_held_back(self):
        self.in_workspace("ln -s /etc/passwd out; ln -s a.txt in; mkdir -p a/b/c; ln -s ../../.. a/b/c/up;"
                          "ln -s a/b/c/up/../.ssh/keys notes")
        said = self.refused("commit")
        self.assertIn('"out" (a link that leads out', said)
        self.assertIn('"notes" (a link that leads out', said)
        self.assertNotIn('"in"', said)
        shown = self.changes()
        self.assertIn("leads out", shown["out"]["protected"])
        self.assertIn("leads out", shown["notes"]["protected"])
        self.assertNotIn("protected", shown["in"])

    def test_a_git_repository_by_another_name_is_held_back(self):
        self.in_workspace("mkdir -p docs/objects docs/refs docs/pages; echo 'ref: refs/heads/x' > docs/HEAD;"
                          "printf '[core]\\nfsmonitor = touch x\\n' > docs/config; echo ok > docs/pages/fine")
        said = self.refused("commit")
        for name in ("docs/HEAD", "docs/config"):
            self.assertIn(f'"{name}" (protected: a git repository)', said)
        self.assertNotIn("fine", said)

    def test_what_cannot_be_committed_can_be_discarded(self):
        self.in_workspace("seq 100001 | xargs touch; d=.; for i in $(seq 200); do d=$d/deeper; done; mkdir -p $d")
        said = self.refused("commit")
        self.assertIn("has more than", said)
        self.done("discard")
        self.assertEqual(os.listdir(self.store), [])

    def test_hostile_names_drive_no_terminal(self):
        self.in_workspace("printf x > \"$(printf 'a\\033[2Jb\\nc')\"; printf x > \"$(printf '\\377')\"")
        for words in (("diff",), ("diff", "--format", "json"), ("commit",)):
            ran = self.done(*words)
            self.assertNotIn(b"\x1b", ran.stdout + ran.stderr)
            self.assertNotIn(b"b\nc", ran.stdout)
        self.assertTrue(os.path.exists(os.fsencode(self.project) + b"/\xff"))

    def test_the_agent_reaches_neither_the_original_nor_the_snapshot(self):
        state = self.kernel.folder / "state/agentos/workspaces/project"
        ran = self.in_workspace(f"cat {state}/snapshot {state}/description.json; echo x > {state}/journal; ls {state.parent}; echo end")
        self.assertIn(b"end", ran.stdout)
        self.assertNotIn(b"agentos-workspace", ran.stdout)
        self.assertFalse((state / "journal").exists())

    def test_a_workspace_is_used_again_by_its_name_and_a_second_gets_a_number(self):
        self.in_workspace("echo 1 > one")
        self.in_workspace("cat one; echo 2 > two", "--workspace-name", "project")
        self.assertEqual(set(self.changes("project")), {"one", "two"})
        self.in_workspace("test ! -e one")
        names = [one["name"] for one in json.loads(self.done("workspace", "ls", "--format", "json").stdout)]
        self.assertEqual(names, ["project", "project-2"])
        self.assertIn("there are 2 workspaces", self.refused("diff"))
        self.assertIn("is of", self.refused("run", "--workspace", str(self.kernel.work), "--workspace-name", "project", "--", "true"))

    def notes(self):
        lines = self.done("log", "show", "--format", "jsonl", "--last", "1000").stdout.decode().splitlines()
        entries = [json.loads(line) for line in lines]
        return [entry["opening"] for entry in entries if entry["leaf"].get("name") == "workspace"]

    def test_commit_rollback_and_discard_are_recorded_with_the_digest_of_the_changes(self):
        self.in_workspace("echo changed > a.txt; echo new > new.txt")
        changes = json.loads(self.done("diff", "project", "--format", "json").stdout)
        canonical = json.dumps(changes, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        digest = hashlib.sha256(canonical).hexdigest()
        self.done("commit", "project")
        self.done("rollback", "project")
        self.write("a.txt", "somebody else\n")
        self.refused("commit", "project")
        self.done("discard", "project")
        notes = self.notes()
        told = [(note["act"], note["step"], note["changes"]) for note in notes]
        expected = [("commit", "begin", 2), ("commit", "done", 2), ("rollback", "begin", 0), ("rollback", "done", 2),
                    ("commit", "begin", 2), ("commit", "failed", 2), ("discard", "begin", 2), ("discard", "done", 2)]  # fmt: skip
        self.assertEqual(told, expected)
        self.assertEqual({note["digest"] for note in notes[:2]}, {digest})
        self.assertEqual({note["original"] for note in notes}, {str(self.project)})
        self.assertIn("changed", notes[5]["reason"])
        self.assertIn(digest, self.done("log", "timeline").stdout.decode())

    def test_what_cannot_be_a_workspace_is_told_with_a_fix(self):
        profile = self.kernel.work / "profile.yaml"
        profile.write_text("apiVersion: agentos/v1\nkind: Profile\nmetadata: {name: own}\nextends: workspace\n", encoding="utf-8")
        for words, wanted in (
            (("--workspace", str(self.kernel.folder)), "holds the folder workspaces are kept in"),
            (("--workspace", "/no/such"), "cannot find the folder"),
            (("--workspace", str(self.project / "a.txt")), "is not a folder"),
            (("--workspace", str(self.project), "--workspace-name", "../x"), "not the name of a workspace"),
            (("--workspace", str(self.project), "--profile", str(profile)), "goes with a built-in profile"),
            (("--workspace-name", "x"), "--workspace DIR"),
        ):
            self.assertIn(wanted, self.refused("run", *words, "--", "true"))
        self.assertEqual(self.kernel.run("no-such-program", options=["--workspace", str(self.project)]).returncode, 127)
        os.mkfifo(self.project / "pipe")
        self.assertIn('"pipe" is a device', self.refused("run", "--workspace", str(self.project), "--", "true"))
        self.assertIn("there is no workspace", self.refused("commit", "other"))
        self.assertEqual(json.loads(self.done("workspace", "ls", "--format", "json").stdout), [])


if __name__ == "__main__":
    real_kernel.main()
