"""The verbs of agentos policy that need no kernel: what they print for programs, and their exit codes."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import real_kernel
from real_kernel import PROGRAMS

POLICY = """apiVersion: agentos/v1
kind: Policy
metadata:
  name: p
spec:
  rules:
    - name: own
      syscalls: [read]
      paths: ["/state/**"]
      action: allow
    - name: pay
      tools: [pay]
      when: args.amount <= 5
      action: ask
"""
TEST = """apiVersion: agentos/v1
kind: PolicyTest
metadata: {name: t}
spec:
  policies: [./p.yaml]
  cases:
    - {name: reads, request: {call: read, path: /state/a}, expect: allow}
    - {name: asks, request: {tool: pay, args: {amount: 5}}, expect: {verdict: ask, rule: pay}}
"""
TOOL = """apiVersion: agentos/v1
kind: Tool
metadata: {name: pay, summary: Pays.}
spec: {runs: process, command: [/bin/true]}
"""
READ, PAY = '{"call": "read", "path": "/state/a"}', '{"tool": "pay", "args": {"amount": 5}}'


class PolicyVerbs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.write("p.yaml", POLICY)
        self.write("t.yaml", TEST)

    def write(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def run_verb(self, *words, code=0, given=""):
        """What it prints; it ends with `code`, and without one line on standard error only when that is not an error."""
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "XDG_RUNTIME_DIR": str(self.folder),
                       **{name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}}
        ran = subprocess.run([PROGRAMS / "agentos", "policy", *words], cwd=self.folder, env=environment, input=given, capture_output=True, text=True,
                             check=False, timeout=60)
        self.assertEqual(ran.returncode, code, f"{words}\n{ran.stdout}{ran.stderr}")
        self.stderr = ran.stderr
        return ran.stdout

    def json_of(self, *words, code=0, given=""):
        return json.loads(self.run_verb(*words, "--format", "json", code=code, given=given))

    def test_eval_ends_with_the_verdict(self):
        self.assertEqual(self.json_of("eval", "p.yaml", "--request", READ)["rule"], "p/own")
        self.assertEqual(self.json_of("eval", "p.yaml", "--request", '{"call": "hello"}', code=2)["rule"], "default-deny")
        self.assertEqual(self.json_of("eval", "p.yaml", "--request", PAY, code=4)["verdict"], "ask")
        self.run_verb("eval", "p.yaml", "--request", '{"call": "raed"}', code=3)
        self.assertIn('did you mean "read"?', self.stderr)
        self.run_verb("eval", "p.yaml", "--request", "{", code=3)
        self.run_verb("eval", "missing.yaml", "--request", READ, code=3)
        self.run_verb("eval", "t.yaml", "--request", READ, code=3)
        self.assertIn("no document of the kind Policy", self.stderr)
        self.run_verb("eval", "--request", READ, code=64)
        self.run_verb("eval", ".", "--request", READ)  # a directory: the test in it is passed over
        self.write("r.json", READ)
        self.run_verb("eval", ".", "--request", READ, code=3)  # what does not say what it is is no reason to pass it over
        self.run_verb("eval", "p.yaml", "--request", "r.json")
        self.run_verb("eval", "p.yaml", "--request", "-", given=READ)
        self.run_verb("eval", "agent-default", "p.yaml", "--call", "read", "--args", '{"path": "/state/a"}')
        self.run_verb("eval", "-", "--request", READ, given=POLICY)

    def test_eval_batch_answers_every_line(self):
        out = self.run_verb("eval", "p.yaml", "--batch", "-", code=3, given=f"{READ}\nnot json\n{PAY}\n").splitlines()
        self.assertEqual([json.loads(line).get("verdict") for line in out], ["allow", None, "ask"])
        self.assertTrue(json.loads(out[1])["error"].startswith("line 2: "))
        self.assertEqual(len(self.run_verb("eval", "p.yaml", "--batch", "-", given=f"{READ}\n").splitlines()), 1)
        original = '{"documents": [], "context": {}}\n'
        self.assertTrue(json.loads(self.run_verb("eval", "--batch", "-", given=original))["allowed"])

    def test_explain_by_documents(self):
        why = self.json_of("explain", "--policy", "p.yaml", "--request", '{"tool": "pay", "args": {"amount": 6}}', code=2)
        self.assertEqual(why["smallest_change"]["changes"], [{"what": "args.amount", "from": 6, "to": 5}])
        why = self.json_of("explain", "--policy", "p.yaml", "demo-1", "read", '{"path": "/state/a"}')
        self.assertEqual([clause["clause"] for clause in why["clauses"]], ["syscalls", "paths"])
        self.assertEqual(self.json_of("explain", "--policy", "p.yaml", "--request", PAY, code=4)["smallest_change"]["kind"], "approval")
        change = self.json_of("explain", "--policy", "p.yaml", "demo-1", "hello", code=2)["smallest_change"]
        self.write("grant.yaml", change["document"])
        self.run_verb("eval", "p.yaml", "grant.yaml", "--agent", "demo-1", "--call", "hello")
        self.run_verb("explain", "--policy", "p.yaml", "demo-1", "raed", code=3)
        self.run_verb("explain", code=64)

    def test_test_counts_failures_and_coverage(self):
        passed = self.json_of("test", "t.yaml")
        self.assertEqual((passed["passed"], passed["tests"][0]["passed"]), (True, 2))
        self.assertEqual(passed["tests"][0]["coverage"]["rules"]["percent"], 100)
        self.run_verb("test", "t.yaml", "--coverage", "60")
        self.run_verb("test", "t.yaml", "--coverage", "90", code=1)
        self.write("t.yaml", TEST.replace("expect: allow", "expect: deny"))
        failed = self.json_of("test", "t.yaml", code=1)["tests"][0]["cases"][0]
        self.assertEqual(failed["differences"], ["verdict is allow, not deny"])
        self.assertEqual(failed["explanation"]["rule"], "p/own")
        self.assertIn("FAILED", self.run_verb("test", "t.yaml", code=1))
        self.write("t.yaml", TEST.replace("cases:", "case:"))
        self.run_verb("test", "t.yaml", code=3)
        self.assertIn("t.yaml:5:3", self.stderr)
        self.write("t.yaml", TEST.replace("./p.yaml", "nothing"))
        self.run_verb("test", "t.yaml", code=3)

    def test_lint_fails_on_errors_and_strictly_on_warnings(self):
        self.assertEqual(self.json_of("lint", "p.yaml")["findings"], [])
        self.write("tools.yaml", TOOL.replace("name: pay", "name: play"))
        self.assertEqual(self.json_of("lint", "p.yaml", "--tools", "tools.yaml")["findings"][0]["code"], "unknown-tool")
        self.run_verb("lint", "p.yaml", "--tools", "tools.yaml", "--strict", code=3)
        self.write("tools.yaml", TOOL)
        self.run_verb("lint", "p.yaml", "agent-default", "--tools", "tools.yaml", "--strict")
        self.write("bad.yaml", POLICY.replace("when: args.amount <= 5", 'when: "false"'))
        finding = self.json_of("lint", "bad.yaml", code=3)["findings"][0]
        self.assertEqual((finding["code"], finding["file"], finding["line"], finding["column"]), ("never-matches", "bad.yaml", 13, 13))

    def test_diff_tells_by_its_exit_code(self):
        self.run_verb("diff", "p.yaml", "p.yaml")
        self.write("q.yaml", POLICY.replace("<= 5", "<= 6"))
        found = self.json_of("diff", "p.yaml", "q.yaml", code=1)
        one = found["differences"][0]
        self.assertEqual((one["before"]["verdict"], one["after"]["verdict"]), ("deny", "ask"))
        self.run_verb("eval", "p.yaml", "--request", json.dumps(one["request"]), code=2)
        self.run_verb("eval", "q.yaml", "--request", json.dumps(one["request"]), code=4)
        self.write("broken.yaml", "a: 1\n")
        self.run_verb("diff", "p.yaml", "broken.yaml", code=3)

    def test_fmt_checks_and_writes(self):
        self.assertEqual(self.run_verb("fmt", "p.yaml"), POLICY)
        self.run_verb("fmt", "--check", "p.yaml")
        self.write("p.yaml", POLICY.replace("      action: ask\n", "").replace("    - name: pay\n", "    - action: ask # why\n      name: pay\n"))
        self.assertEqual(self.json_of("fmt", "--check", "p.yaml", code=1)["changed"], ["p.yaml"])
        os.chmod(self.folder / "p.yaml", 0o640)
        self.run_verb("fmt", "--write", "p.yaml")
        self.assertEqual((self.folder / "p.yaml").read_text(encoding="utf-8"), POLICY.replace("action: ask", "action: ask  # why"))
        self.assertEqual((self.folder / "p.yaml").stat().st_mode & 0o777, 0o640)
        self.run_verb("fmt", "--check", "--write", "p.yaml", code=64)
        self.write("p.yaml", "a: [\n")
        self.run_verb("fmt", "p.yaml", code=3)

    def test_bench_and_schema(self):
        measured = self.json_of("bench", "p.yaml", "--test", "t.yaml", "--request", READ, "--seconds", "0.05")
        self.assertEqual(measured["requests"], 3)
        self.assertGreater(measured["decisions_per_second"], 0)
        self.assertLessEqual(measured["p50_ns"], measured["p99_ns"])
        self.run_verb("bench", "p.yaml", code=64)
        schema = json.loads(self.run_verb("schema"))
        rule = schema["$defs"]["rule"]
        self.assertIn("syscalls", rule["properties"])
        self.assertEqual((rule["additionalProperties"], rule["required"]), (False, ["name", "action"]))
        self.assertIn("| `syscalls` |", self.run_verb("schema", "--page"))

    def test_import_says_what_was_lost(self):
        original = 'version: "1.0"\nrules: [{name: "no", condition: {field: tool_name, operator: eq, value: pay}, action: deny}]\n'
        report = self.json_of("import", "--from", "original", "-", given=original)
        self.assertEqual((report["lost"], report["profile"]), ([], None))
        self.write("imported.yaml", report["policy"])
        self.assertEqual(self.json_of("eval", "imported.yaml", "--tool", "pay", code=2)["rule"], "unnamed/no")
        self.assertEqual(self.json_of("eval", "imported.yaml", "--tool", "play")["rule"], "unnamed/default")
        self.run_verb("import", "--from", "original", "-", "-o", "written.yaml", given=original)
        self.assertEqual((self.folder / "written.yaml").read_text(encoding="utf-8"), report["policy"])
        gateway = "mcpAuthorization: {rules: ['jwt.sub == \"kim\"', 'mcp.tool.name == \"pay\"']}\n"
        lost = self.json_of("import", "--from", "agentgateway", "-", code=1, given=gateway)["lost"]
        self.assertEqual([one["where"] for one in lost], ["(standard input):1:28"])
        self.json_of("import", "--from", "agentgateway", "-", "--map", "jwt.sub=agent.name", given=gateway)
        self.run_verb("import", "--from", "agentgateway", "-", "--map", "jwt.sub", code=3, given=gateway)
        self.assertIn("NAME=EXPRESSION", self.stderr)
        self.run_verb("import", "--from", "original", "-", code=3, given="rulez: []\n")
        self.assertIn('did you mean "rules"?', self.stderr)
        self.run_verb("import", "--from", "srt", "-", code=3, given="{")
        self.run_verb("import", "--from", "nothing", "p.yaml", code=64)


if __name__ == "__main__":
    real_kernel.main()
