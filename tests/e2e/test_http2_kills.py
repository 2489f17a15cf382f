# SPDX-License-Identifier: GPL-2.0-only
"""Agents that are killed and reload at the highest rate of HTTP/2."""
import collections
import itertools
import threading
import time

import pytest

from harness import free_port, long_one, user_space, wait_until
from http2_clients import Http2Client, h2load
from http2_servers import Http2Server
from test_http2_load import ALL

pytestmark = user_space
# Two that differ, for reloads.
SHOP = """
agent: {{interval: 1s}}
tls: {tls}
services:
- {{name: shop, match: {{port: {port}}}, routes: {routes}}}
"""
ROUTES = ['["/index.html"]', '["/index.html", "/*"]']


def disturb(agent, texts, loading, what):
    """Agents are killed and started, and reload, until the load is over."""
    for text in itertools.cycle(texts):
        time.sleep(0.5)
        if not loading.is_alive():
            return
        agent.kill()
        time.sleep(0.3)
        agent.config.write_text(text)
        agent.start()
        for another in texts * 2:
            time.sleep(0.1)
            assert agent.reload(another)[0] == 200
            what["reloads"] += 1
        what["kills"] += 1


def load(server, seconds, total):
    """Of as many streams on as many connections as may be, and on one that lasts through all of them."""
    end, old = time.monotonic() + seconds, Http2Client(server.port, server.secure)
    for clients, streams in itertools.cycle(ALL):
        n = max(1000, 2 * clients * min(streams, 100))
        total["asked"] += h2load(server.port, server.secure, n, clients, streams)[200]
        total["asked"] += old.wait(*[old.ask() for _ in range(10)])[200]
        if time.monotonic() > end:
            break
    old.close()
    total["over"] = 1


@pytest.mark.parametrize("name, secure, seconds", [
    ("nginx", True, 4), *(long_one(name, secure, 60)
                          for name in ("nghttpd", "nginx") for secure in (False, True))])
def test_kills_and_reloads_at_the_highest_rate(agents, nothing_left, helpers, tmp_path, stopping, name, secure, seconds):
    """What clients got, and the server logged, is counted."""
    port = free_port()
    texts = [SHOP.format(tls="servers" if secure else "off", port=port, routes=routes) for routes in ROUTES]
    agent = agents(texts[0]).start()
    server = stopping(Http2Server(name, secure, helpers, tmp_path, port=port))
    counts = collections.Counter()

    def requests():
        return sum(s["requests"] for s in agent.status()["services"] if s["name"] == "shop")

    def counted():
        """So many at once reach each of the server's processes."""
        clients, known = [Http2Client(port, secure) for _ in range(20)], requests()
        for client in clients:
            counts["before"] += client.wait(client.ask())[200]
        for client in clients:
            client.close()
        return wait_until(lambda: requests() == known + 20, 0.3)

    assert wait_until(counted, 15, 0.05), agent.status()["coverage"]
    before = agent.service("shop")["requests"]
    loading = threading.Thread(target=load, args=(server, seconds, counts))
    loading.start()
    disturb(agent, texts, loading, counts)
    loading.join()
    server.stop()
    service, logged = agent.service("shop"), server.logged()
    assert counts["over"] and counts["kills"] > 1
    assert service["requests"] - before == counts["asked"], (service, counts, agent.status()["coverage"])
    assert service["status"] == {"200": before + counts["asked"]}
    assert logged is None or len(logged) == counts["before"] + counts["asked"]
    agent.check_sums()
