#!/usr/bin/env python3
"""Runs agentos-verify and the verifier in Python against each other: on good logs, and on every way of tampering in the
table (cases.h). Both must find it, with the kind and the place the table says, and agree on the place to the octet."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

BIN = os.environ["AGENTOS_BIN"]
HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = os.path.join(HERE, "..", "..", "sdk", "verify", "agentos_verify.py")
TAMPERED_MIN = 40


def ask(command, words):
    result = subprocess.run(command + words + ["--format", "json"], capture_output=True, text=True)
    if result.returncode not in (0, 1):
        return {"valid": None, "kind": "exit status %d" % result.returncode, "position": result.stderr[-300:]}
    answer = json.loads(result.stdout)
    return answer if answer["valid"] == (result.returncode == 0) else {"valid": None, "kind": "two answers", "position": ""}


def wrong_with(case, answers):
    for name, answer in answers.items():
        if answer["valid"] != (case["kind"] == "") or answer["kind"] != case["kind"]:
            return "%s says %s [%s] at %s" % (name, answer["valid"], answer["kind"], answer["position"])
        if case["kind"] and not (answer["position"] and answer["position"].startswith(case["position"])):
            return "%s finds it at %s" % (name, answer["position"])
    first, second = answers.values()
    for member in ("kind", "position", "entries", "root", "openings", "blobs", "seals", "epoch", "tiles", "cosigners", "leaf", "size"):
        if member in first and member in second and first["valid"] and first[member] != second[member]:
            return "%s is %s and %s" % (member, first[member], second[member])
    if first["position"] != second["position"]:
        return "found at %s and at %s" % (first["position"], second["position"])
    return ""


def main():
    place = tempfile.mkdtemp(prefix="tampering.")
    try:
        subprocess.run([os.path.join(BIN, "make_tampered_logs"), place], check=True)
        with open(os.path.join(place, "cases.json"), encoding="utf-8") as file:
            cases = json.load(file)
        failures = 0
        for case in cases:
            answers = {"agentos-verify": ask([os.path.join(BIN, "agentos-verify")], case["words"]),
                       "agentos_verify.py": ask([sys.executable, "-B", PYTHON], case["words"])}
            wrong = wrong_with(case, answers)
            if wrong:
                failures += 1
                print("%s: expected [%s] at %s; %s" % (case["name"], case["kind"], case["position"], wrong))
        tampered = sum(case["kind"] != "" for case in cases)
        print("%d kinds of tampering, %d good logs and proofs, %d wrong" % (tampered, len(cases) - tampered, failures))
        return 0 if failures == 0 and tampered >= TAMPERED_MIN else 1
    finally:
        shutil.rmtree(place)


if __name__ == "__main__":
    sys.exit(main())
