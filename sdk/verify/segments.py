"""Segments, entries and tiles: what a log holds. See FORMAT.md ("Segment", "Entry", "Tiles")."""
import base64
import json
import os
import re
import struct

from signed import Found, Malformed, Signed, Tree, leaf_hash, sha256

LEAF_MAX, OPENING_MAX = 16384, 4096
SEGMENT = re.compile(r"segment-[0-9]{20}\.log")


def crc_table():
    table = []
    for number in range(256):
        for _ in range(8):
            number = number >> 1 ^ (0x82F63B78 if number & 1 else 0)
        table.append(number)
    return table


CRC = crc_table()


def crc32c(octets):
    crc = 0xFFFFFFFF
    for octet in octets:
        crc = crc >> 8 ^ CRC[(crc ^ octet) & 255]
    return crc ^ 0xFFFFFFFF


def read_erasing(directory):
    """Frames that are being erased, as they will be: (segment, offset, octets)."""
    try:
        with open(os.path.join(directory, "erasing"), "rb") as file:
            lines = file.read().decode("ascii").split("\n")
    except FileNotFoundError:
        return []
    except ValueError:
        raise Found("erasing", "the file erasing is damaged", "erasing")
    frames = []
    try:
        if lines[0] != "agentos erasing v1" or lines[-1]:
            raise ValueError
        for line in lines[1:-1]:
            segment, offset, octets = line.split(" ")
            octets = base64.b64decode(octets, validate=True)
            frame = Frame(octets, 0, {}, whole=False)
            if not SEGMENT.fullmatch(segment) or not offset.isdigit() or not frame.erased or frame.size != len(octets):
                raise ValueError
            frames.append((segment, int(offset), octets))
    except (ValueError, Malformed):
        raise Found("erasing", "the file erasing is damaged", "erasing")
    return frames


class Segment:
    def __init__(self, directory, name, erasing=()):
        self.name = name
        with open(os.path.join(directory, name), "rb") as file:
            self.octets = file.read()
        for segment, offset, octets in erasing:
            if segment == name and offset < len(self.octets):
                self.octets = (self.octets[:offset] + octets + self.octets[offset + len(octets):])[:len(self.octets)]
        octets = self.octets

        def damaged(what):
            return Found("segment", what, name + " offset 0")
        if len(octets) < 4096 or octets[:8] != b"AGENTLOG":
            raise damaged("the file does not begin with a segment header")
        version, self.frames_at, crc, flags = struct.unpack_from("<IIII", octets, 8)
        if version not in (1, 2):
            raise damaged("format version %d" % version)
        size = self.frames_at
        if size < 4096 or size > 65536 or size % 4096 or len(octets) < size or crc32c(octets[20:size]) != crc:
            raise damaged("the segment header is damaged")
        self.first, self.capacity = struct.unpack_from("<QQ", octets, 24)
        root, nodes, opened = octets[48:80], *struct.unpack_from("<II", octets, 80)
        used = 88 + 32 * nodes + 8 * opened
        if flags & ~1 or nodes != bin(self.first).count("1") or opened > 4096 or used > size or any(octets[used:size]):
            raise damaged("the segment header contradicts itself")
        self.open_complete = not flags & 1
        self.before = Tree(self.first, [octets[88 + 32 * i:120 + 32 * i] for i in range(nodes)])
        self.open = list(struct.unpack_from("<%dQ" % opened, octets, 88 + 32 * nodes))
        if self.before.root() != root or int(name[8:28]) != self.first:
            raise damaged("the segment header contradicts itself")


class Frame:
    """One frame at an offset; Malformed says why there is none."""

    def __init__(self, octets, at, bases, whole=True):
        if len(octets) - at < 32 or octets[at:at + 4] != b"\xffAL\xfe":
            raise Malformed("no frame begins here")
        crc, self.index, self.batch, stored, opening, flags, group, zero = struct.unpack_from("<IQIIIHBB", octets, at + 4)
        if not 0 < stored <= LEAF_MAX or opening > OPENING_MAX or flags & ~7 or (flags & 1) != (opening > 0) \
                or flags & 3 == 2 or zero or group > 7:
            raise Malformed("the frame contradicts itself")
        used = 32 + stored + (16 + opening if opening else 0)
        self.size = (used + 7) & ~7
        frame = octets[at:at + self.size]
        if len(frame) < self.size or crc32c(frame[8:]) != crc:
            raise Malformed("the frame has a wrong checksum")
        salted = frame[32 + stored:used]
        self.erased = bool(flags & 2)
        if self.batch > self.index or any(frame[used:]) or (self.erased and any(salted)):
            raise Malformed("the frame contradicts itself")
        self.salted = salted if opening else None
        self.durable = self.index - self.batch
        self.leaf = frame[32:32 + stored]
        if flags & 4 and whole:
            if not bases.get(group):
                raise Malformed("a difference without a whole leaf before it")
            self.leaf = difference(bases[group], self.leaf)
        else:
            bases[group] = self.leaf


def difference(base, steps):
    leaf, at, place = b"", 0, 0

    def number():
        nonlocal place
        value = 0
        for i in range(3):
            if place >= len(steps):
                raise Malformed("the difference is damaged")
            octet, place = steps[place], place + 1
            value |= (octet & 127) << 7 * i
            if octet < 128:
                return value
        raise Malformed("the difference is damaged")
    while place < len(steps):
        same, passed, own = number(), number(), number()
        if at + same + passed > len(base) or place + own > len(steps):
            raise Malformed("the difference is damaged")
        leaf += base[at:at + same] + steps[place:place + own]
        at, place = at + same + passed, place + own
        if len(leaf) > LEAF_MAX:
            raise Malformed("the difference is damaged")
    if not leaf:
        raise Malformed("the difference is damaged")
    return leaf


def canonical(value):
    """RFC 8785 for what leaves hold: no floats."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return "{%s}" % ",".join(canonical(name) + ":" + canonical(value[name]) for name in names)
    if isinstance(value, list):
        return "[%s]" % ",".join(map(canonical, value))
    if isinstance(value, float):
        raise Malformed("the leaf holds a number that is no integer")
    return json.dumps(value, ensure_ascii=False)


def unique(pairs):
    if len(dict(pairs)) != len(pairs):
        raise Malformed("the leaf has a member twice")
    return dict(pairs)


def read_leaf(octets):
    try:
        leaf = json.loads(octets.decode("utf-8"), object_pairs_hook=unique)
        if not isinstance(leaf, dict) or canonical(leaf).encode("utf-8") != octets:
            raise Malformed("the leaf is not canonical")
    except (ValueError, RecursionError):
        raise Malformed("the leaf is not canonical JSON")
    kind, number = leaf.get("kind"), lambda name: isinstance(leaf.get(name), int) and abs(leaf[name]) < 2**53
    if leaf.get("v") != 1 or kind not in COMMITMENT or not number("time_us"):
        raise Malformed("the leaf is of no kind this program knows")
    if kind == "outcome" and (not number("intent") or leaf["intent"] < 0):
        raise Malformed("the outcome names no intent")
    commitment = leaf.get(COMMITMENT[kind])
    if commitment is not None and (not isinstance(commitment, str) or len(commitment) != 43):
        raise Malformed("the commitment is malformed")
    return leaf, commitment


COMMITMENT = {"intent": "arguments", "outcome": "result", "refused": "arguments", "event": "detail"}


class Tiles:
    """Compares the files below tile/ with the entries."""

    def __init__(self, directory, base):
        self.directory, self.levels, self.size, self.bundle, self.count = directory, [], 0, b"", 0
        self.built = self.entries = 0
        self.found = None  # told last: files that are derived explain nothing
        try:
            with open(os.path.join(directory, "tile", "tiled"), "rb") as file:
                text = file.read()
        except OSError:
            return
        match = re.fullmatch(rb"agentos tiles v1\n(0|[1-9][0-9]*)\nhashes( and entries)?\n", text)
        if base:
            return
        if not match:
            self.found = Found("tile", "tile/tiled is malformed", "tile/tiled")
            return
        self.built, self.entries = int(match[1]), bool(match[2])

    def path(self, level, index, width):
        name = "%03d" % (index % 1000)
        while index >= 1000:
            index //= 1000
            name = "x%03d/%s" % (index % 1000, name)
        return "tile/%s/%s%s" % (level, name, "" if width == 256 else ".p/%d" % width)

    def compare(self, path, octets):
        if self.found:
            return
        try:
            with open(os.path.join(self.directory, path), "rb") as file:
                same = file.read() == octets
        except OSError:
            same = False
        self.count += 1
        if not same:
            self.found = Found("tile", "the file is missing, or not what the entries make", path)

    def add(self, leaf, digest):
        if self.size >= self.built or self.found:
            return
        self.size += 1
        for level in range(8):
            if len(self.levels) <= level:
                self.levels.append([])
            tile = self.levels[level]
            tile.append(digest)
            if len(tile) < 256:
                break
            self.compare(self.path(level, (self.size >> 8 * (level + 1)) - 1, 256), b"".join(tile))
            tree = Tree()
            for one in tile:
                tree.add(one)
            digest = tree.root()
            tile.clear()
        if self.entries:
            self.bundle += struct.pack(">H", len(leaf)) + leaf
            if self.size % 256 == 0 or self.size == self.built:
                self.compare(self.path("entries", (self.size - 1) // 256, self.size % 256 or 256), self.bundle)
                self.bundle = b""
        if self.size == self.built:
            for level, tile in enumerate(self.levels):
                if tile:
                    self.compare(self.path(level, self.size >> 8 * (level + 1), len(tile)), b"".join(tile))

    def finish(self):
        if self.found:
            raise self.found
        if self.size < self.built:
            raise Found("tile", "tiles were built for more entries than the log holds", "tile/tiled")


class Log:
    def __init__(self, directory, anchors):
        self.signed = Signed(directory, anchors)
        names = sorted(name for name in os.listdir(directory) if SEGMENT.fullmatch(name))
        erasing = read_erasing(directory)
        self.segments = [Segment(directory, name, erasing) for name in names]
        self.tree, self.intents, self.answered, self.open = Tree(), set(), set(), set()
        self.base = self.next_root = self.same = self.durable = self.openings = 0
        self.directory, self.blobs, self.blob_count = directory, set(), 0
        self.begin(directory)
        self.tiles = Tiles(directory, self.base)
        for segment in self.segments:
            self.walk(segment)
        self.finish()

    def begin(self, directory):
        signed = self.signed
        if not self.segments:
            if signed.checkpoint.size or signed.pruned:
                raise Found("missing", "the segments are gone", directory)
            return
        first = self.segments[0]
        self.base = self.same = first.first
        if self.base and (not signed.pruned or signed.pruned.size < self.base):
            raise Found("missing", "entries are missing and no record says they were pruned", first.name)
        if signed.pruned and signed.pruned.size == self.base and signed.pruned.root != first.before.root():
            raise Found("pruned", "the record of the pruning has another root", first.name)
        self.tree, self.open = first.before, set(first.open)
        if signed.checkpoint.size < self.base:
            raise Found("rollback", "the checkpoint covers only entries that were pruned since", "checkpoint")
        while self.next_root < len(signed.roots) and signed.roots[self.next_root][0] < self.base:
            if signed.roots[self.next_root][2] == "anchor":
                raise Found("anchor", "it covers only entries that were pruned since", signed.roots[self.next_root][3])
            self.next_root += 1

    def roots(self):
        roots = self.signed.roots
        while self.next_root < len(roots) and roots[self.next_root][0] == self.tree.size:
            _, root, kind, where = roots[self.next_root]
            if root != self.tree.root():
                raise Found(kind, "entries were replaced, the first of them between %d and %d"
                            % (self.same, max(self.tree.size, 1) - 1), where)
            self.same = self.tree.size
            self.next_root += 1

    def walk(self, segment):
        size, place = self.tree.size, "%s offset 0 (entry %d)" % (segment.name, self.tree.size)
        if segment.first != size or segment.before.root() != self.tree.root():
            raise Found("header", "the header is not what the entries before it make", place)
        if len(segment.octets) != segment.capacity or (segment.open_complete and segment.open != sorted(self.open)):
            raise Found("header", "the header is not what the entries before it make", place)
        at, octets, bases = segment.frames_at, segment.octets, {}
        while True:
            self.roots()
            place = "%s offset %d (entry %d)" % (segment.name, at, self.tree.size)
            if at >= len(octets) or not any(octets[at:at + 32]):
                break
            try:
                frame = Frame(octets, at, bases)
            except Malformed as error:
                raise Found("tail", str(error), place)
            self.entry(frame, place)
            at += frame.size
        if octets[at:].count(0) != len(octets) - at:
            raise Found("tail", "octets behind the last entry are not zero", place)

    def entry(self, frame, place):
        if frame.index != self.tree.size:
            raise Found("frame", "the frame holds another entry", place)
        if frame.durable < self.durable:
            raise Found("frame", "the frame belongs to an earlier batch", place)
        self.durable = frame.durable
        try:
            leaf, commitment = read_leaf(frame.leaf)
        except Malformed as error:
            raise Found("leaf", str(error), place)
        if frame.salted is not None:
            if commitment is None:
                raise Found("opening", "an opening without a commitment", place)
            if not frame.erased:
                if base64.urlsafe_b64encode(sha256(frame.salted)).decode().rstrip("=") != commitment:
                    raise Found("opening", "the opening is not what the leaf committed to", place)
                self.openings += 1
                self.blob(frame.salted[16:], leaf.get("content") == "whole", place)
        if leaf["kind"] == "intent":
            self.intents.add(frame.index)
            if leaf.get("verdict") == "allow" and leaf.get("effect") == "external":
                self.open.add(frame.index)
        if leaf["kind"] == "outcome":
            intent = leaf["intent"]
            if intent >= frame.index or (intent >= self.base and intent not in self.intents) or intent in self.answered:
                raise Found("outcome", "the outcome names no intent before it, or it is its second", place)
            self.answered.add(intent)
            self.open.discard(intent)
        digest = leaf_hash(frame.leaf)
        self.tree.add(digest)
        self.tiles.add(frame.leaf, digest)

    def blob(self, opening, whole, place):
        """Content kept whole: it is kept by choice, so that it is absent says nothing unless the leaf says it was."""
        try:
            value = json.loads(opening) if opening.startswith(b'{"digest":"') else None
            if not isinstance(value, dict) or len(value) != 3:
                return
            digest = base64.urlsafe_b64decode(value["digest"] + "=")
        except (ValueError, KeyError, TypeError, RecursionError):
            return
        if len(digest) != 32 or digest in self.blobs:
            return
        try:
            with open(os.path.join(self.directory, "blob", digest.hex()[:2], digest.hex()), "rb") as file:
                content = file.read()
        except OSError:
            if whole:
                raise Found("absent", "the entry's content was kept whole, and is gone", place)
            return
        if sha256(content) != digest:
            raise Found("blob", "the content kept whole is not what the entry names", place)
        self.blobs.add(digest)
        self.blob_count += 1

    def finish(self):
        self.roots()
        size = self.tree.size
        where = "%s (entry %d)" % (self.segments[-1].name, size) if self.segments else "checkpoint"
        if size < self.signed.checkpoint.size:
            raise Found("truncated", "the log holds %d entries, %d were signed" % (size, self.signed.checkpoint.size), where)
        if self.next_root < len(self.signed.roots):
            raise Found(self.signed.roots[self.next_root][2], "more entries were seen", where)
        self.tiles.finish()

    def report(self):
        return {"entries": self.tree.size - self.base, "openings": self.openings, "seals": self.signed.seals,
                "epoch": self.signed.epoch, "checkpoint": self.signed.checkpoint.size, "tiles": self.tiles.count,
                "blobs": self.blob_count,
                "root": base64.b64encode(self.tree.root()).decode(), "cosigners": self.signed.cosigners}
