# SPDX-License-Identifier: GPL-2.0-only
"""What is kept of connections of HTTP/2 is shared: a service that has very many leaves enough for others."""
import contextlib
import resource

import pytest

from counted import Books
from frames import PREFACE, Talk, settings
from harness import if_long, user_space
from wire import Port

pytestmark = [user_space, pytest.mark.usefixtures("agent_only")]
WIDES, CONNS = 2048, 32768
CONFIG = """
agent: {{interval: 1s}}
tls: off
services:
- {{name: shop, match: {{port: {port}}}, routes: ["/cart/*"]}}
- {{name: flooded, match: {{port: {other}}}, routes: ["/cart/*"]}}
"""


@pytest.fixture
def ports():
    made = [Port(), Port(), Port()]
    yield made
    for port in made:
        port.close()


@pytest.fixture
def agent(start_agent, ports):
    return start_agent(CONFIG.format(port=ports[0].port, other=ports[1].port))


def far_back(talk):
    """A path, and a status, that the table has behind more entries than one of the usual size holds."""
    talk.answer(talk.ask("/cart/far"), 418)
    more = [(f"x-{i}", "v") for i in range(200)]
    talk.answer(talk.ask("/cart/1", *more), 200, *more)
    talk.answer(talk.ask("/cart/far"), 418)


def wide(port):
    """A connection with a large table on either side."""
    talk = Talk(port, table=65536)
    return talk.answer(talk.ask("/cart/1"), 418)


def test_large_tables(agent, ports):
    shop, flooded, _ = ports
    books, n = Books(agent, "shop"), WIDES // 2 + 50
    talks = [wide(flooded) for _ in range(n)]
    talk = Talk(shop, table=65536)
    far_back(talk)
    books.expect({418: 2, 200: 1})
    books.routes({("/cart/*", "GET", 418): 2, ("/cart/*", "GET", 200): 1})
    # it has its own half, and what is beyond is not guessed
    books = Books(agent, "flooded")
    far_back(talks[0])
    books.expect({418: 2, 200: 1})
    far_back(talks[-1])
    service = agent.service("flooded")
    assert service["status"]["_unknown"] == 1 and service["requests"] == n + 6, service
    # what has ended is anybody's
    for each in talks:
        each.close()
    talks = [wide(flooded) for _ in range(3)]
    books = Books(agent, "flooded")
    for each in talks:
        far_back(each)
    books.expect({418: 6, 200: 3})
    talk.close()
    for each in talks:
        each.close()


@if_long
def test_connections(agent, ports):
    """Found services have half of all, and one of them half of that."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = CONNS // 4
    if hard < 2 * most + 1000:
        pytest.skip("too few files may be open")
    shop, _, found = ports
    wires, beyond = [], 60
    with contextlib.ExitStack() as stack:
        for _ in range(most + beyond):
            wires.append(found.dial().c(PREFACE + settings()).s(settings()))
            stack.callback(wires[-1].close)
        blind = [b for b in agent.status()["coverage"]["blind"] if b["port"] == found.port]
        assert sum(b["connections"] for b in blind) == beyond, blind
        books = Books(agent, "shop")
        talk = wide(shop)
        books.expect({418: 1})
        talk.close()
    talk = wide(found)
    assert agent.service(found.port)["requests"] == 1
    talk.close()
