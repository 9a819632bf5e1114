#!/usr/bin/env python3
"""The Python original's PolicyEvaluator: the document loaded and the contexts made beforehand; timed is `evaluate`.

    original.py WORKLOAD RULES SECONDS [verify]

With "verify" every request is decided once before the clock starts, and the digest of the verdicts is printed. Says so and exits 0 when the package (PyPI agent-os-kernel 3.1.0) is not installed. Timed as the other peers are: half of
the time batches of 16 (p50 and rate), half single decisions less the clock's own cost (p99).
"""
import json
import pathlib
import sys
import time

try:
    from agent_os.policies import PolicyDocument, PolicyEvaluator
except ImportError as error:
    print(json.dumps({"engine": "original", "skipped": str(error)}))
    sys.exit(0)

BATCH = 16


def digest(verdicts):
    value = 0xCBF29CE484222325
    for allowed in verdicts:
        value = ((value ^ (0x61 if allowed else 0x64)) * 0x100000001B3) % 2**64
    return f"{value:016x}"


def context_of(request):
    context = {f"{request['tool']}.{name}": value for name, value in request["args"].items()}
    context["tool"] = request["tool"]
    return context


def percentile(samples, which):
    return sorted(samples)[int((len(samples) - 1) * which)]


def measure(evaluator, contexts, seconds):
    clock = percentile([-time.perf_counter_ns() + time.perf_counter_ns() for _ in range(10_000)], 0.5)
    at, batches, singles = 0, [], []
    until = time.perf_counter() + seconds / 2
    while time.perf_counter() < until or not batches:
        chosen = [contexts[(at + i) % len(contexts)] for i in range(BATCH)]
        at += BATCH
        before = time.perf_counter_ns()
        for context in chosen:
            evaluator.evaluate(context)
        batches.append((time.perf_counter_ns() - before) / BATCH)
    until = time.perf_counter() + seconds / 2
    while time.perf_counter() < until or not singles:
        context, at = contexts[at % len(contexts)], at + 1
        before = time.perf_counter_ns()
        evaluator.evaluate(context)
        singles.append(max(0, time.perf_counter_ns() - before - clock))
    return {"p50_ns": percentile(batches, 0.5), "p99_ns": percentile(singles, 0.99),
            "decisions_per_second": 1e9 * len(batches) / sum(batches)}


def main(workload, rules, seconds, verify=None):
    folder = pathlib.Path(workload) / rules
    start = time.perf_counter()
    evaluator = PolicyEvaluator([PolicyDocument.from_json(folder / "original.json")])
    load_ms = (time.perf_counter() - start) * 1000
    requests = [json.loads(line) for line in (folder / "requests.jsonl").read_text(encoding="utf-8").splitlines()]
    contexts = [context_of(request) for request in requests]
    verdicts = digest(evaluator.evaluate(context).allowed for context in contexts) if verify == "verify" else None
    of_regex = [context for request, context in zip(requests, contexts) if request["regex"]]
    for kind, chosen in (("mixed", contexts), ("regex", of_regex)):
        if chosen:
            print(json.dumps({"engine": "original", "rules": int(rules), "kind": kind, **measure(evaluator, chosen, float(seconds)),
                              "load_ms": load_ms, "verdicts_digest": verdicts}))


if __name__ == "__main__":
    main(*sys.argv[1:])
