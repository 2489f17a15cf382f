# SPDX-License-Identifier: GPL-2.0-only
"""Every stream ends in exactly one way: answered, reset by either side, refused, or with its connection."""
import socket
import time

import pytest

from conftest import shared_agent, shared_port
from counted import Books
from frames import (CANCEL, INTERNAL_ERROR, NO_ERROR, REFUSED_STREAM, SETTINGS_ACK, STREAM_CLOSED, Talk, block, data,
                    goaway, rst, settings)
from harness import IN_VM, user_space
from wire import hard_close

UNANSWERED_S = 8 if IN_VM else 2
CONFIG = """
agent: {{interval: 1s, unanswered_after: {unanswered}s}}
services:
- {{name: shop, match: {{port: {port}}}, routes: ["/", "/cart/*"]}}
slos:
- {{name: shop, service: shop, objective: 99}}
"""


shop = pytest.fixture(scope="module")(shared_port)


@pytest.fixture(scope="module")
def agent(shop):
    yield from shared_agent(CONFIG.format(port=shop.port, unanswered=UNANSWERED_S))


@pytest.fixture
def books(agent):
    return Books(agent)


@pytest.fixture
def judged(agent):
    """A function: (eligible, bad) since the test began; None without an agent."""
    if not agent.real:
        return lambda: None
    before = agent.slo("shop")
    return lambda: tuple(agent.slo("shop")[word] - before[word] for word in ("eligible", "bad"))


def half(talk, stream, status=200):
    return block(stream, talk.server.encode([(":status", str(status))])) + data(stream, b"half", False)


@pytest.mark.parametrize("sent", ["nothing", "head", "half", "100"])
@pytest.mark.parametrize("body", ["whole", "part"])
@pytest.mark.parametrize("code", [CANCEL, NO_ERROR, INTERNAL_ERROR])
def test_the_client_resets(shop, books, sent, body, code):
    talk = Talk(shop)
    stream = talk.ask("/", method="POST", body=b"x", end=body == "whole")
    if sent == "100":
        talk.s(block(stream, talk.server.encode([(":status", "100")])))
    elif sent != "nothing":
        talk.s(half(talk, stream)[:None if sent == "half" else -13])
    talk.c(rst(stream, code))
    books.expect(client_abort=1)
    talk.answer(talk.ask("/"), 404)
    talk.close()
    books.expect({404: 1}, client_abort=1)


def test_what_a_server_still_sends_of_a_reset_stream(shop, books):
    """The answers cross. Their blocks move the table all the same."""
    talk = Talk(shop)
    stream = talk.ask("/cart/1")
    talk.c(rst(stream))
    talk.answer(stream, 200, ("x-new", "entry-of-a-reset-stream"))
    talk.answer(talk.ask("/cart/2"), 404, ("x-new", "entry-of-a-reset-stream"))
    stream = talk.ask("/")
    talk.s(half(talk, stream)).c(rst(stream)).s(data(stream, b"rest"))
    talk.s(rst(stream))
    talk.close()
    books.expect({404: 1}, client_abort=2)


def test_a_reset_of_an_answered_stream(shop, books):
    """By either side, with any code: the answer was whole."""
    talk = Talk(shop)
    for who in (talk.c, talk.s):
        for code in (NO_ERROR, CANCEL, INTERNAL_ERROR, REFUSED_STREAM):
            stream = talk.ask("/")
            talk.answer(stream)
            who(rst(stream, code))
    talk.close()
    books.expect({200: 8})


# An answer whose content is all there, in a stream that has not ended: (method, status, length that it says, content).
CONTENT_IS_THERE = {
    "length": ("GET", 200, "5", [b"hello"]), "frames": ("GET", 200, "11", [b"hello", b"", b" world"]),
    "none": ("POST", 201, "0", []), "head": ("HEAD", 200, "12345", []), "204": ("DELETE", 204, None, []),
    "304": ("GET", 304, "777", []), "error": ("GET", 503, "4", [b"busy"])}
# ... and what is not, or cannot be known to be.
CONTENT_IS_NOT = {
    "short": ("GET", 200, "6", [b"hello"]), "unsaid": ("GET", 200, None, [b"hello"]),
    "no-number": ("GET", 200, "5;", [b"hello"]), "beyond": ("GET", 200, "4294967301", [b"hello"]),
    "nothing-yet": ("GET", 200, "1", []), "too-much": ("GET", 200, "4", [b"hello"])}


def contents(talk, method, status, length, parts, padding):
    """The stream of an answer that does not end."""
    stream = talk.ask("/", method=method)
    fields = [("content-length", length)] if length else []
    talk.s(block(stream, talk.server.encode([(":status", str(status)), *fields])))
    for part in parts:
        talk.s(data(stream, part, False, padding))
    return stream


AFTER_CONTENT = {
    "ends": lambda talk, stream: talk.s(data(stream)),
    "trailers": lambda talk, stream: talk.s(block(stream, talk.server.encode([("x-sum", "1")]), True)),
    "client-reset": lambda talk, stream: talk.c(rst(stream, STREAM_CLOSED)).s(data(stream)),
    "client-left": lambda talk, stream: talk.wire.client.close(),
    "client-cut": lambda talk, stream: hard_close(talk.wire.client),
}


@pytest.mark.parametrize("after", AFTER_CONTENT)
@pytest.mark.parametrize("padding", [None, 9], ids=["plain", "padded"])
@pytest.mark.parametrize("what", CONTENT_IS_THERE)
def test_a_client_has_all_of_the_content(shop, books, what, padding, after):
    """RFC 9110, section 6.4.1; RFC 9113, section 8.1.1: curl, for one, leaves then, and does not wait for the end."""
    talk = Talk(shop)
    stream = contents(talk, *CONTENT_IS_THERE[what], padding)
    AFTER_CONTENT[after](talk, stream)
    talk.close()
    books.expect({CONTENT_IS_THERE[what][1]: 1})


@pytest.mark.parametrize("after", ["client-reset", "client-left", "client-cut"])
@pytest.mark.parametrize("what", CONTENT_IS_NOT)
def test_a_client_leaves_before_it_has_all_of_the_content(shop, books, what, after):
    talk = Talk(shop)
    stream = contents(talk, *CONTENT_IS_NOT[what], None)
    AFTER_CONTENT[after](talk, stream)
    talk.close()
    books.expect(client_abort=1)


def test_the_length_of_content_may_be_an_entry_of_the_table(shop, books):
    talk = Talk(shop)
    for _ in range(3):
        talk.c(rst(contents(talk, *CONTENT_IS_THERE["length"], None), STREAM_CLOSED))
    talk.c(rst(contents(talk, *CONTENT_IS_NOT["short"], None), STREAM_CLOSED))
    talk.close()
    books.expect({200: 3}, client_abort=1)


@pytest.mark.parametrize("sent", ["nothing", "head", "half", "100"])
@pytest.mark.parametrize("code", [CANCEL, NO_ERROR, INTERNAL_ERROR])
def test_the_server_resets(shop, books, judged, sent, code):
    talk = Talk(shop)
    stream = talk.ask("/cart/1")
    if sent == "100":
        talk.s(block(stream, talk.server.encode([(":status", "100")])))
    elif sent != "nothing":
        talk.s(half(talk, stream)[:None if sent == "half" else -13])
    talk.s(rst(stream, code))
    books.expect(server_abort=1)
    talk.answer(talk.ask("/"), 200)
    talk.close()
    books.expect({200: 1}, server_abort=1)
    assert judged() in (None, (2, 1))


def test_no_error_after_an_early_answer(shop, books):
    """RFC 9113, section 8.1: the rest of the request is not wanted; the answer is whole."""
    talk = Talk(shop)
    stream = talk.ask("/", method="POST", body=b"x" * 100, end=False)
    talk.s(talk.answering(stream, 413) + rst(stream, NO_ERROR))
    talk.c(rst(stream, NO_ERROR))
    talk.close()
    books.expect({413: 1})


def test_refused_streams(shop, books, judged):
    talk = Talk(shop)
    streams = [talk.ask("/cart/1") for _ in range(5)]
    for stream in streams[1:]:
        talk.s(rst(stream, REFUSED_STREAM))
    talk.answer(streams[0])
    talk.close()
    books.expect({200: 1}, not_accepted=4)
    assert judged() in (None, (1, 0))


@pytest.mark.parametrize("order", ["answered-behind", "answered-before"])
@pytest.mark.parametrize("last", [0, 3, 9])
def test_streams_above_the_last_of_goaway(shop, books, judged, order, last):
    talk = Talk(shop)
    streams = [talk.ask("/") for _ in range(5)]
    accepted = [stream for stream in streams if stream <= last]
    if order == "answered-before":
        for stream in accepted:
            talk.answer(stream, 404)
        talk.s(goaway(last))
    else:
        talk.s(goaway(last, INTERNAL_ERROR, b"why"))
        for stream in accepted:
            talk.answer(stream, 404)
    talk.close()
    n = len(accepted)
    books.expect({404: n}, not_accepted=5 - n)
    assert judged() in (None, (n, 0))


def test_streams_that_cross_a_goaway(shop, books):
    talk = Talk(shop)
    talk.answer(talk.ask("/"))
    talk.s(goaway(1))
    for _ in range(3):
        talk.ask("/cart/1")
    talk.close()
    books.expect({200: 1}, not_accepted=3)


def test_a_graceful_goaway(shop, books):
    """Announced first (RFC 9113, section 6.8): what comes in between is accepted."""
    talk = Talk(shop)
    first = talk.ask("/")
    talk.s(goaway(2**31 - 1))
    second = talk.ask("/")
    talk.s(goaway(second))
    talk.ask("/")
    talk.answer(first).answer(second, 404)
    talk.close()
    books.expect({200: 1, 404: 1}, not_accepted=1)


def test_a_goaway_of_the_client(shop, books):
    """It names streams of the server's, of which there are none."""
    talk = Talk(shop)
    streams = [talk.ask("/") for _ in range(3)]
    talk.c(goaway(0))
    for stream in streams:
        talk.answer(stream)
    talk.close()
    books.expect({200: 3})


def test_accepted_streams_of_a_goaway_that_get_no_answer(shop, books):
    talk = Talk(shop)
    for _ in range(4):
        talk.ask("/")
    talk.s(goaway(5)).answer(1)
    talk.close()
    books.expect({200: 1}, server_abort=2, not_accepted=1)


LEAVE = {"client-closes": (lambda w: w.client.close(), "client_abort"),
         "client-resets": (lambda w: hard_close(w.client), "client_abort"),
         "server-closes": (lambda w: w.server.close(), "server_abort"),
         "server-resets": (lambda w: hard_close(w.server), "server_abort"),
         "server-shuts": (lambda w: w.server.shutdown(socket.SHUT_WR), "server_abort")}


@pytest.mark.parametrize("how", LEAVE)
@pytest.mark.parametrize("n", [1, 100])
def test_a_connection_that_ends(shop, books, how, n):
    """Every stream that is open ends with it, those in half an answer, too."""
    talk = Talk(shop)
    streams = [talk.ask("/cart/1") for _ in range(2 * n)]
    talk.answer(streams[0])
    for stream in streams[n:]:
        talk.s(half(talk, stream))
    leave, outcome = LEAVE[how]
    leave(talk.wire)
    if how == "server-shuts":
        books.expect({200: 1}, server_abort=2 * n - 1)
    talk.close()
    books.expect({200: 1}, **{outcome: 2 * n - 1})


def test_a_half_request_is_none(shop, books):
    """A block that is not complete has asked for nothing."""
    talk = Talk(shop)
    stream = talk.next_stream()
    head = talk.client.encode([(":method", "GET"), (":path", "/"), (":scheme", "http"), ("x-a", "b" * 50)])
    talk.c(block(stream, head, True, cuts=(10,))[:-20])
    talk.wire.client.close()
    talk.close()
    books.expect()


def test_a_server_that_says_goaway_and_leaves(shop, books):
    """As one that refuses what it was sent: the request was not accepted."""
    talk = Talk(shop)
    talk.ask("/")
    talk.s(goaway(0, 1, b"bad"))
    talk.wire.server.close()
    talk.close()
    books.expect(not_accepted=1)


def test_settings_alone(shop, books):
    for _ in range(5):
        Talk(shop).c(settings()).s(SETTINGS_ACK).close()
    books.expect()


@user_space
def test_unanswered_streams(shop, books):
    """One of many, on a connection that goes on."""
    talk = Talk(shop)
    stream = talk.ask("/cart/1")
    end = time.monotonic() + 1.7 * UNANSWERED_S
    n = 0
    while time.monotonic() < end:
        talk.answer(talk.ask("/"), 200)
        n += 1
        time.sleep(0.02)
    books.expect({200: n}, unanswered=1)
    talk.answer(stream, 200).close()
    books.expect({200: n}, unanswered=1)


def test_ids_may_leave_some_out(shop, books):
    talk = Talk(shop)
    for stream in (1, 7, 9, 1001, 2**31 - 1):
        talk.answer(talk.ask("/", stream=stream), 404)
    talk.close()
    books.expect({404: 5})
