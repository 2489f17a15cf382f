# SPDX-License-Identifier: GPL-2.0-only
"""HTTP/2, byte by byte: each stream is one request, however its frames are dressed, cut, mixed and ended."""
import json
import random

import pytest

from conftest import shared_agent, shared_port
from counted import Books
from frames import (NO_ERROR, PING, PONG, PREFACE, PRIORITY, PUSH_PROMISE, SETTINGS_ACK, Talk, block, data, frame,
                    goaway, request, rst, settings, window_update)
from harness import LONG, scaled, user_space
from wire import get, reply

ROUTES = ["/", "/cart/*", "/items/**", "/users/*/orders"]
CONFIG = """
agent: {{interval: 1s, unanswered_after: 10s}}
services:
- {{name: shop, match: {{port: {port}}}, routes: {routes}}}
"""


shop = pytest.fixture(scope="module")(shared_port)


@pytest.fixture(scope="module")
def agent(shop):
    yield from shared_agent(CONFIG.format(port=shop.port, routes=json.dumps(ROUTES)))


@pytest.fixture
def books(agent):
    return Books(agent)


@pytest.mark.parametrize("cut", [None, 1, 2, 3, 7, 9, 10, 1400])
@pytest.mark.parametrize("server_first", [False, True], ids=["client-first", "server-first"])
def test_requests_one_after_the_other(shop, books, cut, server_first):
    talk = Talk(shop, cut, server_first=server_first)
    for path, status in (("/", 200), ("/cart/1", 404), ("/cart/2", 500), ("/items/1/2/3", 200), ("/no", 200)):
        talk.answer(talk.ask(path), status)
    talk.answer(talk.ask("/users/9/orders", method="POST", body=b"x" * 3000), 201)
    talk.close()
    books.expect({200: 3, 404: 1, 500: 1, 201: 1})
    books.routes({("/", "GET", 200): 1, ("/cart/*", "GET", 404): 1, ("/cart/*", "GET", 500): 1,
                  ("/items/**", "GET", 200): 1, ("_other", "GET", 200): 1, ("/users/*/orders", "POST", 201): 1})


def conversation(talk):
    """[(who, bytes)] with a frame of most kinds, and what it comes to."""
    client, server = talk.client, talk.server
    said = [("c", PREFACE + settings((3, 100))), ("s", settings((3, 100)) + SETTINGS_ACK),
            ("c", SETTINGS_ACK + window_update() + frame(PING, payload=bytes(8))), ("s", PONG)]
    head = client.encode(request("/cart/abc", ("user-agent", "cut/1.0"), method="POST"))
    said.append(("c", block(1, head, cuts=(1, len(head) // 2), padding=3, priority=True)
                 + data(1, b"body", False, 5) + data(1, b"", True)))
    head = client.encode(request("/items/x/y"))
    said.append(("c", block(3, head, True)))
    said.append(("s", block(3, server.encode([(":status", "103"), ("link", "</x>")]))
                 + block(3, server.encode([(":status", "404"), ("x-long", "y" * 60)]), cuts=(2,), padding=0)))
    said.append(("s", block(1, server.encode([(":status", "503")])) + data(3, b"h", False) + data(1, b"z", False)))
    said.append(("s", data(3, b"", True) + block(1, server.encode([("x-trailer", "1")]), True, padding=1)))
    return said, {404: 1, 503: 1}


def pieces_of(said, place):
    """The conversation with the message at that place of all its bytes cut there."""
    for who, some in said:
        if 0 < place < len(some):
            yield who, some, [place]
        else:
            yield who, some, None
        place -= len(some)


def test_a_conversation_cut_at_every_byte(shop, books):
    length = sum(len(some) for _, some in conversation(Talk(shop, hello=False))[0])
    places = range(1, length) if LONG else random.sample(range(1, length), scaled(100, 20))
    total = {}
    for place in places:
        talk = Talk(shop, hello=False)
        said, comes_to = conversation(talk)
        for who, some, cut in pieces_of(said, place):
            getattr(talk.wire, who)(some, cut)
        talk.close()
        for status, n in comes_to.items():
            total[status] = total.get(status, 0) + n
        books.expect(total)
    n = len(places)
    books.routes({("/cart/*", "POST", 503): n, ("/items/**", "GET", 404): n})


def test_bytes_read_one_by_one_while_written_at_once(shop, books):
    talk = Talk(shop, hello=False)
    said, comes_to = conversation(talk)
    for who, some in said:
        if who == "c":
            talk.wire.c(some, None, 1)
        else:
            talk.s(some)
    talk.close()
    books.expect(comes_to)


@pytest.mark.parametrize("dress", [
    {"padding": 0}, {"padding": 1}, {"padding": 255}, {"priority": True}, {"priority": True, "padding": 20},
    {"cuts": (1,)}, {"cuts": (3, 4, 5, 6, 7)}, {"cuts": (0, 0, 0)}, {"cuts": (5, 5)},
    {"cuts": (2,), "padding": 9, "priority": True}],
    ids=lambda d: "-".join(f"{k}{v if k != 'cuts' else len(v)}" for k, v in d.items()))
def test_dressed_headers(shop, books, dress):
    talk = Talk(shop)
    for path in ("/cart/1", "/cart/1", "/cart/2"):
        stream = talk.ask(path, ("x-a", "b" * 20), **dress)
        talk.answer(stream, 404, ("x-a", "c" * 20), **dress)
    talk.close()
    books.expect({404: 3})
    books.routes({("/cart/*", "GET", 404): 3})


def test_a_block_cut_at_every_byte_of_its_codes(shop, books):
    """CONTINUATION within integers, names, and the bits of Huffman codes."""
    talk, n = Talk(shop), 0
    size = len(Talk(shop).client.encode(request("/items/~~~!!!/q", ("x-new-name", "value"))))
    for place in range(1, size):
        stream = talk.next_stream()
        head = talk.client.encode(request(f"/items/~~~!!!/{place}", (f"x-new-name{place}", "value")))
        talk.c(block(stream, head, True, cuts=(min(place, len(head)),)))
        status = talk.server.encode([(":status", str(418 + place)), ("x-more", "y" * place)])
        talk.s(block(stream, status, True, cuts=(min(place, len(status)),)))
        n += 1
    talk.close()
    books.expect({418 + place: 1 for place in range(1, size)})
    books.routes({("/items/**", "GET", 418 + place): 1 for place in range(1, size)})


@pytest.mark.parametrize("n", [2, 10, 100, 1000])
@pytest.mark.parametrize("order", ["first-first", "last-first", "mixed"])
def test_streams_at_once(shop, books, n, order):
    talk = Talk(shop, 4000)
    streams = [talk.ask(f"/cart/{i}") for i in range(n)]
    books.in_flight(n)
    places = list(range(n))
    if order == "last-first":
        places.reverse()
    elif order == "mixed":
        random.Random(n).shuffle(places)
    for i in places:
        talk.answer(streams[i], 200 + i % 3, body=None if i % 2 else b"hello")
    talk.close()
    statuses = [200 + i % 3 for i in range(n)]
    want = {status: statuses.count(status) for status in set(statuses)}
    books.expect(want)
    books.routes({("/cart/*", "GET", status): count for status, count in want.items()})


def test_bodies_of_streams_in_turns(shop, books):
    talk = Talk(shop)
    streams = [talk.ask("/cart/1", body=b"part", end=False, method="PUT") for _ in range(20)]
    for _ in range(5):
        for stream in streams:
            talk.c(data(stream, b"x" * 100, False))
    for stream in streams:
        talk.c(data(stream))
    for stream in streams:
        talk.answer(stream, end=False)
    for _ in range(5):
        for stream in streams:
            talk.s(data(stream, b"y" * 100, False))
    books.expect({})
    books.in_flight(20)
    for stream in streams:
        talk.s(data(stream))
    talk.close()
    books.expect({200: 20})


def ways_to_end(talk):
    fields = talk.server.encode
    return {
        "headers": lambda s: talk.s(block(s, fields([(":status", "204")]), True)),
        "data": lambda s: talk.s(block(s, fields([(":status", "200")])) + data(s, b"x")),
        "empty-data": lambda s: talk.s(block(s, fields([(":status", "200")])) + data(s, b"x", False) + data(s)),
        "padded-empty-data": lambda s: talk.s(block(s, fields([(":status", "200")])) + data(s, padding=30)),
        "trailers": lambda s: talk.s(block(s, fields([(":status", "200")])) + data(s, b"x", False)
                                     + block(s, fields([("x-t", "1")]), True)),
        "empty-trailers": lambda s: talk.s(block(s, fields([(":status", "200")])) + block(s, b"", True)),
    }


@pytest.mark.parametrize("how", ["headers", "data", "empty-data", "padded-empty-data", "trailers", "empty-trailers"])
def test_ways_to_end_an_answer(shop, books, how):
    talk = Talk(shop)
    for _ in range(3):
        ways_to_end(talk)[how](talk.ask("/"))
    talk.close()
    books.expect({204 if how == "headers" else 200: 3})


@pytest.mark.parametrize("how", ["empty-data", "trailers", "empty-headers"])
def test_ways_to_end_a_request(shop, books, how):
    talk = Talk(shop)
    for _ in range(3):
        stream = talk.ask("/cart/1", method="POST", end=False)
        if how == "empty-data":
            talk.c(data(stream, b"x", False)).c(data(stream))
        else:
            fields = [("x-t", "1")] if how == "trailers" else []
            talk.c(data(stream, b"x", False)).c(block(stream, talk.client.encode(fields), True))
        talk.answer(stream)
    talk.close()
    books.expect({200: 3})
    books.routes({("/cart/*", "POST", 200): 3})


def test_informational_answers_are_no_answers(shop, books):
    talk = Talk(shop)
    stream = talk.ask("/", ("expect", "100-continue"), method="POST", end=False)
    talk.s(block(stream, talk.server.encode([(":status", "100")])))
    talk.c(data(stream, b"body"))
    for _ in range(3):
        talk.s(block(stream, talk.server.encode([(":status", "103"), ("link", "</style.css>; rel=preload")])))
    books.expect({})
    books.in_flight(1)
    talk.answer(stream, 201)
    talk.close()
    books.expect({201: 1})


def test_frames_that_are_no_requests(shop, books):
    """Of unknown types, of streams that nobody opened, and floods of what keeps a connection."""
    talk = Talk(shop)
    stream = talk.ask("/")
    noise = (frame(PRIORITY, 0, 9, bytes(5)) + frame(0xb, 0xff, stream, b"x" * 300) + frame(0xfa, 1, 0, b"")
             + frame(0x10, 0, 0, b"\0\0\0\1u=1") + window_update(stream) + settings((3, 5), (0x0f, 77)))
    talk.c(noise * 3).s(noise.replace(frame(PRIORITY, 0, 9, bytes(5)), b"") + frame(0xa, 0, 0, b"\0\0h3=\":1\""))
    for _ in range(50):
        talk.c(frame(PING, payload=b"12345678") * 50 + settings() * 50).s(PONG * 50 + SETTINGS_ACK * 50)
    talk.answer(stream, 404)
    talk.close()
    books.expect({404: 1})


def test_frames_that_look_like_others_inside(shop, books):
    """Bodies and padding are not looked into."""
    talk = Talk(shop)
    trap = PREFACE + block(3, b"\x82\x86\x84", True) + goaway(0) + rst(1) + get() + reply(500)
    stream = talk.ask("/", method="POST", body=trap * 20)
    talk.answer(stream, 200, body=trap * 20)
    talk.c(frame(0x42, 0, 0, trap)).s(frame(0x42, 0, 0, trap))
    talk.answer(talk.ask("/"), 404)
    talk.close()
    books.expect({200: 1, 404: 1})


def test_large_frames(shop, books):
    talk = Talk(shop, 65536)
    for size in (16384, 16385, 1 << 20, (1 << 24) - 1):
        talk.answer(talk.ask("/", method="POST", body=b"a" * size), 200, body=b"b" * size)
    talk.close()
    books.expect({200: 4})


def test_a_large_head(shop, books):
    """Of more fields and longer ones than anyone keeps."""
    talk = Talk(shop)
    for i in range(3):
        fields = [(f"x-{i}-{j}", "v" * 500) for j in range(100)]
        stream = talk.ask("/items/" + "p" * 5000, *fields, cuts=range(1000, 50000, 1000))
        talk.answer(stream, 431, *fields, cuts=range(1000, 50000, 1000))
    talk.answer(talk.ask("/cart/1"), 200)
    talk.close()
    books.expect({431: 3, 200: 1})
    books.routes({("/items/**", "GET", 431): 3, ("/cart/*", "GET", 200): 1})


@pytest.mark.parametrize("size", [0, 64, 1000, 4096, 16384, 65536])
def test_dynamic_tables(shop, books, size):
    """Of any announced size up to 64 KiB, in which paths come back long after they were first said."""
    talk, rng, want = Talk(shop, table=size), random.Random(size), {}
    for i in range(scaled(1200, 100)):
        path, route = rng.choice([(f"/cart/{rng.randrange(300)}", "/cart/*"),
                                  (f"/items/{rng.randrange(50)}/{rng.randrange(6)}", "/items/**"), ("/", "/")])
        status = rng.choice([200, 201, 404, 422, 507])
        stream = talk.ask(path, ("x-id", str(rng.randrange(200))), ("user-agent", f"agent/{rng.randrange(9)}"))
        talk.answer(stream, status, ("x-said", str(rng.randrange(200))), body=None)
        key = route, "GET", status
        want[key] = want.get(key, 0) + 1
    talk.close()
    statuses = {}
    for (_, _, status), n in want.items():
        statuses[status] = statuses.get(status, 0) + n
    books.expect(statuses)
    books.routes(want)


def test_tables_that_shrink_and_grow(shop, books):
    talk = Talk(shop)
    for i, size in enumerate((4096, 0, 200, 4096, 64, 4096, 100, 0, 4096) * 3):
        talk.client.header_table_size = talk.server.header_table_size = size
        for path in ("/cart/1", "/cart/2", "/cart/1"):
            talk.answer(talk.ask(path, ("x-n", str(i))), 404, ("x-n", str(i)))
    talk.close()
    books.expect({404: 81})
    books.routes({("/cart/*", "GET", 404): 81})


def test_methods(shop, books):
    methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"]
    talk = Talk(shop)
    for method in methods * 2:
        talk.answer(talk.ask("/", method=method), 200, body=None if method == "HEAD" else b"x")
    talk.answer(talk.ask("/", method="BREW"), 200)
    talk.close()
    books.expect({200: 17})
    books.routes({**{("/", method, 200): 2 for method in methods}, ("/", "_OTHER", 200): 1})


def test_a_tunnel(shop, books):
    """CONNECT is answered by its 2xx; what goes through it is no more than DATA."""
    talk = Talk(shop)
    stream = talk.next_stream()
    talk.c(block(stream, talk.client.encode([(":method", "CONNECT"), (":authority", "far:443")])))
    books.in_flight(1)
    talk.s(block(stream, talk.server.encode([(":status", "200")])))
    books.expect({200: 1})
    talk.c(data(stream, get(), False)).s(data(stream, reply(500), False))
    talk.c(data(stream)).s(data(stream))
    stream = talk.next_stream()
    talk.c(block(stream, talk.client.encode([(":method", "CONNECT"), (":authority", "far:443")])))
    talk.answer(stream, 502)
    talk.close()
    books.expect({200: 1, 502: 1})
    books.routes({("_other", "CONNECT", 200): 1, ("_other", "CONNECT", 502): 1})


def test_a_websocket(shop, books):
    """RFC 8441: the event is the 2xx."""
    talk = Talk(shop)
    connect = [(":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/cart/live"),
               (":authority", "test"), ("sec-websocket-version", "13")]
    stream = talk.next_stream()
    talk.c(block(stream, talk.client.encode(connect)))
    talk.s(block(stream, talk.server.encode([(":status", "200")])))
    books.expect({200: 1})
    for _ in range(5):
        talk.c(data(stream, b"\x81\x85abcdefgh", False)).s(data(stream, b"\x81\x05hello", False))
    talk.c(rst(stream))
    talk.answer(talk.ask("/"), 404)
    talk.close()
    books.expect({200: 1, 404: 1})
    books.routes({("/cart/*", "CONNECT", 200): 1, ("/", "GET", 404): 1})


def test_a_push(shop, books):
    """It moves the table of answers. What is pushed was asked by nobody."""
    talk = Talk(shop)
    stream = talk.ask("/")
    promised = talk.server.encode(request("/style.css", ("x-new", "entry")))
    talk.s(block(stream, promised, kind=PUSH_PROMISE, first=b"\0\0\0\2", padding=4, cuts=(3, 9)))
    talk.s(block(2, talk.server.encode([(":status", "200"), ("x-new", "other")])) + data(2, b"css", True))
    talk.answer(stream, 404, ("x-new", "entry"))
    talk.answer(talk.ask("/"), 404, ("x-new", "entry"))
    talk.close()
    books.expect({404: 2})


def test_an_answer_before_its_request_is_over(shop, books):
    talk = Talk(shop)
    stream = talk.ask("/cart/1", method="POST", body=b"x" * 100, end=False)
    talk.answer(stream, 413)
    books.expect({413: 1})
    talk.s(rst(stream, NO_ERROR))
    talk.c(data(stream, b"x" * 100, True))
    talk.answer(talk.ask("/"), 200)
    talk.close()
    books.expect({413: 1, 200: 1})


def test_requests_and_answers_in_one_call(shop, books):
    talk = Talk(shop)
    asked = [talk.asking(f"/cart/{i}", body=b"b" * i, method="POST") for i in range(50)]
    talk.c(b"".join(some for _, some in asked))
    talk.s(b"".join(talk.answering(stream, 200 if stream % 4 == 1 else 404) for stream, _ in asked))
    talk.close()
    books.expect({200: 25, 404: 25})


@pytest.mark.parametrize("settings_in", [b"", settings()], ids=["alone", "settings"])
def test_an_upgrade(shop, books, settings_in):
    """Stream 1 is the request that asked for it (RFC 7540, section 3.2)."""
    talk = Talk(shop, hello=False)
    talk.c(get("/cart/1", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
               "HTTP2-Settings: AAMAAABkAAQAAP__"))
    talk.s(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + settings_in)
    if not settings_in:
        talk.s(settings())
    talk.c(PREFACE + settings() + SETTINGS_ACK)
    talk.answer(1, 404)
    talk.stream = 1
    talk.answer(talk.ask("/"), 200)
    talk.close()
    books.expect({404: 1, 200: 1})
    books.routes({("/cart/*", "GET", 404): 1, ("/", "GET", 200): 1})


def test_an_upgrade_that_is_declined(shop, books):
    talk = Talk(shop, hello=False)
    for _ in range(2):
        talk.c(get("/", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"))
        talk.s(reply(200))
    talk.close()
    books.expect({200: 2})


def test_http1_and_http2_on_one_port(shop, books):
    talks = [Talk(shop) for _ in range(3)]
    plain = [shop.dial() for _ in range(3)]
    for _ in range(10):
        for talk, wire in zip(talks, plain):
            stream = talk.ask("/cart/1")
            wire.c(get("/cart/2"))
            talk.answer(stream, 200)
            wire.s(reply(404))
    for talk, wire in zip(talks, plain):
        talk.close()
        wire.close()
    books.expect({200: 30, 404: 30})


def test_a_preface_in_the_middle_is_none(shop, books):
    """HTTP/1.x stays HTTP/1.x: the preface behind an answer is a request that the server refuses."""
    wire = shop.dial().c(get()).s(reply(200))
    wire.c(PREFACE).s(reply(400)).close()
    books.expect({200: 1, 400: 1})


@pytest.mark.parametrize("whole", [True, False], ids=["answered", "asked"])
def test_what_is_not_http2_behind_the_preface(shop, agent, books, whole):
    """The rest of the connection is left alone."""
    talk = Talk(shop)
    stream = talk.ask("/")
    if whole:
        talk.answer(stream)
    talk.wire.client.sendall(b"\xff" * 300)
    talk.wire.server.recv(1000)
    talk.close()
    if agent.real:
        got = books.watch.delta()
        assert got["status"] == ({"200": 1} if whole else {}), got


@pytest.mark.parametrize("seen", [False, True], ids=["unread", "read"])
def test_windows_of_one_byte(shop, books, seen):
    """A slow reader lets a body come byte by byte, with a frame for each."""
    talk = Talk(shop)
    stream = talk.ask("/", method="POST", end=False)
    for i in range(300):
        talk.c(data(stream, b"x", i == 299)).s(window_update(stream, 1))
    talk.s(block(stream, talk.server.encode([(":status", "200")])))
    for i in range(300):
        talk.s(data(stream, b"y", i == 299))
        if seen:
            talk.c(window_update(stream, 1) + window_update(0, 1))
        if i == 298:
            books.in_flight(1)
    talk.close()
    books.expect({200: 1})


def test_a_flood_of_continuation(shop, books):
    """Thousands of them, empty, of a byte, and of fields that nobody keeps; the server gives up, or answers."""
    talk = Talk(shop, 65536)
    for i, (pieces, end) in enumerate(((2000, "answer"), (5000, "goaway"))):
        stream = talk.next_stream()
        head = talk.client.encode(request("/cart/1")) + b"\0\1a\1b" * pieces
        cuts = [*range(1, len(head), 3), *[len(head)] * 3000]
        if end == "answer":
            talk.c(block(stream, head, True, cuts=cuts))
            talk.answer(stream, 431)
        else:
            talk.c(block(stream, head, True, cuts=cuts)[:-9])  # it never ends
            talk.s(goaway(stream, 11, b"ENHANCE_YOUR_CALM"))
    talk.close()
    books.expect({431: 1})
    books.routes({("/cart/*", "GET", 431): 1})


def test_trailers_that_come_twice(shop, books):
    """What comes behind a stream's end is an error of its sender's, and no second answer, nor a request."""
    talk = Talk(shop)
    stream = talk.ask("/", method="POST", body=b"x", trailers=[("x-a", "1")])
    talk.c(block(stream, talk.client.encode([("x-a", "2")]), True))
    talk.answer(stream, 404, trailers=[("x-b", "1")])
    talk.s(block(stream, talk.server.encode([("x-b", "2")]), True))
    talk.s(block(stream, talk.server.encode([(":status", "500")]), True)).s(data(stream, b"more"))
    talk.answer(talk.ask("/cart/1", ("x-a", "2")), 200, ("x-b", "2"))
    talk.close()
    books.expect({404: 1, 200: 1})


def test_a_stream_that_is_asked_twice(shop, books):
    """Its number was used: the server answers it once."""
    talk = Talk(shop)
    talk.answer(talk.ask("/"), 404)
    talk.ask("/cart/1", stream=1)
    talk.s(rst(1, 5))
    talk.answer(talk.ask("/cart/1"), 200)
    talk.close()
    books.expect({404: 1, 200: 1})


@pytest.mark.parametrize("padding", [0, 255])
def test_padding_everywhere(shop, books, padding):
    talk = Talk(shop, 9)
    for _ in range(3):
        stream, how = talk.next_stream(), {"padding": padding}
        talk.c(block(stream, talk.client.encode(request("/cart/1", method="POST")), **how)
               + data(stream, b"", False, padding) + data(stream, b"x", False, padding)
               + block(stream, talk.client.encode([("x-t", "1")]), True, **how))
        promised = talk.server.encode(request("/css"))
        talk.s(block(stream, promised, kind=PUSH_PROMISE, first=(stream + 1).to_bytes(4, "big"), **how)
               + block(stream, talk.server.encode([(":status", "103")]), **how)
               + block(stream, talk.server.encode([(":status", "404")]), **how)
               + block(stream + 1, talk.server.encode([(":status", "200")]), True, **how)
               + data(stream, b"", False, padding) + data(stream, b"y", False, padding)
               + block(stream, talk.server.encode([("x-t", "1")]), True, **how))
    talk.close()
    books.expect({404: 3})
    books.routes({("/cart/*", "POST", 404): 3})


def test_tables_beyond_what_is_followed(shop, books):
    """What is further back than 64 KiB is not known, and is never guessed; what is nearer, is."""
    talk = Talk(shop, table=1 << 20)
    talk.answer(talk.ask("/cart/far"), 418)
    for i in range(40):
        more = [(f"x-{i}-{j}", "v" * 50) for j in range(60)]
        talk.answer(talk.ask("/", *more), 200, *more)
    talk.answer(talk.ask("/cart/near"), 419)
    talk.answer(talk.ask("/cart/near"), 419)
    talk.answer(talk.ask("/cart/far"), 418)
    for size in (0, 65536, 1 << 20):
        talk.client.header_table_size = talk.server.header_table_size = size
        for _ in range(2):
            talk.answer(talk.ask(f"/items/{size}"), 404)
    talk.close()
    books.expect({418: 1, 200: 40, 419: 2, 404: 6, "_unknown": 1})
    books.routes({("/cart/*", "GET", 418): 1, ("/", "GET", 200): 40, ("/cart/*", "GET", 419): 2,
                  ("/items/**", "GET", 404): 6, ("_unknown", "GET", "_unknown"): 1})


@user_space
@pytest.mark.parametrize("outcome", ["answered", "left"])
def test_ten_thousand_streams_of_a_connection(shop, books, outcome):
    talk, n = Talk(shop, None), 10000
    asked = [talk.asking("/cart/1") for _ in range(n)]
    for i in range(0, n, 500):
        talk.c(b"".join(some for _, some in asked[i:i + 500]))
    books.in_flight(n)
    if outcome == "answered":
        asked.reverse()
        for i in range(0, n, 500):
            talk.s(b"".join(talk.answering(stream, 404) for stream, _ in asked[i:i + 500]))
    talk.close()
    books.expect(*[{404: n}] if outcome == "answered" else [], **{"server_abort": n} if outcome == "left" else {})
