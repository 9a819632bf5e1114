"""What a conversation promises whatever the socket does: pieces, order of descriptors, calls given up."""

from __future__ import annotations

import json
import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from agentos import ProtocolError  # noqa: E402
from agentos._exchange import DESCRIPTORS_MAX, Exchange  # noqa: E402


def reply(identifier, **result):
    return json.dumps({"jsonrpc": "2.0", "id": identifier, "result": result}).encode() + b"\n"


def descriptors(count):
    return [os.open("/dev/null", os.O_RDONLY) for _ in range(count)]


class ExchangeTest(unittest.TestCase):
    def setUp(self):
        self.exchange: Exchange[str] = Exchange()
        self.addCleanup(self.exchange.close)

    def begin(self, waiter, brings_descriptor=False):
        return self.exchange.begin(waiter, "mmap", {}, brings_descriptor)[0]

    def test_descriptors_go_in_order_to_the_replies_that_bring_one(self):
        first, plain, second = self.begin("first", True), self.begin("plain"), self.begin("second", True)
        given = descriptors(2)
        arrivals = self.exchange.receive(reply(second) + reply(plain) + reply(first), given)
        got = [(waiter, answer.descriptor) for waiter, answer in arrivals.answers]
        self.assertEqual(got, [("second", given[0]), ("plain", -1), ("first", given[1])])
        for _, answer in arrivals.answers:
            answer.discard()

    def test_line_in_pieces_is_one_message(self):
        identifier = self.begin("w")
        answers = []
        for octet in reply(identifier, size=1):
            answers += self.exchange.receive(bytes([octet]), []).answers
        self.assertEqual([(waiter, answer.reply) for waiter, answer in answers], [("w", {"size": 1})])

    def test_call_given_up_is_cancelled_and_nobody_gets_its_answer(self):
        identifier = self.begin("w", True)
        line = json.loads(self.exchange.give_up(identifier))
        self.assertEqual((line["method"], line["params"]), ("notifications/cancelled", {"requestId": identifier}))
        given = descriptors(1)
        ((waiter, answer),) = self.exchange.receive(reply(identifier), given).answers
        self.assertIsNone(waiter)
        self.assertEqual(answer.descriptor, given[0])
        answer.discard()
        with self.assertRaises(OSError):
            os.fstat(given[0])
        self.assertEqual(self.exchange.give_up(identifier), b"")

    def test_closing_names_who_still_waits_and_closes_descriptors(self):
        self.begin("a")
        self.exchange.give_up(self.begin("b"))
        given = descriptors(1)
        self.exchange.receive(b"", given)
        self.assertEqual(self.exchange.close(), ["a"])
        with self.assertRaises(OSError):
            os.fstat(given[0])

    def test_error_without_id_is_meant_for_the_only_call_under_way(self):
        line = b'{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"bad","data":{"error":"malformed"}}}\n'
        self.begin("only")
        ((waiter, answer),) = self.exchange.receive(line, []).answers
        self.assertEqual((waiter, answer.error.name), ("only", "malformed"))
        self.begin("one")
        self.begin("two")
        with self.assertRaises(ProtocolError):
            self.exchange.receive(line, [])

    def test_descriptors_nobody_asked_for_are_bounded(self):
        with self.assertRaises(ProtocolError):
            self.exchange.receive(b"", descriptors(DESCRIPTORS_MAX + 1))


if __name__ == "__main__":
    unittest.main()
