# SPDX-License-Identifier: GPL-2.0-only
"""Heads that can be read in two ways: what the ends then do tells which one was right."""
import pytest

from framing_cases import FAKE_REPLY, TE, c, s
from harness import wait_until
from test_framing import WAYS, play
from wire import Port, chunked, get, head, reply

BARE = head(200)  # without any framing, on a connection that goes on
LENGTHS = "Content-Length: 5\r\nContent-Length: 7"

CASES = {
    # "until the close" that was none
    "bare": ([c(get()), s(BARE), c(get()), s(reply(404)), c(get()), s(reply(500))],
             {200: 1, 404: 1, 500: 1}),
    "bare-with-bytes": ([c(get()), s(BARE, b"hello"), c(get()), s(reply(404))], {200: 1, 404: 1}),
    "bare-with-bytes-apart": ([c(get()), s(BARE), s(b"hello"), s(b"HTTP"), c(get()), s(reply(404))],
                              {200: 1, 404: 1}),
    "all-bare": ([c(get()), s(BARE)] * 4 + [c(get()), s(reply(404))], {200: 4, 404: 1}),
    "bare-last": ([c(get()), s(reply(404)), c(get()), s(BARE, FAKE_REPLY)], {404: 1, 200: 1}),
    "lengths-differ": ([c(get()), s(head(200, LENGTHS), b"hello"), c(get()), s(reply(404))],
                       {200: 1, 404: 1}),
    "length-is-no-number": ([c(get()), s(head(200, "Content-Length: five"), b"hello"), c(get()),
                             s(reply(404))], {200: 1, 404: 1}),
    "identity": ([c(get()), s(head(200, "Transfer-Encoding: identity", "Content-Length: 5"),
                              b"hello"), c(get()), s(reply(404))], {200: 1, 404: 1}),
    "until-the-close-indeed": ([c(get()), s(BARE, b"a"), s(FAKE_REPLY), s(b"b")], {200: 1}),
    "close-announced": ([c(get()), s(head(200, "Connection: close")), c(get()), s(FAKE_REPLY)],
                        {200: 1}, {"not_accepted": 1}),
    "old-and-bare": ([c(b"GET / HTTP/1.0\r\n\r\n"), s(head(200, version="HTTP/1.0")), c(get()),
                      s(FAKE_REPLY)], {200: 1}, {"not_accepted": 1}),
    "no-response-behind": ([c(get()), s(BARE), c(get()), s(b"HELLO, "), s(b"HTTP/2 is text")],
                           {200: 1}, {"not_accepted": 1}),
    # an answer that has no body, by its status or method, and has one
    "head-with-a-body": ([c(get(method="HEAD")), s(head(200, "Content-Length: 5"), b"hello"),
                          c(get()), s(reply(404))], {200: 1, 404: 1}),
    "head-with-a-body-pipelined": ([c(get(method="HEAD"), get()),
                                    s(head(200, "Content-Length: 5"), b"hello", reply(404))],
                                   {200: 1, 404: 1}),
    "head-with-a-body-apart": ([c(get(method="HEAD"), get(), get()),
                                s(head(200, "Content-Length: 9")), s(b"hello"), s(b"HTTP"),
                                s(reply(404)), s(reply(500))], {200: 1, 404: 1, 500: 1}),
    "head-with-a-body-like-a-response": ([c(get(method="HEAD")),
                                          s(head(200, "Content-Length: 37"), FAKE_REPLY),
                                          c(get()), s(reply(404))], {200: 1, 404: 1}),
    "head-in-chunks": ([c(get(method="HEAD")), s(head(200, TE), chunked(b"hello")), c(get()),
                        s(reply(404))], {200: 1, 404: 1}),
    "no-content-with-a-body": ([c(get()), s(head(204, "Content-Length: 5"), b"hello"), c(get()),
                                s(reply(404))], {204: 1, 404: 1}),
    "not-modified-with-a-body": ([c(get()), s(head(304, "Content-Length: 5"), b"hello"), c(get()),
                                  s(reply(404))], {304: 1, 404: 1}),
    "not-modified-with-a-body-pipelined": ([c(get(), get()), s(head(304, TE), chunked(b"hello")),
                                            s(reply(404))], {304: 1, 404: 1}),
    "interim-with-a-body": ([c(get()), s(head(103, "Content-Length: 5"), b"hello", reply(200)),
                             c(get()), s(reply(404))], {200: 1, 404: 1}),
    "more-than-the-length": ([c(get()), s(head(200, "Content-Length: 3"), b"hello"), c(get()),
                              s(reply(404))], {200: 1, 404: 1}),
    "more-than-the-length-thrice": ([c(get()), s(head(200, "Content-Length: 3"), b"hello")] * 3
                                    + [c(get()), s(reply(404))], {200: 3, 404: 1}),
    "behind-the-last-chunk": ([c(get()), s(head(200, TE), chunked(b"hello"), b"\r\n\r\nextra"),
                               c(get()), s(reply(404))], {200: 1, 404: 1}),
    "unsolicited": ([c(get()), s(reply(200)), s(reply(408)), c(get()), s(reply(404))],
                    {200: 1, 404: 1}),
    # an answer that should have a body, and has none
    "length-without-a-body": ([c(get()), s(head(200, "Content-Length: 500")), c(get()),
                               s(reply(404))], {200: 1, 404: 1}),
    "short-length-without-a-body": ([c(get()), s(head(200, "Content-Length: 5")), c(get()),
                                     s(reply(404)), c(get()), s(reply(500))],
                                    {200: 1, 404: 1, 500: 1}),
    "chunks-without-a-body": ([c(get()), s(head(200, TE)), c(get()), s(reply(404))],
                              {200: 1, 404: 1}),
    "the-body-comes-late": ([c(get()), s(head(200, "Content-Length: 37")), c(get()),
                             s(FAKE_REPLY), s(reply(404))], {200: 1, 404: 1}),
    # a body that is in chunks, or not
    "chunked-and-identity": ([c(get()), s(head(200, "Transfer-Encoding: chunked, identity"),
                                          chunked(b"hello", FAKE_REPLY)), c(get()),
                              s(reply(404))], {200: 1, 404: 1}),
    "chunked-and-gzip-until-close": ([c(get()), s(head(200, "Transfer-Encoding: chunked, gzip"),
                                                  b"\x1f\x8b\x08 not in chunks", FAKE_REPLY)],
                                     {200: 1}),
    "old-and-chunked": ([c(get()), s(head(200, TE, "Connection: keep-alive", version="HTTP/1.0"),
                                     chunked(b"hello")), c(get()), s(reply(404))],
                        {200: 1, 404: 1}),
    "old-and-not-chunked": ([c(get()), s(head(200, TE, version="HTTP/1.0"), b"hello ",
                                         FAKE_REPLY)], {200: 1}),
    "length-and-no-chunks": ([c(get()), s(head(200, TE, "Content-Length: 44"), b"hello, ",
                                          FAKE_REPLY), c(get()), s(reply(404))],
                             {200: 1, 404: 1}),
    "length-and-no-chunks-but-digits": ([c(get()), s(head(200, "Content-Length: 5", TE), b"feedx"),
                                         c(get()), s(reply(404))], {200: 1, 404: 1}),
    "length-and-chunks": ([c(get()), s(head(200, "Content-Length: 3", TE), chunked(b"hello")),
                           c(get()), s(reply(404))], {200: 1, 404: 1}),
}
# Where a response that is read whole by its head is not what the pieces of a write show.
BY_WRITES = {"length-without-a-body", "short-length-without-a-body", "the-body-comes-late"}


@pytest.fixture(scope="module")
def port(agent):
    listening = Port()
    yield listening
    listening.close()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("case", CASES)
def test_case(agent, port, case, way):
    if case in BY_WRITES and WAYS[way][0]:
        pytest.skip("it is a matter of what one write has")
    turns, want, *others = CASES[case]
    watch = agent.watch(port.port)
    play(port.dial(), turns, *WAYS[way])
    watch.expect(want, **(others[0] if others else {}))


def test_the_time_of_an_answer_that_was_over(agent, port):
    """It ends with its last byte, not when the next one shows that."""
    import time
    if not agent.real:
        return
    wire = Port()
    one = wire.dial().c(get()).s(BARE).s(b"hello")
    time.sleep(0.5)
    one.c(get()).s(reply(404)).close()
    assert wait_until(lambda: agent.service(wire.port)["requests"] == 2)
    for route in agent.service(wire.port)["routes"]:
        assert route["latency_seconds"]["p50"] < 0.2, route
    wire.close()
