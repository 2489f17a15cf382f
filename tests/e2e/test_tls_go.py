# SPDX-License-Identifier: GPL-2.0-only
"""Go's crypto/tls: N requests are N counted, whoever asks; connections that are wrapped are named."""
import collections
import http.client
import re
import subprocess
import threading
import time

import pytest

from harness import SLOW, Server, scaled, tool, wait_until
from tls import certificate, client_context

CONFIG = "agent: {interval: 1s}\ntls: servers\n"
BUILDS = ["httpd-go", "httpd-go-stripped", "httpd-go-pie"]
PATHS = ["/", "/status/404", "/status/500", "/bytes/5", "/bytes/40000", "/chunked/70000", "/status/204"]


class Client:
    def __init__(self, port):
        self.conn = http.client.HTTPSConnection("127.0.0.1", port, timeout=10 * SLOW,
                                                context=client_context())

    def ask(self, path, method="GET", body=None):
        self.conn.request(method, path, body)
        answer = self.conn.getresponse()
        answer.read()
        return answer.status

    def close(self):
        self.conn.close()


def at_once(clients, port, paths):
    """Each client asks for all of them, over a connection of its own."""
    def run():
        client = Client(port)
        for path in paths:
            client.ask(path)
        client.close()
    threads = [threading.Thread(target=run) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def start(helpers, tmp, build, *mode):
    if not (helpers / build).exists():
        pytest.skip("no Go compiler when the helpers were built")
    cert, key = certificate(tmp)
    return Server([helpers / build, 0, cert, key, *mode])


def measured(agent, port):
    """Asks until requests are counted: an executable is probed only once it has spoken TLS."""
    def counts():
        client = Client(port)
        client.ask("/")
        client.close()
        return agent.service(port)["requests"]
    assert not agent.real or wait_until(counts, 10 * SLOW, 0.1), agent.status()["coverage"]
    time.sleep(0.2)


@pytest.fixture(scope="module", params=BUILDS)
def server(request, agent, helpers, tmp_path_factory):
    running = start(helpers, tmp_path_factory.mktemp("go"), request.param)
    measured(agent, running.port)
    yield running
    running.stop()


def test_connections_of_many_requests(agent, server):
    watch = agent.watch(server.port)
    seen = collections.Counter()
    for i in range(scaled(140, 42)):
        if i % 14 == 0:
            client = Client(server.port)
        seen[client.ask(PATHS[i % len(PATHS)])] += 1
        if i % 14 == 13:
            client.close()
    watch.expect(seen)


def test_connections_of_one_request(agent, server):
    watch = agent.watch(server.port)
    n = scaled(50, 20)
    for _ in range(n):
        client = Client(server.port)
        assert client.ask("/status/503") == 503
        client.close()
    watch.expect({503: n})


def test_bodies_both_ways(agent, server):
    watch = agent.watch(server.port)
    client = Client(server.port)
    for size in (1, 1000, 16384, 16385, 500000):
        body = (b"GET /fake HTTP/1.1\r\n\r\n" + bytes(size))[:size]
        assert client.ask(f"/bytes/{size}", "POST", body) == 200
    client.close()
    watch.expect({200: 5})


def test_clients_at_the_same_time(agent, server):
    watch = agent.watch(server.port)
    n, clients = scaled(50, 20), 16
    at_once(clients, server.port, ["/bytes/20000" if i % 5 == 0 else "/" for i in range(n)])
    watch.expect({200: n * clients})


def test_curl(agent, server):
    watch = agent.watch(server.port)
    n = scaled(60, 20)
    url = f"https://127.0.0.1:{server.port}/status/404?[1-{n}]"
    for more in ([], ["-H", "Connection: close"]):
        subprocess.run([tool("curl"), "-sk", *more, "-o", "/dev/null", url], check=True, timeout=60 * SLOW)
    watch.expect({404: 2 * n})


def test_h2load(agent, server):
    watch = agent.watch(server.port)
    n = scaled(2000, 128)
    out = subprocess.run([tool("h2load"), "--h1", "-n", str(n), "-c", "32",
                          f"https://127.0.0.1:{server.port}/"], capture_output=True, text=True,
                         timeout=60 * SLOW, check=True).stdout
    done = re.search(r"requests: (\d+) total, .* (\d+) succeeded, (\d+) failed", out)
    assert done and done.groups() == (str(n), str(n), "0"), out
    watch.expect({200: n})


def test_buffers_on_a_stack_that_grows(agent, helpers, tmp_path):
    running = start(helpers, tmp_path, "httpd-go-stripped", "bare")
    measured(agent, running.port)
    watch = agent.watch(running.port)
    n, clients = scaled(60, 21), 4
    at_once(clients, running.port, ["/status/404" if i % 3 == 0 else "/" for i in range(n)])
    watch.expect({404: n // 3 * clients, 200: (n - n // 3) * clients})
    running.stop()


def test_wrapped_connections_are_named(agent, helpers, tmp_path):
    running = start(helpers, tmp_path, "httpd-go-stripped", "wrapped")
    deadline = time.monotonic() + 3 * SLOW
    while time.monotonic() < deadline:
        client = Client(running.port)
        assert client.ask("/") == 200 and client.ask("/status/404") == 404
        client.close()
        time.sleep(0.1)
    if agent.real:
        coverage = agent.status()["coverage"]
        assert agent.service(running.port)["requests"] == 0
        assert any(u["port"] == running.port and "tls" in u["reason"] for u in coverage["unmeasured"]), \
            coverage
    running.stop()
