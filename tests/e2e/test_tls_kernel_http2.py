# SPDX-License-Identifier: GPL-2.0-only
"""HTTP/2 over TLS of which the kernel does one direction, or both: each stream is one request, as without."""
import collections

import pytest

import ktls
from conftest import shared_agent
from counted import Books
from frames import (CANCEL, GRPC, INTERNAL_ERROR, NO_ERROR, PREFACE, Talk, block, data, goaway, message, rst)
from harness import free_port, scaled, wait_until
from http2_clients import Http2Client, curl, h2load, nghttp
from http2_servers import Http2Server
from ktls import OPTIONS, Handed, KtlsPort
from tls import VERSIONS, blind, certificate
from wire import get, reply

CONFIG = """
agent: {{interval: 1s}}
tls: servers
services:
- {{name: shop, match: {{port: {shop[1.2]}}}, routes: ["/", "/cart/*", "/p.S/*"]}}
- {{name: shop3, match: {{port: {shop[1.3]}}}, routes: ["/", "/cart/*", "/p.S/*"]}}
- {{name: nginx, match: {{port: {nginx}}}, routes: ["/index.html", "/missing", "/files/*"]}}
"""
WARNINGS = {"1.2": 112, "1.3": 90}  # unrecognized_name, user_canceled


@pytest.fixture(scope="module", autouse=True)
def has_ktls():
    with ktls.module():
        yield


@pytest.fixture(scope="module")
def shops(has_ktls, tmp_path_factory):
    pair = certificate(tmp_path_factory.mktemp("shop"))
    shops = {version: KtlsPort(version, *pair) for version in VERSIONS}
    yield shops
    for shop in shops.values():
        shop.close()


@pytest.fixture(scope="module")
def nginx_port():
    return free_port()


@pytest.fixture(scope="module")
def agent(shops, nginx_port):
    ports = {version: shop.port for version, shop in shops.items()}
    yield from shared_agent(CONFIG.format(shop=ports, nginx=nginx_port))


@pytest.fixture(params=VERSIONS)
def shop(request, shops):
    shops[request.param].version = request.param
    return shops[request.param]


@pytest.fixture
def books(agent, shop):
    """From when its connections are counted: a library is probed while its process already serves."""
    name = "shop" if shop.version == "1.2" else "shop3"

    def counted():
        books = Books(agent, name)
        talk = Talk(shop)
        talk.answer(talk.ask("/"))
        talk.close()
        return wait_until(lambda: books.watch.delta()["requests"] == 1, 0.3)

    if agent.real:
        if agent.status()["tls"]["state"] != "on":
            pytest.skip("this agent does not look inside of TLS")
        assert wait_until(counted, 15, 0.05), agent.status()["coverage"]
    books, before = Books(agent, name), blind(agent, shop.port)
    with Handed(shop.version):
        yield books
    assert blind(agent, shop.port) == before


@pytest.mark.parametrize(("server_first", "cut"), [(False, None), (False, 1), (False, 7), (True, None), (True, 9)])
def test_requests_one_after_the_other(shop, books, server_first, cut):
    talk = Talk(shop, cut, server_first=server_first)
    for path, status in (("/", 200), ("/cart/1", 404), ("/cart/2", 500), ("/no", 200)):
        talk.answer(talk.ask(path), status)
    talk.answer(talk.ask("/cart/9", method="POST", body=b"x" * 3000), 201)
    talk.close()
    books.expect({200: 2, 404: 1, 500: 1, 201: 1})
    books.routes({("/", "GET", 200): 1, ("/cart/*", "GET", 404): 1, ("/cart/*", "GET", 500): 1, ("_other", "GET", 200): 1,
                  ("/cart/*", "POST", 201): 1})


def test_streams_at_once(shop, books):
    talk, n = Talk(shop, 4000), 300
    streams = [talk.ask(f"/cart/{i}") for i in range(n)]
    for i, stream in enumerate(reversed(streams)):
        talk.answer(stream, 200 if i % 3 else 503)
    talk.close()
    books.expect({200: 200, 503: 100})


def test_bodies_of_files_and_pipes(shop, books):
    """The head of a frame by the library, and what is in it past the library."""
    talk = Talk(shop)
    for send in (talk.wire.s_file, talk.wire.s_splice):
        for size in (1, 5000, 200000):
            stream = talk.ask("/cart/1")
            talk.s(block(stream, talk.server.encode([(":status", "200")])) + data(stream, b"x" * size)[:9])
            send(b"x" * size)
            talk.answer(talk.ask("/"), 404)
        # a frame that ends with one part of a file, and not with the other
        stream = talk.ask("/cart/2")
        talk.s(block(stream, talk.server.encode([(":status", "503")])) + data(stream, b"x" * 100, False)[:9])
        send(b"x" * 60)
        send(b"x" * 40)
        talk.s(data(stream))
    talk.close()
    books.expect({200: 6, 404: 6, 503: 2})


@pytest.mark.parametrize("shop", ["1.2"], indirect=True)
def test_bodies_that_are_spliced_from_the_socket(shop, books):
    """Where the kernel decrypts: no hook on reading shows it."""
    talk = Talk(shop)
    for size in (1, 5000, 200000):
        stream, some = talk.asking("/cart/1", method="POST", body=b"x" * size)
        talk.c(some[:-size])
        talk.wire.c_splice(some[-size:])
        talk.answer(stream, 200)
        talk.answer(talk.ask("/"), 404)
    talk.close()
    books.expect({200: 3, 404: 3})


def test_control_messages_are_no_frames(shop, books):
    """An alert between frames, and within one."""
    talk = Talk(shop)
    for status in (200, 404):
        some = talk.answering(talk.ask("/cart/1"), status)
        talk.s(some[:5])
        talk.wire.s_alert(WARNINGS[shop.version])
        talk.s(some[5:])
        talk.wire.s_alert(WARNINGS[shop.version])
    talk.close()
    books.expect({200: 1, 404: 1})


def test_streams_that_are_reset(shop, books):
    talk = Talk(shop)
    for who in "cs":
        stream = talk.ask("/")
        talk.s(block(stream, talk.server.encode([(":status", "200")])) + data(stream, b"half", False))
        getattr(talk, who)(rst(stream, CANCEL if who == "c" else INTERNAL_ERROR))
    talk.answer(talk.ask("/"), 404)
    left = talk.ask("/cart/1")
    talk.s(goaway(left - 2, NO_ERROR))
    talk.close()
    books.expect({404: 1}, client_abort=1, server_abort=1, not_accepted=1)


@pytest.mark.parametrize("first", ["client", "server"])
def test_streams_whose_connection_ends(shop, books, first):
    talk = Talk(shop)
    stream = talk.ask("/cart/1")
    talk.s(block(stream, talk.server.encode([(":status", "200")])) + data(stream, b"half", False))
    talk.wire.raw.close()
    getattr(talk.wire, first).close()
    talk.close()
    books.expect(**{f"{first}_abort": 1})


def test_calls(shop, books):
    talk = Talk(shop, server_first=True)
    for status in ("0", "0", "13", "14", None):
        talk.call("/p.S/M", status)
    stream = talk.ask("/p.S/Stream", *GRPC, method="POST", body=message(b"x"))
    talk.answer(stream, 200, ("content-type", "application/grpc"), body=message(b"1"), end=False)
    for _ in range(3):
        talk.s(data(stream, message(b"y" * 100), False))
    talk.s(block(stream, talk.server.encode([("grpc-status", "5")]), True))
    talk.close()
    books.expect({200: 6})
    books.grpc({"OK": 2, "INTERNAL": 1, "UNAVAILABLE": 1, "_absent": 1, "NOT_FOUND": 1})


def test_a_server_that_speaks_no_http2(shop, books):
    """What looks like its preface is a request of HTTP/1.x then, as the answer is one."""
    wire = shop.dial()
    wire.c(PREFACE).s(reply(400)).close()
    wire = shop.dial()
    wire.c(get()).s(reply(404))
    wire.c(get("/cart/1")).s(reply(200)).close()
    books.expect({400: 1, 404: 1, 200: 1})


@pytest.mark.parametrize("version", VERSIONS)
def test_nginx(agent, nginx_port, helpers, tmp_path, version):
    """What clients got is what it logs, and what is counted: many streams, files, bodies, resets."""
    more = f"{OPTIONS} sendfile on;"
    server = Http2Server("nginx", True, helpers, tmp_path / "server", port=nginx_port, more=more,
                         protocols=f"TLSv{version}")
    (tmp_path / "server" / "files" / "large").write_bytes(b"x" * 1000000)
    if agent.real and agent.status()["tls"]["state"] != "on":
        pytest.skip("this agent does not look inside of TLS")

    def counted():
        books = Books(agent, "nginx")
        assert curl(nginx_port, True, ["/index.html"], "--http2") == {200: 1}
        return wait_until(lambda: books.watch.delta()["requests"] == 1, 0.3)

    try:
        assert not agent.real or wait_until(counted, 15, 0.05), agent.status()["coverage"]
        books, total = Books(agent, "nginx"), collections.Counter()
        with Handed(version):
            for got in ask(nginx_port):
                total.update(got)
                books.expect(total)
            aborted = reset(nginx_port)
            total[200] += 1
            books.expect(total, client_abort=aborted)
        server.stop()
        books.expect(total, client_abort=aborted)
        logged = server.logged()[-total.total() - aborted:]
        assert collections.Counter(map(int, logged)) == total + collections.Counter({200: aborted})
    finally:
        server.stop()


def ask(port):
    # a worker may speak first of which the agent has not been told yet that it is probed
    for _ in range(6):
        client = Http2Client(port, True, second=True)
        yield client.wait(client.ask("/missing"))
        client.close()
    client = Http2Client(port, True)
    yield client.wait(*[client.ask(path) for path in ["/index.html"] * 20 + ["/missing"] * 10])
    yield client.wait(*[client.ask("/files/large") for _ in range(5)])
    assert sum(client.bodies.values()) >= 5000000
    yield client.wait(*[client.ask(method="POST", body=b"x" * 10000) for _ in range(3)])  # nginx reads none of it
    client.close()
    yield h2load(port, True, scaled(2000, 200), 4, 50)
    yield h2load(port, True, scaled(300, 30), 3, 1, "/missing", 404)
    yield h2load(port, True, scaled(200, 10), 2, 3, "/files/large")
    yield curl(port, True, ["/index.html", "/missing", "/files/large"] * 3, "--http2")
    yield nghttp(port, True, ["/index.html", "/missing"])


def reset(port):
    """Streams that the client gives up in the middle of their bodies; and one that it does not."""
    client, n = Http2Client(port, True), 3
    for _ in range(n):
        stream = client.ask("/files/large")
        while not client.bodies[stream]:
            client.read()
        client.reset(stream)
    client.wait(client.ask("/index.html"))
    client.close()
    return n
