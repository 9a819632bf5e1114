"""A server over standard input and output, of either era, with what the scenarios of the official conformance suite call.

The suite speaks HTTP with `agentos mcp serve --http`, so that what it finds is what stands between: this server only has
the names and texts the scenarios expect.
"""
import base64
import hashlib
import hmac
import json
import struct
import sys
import threading
import time
import zlib

META = "io.modelcontextprotocol/"
MODERN = "2026-07-28"
LEGACY = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
INFO = {"name": "conformance", "version": "1.0"}
CAPABILITIES = {"tools": {"listChanged": True}, "prompts": {"listChanged": True},
                "resources": {"subscribe": True, "listChanged": True}, "logging": {}, "completions": {}}
KEY = b"of this server alone"


def png():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    octets = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    return base64.b64encode(octets + chunk(b"IDAT", zlib.compress(b"\0\xff\0\0")) + chunk(b"IEND", b"")).decode()


def wav():
    data = struct.pack("<IHHIIHH", 16, 1, 1, 8000, 8000, 1, 8)
    octets = b"WAVEfmt " + data + b"data" + struct.pack("<I", 8) + b"\x80" * 8
    return base64.b64encode(b"RIFF" + struct.pack("<I", len(octets)) + octets).decode()


def text(words):
    return {"type": "text", "text": words}


def image():
    return {"type": "image", "data": png(), "mimeType": "image/png"}


def embedded(uri, words, kind="text/plain"):
    return {"type": "resource", "resource": {"uri": uri, "mimeType": kind, "text": words}}


def form(message, **properties):
    return {"method": "elicitation/create", "params": {"message": message, "requestedSchema": {
        "type": "object", "properties": properties, "required": list(properties)}}}


def sampling(prompt, tokens=100):
    return {"method": "sampling/createMessage",
            "params": {"messages": [{"role": "user", "content": text(prompt)}], "maxTokens": tokens}}


ROOTS = {"method": "roots/list", "params": {}}
STRING = {"type": "string"}
DEFAULTS = {"name": {"type": "string", "default": "John Doe"}, "age": {"type": "integer", "default": 30},
            "score": {"type": "number", "default": 95.5},
            "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
            "verified": {"type": "boolean", "default": True}}
VALUES = [{"const": f"value{i}", "title": f"{word} Option"} for i, word in enumerate(("First", "Second", "Third"), 1)]
OPTIONS = ["option1", "option2", "option3"]
ENUMS = {"untitledSingle": {"type": "string", "enum": OPTIONS},
         "titledSingle": {"type": "string", "oneOf": VALUES},
         "legacyEnum": {"type": "string", "enum": ["opt1", "opt2", "opt3"], "enumNames": ["Option One", "Option Two", "Option Three"]},
         "untitledMulti": {"type": "array", "items": {"type": "string", "enum": OPTIONS}},
         "titledMulti": {"type": "array", "items": {"anyOf": VALUES}}}
SCHEMA_2020 = {
    "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
    "$defs": {"address": {"$anchor": "addressDef", "type": "object", "properties": {"street": STRING, "city": STRING}}},
    "properties": {"name": STRING, "address": {"$ref": "#/$defs/address"},
                   "contactMethod": {"type": "string", "enum": ["phone", "email"]}, "phone": STRING, "email": STRING},
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]}, "else": {"required": ["email"]}, "additionalProperties": False}
# What a tool wants before it answers: rounds of requests, by key.
WANTS = {
    "test_input_required_result_elicitation": [{"user_name": form("What is your name?", name=STRING)}],
    "test_input_required_result_sampling": [{"capital_question": sampling("What is the capital of France?")}],
    "test_input_required_result_list_roots": [{"client_roots": ROOTS}],
    "test_input_required_result_request_state": [{"confirm": form("Please confirm", ok={"type": "boolean"})}],
    "test_input_required_result_multiple_inputs": [{
        "user_name": form("What is your name?", name=STRING), "greeting": sampling("Generate a greeting", 50), "client_roots": ROOTS}],
    "test_input_required_result_multi_round": [
        {"step1": form("Step 1: What is your name?", name=STRING)}, {"step2": form("Step 2: What is your favorite color?", color=STRING)}],
    "test_input_required_result_tampered_state": [{"confirm": form("Please confirm", ok={"type": "boolean"})}],
    "test_input_required_result_capabilities": [{"user_name": form("What is your name?", name=STRING), "greeting": sampling("Generate a greeting", 50)}],
}
STATEFUL = {name for name in WANTS if name.endswith(("state", "inputs", "multi_round"))}
NEEDS = {"elicitation/create": "elicitation", "sampling/createMessage": "sampling", "roots/list": "roots"}
FIXED = {
    "test_simple_text": [text("This is a simple text response for testing.")],
    "test_image_content": [image()],
    "test_audio_content": [{"type": "audio", "data": wav(), "mimeType": "audio/wav"}],
    "test_embedded_resource": [embedded("test://embedded-resource", "This is an embedded resource content.")],
    "test_multiple_content_types": [text("Multiple content types test:"), image(),
                                    embedded("test://mixed-content-resource", '{"test":"data","value":123}', "application/json")],
    "test_x_mcp_header": [text("heard")],
}


def tool(name, required=(), schema=None, **properties):
    return {"name": name, "description": f"For the scenario of {name}.", "annotations": {"readOnlyHint": True},
            "inputSchema": schema or {"type": "object", "properties": properties, "required": list(required)}}


TOOLS = sorted([
    *(tool(name) for name in FIXED if name != "test_x_mcp_header"), *(tool(name) for name in WANTS),
    tool("test_x_mcp_header", region={"type": "string", "x-mcp-header": "Region"}, priority={"type": "integer", "x-mcp-header": "Priority"},
         verbose={"type": "boolean", "x-mcp-header": "Verbose"}),
    tool("test_tool_with_logging"), tool("test_tool_with_progress"), tool("test_error_handling"),
    tool("test_sampling", ["prompt"], prompt=STRING), tool("test_elicitation", ["message"], message=STRING),
    tool("test_elicitation_sep1034_defaults"), tool("test_elicitation_sep1330_enums"), tool("test_missing_capability"),
    tool("test_streaming_elicitation"), tool("test_logging_tool"), tool("test_trigger_tool_change"), tool("test_trigger_prompt_change"),
    tool("json_schema_2020_12_tool", schema=SCHEMA_2020)], key=lambda one: one["name"])
PROMPTS = [
    {"name": "test_simple_prompt", "description": "A simple prompt."},
    {"name": "test_prompt_with_arguments", "description": "With arguments.", "arguments": [
        {"name": "arg1", "description": "First", "required": True}, {"name": "arg2", "description": "Second", "required": True}]},
    {"name": "test_prompt_with_embedded_resource", "description": "With a resource.",
     "arguments": [{"name": "resourceUri", "description": "Its URI", "required": True}]},
    {"name": "test_prompt_with_image", "description": "With an image."},
    {"name": "test_input_required_result_prompt", "description": "Asks first."},
]
RESOURCES = [
    {"uri": "test://static-text", "name": "static-text", "description": "Text.", "mimeType": "text/plain"},
    {"uri": "test://static-binary", "name": "static-binary", "description": "An image.", "mimeType": "image/png"},
    {"uri": "test://watched-resource", "name": "watched-resource", "description": "Is watched.", "mimeType": "text/plain"},
]


class Failure(Exception):
    def __init__(self, code, message, data=None):
        super().__init__(message)
        self.error = {"code": code, "message": message, **({"data": data} if data is not None else {})}


class Server:
    def __init__(self, era):
        self.era = era
        self.lock = threading.Lock()
        self.next = 1
        self.answers = {}
        self.changed = threading.Condition()
        self.capabilities = {}
        self.listening = {}

    def write(self, message):
        with self.lock:
            sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
            sys.stdout.flush()

    def tell(self, what, modern):
        told = {"method": f"notifications/{what}/list_changed"}
        if not modern:
            return self.write(told)
        for identifier, wanted in list(self.listening.items()):
            if wanted.get(what + "ListChanged"):
                self.write({**told, "params": {"_meta": {META + "subscriptionId": identifier}}})
        return None

    def ask(self, request):
        """A request to a legacy client, and its answer."""
        with self.changed:
            identifier = self.next
            self.next += 1
        self.write({"id": identifier, **request})
        with self.changed:
            self.changed.wait_for(lambda: identifier in self.answers, 30)
            return self.answers.pop(identifier, {})

    def run(self):
        for line in sys.stdin:
            message = json.loads(line)
            if "method" not in message:
                with self.changed:
                    self.answers[message["id"]] = message.get("result", message.get("error"))
                    self.changed.notify_all()
            elif "id" in message:
                threading.Thread(target=self.serve, args=(message,), daemon=True).start()

    def serve(self, message):
        params = message.get("params", {})
        version = params.get("_meta", {}).get(META + "protocolVersion")
        try:
            if (version is not None and self.era == "legacy") or (version is None and self.era == "modern"):
                raise Failure(-32601, "not of this era")
            result = self.result(message["method"], params, message["id"], version is not None)
        except Failure as failure:
            return self.write({"id": message["id"], "error": failure.error})
        if result is None:
            return None
        if version is not None:
            result.setdefault("resultType", "complete")
            if message["method"].endswith(("/list", "/read", "/discover")):
                result.setdefault("ttlMs", 0)
                result.setdefault("cacheScope", "private")
            result.setdefault("_meta", {})[META + "serverInfo"] = INFO
        return self.write({"id": message["id"], "result": result})

    def result(self, method, params, identifier, modern):
        if method == "server/discover":
            return {"supportedVersions": [MODERN], "capabilities": CAPABILITIES}
        if method == "initialize":
            self.capabilities = params.get("capabilities", {})
            asked = params.get("protocolVersion")
            return {"protocolVersion": asked if asked in LEGACY else LEGACY[0], "capabilities": CAPABILITIES, "serverInfo": INFO}
        if method in ("ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe"):
            return {}
        if method == "tools/list":
            return {"tools": TOOLS}
        if method == "prompts/list":
            return {"prompts": PROMPTS}
        if method == "resources/list":
            return {"resources": RESOURCES}
        if method == "resources/templates/list":
            return {"resourceTemplates": [{"uriTemplate": "test://template/{id}/data", "name": "template", "description": "By id."}]}
        if method == "resources/read":
            return self.read(params["uri"], modern)
        if method == "prompts/get":
            return self.prompt(params, modern)
        if method == "completion/complete":
            return {"completion": {"values": ["paris", "park", "party"], "total": 3, "hasMore": False}}
        if method == "subscriptions/listen":
            self.listening[identifier] = params.get("notifications", {})
            self.write({"method": "notifications/subscriptions/acknowledged", "params": {
                "_meta": {META + "subscriptionId": identifier}, "notifications": params.get("notifications", {})}})
            return None
        if method == "tools/call":
            return self.call(params, modern)
        raise Failure(-32601, "no method " + method)

    def read(self, uri, modern):
        if uri == "test://static-text":
            return {"contents": [{"uri": uri, "mimeType": "text/plain", "text": "This is the content of the static text resource."}]}
        if uri == "test://watched-resource":
            return {"contents": [{"uri": uri, "mimeType": "text/plain", "text": "Watched."}]}
        if uri == "test://static-binary":
            return {"contents": [{"uri": uri, "mimeType": "image/png", "blob": png()}]}
        if uri.startswith("test://template/") and uri.endswith("/data"):
            name = uri.split("/")[3]
            words = json.dumps({"id": name, "templateTest": True, "data": f"Data for ID: {name}"})
            return {"contents": [{"uri": uri, "mimeType": "application/json", "text": words}]}
        raise Failure(-32602 if modern else -32002, "Resource not found", {"uri": uri})

    def prompt(self, params, modern):
        name, given = params["name"], params.get("arguments", {})

        def messages(*contents):
            return {"messages": [{"role": "user", "content": one} for one in contents]}

        if name == "test_simple_prompt":
            return messages(text("This is a simple prompt for testing."))
        if name == "test_prompt_with_arguments":
            return messages(text(f"Prompt with arguments: arg1='{given.get('arg1')}', arg2='{given.get('arg2')}'"))
        if name == "test_prompt_with_embedded_resource":
            return messages(embedded(given.get("resourceUri"), "Embedded resource content for testing."),
                            text("Please process the embedded resource above."))
        if name == "test_prompt_with_image":
            return messages(image(), text("Please analyze the image above."))
        if name == "test_input_required_result_prompt":
            request = form("What context should the prompt use?", context=STRING)
            answer = params.get("inputResponses", {}).get("user_context") if modern else self.ask(request)
            if answer is None:
                return {"resultType": "input_required", "inputRequests": {"user_context": request}}
            return messages(text("With context: " + json.dumps(answer.get("content"))))
        raise Failure(-32602, "no prompt " + name)

    def call(self, params, modern):
        name, given, meta = params["name"], params.get("arguments", {}), params.get("_meta", {})
        capabilities = meta.get(META + "clientCapabilities", {}) if modern else self.capabilities
        if name in FIXED:
            return {"content": FIXED[name]}
        if name == "json_schema_2020_12_tool":
            return {"content": [text("It fits.")]}
        if name == "test_error_handling":
            return {"content": [text("This tool intentionally returns an error for testing")], "isError": True}
        if name in ("test_tool_with_logging", "test_logging_tool"):
            for words in ("Tool execution started", "Tool processing data", "Tool execution completed"):
                if not modern or META + "logLevel" in meta:
                    self.write({"method": "notifications/message", "params": {"level": "info", "data": words}})
                time.sleep(0.05)
            return {"content": [text("It has logged.")]}
        if name == "test_tool_with_progress":
            for step in (0, 50, 100):
                if "progressToken" in meta:
                    self.write({"method": "notifications/progress",
                                "params": {"progressToken": meta["progressToken"], "progress": step, "total": 100}})
                time.sleep(0.05)
            return {"content": [text("It is done.")]}
        if name in ("test_trigger_tool_change", "test_trigger_prompt_change"):
            self.tell("tools" if "tool" in name else "prompts", modern)
            return {"content": [text("It was told.")]}
        if name == "test_missing_capability":
            if "sampling" not in capabilities:
                raise Failure(-32021, "the client must have sampling", {"requiredCapabilities": {"sampling": {}}})
            return {"content": [text("It has it.")]}
        if name == "test_sampling":
            return self.asked(sampling(given["prompt"]), params, modern, lambda answer: "LLM response: " + answer.get("content", {}).get("text", ""))
        if name in ("test_elicitation", "test_streaming_elicitation"):
            return self.asked(form(given.get("message", "Who are you?"), username=STRING, email=STRING), params, modern,
                              lambda answer: "User response: " + json.dumps(answer))
        if name == "test_elicitation_sep1034_defaults":
            return self.asked(form("Defaults", **DEFAULTS), params, modern, self.completed)
        if name == "test_elicitation_sep1330_enums":
            return self.asked(form("Choices", **ENUMS), params, modern, self.completed)
        if name in WANTS and not modern:
            return self.rounds_asked(name)
        if name in WANTS:
            return self.rounds(name, params, capabilities)
        raise Failure(-32602, "no tool " + name)

    @staticmethod
    def completed(answer):
        return f"Elicitation completed: action={answer.get('action')}, content={json.dumps(answer.get('content'))}"

    def asked(self, request, params, modern, words):
        if not modern:
            return {"content": [text(words(self.ask(request)))]}
        answer = params.get("inputResponses", {}).get("it")
        if answer is None:
            return {"resultType": "input_required", "inputRequests": {"it": request}}
        return {"content": [text(words(answer))]}

    @staticmethod
    def state(number):
        return f"{number}." + hmac.new(KEY, str(number).encode(), hashlib.sha256).hexdigest()

    def rounds_asked(self, name):
        heard = {key: self.ask(one) for step in WANTS[name] for key, one in step.items()}
        return {"content": [text("state-ok, heard " + json.dumps(heard))]}

    def rounds(self, name, params, capabilities):
        steps, given, state = WANTS[name], params.get("inputResponses"), params.get("requestState")
        number = 0
        if name in STATEFUL and state is not None:
            number = int(state.split(".")[0]) if state.split(".")[0].isdigit() else 0
            if state != self.state(number):
                raise Failure(-32602, "the requestState is not one of this server")
        elif name in STATEFUL:
            given = None
        wanted = {key: one for key, one in steps[number].items() if NEEDS[one["method"]] in capabilities}
        answered = isinstance(given, dict) and all(isinstance(given.get(key), dict) for key in wanted)
        if answered and number + 1 == len(steps):
            return {"content": [text("state-ok, heard " + json.dumps({key: given[key] for key in wanted}))]}
        number += 1 if answered else 0
        wanted = {key: one for key, one in steps[number].items() if NEEDS[one["method"]] in capabilities}
        out = {"resultType": "input_required", "inputRequests": wanted}
        if name in STATEFUL:
            out["requestState"] = self.state(number)
        return out


if __name__ == "__main__":
    Server(sys.argv[1] if len(sys.argv) > 1 else "both").run()
