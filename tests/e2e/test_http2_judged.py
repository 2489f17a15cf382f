# SPDX-License-Identifier: GPL-2.0-only
"""What SLOs judge streams by: when their answers began, and no status of connections whose table hides others."""
import time

import pytest

from conftest import shared_agent, shared_port
from frames import CANCEL, INTERNAL_ERROR, Talk, data, rst
from wire import hard_close

CONFIG = """
agent: {{interval: 1s}}
tls: off
services:
- {{name: shop, match: {{port: {port}}}}}
slos:
- {{name: usual, service: shop, objective: 99}}
- {{name: all, service: shop, objective: 99, good: {{latency: {limit}}}}}
- {{name: first, service: shop, objective: 99, good: {{latency: {limit}, latency_of: first_byte}}}}
"""
LIMIT = 0.3


def config(port):
    return CONFIG.format(port=port.port, limit="300ms")


shop = pytest.fixture(scope="module")(shared_port)


@pytest.fixture(scope="module")
def agent(shop):
    yield from shared_agent(config(shop))


class Judged:
    """By SLO: what was judged since this was made."""

    def __init__(self, agent):
        self.agent, self.before = agent, self.now(agent)

    @staticmethod
    def now(agent):
        return {name: {key: agent.slo(name)[key] for key in ("good", "bad", "status_unknown")}
                for name in ("usual", "all", "first")}

    def expect(self, **want):
        """{SLO: (good, bad, whose status is not known)}"""
        now = self.now(self.agent)
        got = {name: tuple(now[name][key] - n for key, n in counts.items()) for name, counts in self.before.items()}
        assert {name: got[name] for name in want} == want, got


@pytest.fixture
def judged(agent):
    return Judged(agent)


def late():
    time.sleep(LIMIT * 1.2)


def begin(talk, streams):
    for stream in streams:
        talk.answer(stream, 200, end=False, body=None)


def test_an_answer_that_began_in_time(shop, judged):
    talk = Talk(shop)
    streams = [talk.ask("/") for _ in range(4)]
    begin(talk, streams[:3])
    late()
    begin(talk, streams[3:])
    for stream in reversed(streams):
        talk.s(data(stream, b"hello"))
    talk.answer(talk.ask("/"), 200, body=None)
    judged.expect(all=(1, 4, 0), first=(4, 1, 0), usual=(5, 0, 0))
    talk.close()


@pytest.mark.parametrize("many", [1, 5])
@pytest.mark.parametrize("end", ["reset", "close"])
def test_an_answer_that_the_client_gives_up(shop, judged, end, many):
    """One that has begun in time is left out, whenever that is."""
    talk = Talk(shop)
    begun, others = ([talk.ask("/") for _ in range(many)] for _ in range(2))
    begin(talk, begun)
    late()
    if end == "reset":
        for stream in begun + others:
            talk.c(rst(stream, CANCEL))
    else:
        hard_close(talk.wire.client)
    judged.expect(all=(0, 2 * many, 0), first=(0, many, 0))
    talk.close()


def test_an_answer_that_the_server_gives_up(shop, judged):
    talk = Talk(shop)
    stream = talk.ask("/")
    begin(talk, [stream])
    talk.s(rst(stream, INTERNAL_ERROR))
    judged.expect(all=(0, 1, 0), first=(0, 1, 0), usual=(0, 1, 0))
    talk.close()


def test_an_older_connection_until_its_table_is_renewed(start_agent, agent_only, shop):
    """What it hides, even that these are calls of gRPC, is not judged, nor is what is spelled out."""
    talk = Talk(shop, server_first=True)
    talk.call("/p.S/M", "0")
    agent = start_agent(config(shop))
    judged = Judged(agent)
    for status in ("0", "13", "0"):
        talk.call("/p.S/M", status)
    talk.answer(talk.ask("/"), 500, body=None)
    judged.expect(usual=(0, 0, 4))
    assert agent.service("shop")["status"] == {"200": 3, "500": 1}
    for i in range(128):
        talk.answer(talk.ask("/"), 200, ("x-new", str(i)), body=None)
    judged = Judged(agent)
    for status in ("0", "13", "13"):
        talk.call("/p.S/M", status)
    judged.expect(usual=(1, 2, 0))
    talk.close()


def test_a_connection_whose_server_speaks_first(shop, judged):
    """That its SETTINGS go by hides nothing."""
    talk = Talk(shop, server_first=True)
    for status in ("0", "13"):
        talk.call("/p.S/M", status)
    judged.expect(usual=(1, 1, 0))
    talk.close()
