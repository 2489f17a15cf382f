# SPDX-License-Identifier: GPL-2.0-only
"""Hostile traffic beside good traffic: the good counts stay exact, the agent stays small."""
import contextlib
import random
import resource
import socket
import threading

import pytest

from harness import Server, run_load, scaled
from rawhttp import ask
from wire import Port, get, hard_close

GROWTH_KIB = 4096
PATHS = "/status/200,/status/404,/bytes/3000"


class Beside:
    """Good traffic on its own server for as long as the block lasts, and what it came to."""

    def __init__(self, agent, helpers, port):
        self.agent, self.helpers, self.port = agent, helpers, port
        self.total, self.over, self.error = {}, threading.Event(), None

    def work(self):
        try:
            while not self.over.is_set():
                result = run_load(self.helpers, self.port, 500, conns=8,
                                  paths=PATHS)
                for code, n in result["status"].items():
                    self.total[code] = self.total.get(code, 0) + n
        except Exception as error:
            self.error = error

    def __enter__(self):
        run_load(self.helpers, self.port, 100, paths=PATHS)
        self.watch = self.agent.watch(self.port)
        self.before = self.agent.rss_kib() if self.agent.real else 0
        self.thread = threading.Thread(target=self.work)
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.over.set()
        self.thread.join()
        if self.error:
            raise self.error
        if kind or not self.agent.real:
            return
        got = self.watch.delta()
        assert got["status"] == dict(sorted(self.total.items()))
        assert got["requests"] == sum(self.total.values())
        assert self.agent.rss_kib() - self.before < GROWTH_KIB
        assert self.agent.get("/readyz")[0] == 200


@pytest.fixture(scope="module")
def servers(helpers, agent):
    made = [Server([helpers / "httpd", 0, "epoll", "read", "write"]) for _ in range(2)]
    yield [s.port for s in made]
    for s in made:
        s.stop(9)


@pytest.fixture
def victim(servers):
    return servers[0]


@pytest.fixture
def beside(agent, helpers, servers):
    return Beside(agent, helpers, servers[1])


def series_of(agent, port):
    """The combinations the victim's service has grown to."""
    return [(r["route"], r["method"], code) for r in agent.service(port)["routes"]
            for code in r["status"] or [None]]


def throw(port, data, step=None, linger=False):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 10) as s:
        for i in range(0, len(data), step or len(data) or 1):
            s.sendall(data[i:i + step] if step else data)
        s.shutdown(socket.SHUT_WR)
        while linger and s.recv(65536):
            pass


def test_random_bytes(victim, beside):
    rng = random.Random(1)
    with beside:
        for _ in range(scaled(3000)):
            throw(victim, rng.randbytes(rng.randrange(1, 3000)))


def test_random_text(victim, beside):
    rng = random.Random(2)
    words = [b"GET", b"POST", b" ", b"/", b"HTTP/1.1", b"\r\n", b"\n", b"\r", b"Content-Length: ",
             b"Transfer-Encoding: chunked", b"0", b"-1", b"99999999999999999999", b"\x00", b":",
             b"ffffffffffffffff\r\n", b"HTTP/1.1 200 OK", b"\r\n\r\n", b"%00", b"?", b"*"]
    with beside:
        for _ in range(scaled(3000)):
            throw(victim, b"".join(rng.choices(words, k=rng.randrange(1, 60))))


def test_good_heads_with_a_byte_changed(victim, beside):
    rng = random.Random(3)
    good = get("/cart/1?x=y", "Content-Length: 5", "User-Agent: kube", method="POST") + b"hello"
    with beside:
        for _ in range(scaled(3000)):
            data = bytearray(good)
            data[rng.randrange(len(data))] = rng.randrange(256)
            throw(victim, bytes(data))


def test_truncated_heads(victim, beside):
    good = get("/cart/1?x=y", "Content-Length: 5", method="POST") + b"hello"
    with beside:
        for _ in range(scaled(20, 1)):
            for size in range(len(good)):
                throw(victim, good[:size])


@pytest.mark.parametrize("step", [None, 100])
def test_64_kib_heads(victim, beside, step):
    fields = get("/", *[f"X-{i}: {'v' * 1000}" for i in range(64)])
    with beside:
        for _ in range(scaled(50, 3)):
            throw(victim, fields, step, linger=True)
            throw(victim, get("/" + "p" * 65000), step, linger=True)
            throw(victim, b"GET / HTTP/1.1\r\nX: " + b"y" * 65536, step)
            throw(victim, b"G" * 65536, step)


def test_a_million_paths(agent, helpers, victim, beside):
    n, paths = scaled(1_000_000), "/p%,/%/x?y=%,/status/200?%"
    run_load(helpers, victim, 100, paths=paths)
    watch = agent.watch(victim)
    with beside:
        series = agent.series(f"httpd:{victim}") if agent.real else set()
        result = run_load(helpers, victim, n, depth=16, paths=paths)
    watch.expect(result["status"])
    if agent.real:
        assert {route for route, _, _ in series_of(agent, victim)} == {"_other"}
        assert len(series) > 10 and agent.series(f"httpd:{victim}") == series


def test_many_methods_and_statuses(agent, victim, beside):
    rng = random.Random(4)
    with beside:
        for i in range(scaled(2000)):
            method = "".join(rng.choices("ABCDEFGHIJ", k=rng.randrange(1, 15)))
            ask(victim, f"/status/{100 + i % 400 + 200 * (i % 400 < 100)}", method=method)
    if agent.real:
        assert {method for _, method, _ in series_of(agent, victim)} <= {
            "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
            "QUERY", "_OTHER"}


def test_many_hosts(agent, victim, beside):
    names = len(agent.status()["services"]) if agent.real else 0
    with beside:
        for i in range(scaled(2000)):
            assert ask(victim, headers=[f"Host: h{i}.example", f"X-Forwarded-Host: f{i}"]) == 200
    if agent.real:
        assert len(agent.status()["services"]) == names


def test_a_flood_of_half_open_connections(agent, victim, beside):
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    n = min(scaled(5000, 100), limit - 500)
    held = []
    try:
        with beside:
            for i in range(n):
                s = socket.create_connection(("127.0.0.1", victim), 10)
                held.append(s)
                if i % 3:
                    s.sendall(get()[:10 + i % 20])
            assert ask(victim) == 200
    finally:
        for s in held:
            s.close()


def test_a_flood_of_resets(victim, beside):
    with beside:
        for i in range(scaled(3000)):
            s = socket.create_connection(("127.0.0.1", victim), 10)
            s.sendall(get()[:None if i % 2 else 12])
            hard_close(s)


def test_a_hostile_server(agent, beside):
    """Answers that are no HTTP at all, too long, or never end."""
    rng = random.Random(5)
    port, lost = Port(), agent.lost()
    with beside:
        for i in range(scaled(500)):
            answer = [rng.randbytes(2000), b"HTTP/1.1 " + rng.randbytes(10),
                      b"HTTP/1.1 99999 X\r\n\r\n",
                      b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
                      b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nhello",
                      b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
                      b"HTTP/1.1 100 C\r\n\r\n" * 50, b"HTTP/1.1 200 " + b"x" * 70000][i % 8]
            wire = port.dial().c(get()).s(answer, [5])
            wire.close()
    port.close()
    if agent.real:
        found = agent.service(port.port)
        assert sum(found["outcomes"].values()) == found["requests"]
        # what could not be understood is said to be lost
        assert found["requests"] + agent.lost() - lost == scaled(500)
        assert set(found["status"]) <= {"200"}
