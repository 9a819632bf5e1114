"""The kernel as an MCP server: a Python agent under `agentos run` that speaks MCP on the socket it inherited."""
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "end_to_end"))
import real_kernel  # noqa: E402

POLICY = """apiVersion: agentos/v1
kind: Policy
metadata: {name: house-rules}
spec:
  rules:
    - {name: keep, syscalls: [unlink], action: deny, priority: 10, message: Nothing is removed.}
    - {name: everything, syscalls: ["*"], action: allow}
    - {name: list, phase: list, tools: ["*"], action: allow}
"""
# What every agent of these tests begins with: a client of either era over descriptor 3.
CLIENT = '''
import json, sys
import agent_side

MODERN = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {},
          "io.modelcontextprotocol/clientInfo": {"name": "agent", "version": "1"}}
lines = agent_side.Lines(agent_side.connect())
count = 0

def raw(method, params=None, modern=False, **members):
    global count
    count += 1
    params = dict(params or {})
    if modern:
        params["_meta"] = {**MODERN, **params.get("_meta", {})}
    reply = lines.exchange(json.dumps({"jsonrpc": "2.0", "id": count, "method": method, "params": params, **members}).encode() + b"\\n")
    assert reply["id"] == count, reply
    return reply

def ask(method, params=None, modern=False):
    reply = raw(method, params, modern)
    assert "result" in reply, reply
    return reply["result"]

def refused(method, params=None, modern=False):
    return raw(method, params, modern)["error"]

def start(version="2025-11-25"):
    about = ask("initialize", {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "agent", "version": "1"}})
    lines.send(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\\n')
    return about

def call(tool, arguments=None, modern=False):
    return ask("tools/call", {"name": tool, "arguments": arguments or {}}, modern)

def value(tool, arguments=None):
    result = call(tool, arguments)
    assert not result["isError"], result
    return result["structuredContent"]

def denial(tool, arguments=None):
    result = call(tool, arguments)
    assert result["isError"], result
    return result["_meta"]["io.agentos/denial"]

def tell(**facts):
    print(json.dumps(facts))
'''


class AgentSocket(real_kernel.KernelTest):
    def setUp(self):
        super().setUp()
        self.kernel.policy.write_text(POLICY, encoding="utf-8")

    def agent(self, script, *arguments):
        """What the agent told."""
        process = self.kernel.python_agent(CLIENT + script, *arguments)
        out, errors = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, errors + out)
        return json.loads(out.strip().split("\n")[-1])

    def test_a_legacy_client_is_spoken_with(self):
        told = self.agent("""
about = start("2025-06-18")
tell(about=about, ping=ask("ping"), unknown=refused("completion/complete"), second=refused("initialize"))
""")
        self.assertEqual(told["about"]["protocolVersion"], "2025-06-18")
        self.assertEqual(told["about"]["serverInfo"]["name"], "agentos")
        self.assertEqual(sorted(told["about"]["capabilities"]), ["logging", "prompts", "resources", "tools"])
        self.assertEqual(told["ping"], {})
        self.assertEqual(told["unknown"]["code"], -32601)
        self.assertEqual(told["second"]["code"], -32600)

    def test_a_modern_client_is_spoken_with(self):
        told = self.agent("""
tell(about=ask("server/discover", modern=True), tools=len(ask("tools/list", modern=True)["tools"]),
     status=call("syscall.status", modern=True), ping=refused("ping", modern=True))
""")
        self.assertIn("2026-07-28", told["about"]["supportedVersions"])
        self.assertGreater(told["tools"], 20)
        self.assertEqual(told["status"]["resultType"], "complete")
        self.assertEqual(told["ping"]["code"], -32601)

    def test_tools_are_its_calls_and_the_registered_ones(self):
        told = self.agent("""
start()
tools = ask("tools/list")["tools"]
names = [tool["name"] for tool in tools]
schemas = {tool["name"]: tool for tool in tools}
replies = {name: value(name, arguments) for name, arguments in [
    ("syscall.write", {"path": "/mem/working/note", "data": "hello"}), ("syscall.read", {"path": "/mem/working/note"}),
    ("syscall.stat", {"path": "/mem/working/note"}), ("syscall.list", {"path": "/mem/working"}), ("syscall.status", {}),
    ("syscall.getpolicy", {}), ("syscall.hello", {}), ("syscall.tools", {})]}
misfits = [(name, key) for name, reply in replies.items() for key in reply if key not in schemas[name]["outputSchema"]["properties"]]
misfits += [(name, key) for name, reply in replies.items() for key in schemas[name]["outputSchema"].get("required", []) if key not in reply]
tell(names=names, misfits=misfits, read=replies["syscall.read"], sum=value("calculate", {"expression": "6*7"}),
     wrong=denial("syscall.read", {"path": 7}), foreign=denial("syscall.read", {"file": "/x"}),
     hidden=refused("tools/call", {"name": "syscall.spawn", "arguments": {}}), none=refused("tools/call", {"name": "nothing"}))
""")
        self.assertEqual(len(told["names"]), len(set(told["names"])))
        for name in ("syscall.read", "syscall.exec", "calculate", "kernel_execute"):
            self.assertIn(name, told["names"])
        for name in ("syscall.spawn", "syscall.approve", "syscall.connect"):
            self.assertNotIn(name, told["names"])
        self.assertEqual(told["misfits"], [])
        self.assertEqual(told["read"], {"data": "hello", "end": True})
        self.assertEqual(told["sum"], {"value": 42})
        self.assertEqual(told["wrong"]["code"], "invalid_argument")
        self.assertEqual(told["foreign"]["code"], "invalid_argument")
        self.assertEqual(told["hidden"]["code"], -32602)
        self.assertEqual(told["none"]["code"], -32602)

    def test_a_call_is_decided_and_recorded_as_any_other(self):
        told = self.agent("""
start()
value("syscall.write", {"path": "/mem/working/kept", "data": "x"})
tell(denied=denial("syscall.unlink", {"path": "/mem/working/kept"}), kept=value("syscall.read", {"path": "/mem/working/kept"}),
     me=value("syscall.status")["agent"])
""")
        self.assertEqual(told["denied"]["code"], "denied")
        self.assertIn("keep", told["denied"]["rule"])
        self.assertEqual(told["denied"]["reason"], "Nothing is removed.")
        self.assertEqual(told["kept"]["data"], "x")
        entries = json.loads(self.kernel.cli("log", "show", "--last", "1000", "--format", "json", text=True).stdout)
        mine = [(one["leaf"].get("call"), one["leaf"]["kind"]) for one in entries if one["leaf"].get("agent") == told["me"]]
        self.assertIn(("write", "intent"), mine)
        self.assertIn(("write", "outcome"), mine)
        self.assertIn(("unlink", "refused"), mine)

    def test_its_namespace_is_its_resources(self):
        told = self.agent("""
start()
me = value("syscall.status")["agent"]
value("syscall.write", {"path": "/mem/working/a b%.json", "data": "{}"})
value("syscall.write", {"path": "/state/octets", "data": {"base64": "/w=="}})
listed = {one["name"]: one for one in ask("resources/list")["resources"]}
def read(uri):
    return ask("resources/read", {"uri": uri})["contents"][0]
tell(me=me, names=sorted(listed), json=read(listed["/mem/working/a b%.json"]["uri"]), uri=listed["/mem/working/a b%.json"]["uri"],
     octets=read(f"vfs://{me}/state/octets"), folder=json.loads(read(f"vfs://{me}/mem/working")["text"]), root=json.loads(read(f"vfs://{me}")["text"]),
     templates=[one["uriTemplate"] for one in ask("resources/templates/list")["resourceTemplates"]],
     none=[refused("resources/read", {"uri": uri})["code"] for uri in (f"vfs://{me}/mem/working/none", "file:///etc/passwd", f"vfs://{me}/%zz", "vfs://", "")])
""")
        self.assertIn("/mem/working/a b%.json", told["names"])
        self.assertEqual(told["uri"], f"vfs://{told['me']}/mem/working/a%20b%25.json")
        self.assertEqual((told["json"]["mimeType"], told["json"]["text"]), ("application/json", "{}"))
        self.assertEqual(told["octets"]["blob"], "/w==")
        self.assertIn("/mem/working/a b%.json", [one["path"] for one in told["folder"]["entries"]])
        self.assertTrue(told["root"]["entries"])
        for shape in ("vfs://{agent_id}/mem/working/{key}", "vfs://{agent_id}/mem/episodic/{session_id}", "vfs://{agent_id}/policy/{policy_name}"):
            self.assertIn(shape, told["templates"])
        self.assertEqual(told["none"], [-32002] * 5)

    def test_policy_is_read_and_never_written_however_its_path_is_spelled(self):
        told = self.agent("""
start()
me = value("syscall.status")["agent"]
policy = [one for one in ask("resources/list")["resources"] if one["name"].startswith("/policy/")]
texts = [ask("resources/read", {"uri": one["uri"]})["contents"][0]["text"] for one in policy]
spelled = [call("syscall.write", {"path": path, "data": "x"})["isError"] for path in
           ("/policy/effective.yaml", "//policy/effective.yaml", "/mem/../policy/effective.yaml", "/./policy/effective.yaml", "/policy/new")]
tell(texts=texts, spelled=spelled, same=[ask("resources/read", {"uri": one["uri"]})["contents"][0]["text"] for one in policy] == texts)
""")
        self.assertTrue(told["texts"])
        self.assertEqual(told["spelled"], [True] * 5)
        self.assertTrue(told["same"])

    def test_prompts_are_filled_in_and_need_what_they_need(self):
        told = self.agent("""
start()
def text(name, arguments):
    return ask("prompts/get", {"name": name, "arguments": arguments})["messages"][0]["content"]["text"]
tell(prompts=[(one["name"], [a["name"] for a in one["arguments"] if a["required"]]) for one in ask("prompts/list")["prompts"]],
     claim=text("verify_claim", {"claim": "{claim} is {action}"}), action=text("safe_execution", {"action": "write"}),
     agent=text("governed_agent", {"agent_id": "a", "policies": "p"}),
     wrong=[refused("prompts/get", {"name": "verify_claim"})["code"], refused("prompts/get", {"name": "none"})["code"]])
""")
        self.assertEqual(told["prompts"], [["governed_agent", ["agent_id"]], ["verify_claim", ["claim"]], ["safe_execution", ["action"]]])
        self.assertIn("{claim} is {action}", told["claim"])
        self.assertIn("the action write", told["action"])
        self.assertIn("Policies named to you: p.", told["agent"])
        self.assertEqual(told["wrong"], [-32602, -32602])

    def test_kernel_execute_carries_out_calls_and_tools_under_the_policy_in_force(self):
        told = self.agent("""
start()
me = value("syscall.status")["agent"]
tell(written=value("kernel_execute", {"action": "file_write", "params": {"path": "/mem/working/x", "content": "y"}, "agent_id": me}),
     read=value("kernel_execute", {"action": "read", "params": {"path": "/mem/working/x"}, "policies": ["house-rules"]}),
     tool=value("kernel_execute", {"action": "calculate", "params": {"expression": "1+1"}}),
     denied=denial("kernel_execute", {"action": "unlink", "params": {"path": "/mem/working/x"}, "policies": []}),
     policy=denial("kernel_execute", {"action": "read", "params": {"path": "/mem/working/x"}, "policies": ["no_pii"]}),
     other=denial("kernel_execute", {"action": "status", "agent_id": "agent-of-somebody"}),
     unknown=refused("tools/call", {"name": "kernel_execute", "arguments": {"action": "send_email", "params": {}}}),
     approved=denial("kernel_execute", {"action": "unlink", "params": {"path": "/mem/working/x"}, "approved": True}),
     context=denial("kernel_execute", {"action": "unlink", "params": {"path": "/mem/working/x"}, "context": {"approved": True}}),
     shapeless=denial("kernel_execute", {"action": 7}), nothing=denial("kernel_execute", {}))
""")
        self.assertEqual(told["written"], {"size": 1})
        self.assertEqual(told["read"]["data"], "y")
        self.assertEqual(told["tool"], {"value": 2})
        self.assertIn("keep", told["denied"]["rule"])
        self.assertEqual(told["policy"]["code"], "denied")
        self.assertEqual(told["other"]["code"], "not_permitted")
        self.assertEqual(told["unknown"]["code"], -32602)
        self.assertEqual(told["approved"]["code"], "invalid_argument")
        self.assertIn("keep", told["context"]["rule"])
        self.assertEqual([told["shapeless"]["code"], told["nothing"]["code"]], ["invalid_argument"] * 2)

    def test_no_field_makes_it_another_agent(self):
        other = self.kernel.python_agent(CLIENT + """
start()
value("syscall.write", {"path": "/mem/working/secret", "data": "of the other"})
print(value("syscall.status")["agent"], flush=True)
sys.stdin.read()
""")
        self.addCleanup(lambda: (other.kill(), other.communicate()))
        victim = other.stdout.readline().strip()
        self.assertTrue(victim)
        told = self.agent("""
victim = sys.argv[1]
claims = {"agent": victim, "agent_id": victim, "session": victim, "caller": victim, "ring": 0, "operator_uid": 0}
about = ask("initialize", {"protocolVersion": "2025-11-25", "capabilities": {"experimental": claims}, "clientInfo": {"name": victim, "version": "1", **claims}, "_meta": claims, **claims})
def who(reply):
    return reply["result"]["structuredContent"]["agent"] if "result" in reply and not reply["result"]["isError"] else "refused"
me = value("syscall.status")["agent"]
seen = [
    who(raw("tools/call", {"name": "syscall.status", "arguments": {}, "_meta": claims})),
    who(raw("tools/call", {"name": "syscall.status", "arguments": {}, **claims})),
    who(raw("tools/call", {"name": "syscall.status", "arguments": claims})),
    who(raw("tools/call", {"name": "syscall.status", "arguments": {}}, **{"agent": victim})),
    who(raw("tools/call", {"name": "kernel_execute", "arguments": {"action": "status", "agent_id": victim}})),
    who(raw("tools/call", {"name": "kernel_execute", "arguments": {"action": "status", "context": claims}})),
    who(raw("tools/call", {"name": "kernel_execute", "arguments": {"action": "status", "params": claims}})),
    who(raw("tools/call", {"name": "syscall.attach", "arguments": {"agent": victim}})),
    who(raw("tools/call", {"name": "syscall.status", "arguments": {}}, modern=True)),
]
read = [raw("resources/read", {"uri": uri, **claims}) for uri in (
    f"vfs://{victim}/mem/working/secret", f"vfs://{me}/../{victim}/mem/working/secret", f"vfs://{me}@{victim}/mem/working/secret",
    f"vfs://{victim}", f"vfs://{me}%2F..%2F{victim}/mem/working/secret", f"vfs://{me}/mem/working/secret")]
own = [raw(method, {"arguments": {}})["error"]["code"] for method in ("approve", "approvals", "spawn", "status")]
signal = raw("tools/call", {"name": "syscall.signal", "arguments": {"target": victim, "signal": "SIGKILL", "sender": victim}})
tell(me=me, seen=seen, read=[one.get("error", {}).get("code") for one in read], text=json.dumps(read), own=own)
""", victim)
        self.assertNotEqual(told["me"], victim)
        self.assertTrue(set(told["seen"]) <= {told["me"], "refused"}, told["seen"])
        self.assertNotIn("of the other", told["text"])
        self.assertTrue(set(told["read"]) <= {-32002, -32602}, told["read"])
        self.assertEqual(told["own"], [-32601] * 4, "on this connection only MCP is spoken")

    def test_what_is_no_message_is_answered_and_the_next_is_served(self):
        told = self.agent("""
start()
replies = [lines.exchange(octets) for octets in (b"{\\n", b"[]\\n", b'{"jsonrpc":"2.0","id":1}\\n', b"x" * 1100000 + b"\\n")]
big = call("syscall.write", {"path": "/mem/working/big", "data": "x" * 900000})
tell(codes=[one["error"]["code"] for one in replies], big=big["isError"], after=ask("ping"))
""")
        self.assertEqual(told["codes"][0], -32700)
        self.assertEqual(told["codes"][3], -32600)
        self.assertFalse(told["big"])
        self.assertEqual(told["after"], {})

    def test_a_cancelled_call_is_not_answered_and_the_next_one_is(self):
        told = self.agent("""
start()
lines.send(json.dumps({"jsonrpc": "2.0", "id": "waits", "method": "tools/call", "params": {"name": "syscall.recv", "arguments": {}}}).encode() + b"\\n")
twice = lines.exchange(json.dumps({"jsonrpc": "2.0", "id": "waits", "method": "ping"}).encode() + b"\\n")
lines.send(json.dumps({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": "waits"}}).encode() + b"\\n")
tell(twice=twice["error"]["code"], after=ask("ping"), again=ask("ping"))
""")
        self.assertEqual(told, {"twice": -32600, "after": {}, "again": {}})

    def test_the_tables_own_words_are_spoken_as_ever(self):
        told = self.agent("""
first = lines.call("status")
second = lines.call("initialize", protocolVersion="2025-11-25")
tell(first="result" in first, second=second["error"]["data"]["error"])
""")
        self.assertEqual(told, {"first": True, "second": "unknown_call"})


if __name__ == "__main__":
    unittest.main()
