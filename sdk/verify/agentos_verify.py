#!/usr/bin/env python3
"""Checks a log of AgentOS, or a proof of one, with Python's standard library alone.

Written from src/lib/recorder/FORMAT.md; it shares no code with AgentOS. It gives the same findings, with the same
kinds and places, as agentos-verify, and the same exit status: 0 it holds, 1 it does not, 64 wrong usage, 74 unreadable.
"""
import argparse
import json
import sys

from segments import Log, read_leaf
from signed import (Checkpoint, Found, Malformed, cosigned_by, decimal, from_base64, holds_consistency, holds_inclusion,
                    leaf_hash, parse_key)

PROOF_MAX = 64


def parse_proof(text, title):
    """extra, number, hashes, note"""
    head, split, note = text.partition("\n\n")
    lines = head.split("\n") if split else []
    extra = b""
    if title == "index":
        if not lines or lines.pop(0) != "c2sp.org/tlog-proof@v1":
            raise Malformed("the file is not a tlog-proof")
        if lines and lines[0].startswith("extra "):
            extra = from_base64(lines.pop(0)[6:])
    if not lines or not lines[0].startswith(title + " ") or len(lines) - 1 > PROOF_MAX:
        raise Malformed("the file is no such proof")
    number = decimal(lines[0][len(title) + 1:])
    hashes = [from_base64(line) for line in lines[1:]]
    if any(len(one) != 32 for one in hashes):
        raise Malformed("the file is no such proof")
    return extra, number, hashes, note


def open_signed(note, anchors):
    try:
        key = parse_key(anchors["log_key"], b"\1")
    except Malformed as error:
        raise Found("key", str(error), "log key")
    try:
        checkpoint = Checkpoint(note, key)
        if checkpoint.extension:
            raise Malformed("this is the record of a pruning")
    except Malformed as error:
        raise Found("checkpoint", str(error), "checkpoint")
    cosigners = []
    for text in anchors["witness_keys"]:
        try:
            witness = parse_key(text.rstrip("\n") + "\n", b"\4")
            if cosigned_by(checkpoint, witness):
                cosigners.append(witness[0])
        except Malformed as error:
            raise Found("witness", str(error), "checkpoint")
    if len(cosigners) < anchors["witnesses"]:
        raise Found("witness", "too few trusted witnesses cosigned", "checkpoint")
    return checkpoint, cosigners


def check_proof(text, anchors):
    try:
        leaf, index, proof, note = parse_proof(text, "index")
    except Malformed as error:
        raise Found("malformed", str(error), "the file")
    checkpoint, cosigners = open_signed(note, anchors)
    try:
        read_leaf(leaf)
    except Malformed as error:
        raise Found("leaf", str(error), "extra")
    if not holds_inclusion(proof, index, checkpoint.size, leaf_hash(leaf), checkpoint.root):
        raise Found("proof", "the entry is not in the log that was signed", "index %d" % index)
    return {"index": index, "size": checkpoint.size, "leaf": leaf.decode(), "cosigners": cosigners}


def check_consistency(text, anchors):
    try:
        _, old_size, proof, note = parse_proof(text, "old")
    except Malformed as error:
        raise Found("malformed", str(error), "the file")
    try:
        old, _ = open_signed(anchors["checkpoint"], dict(anchors, witness_keys=[], witnesses=0))
    except Found as found:
        raise Found("anchor", found.what, "the remembered checkpoint")
    checkpoint, cosigners = open_signed(note, anchors)
    if old.size != old_size:
        raise Found("anchor", "the proof is from another size", "old")
    if not holds_consistency(proof, old.size, checkpoint.size, old.root, checkpoint.root):
        raise Found("proof", "the log does not continue the remembered one", "old %d" % old_size)
    return {"old_size": old_size, "size": checkpoint.size, "cosigners": cosigners}


def read_text(path):
    with open(path, encoding="utf-8", errors="surrogateescape", newline="") as file:
        return file.read()


class Words(argparse.ArgumentParser):
    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(64, "agentos_verify: %s\n" % message)


def main():
    words = Words(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("subject", choices=("log", "proof", "consistency"))
    words.add_argument("path")
    words.add_argument("--log-key", help="log.pub as you remember it")
    words.add_argument("--seal-key", help="seal.pub as you remember it")
    words.add_argument("--checkpoint", help="a checkpoint you kept")
    words.add_argument("--witness-key", action="append", default=[], help="the verifier key of a witness you trust")
    words.add_argument("--witnesses", type=int, default=0, help="so many of them must have cosigned")
    words.add_argument("--format", choices=("text", "json"), default="text")
    asked = words.parse_args()
    if asked.subject != "log" and not asked.log_key:
        words.error("a proof is checked against a key you trust: --log-key FILE")
    if asked.subject == "consistency" and not asked.checkpoint:
        words.error("consistency is with an earlier checkpoint: --checkpoint FILE")
    report = {}
    try:
        text = {name: read_text(path) if path else "" for name, path in
                (("log_key", asked.log_key), ("seal_key", asked.seal_key), ("checkpoint", asked.checkpoint))}
        anchors = dict(text, witness_keys=[read_text(path) for path in asked.witness_key], witnesses=asked.witnesses)
        if asked.subject == "log":
            report = Log(asked.path, anchors).report()
        elif asked.subject == "proof":
            report = check_proof(read_text(asked.path), anchors)
        else:
            report = check_consistency(read_text(asked.path), anchors)
        report.update(valid=True, kind="", problem="", position="")
    except Found as found:
        report.update(valid=False, kind=found.kind, problem=found.what, position=found.where)
    except OSError as error:
        print("agentos_verify: %s" % error, file=sys.stderr)
        return 74
    if asked.format == "json":
        print(json.dumps(report, sort_keys=True))
    elif report["valid"]:
        print("\n".join("%-12s %s" % item for item in report.items() if item[0] not in ("valid", "kind", "problem", "position")))
        print("valid")
    else:
        print("NOT VALID: %(problem)s at %(position)s [%(kind)s]" % report)
    return 0 if report["valid"] else 1


if __name__ == "__main__":
    sys.exit(main())
