# SPDX-License-Identifier: GPL-2.0-only
"""Connections of HTTP/2 made by chance: frames of any kind in any order that RFC 9113 allows, cut anywhere, and their books."""
import collections
import random

import pytest

from conftest import shared_agent, shared_port
from counted import Books
from frames import (CANCEL, ENABLE_PUSH, HEADER_TABLE_SIZE, INTERNAL_ERROR, NO_ERROR, PING, PONG, PRIORITY, PUSH_PROMISE,
                    REFUSED_STREAM, SETTINGS_ACK, Talk, block, data, frame, goaway, request, rst, settings, window_update)
from harness import LONG, if_long, scaled
from wire import hard_close

CONFIG = """
agent: {{interval: 1s}}
services:
- {{name: shop, match: {{port: {port}}}, routes: ["/", "/cart/*", "/items/**"]}}
"""
STATUSES = [200, 200, 204, 206, 301, 304, 404, 418, 500, 503]
NO_CONTENT = [204, 304]
WAYS = ["server-closes", "client-closes", "client-resets", "server-resets"]


shop = pytest.fixture(scope="module")(shared_port)


@pytest.fixture(scope="module")
def agent(shop):
    yield from shared_agent(CONFIG.format(port=shop.port))


class Stream:
    def __init__(self, number, key, asking):
        self.number, self.key = number, key  # (route, method)
        self.asking, self.status = asking, None  # the request goes on; of the final answer's head


class Chance:
    """A conversation. `whole` and `outcomes` say what of it is to be counted."""

    def __init__(self, shop, seed):
        self.rng = random.Random(seed)
        self.table = self.rng.choice([None, 0, 100, 4096, 16384, 65536])
        self.talk = Talk(shop, self.cuts(), self.table, self.rng.random() < 0.5)
        self.whole, self.outcomes = collections.Counter(), collections.Counter()
        self.open, self.ended, self.last, self.promised = {}, [], 2**31 - 1, 0
        self.waiting, self.who = b"", "c"

    def cuts(self):
        return self.rng.choice([None, None, None, None, 1, 3, 9, 10, 64, 1400])

    # ---- bytes ----

    def say(self, who, some):
        if who != self.who or self.rng.random() < 0.5:
            self.flush()
        self.who, self.waiting = who, self.waiting + some

    def flush(self):
        if self.waiting:
            self.talk.cut = self.cuts() if len(self.waiting) < 2000 else self.rng.choice([None, 1400])
            getattr(self.talk, self.who)(self.waiting)
        self.waiting = b""

    def dress(self, fields):
        how = {}
        if self.rng.random() < 0.3:
            how["padding"] = self.rng.choice([0, 1, 30, 255])
        if self.rng.random() < 0.3 and fields:
            how["cuts"] = sorted(self.rng.randrange(len(fields) + 1) for _ in range(self.rng.randrange(1, 4)))
        return how

    def block(self, who, stream, fields, end, **more):
        encoder = self.talk.client if who == "c" else self.talk.server
        coded = encoder.encode(fields)
        if who == "c" and self.rng.random() < 0.2:
            more["priority"] = True
        self.say(who, block(stream, coded, end, **self.dress(coded), **more))

    def some_fields(self):
        return [(f"x-{self.rng.randrange(60)}", "v" * self.rng.randrange(self.rng.choice([5, 40, 300])))
                for _ in range(self.rng.randrange(4))]

    def data(self, who, stream, end):
        self.say(who, data(stream, b"d" * self.rng.choice([0, 1, 7, 500]), end,
                           self.rng.choice([None, None, 0, 200])))

    # ---- what may happen ----

    def ask(self):
        number, connect = self.talk.next_stream() + 2 * self.rng.choice([0, 0, 0, 1, 5]), self.rng.random() < 0.05
        self.talk.stream = number
        path, route = self.rng.choice([("/", "/"), (f"/cart/{self.rng.randrange(300)}", "/cart/*"),
                                       (f"/items/{self.rng.randrange(9)}/x", "/items/**"), ("/no", "_other")])
        method = "CONNECT" if connect else self.rng.choice(["GET", "POST", "DELETE"])
        fields = [(":method", "CONNECT"), (":authority", "far:1")] if connect else request(path, method=method)
        end = not connect and self.rng.random() < 0.6
        self.block("c", number, fields + self.some_fields(), end)
        stream = Stream(number, ("_other" if connect else route, method), not end)
        if number > self.last:
            self.outcomes["not_accepted"] += 1
        else:
            self.open[number] = stream

    def go_on_asking(self, stream):
        if not stream.asking or stream.key[1] == "CONNECT":
            return
        stream.asking = self.rng.random() < 0.5
        if stream.asking or self.rng.random() < 0.7:
            self.data("c", stream.number, not stream.asking)
        else:
            self.block("c", stream.number, self.some_fields(), True)

    def done(self, stream):
        self.whole[(*stream.key, stream.status)] += 1
        self.ended.append(stream.number)
        del self.open[stream.number]

    def head(self, stream, end):
        """Of the final answer. Returns whether all of its content is there: what ends the stream then changes nothing."""
        sized = not end and stream.status not in NO_CONTENT and self.rng.random() < 0.2
        length = [("content-length", "7")] if sized else []
        self.block("s", stream.number, [(":status", str(stream.status)), *length, *self.some_fields()], end)
        if sized:
            self.say("s", data(stream.number, b"con", False) + data(stream.number, b"tent", False, self.rng.choice([None, 9])))
        whole = sized or stream.status in NO_CONTENT
        if whole and not end and self.rng.random() < 0.5:
            self.say("s", data(stream.number))
        return whole or end

    def answer(self, stream):
        if stream.status is None and self.rng.random() < 0.2:
            self.block("s", stream.number, [(":status", str(self.rng.choice([100, 103]))), *self.some_fields()], False)
        elif stream.status is None:
            stream.status, end = self.rng.choice(STATUSES), self.rng.random() < 0.3
            if stream.key[1] == "CONNECT":
                tunnel = stream.status < 300
                self.block("s", stream.number, [(":status", str(stream.status)), *self.some_fields()],
                           end and not tunnel)
                whole = end or tunnel
            else:
                whole = self.head(stream, end)
            if whole:
                self.done(stream)
        else:
            end = self.rng.random() < 0.5
            if not end or self.rng.random() < 0.6:
                self.data("s", stream.number, end)
            else:
                self.block("s", stream.number, self.some_fields(), True)
            if end:
                self.done(stream)

    def end(self, stream, outcome):
        self.outcomes[outcome] += 1
        self.ended.append(stream.number)
        del self.open[stream.number]

    def reset(self, stream):
        who, code = self.rng.choice("cs"), self.rng.choice([NO_ERROR, CANCEL, INTERNAL_ERROR, REFUSED_STREAM])
        self.say(who, rst(stream.number, code))
        self.end(stream, "client_abort" if who == "c" else
                 "not_accepted" if code == REFUSED_STREAM else "server_abort")

    def reset_ended(self, _):
        if self.ended:
            self.say(self.rng.choice("cs"), rst(self.rng.choice(self.ended), self.rng.choice([NO_ERROR, CANCEL])))

    def go_away(self, _):
        if self.rng.random() < 0.97:
            return
        self.last = min(self.last, self.rng.choice([2**31 - 1, self.talk.stream + 100, self.talk.stream,
                                                    self.talk.stream - 6]))
        self.say("s", goaway(max(self.last, 0), self.rng.choice([NO_ERROR, INTERNAL_ERROR]), b"why" * self.rng.randrange(5)))
        for number in [number for number in self.open if number > self.last]:
            self.end(self.open[number], "not_accepted")

    def push(self, stream):
        if stream.status is not None:
            return
        self.promised += 2
        fields = self.talk.server.encode(request(f"/css/{self.promised}", *self.some_fields()))
        self.say("s", block(stream.number, fields, kind=PUSH_PROMISE, first=self.promised.to_bytes(4, "big"),
                            **self.dress(fields)))
        self.block("s", self.promised, [(":status", "200"), *self.some_fields()], False)
        self.say("s", data(self.promised, b"css"))

    def resize(self, _):
        """Within what was announced: each encoder says so at its next block."""
        size = self.rng.choice([0, 50, 100, 1000, 4096, 16384, 65536])
        most = 4096 if self.table is None else self.table
        self.rng.choice([self.talk.client, self.talk.server]).header_table_size = min(size, most)

    def noise(self, stream):
        kind = self.rng.randrange(0xa, 0x100)
        self.say(*self.rng.choice([
            ("c", frame(PING, payload=b"pingping")), ("s", PONG), ("c", frame(PRIORITY, 0, stream.number, bytes(5))),
            ("c", window_update(stream.number, 1)), ("s", window_update(0, 1)), ("s", SETTINGS_ACK),
            ("c", settings((ENABLE_PUSH, 1))), ("s", settings((HEADER_TABLE_SIZE, 4096 if self.table is None else self.table))),
            (self.rng.choice("cs"), frame(kind, self.rng.randrange(256), stream.number,
                                          b"u" * self.rng.choice([0, 5, 300])))]))

    def run(self, steps):
        acts = [self.go_on_asking] * 3 + [self.answer] * 12 + [self.reset, self.reset_ended, self.go_away, self.push,
                                                               self.resize, self.noise, self.noise]
        most = self.rng.choice([1, 3, 30, 300, 3000])
        for _ in range(steps):
            if len(self.open) < most and self.rng.random() < 0.5 or not self.open:
                self.ask()
            if self.open:
                self.rng.choice(acts)(self.open[self.rng.choice(list(self.open))])
        self.flush()
        self.leave()

    def leave(self):
        how = self.rng.choice(WAYS)
        wire = self.talk.wire
        first = wire.client if how.startswith("client") else wire.server
        if how.endswith("resets"):
            hard_close(first)
        else:
            first.close()
        self.talk.close()
        self.outcomes["client_abort" if how.startswith("client") else "server_abort"] += len(self.open)


def check(shop, books, seeds, steps):
    whole, outcomes = collections.Counter(), collections.Counter()
    for seed in seeds:
        chance = Chance(shop, seed)
        chance.run(steps)
        whole += chance.whole
        outcomes += chance.outcomes
        statuses = collections.Counter()
        for (_, _, status), n in whole.items():
            statuses[status] += n
        try:
            books.expect(statuses, **outcomes)
            books.routes(whole)
        except AssertionError as failed:
            raise AssertionError(f"seed {seed}") from failed


@pytest.mark.parametrize("steps", [3, 30, 300])
def test_conversations(agent, shop, steps):
    n = scaled((15000 if LONG else 5000) // steps // 10, 3)
    check(shop, Books(agent), range(steps, steps + n), steps)


def test_a_long_conversation(agent, shop):
    check(shop, Books(agent), range(2), scaled(10000, 1000))


@if_long
def test_many(agent, shop):
    check(shop, Books(agent), [random.randrange(1 << 32) for _ in range(2000)], 300)
