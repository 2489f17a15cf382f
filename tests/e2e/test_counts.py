# SPDX-License-Identifier: GPL-2.0-only
"""N requests sent to a server are N counted, each with its status, whoever serves and asks."""
import collections
import re
import subprocess

import pytest

from harness import DEFAULT_TLS, SLOW, run_load, scaled, tool
from rawhttp import Client
from targets import TARGETS

CONFIG = "agent: {interval: 1s}\n" + DEFAULT_TLS
FAKE = b"GET /fake HTTP/1.1\r\nHost: fake\r\n\r\n"


@pytest.fixture(scope="module", params=TARGETS)
def target(request, agent, helpers, tmp_path_factory):
    running = TARGETS[request.param](helpers, tmp_path_factory.mktemp("server"))
    yield running
    running.stop()


@pytest.fixture
def counted(agent, target):
    """Watches the server, and the one behind it, which must have had the same requests."""
    watches = [agent.watch(port) for port in (target.port, target.backend) if port]

    def expect(status, **outcomes):
        for watch in watches:
            watch.expect(status, **outcomes)
    return expect


def test_every_method_one_by_one(target, counted):
    seen = collections.Counter()
    paths = target.paths.split(",")
    for i in range(scaled(200, 40)):
        if i % 10 == 0:
            client = Client(target.port)
        method = target.methods[i % len(target.methods)]
        body = FAKE * 3 if method in ("POST", "PUT") else None
        seen[client.ask(paths[i // 3 % len(paths)], method, body)[0]] += 1
        if i % 10 == 9:
            client.sock.close()
    counted(seen)


def test_keep_alive(target, counted, helpers):
    n = scaled(target.n, 128)
    result = run_load(helpers, target.port, n, paths=target.paths)
    assert result["requests"] == n
    counted(result["status"])


def test_connection_close(target, counted, helpers):
    n = scaled(1000, 128)
    result = run_load(helpers, target.port, n, mode="close", paths=target.paths)
    assert result["requests"] == n
    counted(result["status"])


def test_pipelined(target, counted, helpers):
    n = scaled(target.n, 256)
    result = run_load(helpers, target.port, n, depth=16, paths=target.paths)
    assert result["requests"] == n
    counted(result["status"])


@pytest.mark.parametrize("header", ["X-Load: yes", "Connection: close"])
def test_h2load(target, counted, header):
    # h2load does not dial again: with close, one request for each of its connections.
    n = 64 if "close" in header else scaled(1000, 128)
    path = target.paths.split(",")[0]
    out = subprocess.run([tool("h2load"), "--h1", "-n", str(n), "-c", "64", "-H", header,
                          f"http://127.0.0.1:{target.port}{path}"],
                         capture_output=True, text=True, timeout=60 * SLOW, check=True).stdout
    done = re.search(r"requests: (\d+) total, .* (\d+) succeeded, (\d+) failed", out)
    assert done and done.groups() == (str(n), str(n), "0"), out
    counted({200: n})
