# SPDX-License-Identifier: GPL-2.0-only
"""HTTP/2 connections that are older than the agent, outlive one, or the configuration: nothing is guessed."""
import threading
import time

import pytest

from counted import Books, table
from frames import GRPC, Talk, block, message
from harness import long_one, user_space, wait_until
from http2_clients import Http2Client, h2load
from http2_servers import Http2Server
from wire import Port

CONFIG = """
agent: {{interval: 1s}}
tls: off
services:
- {{name: shop, match: {{port: {port}}}, routes: {routes}}}
slos: [{{name: shop, service: shop, objective: 99}}]
"""
TLS_CONFIG = """
agent: {{interval: 1s}}
tls: servers
services: [{{name: shop, match: {{port: {port}}}}}]
"""
ROUTES = '["/cart/*", "/items/**", "/p.S/*"]'


@pytest.fixture
def shop():
    listening = Port()
    yield listening
    listening.close()


def start(start_agent, shop, routes=ROUTES):
    return start_agent(CONFIG.format(port=shop.port, routes=routes))


def counted(agent):
    """Of the shop: (requests, by status, whose status is not known)"""
    service = agent.service("shop")
    return service["requests"], service["status"], service.get("status_unknown", 0)


@pytest.mark.parametrize("cut", [None, 1400])
def test_what_is_spelled_out_is_known(start_agent, agent_only, shop, cut):
    """Static names and literals need no table."""
    talks = [Talk(shop, cut, table=0) for _ in range(3)]
    for talk in talks:
        talk.answer(talk.ask("/cart/1"), 418)
    agent = start(start_agent, shop)
    for talk in talks:
        talk.answer(talk.ask("/cart/1"), 418)
        talk.answer(talk.ask("/items/1/2", method="PUT", body=b"x"), 200)
    assert agent.service("shop")["requests"] == 6
    assert table(agent, "shop") == {("/cart/*", "GET", "418"): 3, ("/items/**", "PUT", "200"): 3}
    for talk in talks:
        talk.close()


def test_what_the_table_hides_is_unknown(start_agent, agent_only, shop):
    talks = [Talk(shop) for _ in range(3)]
    for talk in talks:
        talk.answer(talk.ask("/cart/1", method="BREW"), 418)
        talk.answer(talk.ask("/cart/2"), 200)
    agent = start(start_agent, shop)
    for talk in talks:
        talk.answer(talk.ask("/cart/1", method="BREW"), 418)  # all of it from the table
        talk.answer(talk.ask("/cart/2"), 200)  # a static method and status, a path from the table
        talk.answer(talk.ask("/cart/3"), 404)  # a new path, and a static status
    requests, statuses, unknown = counted(agent)
    assert (requests, statuses, unknown) == (9, {"200": 3, "404": 3, "_unknown": 3}, 9)  # none is judged
    routes = {(r["route"], r["method"]): r["requests"] for r in agent.service("shop")["routes"]}
    assert routes == {("_unknown", "_unknown"): 3, ("_unknown", "GET"): 3, ("/cart/*", "GET"): 3}, routes
    for talk in talks:
        talk.close()


def test_a_table_that_was_renewed_hides_nothing(start_agent, agent_only, shop):
    talk = Talk(shop)
    for i in range(60):
        talk.answer(talk.ask(f"/cart/{i}"), 500 + i)
    agent = start(start_agent, shop)
    for i in range(200):
        talk.answer(talk.ask(f"/items/{i}/{'x' * 20}"), 200, ("x-new", f"{i:030}"), body=None)
    before = table(agent, "shop")
    for i in range(60):
        talk.answer(talk.ask(f"/cart/{i}"), 500 + i)
        talk.answer(talk.ask(f"/cart/{i}"), 500 + i)
    now = table(agent, "shop")
    assert {k: n - before.get(k, 0) for k, n in now.items() if n != before.get(k, 0)} == {
        ("/cart/*", "GET", str(500 + i)): 2 for i in range(60)}
    assert agent.service("shop")["requests"] == 320
    talk.close()


def test_calls_of_an_older_channel(start_agent, agent_only, shop):
    """A channel names its one path in the table for good, what it speaks, and the statuses that it got."""
    talk = Talk(shop, server_first=True)
    for _ in range(3):
        talk.call("/p.S/M", "7")
    agent = start(start_agent, shop)
    for _ in range(5):
        talk.call("/p.S/M", "7")
        talk.call("/p.S/M", "9")
    service = agent.service("shop")
    assert service["requests"] == 10
    assert {r["route"] for r in service["routes"]} == {"_unknown"}
    # the content type is in the table, too: that these are calls is not known, so 200 does not say that they are good
    slo = [slo for slo in agent.status()["slos"] if slo["service"] == "shop"][0]
    assert (slo["eligible"], slo["status_unknown"], service["status_unknown"]) == (0, 10, 10), (slo, service)
    talk.close()


def test_a_call_that_outlasts_what_the_table_hides_is_not_judged(start_agent, agent_only, shop):
    """Its content type was hidden: that its trailers hide nothing any more does not make 200 a success."""
    talk = Talk(shop, server_first=True)
    talk.call("/p.S/M")
    agent = start(start_agent, shop)
    streams = [talk.ask("/p.S/M", *GRPC, method="POST", body=message(b"x")) for _ in range(3)]
    for stream in streams:
        talk.answer(stream, 200, ("content-type", "application/grpc"), body=message(b"x"), end=False)
    for i in range(200):
        talk.answer(talk.ask(f"/items/{i}/{'x' * 20}"), 200, ("x-new", f"{i:030}"), body=None)
    before = agent.slo("shop")
    for stream in streams:
        talk.s(block(stream, talk.server.encode([("grpc-status", "13")]), True))
    talk.answer(talk.ask("/cart/1"), 200)
    now = agent.slo("shop")
    assert {key: now[key] - before[key] for key in ("good", "bad", "status_unknown")} == {
        "good": 1, "bad": 0, "status_unknown": 3}, (before, now)
    talk.close()


def test_streams_that_were_open(start_agent, agent_only, shop):
    """Nobody knows what they asked for; those behind them are counted."""
    talk = Talk(shop, table=0)
    old = [talk.ask("/cart/1") for _ in range(5)]
    agent = start(start_agent, shop)
    new = talk.ask("/cart/1")
    for stream in old:
        talk.answer(stream, 404)
    talk.answer(new, 200)
    status = table(agent, "shop")
    assert status.get(("/cart/*", "GET", "200")) == 1, status
    assert agent.service("shop")["requests"] in (1, 6)
    talk.close()
    agent.check_sums()


@user_space
@pytest.mark.parametrize("name, n", [("nginx", 30), ("nghttpd", 1), long_one("nginx", 1), long_one("nghttpd", 30)])
def test_inside_of_tls(start_agent, agent_only, helpers, stopping, tmp_path, name, n):
    """Both sides are joined: what is asked from then on is answered there, and by nobody's leaving."""
    server = stopping(Http2Server(name, True, helpers, tmp_path / "server"))
    old = [Http2Client(server.port, True) for _ in range(3)]
    for client in old:
        client.wait(*[client.ask("/missing") for _ in range(n)])
    agent = start_agent(TLS_CONFIG.format(port=server.port))

    def counted():
        client, before = Http2Client(server.port, True), agent.service("shop")["requests"]
        client.wait(client.ask())
        client.close()
        return wait_until(lambda: agent.service("shop")["requests"] == before + 1, 0.3)

    assert wait_until(counted, 15, 0.05), agent.status()["coverage"]
    before = agent.service("shop")
    for _ in range(20):
        for client in old:
            client.wait(*[client.ask("/missing") for _ in range(n)])
    for client in old:
        client.close()
    service = agent.service("shop")
    assert service["outcomes"]["complete"] == service["requests"], service
    assert service["requests"] - before["requests"] == 60 * n, service


def test_killed_in_the_middle(agents, nothing_left, shop):
    """What the kernel counts meanwhile is the next agent's; tables go on."""
    config = CONFIG.format(port=shop.port, routes=ROUTES)
    agent = agents(config).start()
    talk, want = Talk(shop), {}

    def ask(n):
        for i in range(n):
            talk.answer(talk.ask(f"/cart/{i % 7}"), 418 + i % 5)
            key = "/cart/*", "GET", str(418 + i % 5)
            want[key] = want.get(key, 0) + 1
    ask(50)
    for _ in range(4):
        left_open = talk.ask("/items/1/2")
        agent.kill()
        ask(50)
        agent.start()
        ask(50)
        talk.answer(left_open, 503)
        want["/items/**", "GET", "503"] = want.get(("/items/**", "GET", "503"), 0) + 1
    assert table(agent, "shop") == want
    agent.check_sums()
    talk.close()


def test_a_reload_decides_kept_paths_anew(start_agent, agent_only, shop):
    """They are not said again: only their numbers in the table are."""
    agent = start(start_agent, shop)
    talk = Talk(shop)
    paths = [f"/cart/{i}" for i in range(20)]
    for path in paths:
        talk.answer(talk.ask(path, ("user-agent", "kept/1.0")), 200)
    open_stream = talk.ask("/cart/3", ("user-agent", "kept/1.0"))
    for routes, want in (('["/cart/{n}", "/cart/3"]', {"/cart/{n}": 19, "/cart/3": 1}),
                         ('["/none"]', {"_other": 20}), (ROUTES, {"/cart/*": 20})):
        assert agent.reload(CONFIG.format(port=shop.port, routes=routes))[0] == 200
        books = Books(agent)
        for path in paths:
            talk.answer(talk.ask(path, ("user-agent", "kept/1.0")), 404)
        books.routes({(route, "GET", 404): n for route, n in want.items()})
    talk.answer(open_stream, 503)
    assert table(agent, "shop")["/cart/*", "GET", "503"] == 1
    talk.close()
    agent.check_sums()


def test_a_load_through_kills_and_reloads(agents, nothing_left, helpers, stopping, tmp_path):
    """What h2load got is what is counted, whatever happens to the agents meanwhile."""
    server = stopping(Http2Server("nginx", False, helpers, tmp_path / "server"))
    texts = [CONFIG.format(port=server.port, routes=routes) for routes in (ROUTES, '["/index.html"]')]
    agent = agents(texts[0]).start()
    got = []
    thread = threading.Thread(target=lambda: got.append(h2load(server.port, False, 0, 10, 20, seconds=5)))
    thread.start()
    for i in range(4):
        time.sleep(0.3)
        agent.kill()
        time.sleep(0.2)
        agent.config.write_text(texts[i % 2])
        agent.start()
        time.sleep(0.2)
        assert agent.reload(texts[(i + 1) % 2])[0] == 200
    thread.join()
    server.stop()
    logged = server.logged()
    service = agent.service("shop")
    assert service["requests"] == len(logged), (service["outcomes"], len(logged), got)
    assert service["outcomes"]["complete"] >= got[0][200]
    agent.check_sums()
