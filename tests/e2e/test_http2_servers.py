# SPDX-License-Identifier: GPL-2.0-only
"""Streams of real servers and real clients: N sent, N answered, N logged, N counted."""
import collections

import pytest

from conftest import shared_agent
from harness import free_ports, if_long, scaled
from http2_clients import Http2Client, counted_from, curl, h2load, nghttp
from http2_servers import BEHIND, NAMES, OTHERS, UPGRADING, Http2Server

CONFIG = """
agent: {interval: 1s}
tls: servers
services:
"""
SERVICE = '- {{name: "{0}", match: {{port: {1}}}, routes: ["/index.html", "/missing"]}}\n'
SERVERS = [f"{name}-{how}" for name in [*NAMES, *OTHERS] for how in ("plain", "tls")
           if f"{name}-{how}" not in ("varnish-tls", "hitch-plain")]


@pytest.fixture(scope="module")
def ports():
    return dict(zip(SERVERS, free_ports(len(SERVERS))))


@pytest.fixture(scope="module")
def agent(ports):
    yield from shared_agent(CONFIG + "".join(SERVICE.format(*each) for each in ports.items()))


@pytest.fixture(params=[pytest.param(each, marks=if_long if each.rsplit("-", 1)[0] in OTHERS else [])
                        for each in SERVERS])
def server(request, ports, helpers, tmp_path):
    name, how = request.param.rsplit("-", 1)
    running = Http2Server(name, how == "tls", helpers, tmp_path / "server", port=ports[request.param])
    running.service = request.param
    yield running
    running.stop()


def posted(server):
    return 3 if server.name in ("go", "node", "hypercorn", *BEHIND, "caddy", "varnish") else 0


def ask_all(server, add):
    client = Http2Client(server.port, server.secure)
    paths = ["/index.html"] * 30 + ["/missing"] * 20
    add(client.wait(*[client.ask(path) for path in paths]))
    if posted(server):
        add(client.wait(*[client.ask(method="POST", body=b"x" * 100000) for _ in range(posted(server))]))
    client.close()
    add(h2load(server.port, server.secure, 30 if server.name == "hypercorn" else scaled(300), 3, 1))
    add(h2load(server.port, server.secure, scaled(1000, 200), 2, 100))
    add(h2load(server.port, server.secure, scaled(400, 100), 10, 10, "/missing", 404))
    add(curl(server.port, server.secure, paths, "--http2" if server.secure else "--http2-prior-knowledge"))
    add(nghttp(server.port, server.secure, ["/index.html", "/missing"]))
    add(nghttp(server.port, server.secure, ["/index.html"], ["--padding", "30"]))
    if not server.name.startswith("haproxy"):  # which takes a block of that size for an attack
        add(nghttp(server.port, server.secure, ["/index.html"], ["--continuation"]))
    if not server.secure and server.name in UPGRADING:
        for path in paths[::10]:
            add(curl(server.port, False, [path], "--http2"))
        add(nghttp(server.port, False, ["/missing"], ["-u"]))


def test_what_clients_got_is_counted(agent, server):
    books, total = counted_from(agent, server.service, server.port, server.secure), collections.Counter()

    def add(answers):
        total.update(answers)
        books.expect(total)

    ask_all(server, add)
    server.stop()
    books.expect(total)
    books.routes({(route, method, status): n for route, method, status, n in (
        ("/index.html", "GET", 200, total[200] - posted(server)), ("/index.html", "POST", 200, posted(server)),
        ("/missing", "GET", 404, total[404]), ("/index.html", "GET", 431, total[431])) if n})
    logged = server.logged()
    if logged is not None:
        assert collections.Counter(map(int, logged[-total.total():])) == total
