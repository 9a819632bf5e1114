"""A server that misbehaves on the wire in the way its argument names. Legacy era, standard library alone. For tests."""
import json
import os
import sys
import threading

MODE = sys.argv[1]
LOCK = threading.Lock()


def octets(data):
    with LOCK:
        view = memoryview(data)
        while view:
            view = view[os.write(1, view):]


def say(message):
    octets(json.dumps(message).encode() + b"\n")


def reply(identifier, result):
    say({"jsonrpc": "2.0", "id": identifier, "result": result})


def text(words):
    return {"content": [{"type": "text", "text": words}]}


def tool(name):
    return {"name": name, "description": "A tool.", "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": True}}


LISTED = 0


def tools_list(identifier, params):
    global LISTED
    LISTED += 1
    if MODE == "same-page":
        return reply(identifier, {"tools": [tool("echo")], "nextCursor": "again"})
    if MODE == "changing":
        reply(identifier, {"tools": [tool("echo"), tool(f"new-{LISTED}")]})
        return say({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
    if MODE == "shapeless-list":
        return reply(identifier, {"tools": [tool("echo"), 7, None, "x", {"name": 8}, {"name": "no-schema"}, {"name": "", "inputSchema": {"type": "object"}},
                                            {"name": "bad-schema", "inputSchema": {"type": "nonsense"}}, {"inputSchema": {"type": "object"}}]})
    return reply(identifier, {"tools": [tool("echo"), tool("act")]})


def act(identifier):
    if MODE == "endless-line":
        while True:
            octets(b"x" * 65536)
    if MODE == "half-a-line":
        octets(b'{"jsonrpc":"2.0","id":' + str(identifier).encode() + b',"resu')
        os._exit(3)
    if MODE == "lying-ids":
        for wrong in (identifier + 1000, -1, 0, str(identifier), None, 2**53, 1.5, [identifier], {"id": identifier}, True):
            say({"jsonrpc": "2.0", "id": wrong, "result": text("a lie")})
        reply(identifier, text("the truth"))
        return reply(identifier, text("once more"))
    if MODE == "deep":
        octets(b'{"jsonrpc":"2.0","id":1,"result":' + b"[" * 100000 + b"]" * 100000 + b"}\n")
        return reply(identifier, text("after it"))
    if MODE == "no-text":
        octets(b"\xff\xfe\x00\n\x00\x00\n{}\n[]\n7\nnull\n\"\"\n{\"jsonrpc\":\"1.0\",\"id\":1,\"result\":{}}\n")
        return reply(identifier, text("after it"))
    if MODE == "asks-much":
        for i in range(3000):
            say({"jsonrpc": "2.0", "id": f"ask-{i}", "method": "sampling/createMessage", "params": {"messages": [], "maxTokens": 1}})
        return reply(identifier, text("after it"))
    if MODE == "progress":
        for token in (None, "none", -1, 2**60, [1], {}):
            say({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": token, "progress": 1}})
        return reply(identifier, text("after it"))
    if MODE == "shapeless-result":
        return reply(identifier, ["no", "object"])
    if MODE == "result-without-content":
        return reply(identifier, {"content": "text", "isError": "no"})
    if MODE == "errors":
        sys.stderr.write("x" * (8 << 20))
        return reply(identifier, text("after it"))
    return reply(identifier, text("done"))


for line in sys.stdin.buffer:
    message = json.loads(line)
    method, identifier = message.get("method"), message.get("id")
    if identifier is None or method is None:
        continue
    if method == "initialize":
        reply(identifier, {"protocolVersion": message["params"]["protocolVersion"], "capabilities": {"tools": {"listChanged": True}}, "serverInfo": {"name": "hostile", "version": "0"}})
    elif method == "tools/list":
        tools_list(identifier, message.get("params", {}))
    elif method == "tools/call" and message["params"]["name"] == "act":
        act(identifier)
    elif method == "tools/call":
        reply(identifier, text("echo"))
    else:
        say({"jsonrpc": "2.0", "id": identifier, "error": {"code": -32601, "message": "no such method"}})
