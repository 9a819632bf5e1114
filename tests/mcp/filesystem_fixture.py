"""A server with the tools of the filesystem server that the example's policy names, over one folder. For tests.

Usage: filesystem_fixture.py FOLDER. Legacy era, standard library alone; it does what it is asked without a question:
what holds is the policy and the sandbox before it.
"""
import json
import pathlib
import sys

ROOT = pathlib.Path(sys.argv[1]).resolve()
PATH = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
WRITE = {"type": "object", "properties": {"path": {"type": "string"}, "content": {"type": "string"}}, "required": ["path", "content"]}
MOVE = {"type": "object", "properties": {"source": {"type": "string"}, "destination": {"type": "string"}}, "required": ["source", "destination"]}
MANY = {"type": "object", "properties": {"paths": {"type": "array", "items": {"type": "string"}}}, "required": ["paths"]}


def read_many(arguments):
    return "\n".join((ROOT / path).read_text(encoding="utf-8") for path in arguments["paths"])


def write(arguments):
    (ROOT / arguments["path"]).write_text(arguments["content"], encoding="utf-8")
    return "written"


def move(arguments):
    (ROOT / arguments["source"]).rename(ROOT / arguments["destination"])
    return "moved"


TOOLS = {
    "read_text_file": (PATH, True, lambda arguments: (ROOT / arguments["path"]).read_text(encoding="utf-8")),
    "read_multiple_files": (MANY, True, read_many),
    "list_directory": (PATH, True, lambda arguments: "\n".join(sorted(one.name for one in (ROOT / arguments["path"]).iterdir()))),
    "write_file": (WRITE, False, write),
    "move_file": (MOVE, False, move),
    "delete_everything": (PATH, False, lambda arguments: "gone"),  # no rule names it
}


def answer(method, params):
    if method == "initialize":
        return {"protocolVersion": params["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": {"name": "filesystem", "version": "0"}}
    if method == "tools/list":
        return {"tools": [{"name": name, "description": "Of one folder.", "inputSchema": schema, "annotations": {"readOnlyHint": reads}}
                          for name, (schema, reads, _) in TOOLS.items()]}
    if method == "tools/call":
        try:
            text, failed = TOOLS[params["name"]][2](params["arguments"]), False
        except OSError as problem:
            text, failed = str(problem), True
        return {"content": [{"type": "text", "text": text}], "isError": failed}
    return None


for line in sys.stdin:
    message = json.loads(line)
    if "id" not in message:
        continue
    result = answer(message["method"], message.get("params", {}))
    reply = {"result": result} if result is not None else {"error": {"code": -32601, "message": "no such method"}}
    print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **reply}), flush=True)
