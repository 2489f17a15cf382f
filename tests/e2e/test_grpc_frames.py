# SPDX-License-Identifier: GPL-2.0-only
"""What of gRPC is in the frames: the status wherever it stands, whatever it says, and none."""
import pytest

from conftest import shared_agent, shared_port
from counted import Books
from frames import GRPC, Talk, block, data, message, rst
from grpc_servers import CODES

CONFIG = """
agent: {{interval: 1s}}
services:
- {{name: shop, match: {{port: {port}}}, routes: ["/shop.v1.Cart/Add", "/shop.v1.Cart/*"]}}
slos:
- {{name: usual, service: shop, objective: 99}}
- {{name: named, service: shop, objective: 99, good: {{grpc_status: [OK, 5, DATA_LOSS]}}}}
"""
ANSWER = ("content-type", "application/grpc")
BAD = {"UNKNOWN", "DEADLINE_EXCEEDED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "_other", "_absent"}


shop = pytest.fixture(scope="module")(shared_port)


@pytest.fixture(scope="module")
def agent(shop):
    yield from shared_agent(CONFIG.format(port=shop.port))


class Judged(Books):
    """Of the two SLOs, too."""

    def __init__(self, agent):
        super().__init__(agent)
        self.slos = self.bad()

    def bad(self):
        return {name: self.agent.slo(name)["bad"] for name in ("usual", "named")} if self.agent.real else {}

    def calls(self, want):
        """{name of a gRPC status: calls that got 200}"""
        self.expect({200: sum(want.values())})
        self.grpc(want)
        bad = {name: n - self.slos[name] for name, n in self.bad().items()}
        if self.agent.real:
            assert bad == {"usual": sum(n for name, n in want.items() if name in BAD),
                           "named": sum(n for name, n in want.items() if name not in ("OK", "NOT_FOUND", "DATA_LOSS"))}


@pytest.fixture
def books(agent):
    return Judged(agent)


@pytest.mark.parametrize("cut", [None, 1, 9])
def test_each_status(shop, books, cut):
    talk, want = Talk(shop, cut), {}
    for _ in range(3):
        for code, name in enumerate(CODES):
            talk.call("/shop.v1.Cart/Add", str(code))
            want[name] = want.get(name, 0) + 1
    talk.close()
    books.calls(want)
    books.routes({("/shop.v1.Cart/Add", "POST", 200): 3 * len(CODES)})


@pytest.mark.parametrize("said", ["17", "99", "1000", "4294967296", "x", "-1", "0x0", "OK", "1.5", "1 "])
def test_statuses_that_are_none(shop, books, said):
    talk = Talk(shop)
    for _ in range(2):
        talk.call("/shop.v1.Cart/Get", said)
    talk.close()
    books.calls({"_other": 2})
    books.routes({("/shop.v1.Cart/*", "POST", 200): 2})


def test_no_status(shop, books):
    """It is no OK, in whichever way the answer ends."""
    talk = Talk(shop)
    talk.call("/shop.v1.Cart/Add", None)
    talk.answer(talk.ask("/shop.v1.Cart/Add", *GRPC, method="POST", body=message()), 200, ANSWER, body=message())
    talk.answer(talk.ask("/shop.v1.Cart/Add", *GRPC, method="POST", body=message()), 200, ANSWER, body=b"")
    talk.answer(talk.ask("/shop.v1.Cart/Add", *GRPC, method="POST", body=message()), 200, ANSWER, body=None)
    talk.close()
    books.calls({"_absent": 4})


def test_trailers_alone(shop, books):
    talk, want = Talk(shop), {}
    for code in (0, 5, 12, 14) * 2:
        stream = talk.ask("/shop.v1.Cart/Add", *GRPC, method="POST", body=message(b"x" * 100))
        talk.answer(stream, 200, ANSWER, ("grpc-status", str(code)), ("grpc-message", "why not"), body=None)
        want[CODES[code]] = want.get(CODES[code], 0) + 1
    talk.close()
    books.calls(want)


@pytest.mark.parametrize("dress", [{"cuts": (1,)}, {"cuts": (4, 5, 6)}, {"padding": 7}], ids=str)
def test_dressed_trailers(shop, books, dress):
    talk = Talk(shop)
    for i in range(5):
        stream = talk.ask("/shop.v1.Cart/Add", *GRPC, method="POST", body=message())
        talk.answer(stream, 200, ANSWER, body=message(), end=False)
        trailers = talk.server.encode([("x-long", "y" * i), ("grpc-message", "m" * i), ("grpc-status", "13")])
        talk.s(block(stream, trailers, True, **dress))
    talk.close()
    books.calls({"INTERNAL": 5})


def test_huffman_and_plain(shop, books):
    """Either coding of a status, said for the table or not."""
    talk = Talk(shop)
    name = b"grpc-status"
    for prefix in (b"\x40", b"\0", b"\x10"):  # for the table, without it, never for it
        for value in (b"\x02" + b"14", b"\x82" + b"\x0b\x5f"):  # plain; 00001 011010, padded with ones
            stream = talk.ask("/shop.v1.Cart/Add", *GRPC, method="POST", body=message())
            talk.answer(stream, 200, ANSWER, body=message(), end=False)
            talk.s(block(stream, prefix + bytes([len(name)]) + name + value, True))
    talk.close()
    books.calls({"UNAVAILABLE": 6})


@pytest.mark.parametrize("kind, is_grpc", [
    ("application/grpc", True), ("application/grpc+proto", True), ("application/grpc+json", True),
    ("application/grpc;charset=utf-8", True), ("application/grpc-web", False), ("application/grpc-web+proto", False),
    ("application/json", False), ("text/plain", False)])
def test_content_types(shop, books, kind, is_grpc):
    talk = Talk(shop)
    for _ in range(2):
        stream = talk.ask("/shop.v1.Cart/Add", ("content-type", kind), method="POST", body=message())
        talk.answer(stream, 200, ("content-type", kind), body=message(), trailers=[("grpc-status", "5")])
    talk.close()
    books.expect({200: 2})
    books.grpc({"NOT_FOUND": 2} if is_grpc else {})


@pytest.mark.parametrize("kind, is_grpc", [("application/grpc-web+proto", True), ("application/grpc-web-text", True),
                                           ("application/json", False)])
def test_a_status_of_grpc_web_in_the_head(shop, books, kind, is_grpc):
    """An answer without a body. In one with a body it is there, and not seen."""
    talk = Talk(shop)
    fields = ("content-type", kind)
    for _ in range(2):
        stream = talk.ask("/shop.v1.Cart/Add", fields, method="POST", body=message())
        talk.answer(stream, 200, fields, ("grpc-status", "14"), body=None)
        stream = talk.ask("/shop.v1.Cart/Add", fields, method="POST", body=message())
        talk.answer(stream, 200, fields, body=message() + b"\x80\0\0\0\x0egrpc-status:13\r\n")
    talk.close()
    books.expect({200: 4})
    books.grpc({"UNAVAILABLE": 2} if is_grpc else {})


def test_an_error_of_http(shop, books):
    """A proxy's answer to a call has no status of gRPC."""
    talk = Talk(shop)
    for status in (502, 503, 404):
        stream = talk.ask("/shop.v1.Cart/Add", *GRPC, method="POST", body=message())
        talk.answer(stream, status, ("content-type", "text/html"))
    talk.close()
    books.expect({502: 1, 503: 1, 404: 1})
    books.grpc({"_absent": 3})


def test_streams_of_messages(shop, books):
    """A call that lasts ends at its trailers, whatever came before."""
    talk = Talk(shop)
    streams = [talk.ask("/shop.v1.Cart/Watch", *GRPC, method="POST", body=message(), end=False) for _ in range(10)]
    for stream in streams:
        talk.answer(stream, 200, ANSWER, body=message(b"first"), end=False)
    for _ in range(5):
        for stream in streams:
            talk.c(data(stream, message(b"in"), False)).s(data(stream, message(b"out"), False))
    books.expect({})
    books.in_flight(10)
    for stream in streams[:5]:
        talk.c(data(stream)).s(block(stream, talk.server.encode([("grpc-status", "0")]), True))
    for stream in streams[5:8]:
        talk.s(block(stream, talk.server.encode([("grpc-status", "8")]), True))
    for stream in streams[8:]:
        talk.c(rst(stream))
    talk.close()
    books.expect({200: 8}, client_abort=2)
    books.grpc({"OK": 5, "RESOURCE_EXHAUSTED": 3})
