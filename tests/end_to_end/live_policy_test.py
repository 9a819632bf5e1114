"""Verbs of agentos policy that ask a running kernel: explain with the smallest change, lint against its tools."""
import json

from real_kernel import KernelTest, main

POLICY = """apiVersion: agentos/v1
kind: Policy
metadata: {name: p}
spec:
  rules:
    - {name: own, syscalls: [hello, status, read, stat], action: allow}
    - name: notes
      syscalls: [write]
      paths: ["/state/notes/**"]
      action: allow
    - {name: pay, tools: [pay], when: args.amount <= 5, action: allow}
"""
TOOL = """apiVersion: agentos/v1
kind: Tool
metadata: {name: pay, summary: Pays.}
spec:
  runs: process
  command: [/bin/true]
  input_schema: {type: object, properties: {amount: {type: integer}}, required: [amount], additionalProperties: false}
"""
SCRIPT = """
import sys
print("ready", flush=True)
sys.stdin.read()
"""


class LivePolicy(KernelTest):
    def setUp(self):
        super().setUp()
        self.kernel.policy.write_text(POLICY, encoding="utf-8")
        self.tool = self.kernel.folder / "pay.yaml"
        self.tool.write_text(TOOL, encoding="utf-8")
        added = self.kernel.cli("tool", "add", str(self.tool))
        self.assertEqual(added.returncode, 0, added)
        self.agent = self.kernel.python_agent(SCRIPT)
        self.addCleanup(self.end_agent)
        self.assertEqual(self.agent.stdout.readline(), "ready\n", self.agent)
        agents = json.loads(self.kernel.cli("ps", "--format", "json").stdout)
        self.name = next(one["agent"] for one in agents if one["state"] == "running")

    def end_agent(self):
        self.agent.communicate("", timeout=30)

    def explain(self, call, arguments, code):
        ran = self.kernel.cli("policy", "explain", self.name, call, json.dumps(arguments), "--format", "json")
        self.assertEqual(ran.returncode, code, ran)
        return json.loads(ran.stdout)

    def test_explain_names_the_smallest_change_of_a_call_and_of_a_tool(self):
        why = self.explain("write", {"path": "/state/other/a", "data": "x"}, 2)
        changes = why["smallest_change"]["changes"]
        self.assertEqual(why["smallest_change"]["verdict"], "allow")
        self.assertTrue(changes[0]["to"].startswith("/state/notes/"), changes)
        why = self.explain("exec", {"tool": "pay", "arguments": {"amount": 6}}, 2)
        self.assertEqual(why["smallest_change"]["changes"], [{"what": "args.amount", "from": 6, "to": 5}])
        text = self.kernel.cli("policy", "explain", self.name, "write", '{"path": "/state/other/a", "data": "x"}').stdout.decode()
        self.assertIn("smallest change (arguments), then allow p/notes", text)

    def test_what_documents_alone_do_not_decide_has_no_smallest_change(self):
        why = self.explain("ps", {}, 2)
        self.assertNotIn("smallest_change", why)
        self.assertIn("rights", why["no_smallest_change"])

    def test_lint_knows_the_tools_of_the_kernel(self):
        rules = self.kernel.folder / "rules.yaml"
        rules.write_text(POLICY.replace("tools: [pay]", "tools: [pya]"), encoding="utf-8")
        ran = self.kernel.cli("policy", "lint", str(rules), "--kernel", "--format", "json")
        findings = json.loads(ran.stdout)["findings"]
        self.assertEqual([one["code"] for one in findings if one["code"] == "unknown-tool"], ["unknown-tool"], findings)
        right = self.kernel.cli("policy", "lint", str(self.kernel.policy), "--kernel", "--format", "json")
        self.assertEqual(json.loads(right.stdout)["findings"], [], right)


if __name__ == "__main__":
    main()
