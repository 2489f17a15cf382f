# SPDX-License-Identifier: GPL-2.0-only
"""As many streams and connections as there may be, as fast as they come."""
import pytest

from counted import Books
from harness import if_long, long_one, user_space
from http2_clients import h2load
from http2_servers import Http2Server

pytestmark = user_space
CONFIG = "agent: {interval: 1s}\ntls: off\n"
SOME = [(1, 1), (1, 1000), (10, 100), (100, 1), (100, 100), (100, 1000)]
ALL = [(clients, streams) for clients in (1, 10, 100) for streams in (1, 10, 100, 1000)]


@pytest.mark.parametrize("clients, streams", [pytest.param(*each, marks=[] if each in SOME else if_long)
                                              for each in ALL])
@pytest.mark.parametrize("name", ["nghttpd", "nginx"])
def test_streams_and_connections(agent, helpers, tmp_path, stopping, name, clients, streams):
    server = stopping(Http2Server(name, False, helpers, tmp_path))
    books = Books(agent, server.port)
    books.expect(h2load(server.port, False, max(3000, 2 * clients * streams if streams < 1000 else 20000), clients,
                        streams))


@pytest.mark.parametrize("seconds", [2, long_one(60)])
@pytest.mark.parametrize("name", ["nghttpd", "nginx", "h2o", "go"])
def test_the_highest_rate(agent, helpers, tmp_path, stopping, name, seconds):
    """For so long. h2load stops in the middle, so the server's own log says how many there were, where it has one."""
    server = stopping(Http2Server(name, False, helpers, tmp_path))
    books = Books(agent, server.port)
    told = h2load(server.port, False, 0, 20, 50, seconds=seconds)[200]
    server.stop()
    if not agent.real:
        return
    logged, got = server.logged(), books.watch.delta()
    assert told <= got["requests"] <= told + 20 * 50 * 2
    assert got["outcomes"]["complete"] >= told
    assert got["outcomes"]["complete"] + got["outcomes"]["client_abort"] == got["requests"]
    assert logged is None or got["requests"] == len(logged), got
    agent.check_sums(books.watch.lost)
