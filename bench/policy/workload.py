#!/usr/bin/env python3
"""Writes one policy in every engine's language, requests to it, and single CEL expressions. Seeded: the same every time.

    workload.py FOLDER    makes FOLDER/<rules>/{agentos.yaml,policies.cedar,policy.rego,original.json,requests.jsonl}
                          for 1 to 10,000 rules, and FOLDER/expressions.jsonl

Of twenty rules nine name a tool, four a tool and a bound on an argument, three a value of an argument of a tool they
share, one three tools; two deny the tool of the rule before when an argument is too large; one matches an argument of its
tool with a regular expression, or, each fifth time, all tools of a server. So at most one rule in twenty has a pattern,
and ten rules are mixed as ten thousand are. Every request carries the same five arguments and the verdict it must get,
which comes from this file and no engine.
"""
import json
import pathlib
import random
import sys

SIZES = (1, 10, 100, 1_000, 10_000)
REQUESTS = 2_048
SEED = 20_260_701
SHARED_TOOL = "pay"
BOUND = 100      # allowed up to here
EXCESS = 1_000   # denied beyond
KINDS = ("tool bound account tool excess tool bound account tool tools "
         "tool bound tool excess tool account tool bound tool pattern").split()


def rules_of(count):
    rules = []
    for i in range(count):
        kind = KINDS[i % len(KINDS)]
        rule = {"name": f"r{i}", "kind": kind, "tools": [f"tool_{i}"]}
        if kind == "account":
            rule |= {"tools": [SHARED_TOOL], "to": f"account_{i}"}
        elif kind == "tools":
            rule["tools"] = [f"tool_{i}_{part}" for part in "abc"]
        elif kind == "excess":
            rule["tools"] = [f"tool_{i - 1}"]
        elif kind == "pattern" and i // len(KINDS) % 5 < 4:
            rule |= {"kind": "regex", "tools": [f"read_{i}"], "folder": f"/data/r{i}/"}
        elif kind == "pattern":
            rule |= {"kind": "server", "tools": [f"crm_{i}:"]}
        rules.append(rule)
    return rules


def agentos(rules):
    lines = ["apiVersion: agentos/v1", "kind: Policy", "metadata: {name: bench}", "spec:", "  rules:"]
    for rule in rules:
        tools, clause, action = ", ".join(rule["tools"]), "", "allow"
        if rule["kind"] == "bound":
            clause = f"arguments: {{amount: {{at_most: {BOUND}}}}}, "
        elif rule["kind"] == "account":
            clause = f"arguments: {{to: {{equals: {rule['to']}}}}}, "
        elif rule["kind"] == "excess":
            clause, action = f"arguments: {{amount: {{greater_than: {EXCESS}}}}}, ", "deny"
        elif rule["kind"] == "regex":
            clause = f"when: 'args.file.matches(r\"^{rule['folder']}.*\\.csv$\")', "
        elif rule["kind"] == "server":
            tools = f'"{tools}*"'
        lines.append(f"    - {{name: {rule['name']}, tools: [{tools}], {clause}action: {action}}}")
    return "\n".join(lines) + "\n"


def cedar(rules):
    """Tools are resources, which the head of a policy names; Cedar has no regular expressions, `like` says the same here."""
    policies = []
    for rule in rules:
        effect, resource, when = "permit", f'resource == Tool::"{rule["tools"][0]}"', ""
        if rule["kind"] == "bound":
            when = f" when {{ context.amount <= {BOUND} }}"
        elif rule["kind"] == "account":
            when = f' when {{ context.to == "{rule["to"]}" }}'
        elif rule["kind"] == "tools":
            resource, when = "resource", " when { [" + ", ".join(f'Tool::"{tool}"' for tool in rule["tools"]) + "].contains(resource) }"
        elif rule["kind"] == "excess":
            effect, when = "forbid", f" when {{ context.amount > {EXCESS} }}"
        elif rule["kind"] == "regex":
            when = f' when {{ context.file like "{rule["folder"]}*.csv" }}'
        elif rule["kind"] == "server":
            resource, when = "resource", f' when {{ context.tool like "{rule["tools"][0]}*" }}'
        policies.append(f'@id("{rule["name"]}")\n{effect}(principal, action == Action::"exec", {resource}){when};')
    return "\n".join(policies) + "\n"


def rego(rules):
    """Each rule begins with what the rule index of OPA knows: an equality, `in`, or a glob."""
    lines = ["package bench", "", "default allow := false", "", "allow if {", "\tpermitted", "\tnot forbidden", "}"]
    if not any(rule["kind"] == "excess" for rule in rules):
        lines += ["", "default forbidden := false"]
    for rule in rules:
        head, tool, clause = "permitted", f'input.tool == "{rule["tools"][0]}"', None
        if rule["kind"] == "bound":
            clause = f"input.args.amount <= {BOUND}"
        elif rule["kind"] == "account":
            clause = f'input.args.to == "{rule["to"]}"'
        elif rule["kind"] == "tools":
            tool = "input.tool in {" + ", ".join(f'"{name}"' for name in rule["tools"]) + "}"
        elif rule["kind"] == "excess":
            head, clause = "forbidden", f"input.args.amount > {EXCESS}"
        elif rule["kind"] == "regex":
            clause = f"regex.match(`^{rule['folder']}.*\\.csv$`, input.args.file)"
        elif rule["kind"] == "server":
            tool = f'glob.match("{rule["tools"][0]}*", [":"], input.tool)'
        lines += ["", f"{head} if {{", f"\t{tool}"] + ([f"\t{clause}"] if clause else []) + ["}"]
    return "\n".join(lines) + "\n"


def original(rules):
    """Its rules have one condition over flat keys: an argument's key carries its tool, `tool_9.amount`."""
    written = []
    for rule in rules:
        tool = rule["tools"][0]
        field, operator, value, action, priority = "tool", "eq", tool, "allow", 0
        if rule["kind"] == "bound":
            field, operator, value = f"{tool}.amount", "lte", BOUND
        elif rule["kind"] == "account":
            field, value = f"{tool}.to", rule["to"]
        elif rule["kind"] == "tools":
            operator, value = "in", rule["tools"]
        elif rule["kind"] == "excess":
            field, operator, value, action, priority = f"{tool}.amount", "gt", EXCESS, "deny", 10
        elif rule["kind"] == "regex":
            field, operator, value = f"{tool}.file", "matches", f"^{rule['folder']}.*\\.csv$"
        elif rule["kind"] == "server":
            operator, value = "matches", f"^{tool}"
        written.append({"name": rule["name"], "condition": {"field": field, "operator": operator, "value": value},
                        "action": action, "priority": priority})
    return json.dumps({"version": "1.0", "name": "bench", "rules": written, "defaults": {"action": "deny"}})


def request_about(rule, chance):
    """A request that the rule is about: about half of them it applies to."""
    hit = chance.random() < 0.5
    tool = chance.choice(rule["tools"])
    within, between, beyond = chance.randint(1, BOUND), chance.randint(BOUND + 1, EXCESS), chance.randint(EXCESS + 1, 9_999)
    args = {"amount": within, "to": f"person_{chance.randint(0, 99)}@partner.example", "file": f"/tmp/{chance.randint(0, 99)}.txt",
            "note": "Quarterly figures for the board, please check them before Friday.", "urgent": chance.random() < 0.5}
    if rule["kind"] == "tool" or rule["kind"] == "tools":
        tool = tool if hit else f"{tool}_unknown"
    elif rule["kind"] == "bound":
        args["amount"] = within if hit else between
    elif rule["kind"] == "account":
        args["to"] = rule["to"] if hit else f"{rule['to']}_unknown"
    elif rule["kind"] == "excess":
        args["amount"] = beyond if hit else within
    elif rule["kind"] == "regex":
        args["file"] = f"{rule['folder']}{chance.randint(2000, 2026)}/report.{'csv' if hit else 'xls'}"
    elif rule["kind"] == "server":
        tool = f"{tool if hit else 'x' + tool}lookup"
    return {"tool": tool, "args": args, "regex": rule["kind"] == "regex"}


def verdict(by_tool, request):
    """Deny over allow over the default, which is deny."""
    tool, args, allowed = request["tool"], request["args"], False
    for rule in by_tool.get(tool, ()):
        if rule["kind"] == "excess" and args["amount"] > EXCESS:
            return False
        allowed = allowed or {
            "tool": True, "tools": True, "excess": False, "bound": args["amount"] <= BOUND, "account": args["to"] == rule.get("to"),
            "regex": args["file"].startswith(rule.get("folder", "")) and args["file"].endswith(".csv")}[rule["kind"]]
    return allowed or (":" in tool and tool.split(":")[0] + ":" in by_tool)


def requests(rules):
    chance = random.Random(SEED + len(rules))
    by_tool = {}
    for rule in rules:
        for tool in rule["tools"]:
            by_tool.setdefault(tool, []).append(rule)
    asked = [request_about(chance.choice(rules), chance) for _ in range(REQUESTS)]
    for request in asked:
        request["allow"] = verdict(by_tool, request)
    return asked


AGENT = {"name": "research", "ring": 2, "groups": ["staff", "finance"], "trusted": True}
ARGS = {"amount": 250, "currency": "EUR", "to": "ann.lee@partner.example", "path": "/srv/data/2026/report.csv", "body": "x" * 400,
        "reason": "quarterly", "tags": ["draft", "urgent", "finance"], "options": {"retry": {"count": 3}},
        "items": [{"price": 20}, {"price": 120}, {"price": 499}]}
EXPRESSIONS = {
    "at most": ("args.amount <= 1000", True),
    "between": ("args.amount > 10 && args.amount < 200", False),
    "equal text": ('args.currency == "EUR"', True),
    "in a list": ('args.currency in ["CHF", "USD", "GBP", "EUR"]', True),
    "ends with": ('args.to.endsWith("@partner.example")', True),
    "path": ('args.path.startsWith("/srv/data/") && !args.path.contains("..")', True),
    "size": ("size(args.body) < 300", False),
    "has": ('has(args.reason) && args.reason != ""', True),
    "regex": (r'args.to.matches("^[a-z.]+@[a-z]+\\.example$")', True),
    "nested": ("args.options.retry.count <= 5", True),
    "arithmetic": ("args.amount * 3 + 10 < 1000", True),
    "choice": ("args.amount > 200 ? agent.trusted : true", True),
    "agent": ('agent.ring >= 2 && agent.name == "research"', True),
    "group": ('"admin" in agent.groups || args.amount < 50', False),
    "exists": ('args.tags.exists(t, t == "urgent")', True),
    "all": ("args.items.all(i, i.price < 500)", True),
    "filter": ('size(args.tags.filter(t, t != "draft")) == 2', True),
}


def lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def main(folder):
    for size in SIZES:
        rules = rules_of(size)
        place = folder / str(size)
        place.mkdir(parents=True, exist_ok=True)
        for name, text in (("agentos.yaml", agentos(rules)), ("policies.cedar", cedar(rules)), ("policy.rego", rego(rules)),
                           ("original.json", original(rules)), ("requests.jsonl", lines(requests(rules)))):
            (place / name).write_text(text, encoding="utf-8")
    (folder / "expressions.jsonl").write_text(
        lines({"name": name, "expression": text, "input": {"args": ARGS, "agent": AGENT}, "expect": expect}
              for name, (text, expect) in EXPRESSIONS.items()), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
