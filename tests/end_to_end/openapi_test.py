"""openapi.json is OpenAPI 3.1, and a real kernel takes, answers and refuses what it says. Skipped without jsonschema."""
import json
import re
import sys
import unittest

import real_kernel

try:
    import jsonschema
except ImportError:
    print("skipped: the Debian package python3-jsonschema is not installed")
    sys.exit(77)

ROOT = real_kernel.HERE.parents[1]
DOCUMENT = json.loads((ROOT / "src/abi/generated/openapi.json").read_text(encoding="utf-8"))
OPERATIONS = {path.rsplit("/", 1)[1]: item["post"] for path, item in DOCUMENT["paths"].items()}

# Members of each object of the format that this document uses: name -> whether it must be there.
MEMBERS = {
    "document": {"openapi": 1, "info": 1, "jsonSchemaDialect": 0, "tags": 0, "security": 0, "paths": 1, "components": 0},
    "info": {"title": 1, "version": 1, "summary": 0, "description": 0, "license": 0},
    "license": {"name": 1, "identifier": 0},
    "tag": {"name": 1, "description": 0},
    "path": {"post": 0},
    "operation": {"operationId": 0, "summary": 0, "tags": 0, "requestBody": 0, "responses": 1},
    "body": {"content": 1, "required": 0},
    "response": {"description": 1, "content": 0},
    "content": {"application/json": 1},
    "media": {"schema": 1},
    "components": {"schemas": 0, "securitySchemes": 0},
    "security scheme": {"type": 1, "scheme": 1, "description": 0},
}

AGENT = """
import json, sys
import agent_side
lines = agent_side.Lines(agent_side.connect())
asked = json.loads(sys.stdin.readline())
print(json.dumps([lines.call(name, **params) for name, params in asked]))
"""

# What an agent asks, each by the document's schema either fine or not; the kernel has to agree.
ASKED = [
    ("hello", {}),
    ("status", {}),
    ("status", {"more": 1}),
    ("tools", {}),
    ("write", {"path": "/mem/working/a", "data": "text"}),
    ("write", {"path": "/mem/working/a", "data": {"base64": "/wA="}, "append": True}),
    ("write", {"path": "/mem/working/a"}),
    ("write", {"path": "/mem/working/a", "data": {"base64": "/wA=", "more": 1}}),
    ("write", {"path": "/policy/a", "data": "text"}),
    ("open", {"path": "/mem/working/a", "mode": "r"}),
    ("open", {"path": "/mem/working/a", "mode": "q"}),
    ("read", {"handle": 1_000_000}),
    ("read", {"path": "/mem/working/a"}),
    ("read", {"path": "/mem/working/a", "offset": -1}),
    ("read", {"path": 5}),
    ("stat", {"path": "/mem/working/a"}),
    ("stat", {"path": "/mem/working/absent"}),
    ("list", {"path": "/"}),
    ("exec", {"tool": "calculate", "arguments": {"expression": "6*7"}}),
    ("exec", {"tool": "absent", "arguments": {}}),
    ("exec", {"tool": "calculate", "arguments": []}),
    ("exec", {}),
    ("pipe", {}),
    ("recv", {"timeout_ms": 0}),
    ("sigprocmask", {"how": "block", "signals": ["SIGUSR1"]}),
    ("getpolicy", {}),
    ("checkpolicy", {"call": "write", "arguments": {"path": "/mem/working/a", "data": "x"}}),
    ("checkpoint_save", {"id": "a", "state": {"n": 1}}),
    ("checkpoint_load", {"id": "a"}),
    ("checkpoint_load", {"id": "absent"}),
    ("ps", {}),
    ("brk", {"tokens": 1000}),
    ("wait", {"timeout_ms": 0}),
]


def validator(schema):
    return jsonschema.Draft202012Validator({**schema, "components": DOCUMENT["components"]})


def schema_of(body):
    return body["content"]["application/json"]["schema"]


class Document(unittest.TestCase):
    def check(self, kind, value, where):
        """The object has the members of its kind and, beyond them, only extensions."""
        known = MEMBERS[kind]
        for name in value:
            self.assertTrue(name in known or name.startswith("x-"), f"{where} has {name}")
        for name in (name for name, needed in known.items() if needed):
            self.assertIn(name, value, where)

    def check_body(self, kind, value, where):
        self.check(kind, value, where)
        self.check("content", value["content"], where)
        self.check("media", value["content"]["application/json"], where)

    def test_has_the_members_of_the_format(self):
        self.assertRegex(DOCUMENT["openapi"], r"^3\.1\.\d+$")
        self.check("document", DOCUMENT, "the document")
        self.check("info", DOCUMENT["info"], "info")
        self.check("license", DOCUMENT["info"]["license"], "license")
        self.check("components", DOCUMENT["components"], "components")
        tags = [tag["name"] for tag in DOCUMENT["tags"]]
        self.assertEqual(len(tags), len(set(tags)))
        for tag in DOCUMENT["tags"]:
            self.check("tag", tag, "a tag")
        for path, item in DOCUMENT["paths"].items():
            self.assertRegex(path, r"^/v1/calls/[a-z_]+$")
            self.check("path", item, path)
            operation = item["post"]
            self.check("operation", operation, path)
            self.assertEqual(operation["operationId"], path.rsplit("/", 1)[1])
            self.assertLessEqual(set(operation["tags"]), set(tags), path)
            self.check_body("body", operation["requestBody"], path)
            for status, response in operation["responses"].items():
                self.assertRegex(status, r"^[1-5]\d\d$", path)
                self.check_body("response", response, f"{path} {status}")

    def test_security_names_schemes_there_are(self):
        schemes = DOCUMENT["components"]["securitySchemes"]
        for scheme in schemes.values():
            self.check("security scheme", scheme, "a security scheme")
        self.assertEqual([name for needed in DOCUMENT["security"] for name in needed], list(schemes))

    def test_schemas_are_json_schema_and_references_lead_somewhere(self):
        for name, schema in DOCUMENT["components"]["schemas"].items():
            self.assertRegex(name, r"^[a-zA-Z0-9._-]+$")
            jsonschema.Draft202012Validator.check_schema(schema)
        used = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(DOCUMENT)))
        self.assertEqual(used, set(DOCUMENT["components"]["schemas"]), "each is used, and each that is used exists")

    def test_errors_are_under_their_status(self):
        errors = json.loads((ROOT / "src/abi/generated/schema.json").read_text(encoding="utf-8"))["errors"]
        for name, operation in OPERATIONS.items():
            refusals = {status: answer for status, answer in operation["responses"].items() if status != "200"}
            self.assertGreater(len(refusals), 5, name)
            for status, answer in refusals.items():
                for error in schema_of(answer)["properties"]["error"]["enum"]:
                    self.assertEqual(str(errors[error]["http"]), status, f"{name} {error}")

    def test_says_that_there_is_no_http_door(self):
        self.assertIn("no such door", DOCUMENT["info"]["description"])


class RealKernel(real_kernel.KernelTest):
    def judge(self, name, params, response):
        """The kernel's answer to a request is one the document has for it."""
        operation = OPERATIONS[name]
        fine = validator(schema_of(operation["requestBody"])).is_valid(params)
        if "result" in response:
            self.assertTrue(fine, f"the document does not allow {name} {params}")
            validator(schema_of(operation["responses"]["200"])).validate(response["result"])
            return "result"
        error = {"message": response["error"]["message"], **response["error"]["data"]}
        self.assertEqual(fine, error["error"] != "invalid_argument", f"{name} {params}: {error}")
        listed = [status for status, answer in operation["responses"].items() if validator(schema_of(answer)).is_valid(error)]
        self.assertEqual(len(listed), 1, f"{name} {params}: {error} is in {listed}")
        return error["error"]

    def test_takes_answers_and_refuses_an_agent_as_written(self):
        out, errors = self.kernel.python_agent(AGENT).communicate(json.dumps(ASKED) + "\n", timeout=60)
        self.assertNotEqual(out, "", errors)
        seen = []
        for (name, params), response in zip(ASKED, json.loads(out), strict=True):
            with self.subTest(call=name, params=params):
                seen.append(self.judge(name, params, response))
        self.assertGreater(seen.count("result"), 15, seen)
        self.assertGreater(seen.count("invalid_argument"), 5, seen)
        self.assertLessEqual({"not_found", "bad_handle", "not_permitted", "tool_not_registered", "no_child"}, set(seen))

    def test_takes_answers_and_refuses_an_operator_as_written(self):
        wire = self.kernel.operator()
        self.addCleanup(wire.close)
        for name in ("hello", "ps", "metrics", "approvals", "policy_show", "tools"):
            wire.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": name, "params": {}}).encode() + b"\n")
            self.assertEqual(self.judge(name, {}, wire.line()), "result", name)
        for name, params in (("inspect", {"agent": "absent"}), ("inspect", {}), ("freeze", {"frozen": 5}), ("open", {"path": "/a"})):
            wire.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": name, "params": params}).encode() + b"\n")
            self.assertNotEqual(self.judge(name, params, wire.line()), "result", name)


if __name__ == "__main__":
    real_kernel.main()
