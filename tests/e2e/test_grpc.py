# SPDX-License-Identifier: GPL-2.0-only
"""gRPC by the libraries that speak it: each call is one request with its route and its status by name."""
import collections
import json
import time

import pytest

from conftest import shared_agent
from counted import Books
from grpc_relay import Relay
from grpc_servers import CODES, NAMES, GrpcClient, GrpcServer, ask
from harness import free_ports, if_long, wait_until
from http2_servers import Http2Server

ROUTES = ["/e2e.Echo/Unary", "/e2e.Echo/Download", "/e2e.Echo/Upload", "/e2e.Echo/Chat", "/other.Service/*"]
CONFIG = """
agent: {interval: 1s, unanswered_after: 30s}
tls: servers
services:
"""
SERVICE = '- {{name: "{0}", match: {{port: {1}}}, routes: {2}}}\n'
SERVERS = [f"{name}-{how}" for name in NAMES for how in ("plain", "tls")]


@pytest.fixture(scope="module")
def ports():
    return dict(zip(SERVERS, free_ports(len(SERVERS))))


@pytest.fixture(scope="module")
def agent(ports):
    services = (SERVICE.format(*each, json.dumps(ROUTES)) for each in ports.items())
    yield from shared_agent(CONFIG + "".join(services))


@pytest.fixture
def start(ports, helpers, tmp_path, stopping):
    def start_it(service):
        name, how = service.rsplit("-", 1)
        return stopping(GrpcServer(name, how == "tls", helpers, tmp_path / service, ports[service]))
    return start_it


@pytest.fixture(params=SERVERS)
def server(request, start):
    return start(request.param)


@pytest.fixture(params=NAMES)
def plain(request, start):
    return start(request.param + "-plain")


def counted_from(agent, server):
    """Books from when its connections are counted: a library is probed while its process already serves."""
    def counted():
        books = Books(agent, server.port)
        assert server.ask({"method": "Unary"})[0]["OK"] == 1
        return wait_until(lambda: books.watch.delta()["requests"] == 1, 0.3)

    if agent.real and server.secure:
        assert wait_until(counted, 15, 0.05), agent.status()["coverage"]
    return Books(agent, server.port)


def added(books, got, **outcomes):
    """What a client got was counted."""
    got = collections.Counter(got)
    got.pop("messages", None)
    n = sum(got.values())
    books.expect({200: n}, **outcomes)
    books.grpc(got)


def test_each_status(agent, server):
    books = counted_from(agent, server)
    got = server.ask(*({"method": "Unary", "messages": [f"status={code}"], "n": code + 1}
                       for code in range(len(CODES))))
    total = sum(got, collections.Counter())
    assert {name: total[name] for name in CODES} == {name: code + 1 for code, name in enumerate(CODES)}
    added(books, total)
    books.routes({("/e2e.Echo/Unary", "POST", 200): sum(range(len(CODES) + 1))})


def test_calls_at_once(agent, server):
    books = counted_from(agent, server)
    plan = [{"method": "Unary", "n": 300, "at_once": 30, "messages": ["status=0 size=3000"]},
            {"method": "Unary", "n": 60, "at_once": 60, "messages": ["status=14 delay_ms=20"]},
            {"method": "Download", "n": 40, "at_once": 20, "messages": ["status=8 count=50 size=2000"]},
            {"method": "Upload", "n": 40, "at_once": 20, "messages": ["x=1"] * 50 + ["status=0"]},
            {"method": "Chat", "n": 40, "at_once": 20, "messages": ["count=2"] * 20 + ["status=13"]},
            {"method": "/no.Such/Method", "n": 20, "at_once": 10},
            {"method": "/other.Service/Method", "n": 20, "at_once": 10}]
    got = server.ask(*plan)
    total = sum(got, collections.Counter())
    assert total["UNIMPLEMENTED"] == 40 and total["UNAVAILABLE"] == 60 and total["INTERNAL"] == 40
    assert total["RESOURCE_EXHAUSTED"] == 40 and total["OK"] == 340
    added(books, total)
    books.routes({("/e2e.Echo/Unary", "POST", 200): 360, ("/e2e.Echo/Download", "POST", 200): 40,
                  ("/e2e.Echo/Upload", "POST", 200): 40, ("/e2e.Echo/Chat", "POST", 200): 40,
                  ("_other", "POST", 200): 20, ("/other.Service/*", "POST", 200): 20})


def test_big_metadata(agent, server):
    books = counted_from(agent, server)
    got = server.ask({"method": "Unary", "messages": ["status=5 big=6000"], "n": 10, "big": 6000},
                     {"method": "Unary", "messages": ["status=0 big=7000 count=2"], "n": 10, "big": 100})
    total = sum(got, collections.Counter())
    assert (total["NOT_FOUND"], total["OK"]) == (10, 10)
    added(books, total)


def test_large_messages(agent, plain):
    books = counted_from(agent, plain)
    got = plain.ask({"method": "Download", "messages": ["count=20 size=1000000"], "n": 3, "at_once": 3})[0]
    assert (got["OK"], got["messages"]) == (3, 60)
    added(books, got)


def test_a_call_goes_on_until_its_trailers(agent, plain):
    books = Books(agent, plain.port)
    client = GrpcClient(plain.port, None, {"method": "Chat", "messages": ["count=3", "delay_ms=1500 count=3"]})
    time.sleep(1)
    books.expect({})
    assert client.step()["OK"] == 1
    client.stop()
    added(books, {"OK": 1})


def test_the_client_cancels(agent, plain):
    books = Books(agent, plain.port)
    got = plain.ask({"method": "Chat", "messages": ["count=5 size=10", "delay_ms=3000"], "n": 10, "at_once": 5,
                     "cancel_after": 2},
                    {"method": "Unary", "n": 5})
    assert (got[0]["CANCELLED"], got[1]["OK"]) == (10, 5)
    books.expect({200: 5}, client_abort=10)
    books.grpc({"OK": 5})


def test_the_server_ends_what_is_late(agent, plain, stopping):
    """Client and server have the same deadline: the client's resets are kept back, so that the server's answers count."""
    books, relay = Books(agent, plain.port), stopping(Relay(plain.port))
    client = GrpcClient(relay.port, None,
                        {"method": "Unary", "messages": ["delay_ms=6000"], "n": 10, "at_once": 10, "timeout": 1.5},
                        {"method": "Unary", "n": 5, "wait": True})
    assert client.step()["OK"] == 0
    assert wait_until(lambda: relay.sent == {"DEADLINE_EXCEEDED": 10}), relay.sent
    assert client.step()["OK"] == 5
    client.stop()
    assert relay.sent == {"DEADLINE_EXCEEDED": 10, "OK": 5}
    added(books, relay.sent)


def test_a_server_that_dies(agent, plain):
    books = Books(agent, plain.port)
    client = GrpcClient(plain.port, None, {"method": "Unary"}, {"method": "Unary", "n": 8, "at_once": 8,
                                                                "messages": ["delay_ms=60000"]})
    assert client.step()["OK"] == 1
    assert not agent.real or wait_until(lambda: agent.status()["coverage"]["in_flight"] == 8)
    time.sleep(0 if agent.real else 0.5)
    plain.server.stop(9)
    assert client.step()["UNAVAILABLE"] == 8
    client.stop()
    books.expect({200: 1}, server_abort=8)
    books.grpc({"OK": 1})


def test_through_a_proxy(agent, start, stopping, helpers, tmp_path):
    """nginx and the server behind it are two services that say the same."""
    behind = start("grpcio-plain")
    front = stopping(Http2Server("nginx", False, helpers, tmp_path / "front", behind.port))
    each, total = [Books(agent, behind.port), Books(agent, front.port)], collections.Counter()
    for got in ask(front.port, None, *({"method": "Unary", "messages": [f"status={code}"], "n": 5, "at_once": 5}
                                       for code in range(17))):
        total += got
    assert all(total[name] == 5 for name in CODES), total
    for books in each:
        added(books, total)


def test_a_proxy_whose_server_is_gone(agent, stopping, helpers, tmp_path):
    """502 is no answer of gRPC: it has none of its statuses."""
    front = stopping(Http2Server("nginx", False, helpers, tmp_path / "front"))
    books = Books(agent, front.port)
    got = ask(front.port, None, {"method": "Unary", "n": 5})[0]
    assert got["UNAVAILABLE"] == 5, got
    books.expect({502: 5})
    books.grpc({"_absent": 5})


@if_long
@pytest.mark.parametrize("name", NAMES)
def test_a_minute(agent, start, name):
    server = start(name + "-plain")
    books, total = Books(agent, server.port), collections.Counter()
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for got in server.ask({"method": "Unary", "n": 3000, "at_once": 20},
                              {"method": "Unary", "n": 1000, "at_once": 20, "messages": ["status=14"]},
                              {"method": "Chat", "n": 200, "at_once": 20, "messages": ["count=3"] * 5}):
            total += got
    added(books, total)
