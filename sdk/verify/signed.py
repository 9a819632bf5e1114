"""Signatures, the tree, signed notes and seals: what is signed of a log. See FORMAT.md ("Tree", "Seals")."""
import base64
import binascii
import hashlib
import os
import re

SEAL_TYPE = b"\xffagentos-seal-v1"


class Found(Exception):
    """The first thing that is wrong: kind, what, where."""

    def __init__(self, kind, what, where):
        super().__init__(what)
        self.kind, self.what, self.where = kind, what, where


class Malformed(Exception):
    """A text or a block of octets is not what it should be."""


# --- Ed25519 (RFC 8032), in extended coordinates

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if x2 == 0:
        return None if sign else 0
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * ROOT % P
    if (x * x - x2) % P:
        return None
    return P - x if x & 1 != sign else x


def add(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, d - c, d + c, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def point_of(octets):
    y = int.from_bytes(octets, "little")
    x = recover_x(y & (2**255 - 1), y >> 255)
    return None if x is None else (x, y & (2**255 - 1), 1, x * (y & (2**255 - 1)) % P)


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (recover_x(BASE_Y, 0), BASE_Y, 1, recover_x(BASE_Y, 0) * BASE_Y % P)
checked = {}


def ed25519(key, message, signature):
    """Whether the signature is by the key."""
    if (key, message, signature) not in checked:
        checked[key, message, signature] = ed25519_anew(key, message, signature)
    return checked[key, message, signature]


def ed25519_anew(key, message, signature):
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r = point_of(key), point_of(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    left, right = multiply(s, BASE), add(r, multiply(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# --- small things

def sha256(octets):
    return hashlib.sha256(octets).digest()


def from_base64(text):
    try:
        octets = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("not base64")
    if base64.b64encode(octets).decode() != text:
        raise Malformed("not base64 in its one spelling")
    return octets


def decimal(text):
    if not re.fullmatch("0|[1-9][0-9]{0,19}", text) or int(text) >= 2**64:
        raise Malformed("not a number in its one spelling")
    return int(text)


# --- the tree (RFC 6962)

def leaf_hash(leaf):
    return sha256(b"\0" + leaf)


def node_hash(left, right):
    return sha256(b"\1" + left + right)


class Tree:
    """The roots of the complete subtrees, largest first."""

    def __init__(self, size=0, nodes=()):
        self.size, self.nodes = size, list(nodes)

    def add(self, digest):
        rest = self.size
        while rest & 1:
            digest = node_hash(self.nodes.pop(), digest)
            rest >>= 1
        self.nodes.append(digest)
        self.size += 1

    def root(self):
        if not self.nodes:
            return sha256(b"")
        digest = self.nodes[-1]
        for node in reversed(self.nodes[:-1]):
            digest = node_hash(node, digest)
        return digest


def holds_inclusion(proof, index, size, digest, root):
    if index >= size:
        return False
    at, last = index, size - 1
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            digest = node_hash(sibling, digest)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            digest = node_hash(digest, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and digest == root


def holds_consistency(proof, old, new, old_root, new_root):
    if old > new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == sha256(b"")
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    proof = list(proof)
    if at:
        if not proof:
            return False
        first = second = proof.pop(0)
    else:
        first = second = old_root
    for digest in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node_hash(digest, first), node_hash(digest, second)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, digest)
        at, last = at >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


# --- signed notes

def good_name(name):
    return 0 < len(name) < 256 and all(" " < c < "\x7f" and c != "+" for c in name)


def parse_key(text, kind):
    """name, id and octets of a verifier key of that type."""
    match = re.fullmatch(r"([^+]*)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]*)\n", text)
    if not match or not good_name(match[1]):
        raise Malformed("the key is not in note form (name+id+key)")
    octets = from_base64(match[3])
    if not octets.startswith(kind) or len(octets) != len(kind) + 32:
        raise Malformed("the key is not in note form (name+id+key)")
    identity = sha256(match[1].encode() + b"\n" + octets)[:4]
    if identity.hex() != match[2]:
        raise Malformed("the key does not match its id")
    return match[1], identity, octets[len(kind):]


def parse_note(text):
    """The body, and (name, id, signature) of each line."""
    split = text.rfind("\n\n")
    if split < 0 or not text.endswith("\n") or split + 2 >= len(text):
        raise Malformed("the text is not a signed note")
    lines = []
    for line in text[split + 2:-1].split("\n"):
        match = re.fullmatch("\u2014 ([^ ]*) ([A-Za-z0-9+/=]*)", line)
        octets = from_base64(match[2]) if match else b""
        if not match or not good_name(match[1]) or len(octets) <= 4:
            raise Malformed("the note has a malformed signature line")
        lines.append((match[1], octets[:4], octets[4:]))
    return text[:split + 1], lines


class Checkpoint:
    """A checkpoint or record of pruning that the log's key signed."""

    def __init__(self, text, key):
        self.body, self.lines = parse_note(text)
        own = [line[2] for line in self.lines if line[:2] == key[:2]]
        if not own or not all(ed25519(key[2], self.body.encode(), signature) for signature in own):
            raise Malformed("no good signature by the key of " + key[0])
        parts = self.body.split("\n")
        if len(parts) < 4 or "" in parts[:3]:
            raise Malformed("the note's text is not a checkpoint")
        self.origin, self.size, self.root = parts[0], decimal(parts[1]), from_base64(parts[2])
        self.extension = "\n".join(parts[3:])
        if len(self.root) != 32 or self.origin != key[0]:
            raise Malformed("the checkpoint is of another log")


def cosigned_by(checkpoint, witness):
    name, identity, key = witness
    found = False
    for line in checkpoint.lines:
        if line[:2] != (name, identity):
            continue
        time_s = int.from_bytes(line[2][:8], "big")
        message = "cosignature/v1\ntime %d\n%s" % (time_s, checkpoint.body)
        if len(line[2]) != 72 or not ed25519(key, message.encode(), line[2][8:]):
            raise Malformed("the cosignature of %s is not good" % name)
        found = True
    return found


# --- what is signed of a directory

class Signed:
    def __init__(self, directory, anchors):
        self.directory, self.anchors, self.roots, self.cosigners = directory, anchors, [], []
        self.seals = self.epoch = 0
        self.seal_key = self.pruned = None
        for _ in range(8):
            self.files = {name: self.read(name) for name in
                          ("log.pub", "seal.pub", "checkpoint", "pruned", "cosigned", "seals")}
            if self.read("checkpoint") == self.files["checkpoint"]:
                break
        self.keys()
        self.newest()
        self.chain()
        self.others()
        self.roots = sorted(enumerate(self.roots), key=lambda item: (item[1][0], item[0]))
        self.roots = [root for _, root in self.roots]

    def read(self, name):
        try:
            with open(os.path.join(self.directory, name), "rb") as file:
                octets = file.read()
        except FileNotFoundError:
            return None
        if name == "seals":
            return octets
        if len(octets) > 65536:
            raise Found("malformed", "the file is too large", name)
        return octets.decode("utf-8", "surrogateescape")

    def part(self, kind, where, make):
        try:
            return make()
        except (Malformed, UnicodeError) as error:
            raise Found(kind, str(error), where)

    def keys(self):
        files, anchors = self.files, self.anchors
        if files["log.pub"] is None:
            raise Found("key", "the file is missing", "log.pub")
        self.key = self.part("key", "log.pub", lambda: parse_key(files["log.pub"], b"\1"))
        if anchors["log_key"] and anchors["log_key"] != files["log.pub"]:
            raise Found("key", "this is not the key that was remembered", "log.pub")
        if anchors["seal_key"] and anchors["seal_key"] != files["seal.pub"]:
            raise Found("key", "this is not the key that was remembered, or it is missing", "seal.pub")
        if files["seal.pub"] is None:
            if files["seals"] is not None:
                raise Found("key", "the file is missing", "seal.pub")
            return
        self.seal_key = self.part("key", "seal.pub", lambda: parse_key(files["seal.pub"], SEAL_TYPE))
        if self.seal_key[0] != self.key[0]:
            raise Found("key", "the key is of another log", "seal.pub")

    def newest(self):
        if self.files["checkpoint"] is None:
            raise Found("checkpoint", "the file is missing", "checkpoint")
        self.checkpoint = self.part("checkpoint", "checkpoint", lambda: Checkpoint(self.files["checkpoint"], self.key))
        if self.checkpoint.extension.startswith("pruned "):
            raise Found("checkpoint", "this is the record of a pruning", "checkpoint")
        self.expect(self.checkpoint, "replaced", "checkpoint")

    def expect(self, checkpoint, kind, where):
        self.roots.append((checkpoint.size, checkpoint.root, kind, where))

    def chain(self):
        if self.seal_key is None:
            return
        own = [line[2] for line in self.checkpoint.lines if line[:2] == self.seal_key[:2]]
        if not own:
            raise Found("seal", "the checkpoint has no forward-secure line", "checkpoint")
        line = own[0]
        self.epoch = epoch = int.from_bytes(line[:8], "big")
        message = "agentos sealed checkpoint v1\n%d\n%s" % (epoch, self.checkpoint.body)
        if len(line) != 104 or not ed25519(line[8:40], message.encode("utf-8", "surrogateescape"), line[40:]):
            raise Found("seal", "the forward-secure line is not by the key it names", "checkpoint")
        octets = self.files["seals"] or b""
        records = len(octets) // 256
        if records < epoch:
            raise Found("seal", "seals are missing", "seals record %d" % records)
        if len(octets) > (epoch + 1) * 256:
            raise Found("rollback", "there are seals of later epochs", "checkpoint")
        key, size = self.seal_key[2], 0
        for record in range(records + 1):
            if record == epoch and key != line[8:40]:
                raise Found("seal", "the forward-secure line is not by the key of its epoch", "checkpoint")
            if record == records:
                break
            try:
                seal = self.seal(octets[record * 256:record * 256 + 256], record, key, size)
            except Malformed as error:
                if record == epoch:
                    break
                raise Found("seal", str(error), "seals record %d" % record)
            size, root, key = seal
            self.roots.append((size, root, "seal", "seals record %d" % record))
            self.seals += 1
        if size > self.checkpoint.size:
            raise Found("rollback", "a seal covers more entries than the checkpoint", "checkpoint")

    def seal(self, octets, epoch, key, size_before):
        try:
            text = octets.decode("ascii")
        except UnicodeError:
            raise Malformed("the record is not a seal")
        words = text.rstrip("\n").rstrip(" ").split(" ")
        if len(words) != 5 or (" ".join(words)).ljust(255) + "\n" != text:
            raise Malformed("the record is not a seal")
        size, root, following, signature = (decimal(words[1]), from_base64(words[2]), from_base64(words[3]),
                                            from_base64(words[4]))
        if decimal(words[0]) != epoch or size < size_before or len(root) != 32 or len(following) != 32:
            raise Malformed("the seal does not follow the one before it")
        message = "agentos seal v1\n%s\n%s\n" % (self.key[0], "\n".join(words[:4]))
        if not ed25519(key, message.encode(), signature):
            raise Malformed("the seal is not by the key of its epoch")
        return size, root, following

    def others(self):
        files, anchors = self.files, self.anchors
        if files["pruned"] is not None:
            self.pruned = self.part("pruned", "pruned", lambda: Checkpoint(files["pruned"], self.key))
            if not self.pruned.extension.startswith("pruned "):
                raise Found("pruned", "this is no record of a pruning", "pruned")
        if files["cosigned"] is not None:
            cosigned = self.part("witness", "cosigned", lambda: Checkpoint(files["cosigned"], self.key))
            for text in anchors["witness_keys"]:
                witness = self.part("witness", "cosigned", lambda: parse_key(text.rstrip("\n") + "\n", b"\4"))
                if self.part("witness", "cosigned", lambda: cosigned_by(cosigned, witness)):
                    self.cosigners.append(witness[0])
            if self.cosigners:
                self.expect(cosigned, "witness", "cosigned")
        if len(self.cosigners) < anchors["witnesses"]:
            raise Found("witness", "too few trusted witnesses cosigned", "cosigned")
        if anchors["checkpoint"]:
            place = "the remembered checkpoint"
            remembered = self.part("anchor", place, lambda: Checkpoint(anchors["checkpoint"], self.key))
            if remembered.size > self.checkpoint.size:
                raise Found("rollback", "the remembered checkpoint covers more entries", "checkpoint")
            self.expect(remembered, "anchor", place)
