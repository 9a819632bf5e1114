"""Real servers from npm, unmodified, behind `agentos mcp wrap`: what `make conformance` runs.

Usage: real_servers.py FOLDER, where FOLDER/node_modules has the packages. Prints a table; exit status 1 when a row fails.
Not part of `make test`: it needs packages of a registry.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

from wrapped import Client, Place, Refused, wait_until

sys.stdout.reconfigure(line_buffering=True)
ALLOW = """apiVersion: agentos/v1
kind: Policy
metadata: {name: test}
spec:
  rules: [{name: all, syscalls: ["*"], action: allow}, {name: list, phase: list, tools: ["*"], action: allow}]
"""
HERE = pathlib.Path(__file__).resolve().parent
EXAMPLE = HERE.parents[1] / "examples/mcp_filesystem/policy.yaml"
ROWS = []


def row(name, check):
    begun = time.monotonic()
    try:
        detail = check()
        ROWS.append((name, "pass", detail or "", time.monotonic() - begun))
    except Exception as problem:  # every row is run
        ROWS.append((name, "FAIL", f"{type(problem).__name__}: {problem}"[:160], time.monotonic() - begun))
    print(f"{ROWS[-1][1]:5} {name}: {ROWS[-1][2]} ({ROWS[-1][3]:.1f} s)")


class Servers:
    def __init__(self, packages: pathlib.Path):
        self.packages = packages
        self.place = Place()
        self.policy = self.place.kernel.folder / "all.yaml"
        self.policy.write_text(ALLOW, encoding="utf-8")
        self.project = self.place.kernel.work
        (self.project / "README").write_text("the project", encoding="utf-8")
        (self.project / ".env").write_text("TOKEN=1", encoding="utf-8")

    def main_of(self, package):
        folder = self.packages / "node_modules/@modelcontextprotocol" / package
        about = json.loads((folder / "package.json").read_text(encoding="utf-8"))
        return str(folder / next(iter(about["bin"].values())))

    def client(self, package, *args, options=(), modern=False, **more):
        node = shutil.which("node")
        command = [str(self.place_programs()), "mcp", "wrap", *options, "--read", str(self.packages), "--read", node,
                   "--", node, self.main_of(package), *args]
        return Client(command, self.place.kernel.environment, self.project, modern=modern, **more)

    @staticmethod
    def place_programs():
        from wrapped import PROGRAMS

        return PROGRAMS / "agentos"

    def filesystem(self, modern):
        client = self.client("server-filesystem", str(self.project), options=("--policy", str(EXAMPLE), "--write", "."), modern=modern)
        client.start()
        tools = client.ask("tools/list")["tools"]
        assert "the project" in client.text("read_text_file", {"path": str(self.project / "README")})
        denied = client.call("read_text_file", {"path": str(self.project / ".env")})
        assert denied["_meta"]["io.agentos/denial"]["rule"].endswith("no-dotfiles"), denied
        asked = client.send("tools/call", {"name": "write_file", "arguments": {"path": str(self.project / "new"), "content": "x"}})
        waiting = wait_until(lambda: json.loads(self.place.agentos("approve", "ls", "--format", "json").stdout))
        assert not (self.project / "new").exists()
        assert self.place.agentos("approve", "grant", waiting[0]["approval"]).returncode == 0
        written = client.reply(asked)
        assert not written.get("isError"), written
        assert (self.project / "new").read_text(encoding="utf-8") == "x"
        (self.project / "new").unlink()
        assert client.close() == 0
        return f"{len(tools)} tools; read allowed, dotfile denied, write asked for"

    def memory(self, modern):
        file = self.project / "memory.json"
        client = self.client("server-memory", options=("--policy", str(self.policy), "--write", ".", "--env", "MEMORY_FILE_PATH"), modern=modern)
        client.start()
        tools = client.ask("tools/list")["tools"]
        made = client.call("create_entities", {"entities": [{"name": "a", "entityType": "t", "observations": ["o"]}]})
        assert not made.get("isError"), made
        assert '"a"' in json.dumps(client.call("read_graph"))
        client.close()
        file.unlink(missing_ok=True)
        return f"{len(tools)} tools"

    def sequential(self, modern):
        client = self.client("server-sequential-thinking", options=("--policy", str(self.policy)), modern=modern)
        client.start()
        result = client.call("sequentialthinking", {"thought": "x", "nextThoughtNeeded": False, "thoughtNumber": 1, "totalThoughts": 1})
        assert not result.get("isError"), result
        client.close()
        return "1 tool"

    def everything(self, modern):
        answers = {
            "elicitation/create": {"action": "accept", "content": {"name": "n", "check": True}},
            "sampling/createMessage": {"role": "assistant", "model": "m", "content": {"type": "text", "text": "sampled"}},
            "roots/list": {"roots": [{"uri": "file:///project", "name": "p"}]},
        }
        client = self.client("server-everything", options=("--policy", str(self.policy)), modern=modern, answers=answers)
        client.start()
        tools = [tool["name"] for tool in client.ask("tools/list")["tools"]]
        assert "hello" in client.text("echo", {"message": "hello"})
        seen = []
        if "trigger-sampling-request" in tools:
            assert "sampled" in json.dumps(client.call("trigger-sampling-request", {"prompt": "p", "maxTokens": 5}))
            seen.append("sampling")
        if "trigger-elicitation-request" in tools:
            client.call("trigger-elicitation-request")
            seen.append("elicitation")
        if "trigger-long-running-operation" in tools:
            client.call("trigger-long-running-operation", {"duration": 1, "steps": 2}, {"progressToken": "p"})
            client.told("notifications/progress")
            seen.append("progress")
        resources = client.ask("resources/list")["resources"]
        client.ask("resources/read", {"uri": resources[0]["uri"]})
        prompts = client.ask("prompts/list")["prompts"]
        client.ask("prompts/get", {"name": prompts[0]["name"]})
        client.close()
        return f"{len(tools)} tools, {len(resources)} resources, {len(prompts)} prompts; {', '.join(seen)}"


def main() -> int:
    servers = Servers(pathlib.Path(sys.argv[1]).resolve())
    servers.place.kernel.environment["MEMORY_FILE_PATH"] = str(servers.project / "memory.json")
    try:
        for era in ("legacy", "modern"):
            for name in ("filesystem", "memory", "sequential", "everything"):
                row(f"{era} client, {name}", lambda name=name, era=era: getattr(servers, name)(era == "modern"))
    finally:
        servers.place.stop()
    failed = sum(1 for one in ROWS if one[1] != "pass")
    print(f"{len(ROWS) - failed} of {len(ROWS)} pass")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
