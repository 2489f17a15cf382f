# SPDX-License-Identifier: GPL-2.0-only
"""Paths become declared routes, the most specific one, or `_other`."""
import collections
import json

import pytest

from conftest import shared_agent
from wire import Port, get, reply

ROUTES = ["/", "/checkout", "/cart/*", "/cart/total", "/items/**", "/items/*/reviews", "/a/*/c",
          "/a/b/*", "/static/**", "/users/*/orders/*"]
MANY = [f"/m{i}" for i in range(64)]
CONFIG = """
agent: {{interval: 1s}}
services:
  - name: shop
    match: {{port: {shop}}}
    routes: {routes}
  - name: many
    match: {{port: {many}}}
    routes: {many_routes}
"""
MATCHES = {
    "/": "/", "/?q=1": "/", "/checkout": "/checkout", "/checkout?x=/cart/1": "/checkout",
    "/checkout/": "_other", "/checkouts": "_other", "/check": "_other", "/Checkout": "_other",
    "/cart/1": "/cart/*", "/cart/total": "/cart/total", "/cart/totals": "/cart/*",
    "/cart": "_other", "/cart/1/2": "_other", "/cart/x?y=/z": "/cart/*",
    "/items/1": "/items/**", "/items/1/2/3": "/items/**", "/items/1/reviews": "/items/*/reviews",
    "/items/1/reviews/2": "/items/**", "/items/1/reviewers": "/items/**",
    "/a/x/c": "/a/*/c", "/a/b/x": "/a/b/*", "/a/b/c": "/a/b/*", "/a/b": "_other",
    "/static/js/app.js?v=1#top": "/static/**", "/users/7/orders/9": "/users/*/orders/*",
    "/users/7/orders": "_other", "/nothing": "_other", "*": "_other",
    "http://host:80/checkout?x": "/checkout", "http://host/cart/1": "/cart/*",
    "/cart/" + "x" * 2000: "/cart/*", "/items/" + "y/" * 500: "/items/**",
    "/" + "z" * 5000: "_other",
}
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"]


@pytest.fixture(scope="module")
def ports():
    made = {"shop": Port(), "many": Port()}
    yield made
    for port in made.values():
        port.close()


@pytest.fixture(scope="module")
def agent(ports):
    yield from shared_agent(CONFIG.format(shop=ports["shop"].port, many=ports["many"].port,
                                          routes=json.dumps(ROUTES),
                                          many_routes=json.dumps(MANY)))


def table(agent, service):
    found = collections.Counter()
    for r in agent.service(service)["routes"]:
        found[r["route"], r["method"]] += r["requests"]
    return found


@pytest.mark.parametrize("path", MATCHES, ids=lambda p: p[:24])
def test_match(agent, ports, path):
    before = table(agent, "shop") if agent.real else {}
    ports["shop"].dial().c(get(path)).s(reply(200)).close()
    if agent.real:
        assert table(agent, "shop") - before == {(MATCHES[path], "GET"): 1}


@pytest.mark.parametrize("cut", [1, 3, 10])
def test_match_of_a_split_head(agent, ports, cut):
    before = table(agent, "shop") if agent.real else {}
    wire = ports["shop"].dial()
    paths = ["/cart/1", "/items/1/reviews", "/a/b/c?d=e", "/nope"]
    for path in paths:
        wire.c(get(path), cut).s(reply(200))
    if agent.real:
        assert table(agent, "shop") - before == collections.Counter(
            {("/cart/*", "GET"): 1, ("/items/*/reviews", "GET"): 1, ("/a/b/*", "GET"): 1,
             ("_other", "GET"): 1})


def test_match_of_pipelined_requests(agent, ports):
    before = table(agent, "shop") if agent.real else {}
    wire = ports["shop"].dial()
    wire.c(b"".join(get(p) for p in MATCHES if len(p) < 100))
    wire.s(reply(200) * sum(len(p) < 100 for p in MATCHES))
    if agent.real:
        want = collections.Counter((r, "GET") for p, r in MATCHES.items() if len(p) < 100)
        assert table(agent, "shop") - before == want


def test_methods(agent, ports):
    before = table(agent, "shop") if agent.real else {}
    for method in METHODS + ["BREW", "get", "PROPFIND", "GETT"]:
        wire = ports["shop"].dial().c(get("/checkout", method=method))
        wire.s(reply(200, b"")).close()
    if agent.real:
        want = {("/checkout", m): 1 for m in METHODS if m != "CONNECT"}
        got = table(agent, "shop") - before
        # the target of CONNECT is no path
        connect = {k: n for k, n in got.items() if k[1] == "CONNECT"}
        assert sum(connect.values()) == 1
        assert {k: n for k, n in got.items() if k[1] not in ("CONNECT", "_OTHER")} == want
        assert {k: n for k, n in got.items() if k[1] == "_OTHER"} == {("/checkout", "_OTHER"): 4}


def test_64_routes(agent, ports):
    wire = ports["many"].dial()
    for i, path in enumerate(MANY):
        for _ in range(i % 3 + 1):
            wire.c(get(path)).s(reply(200))
    wire.c(get("/m64")).s(reply(200))
    if agent.real:
        want = {(path, "GET"): i % 3 + 1 for i, path in enumerate(MANY)}
        assert table(agent, "many") == want | {("_other", "GET"): 1}


def test_status_by_route(agent, ports):
    watch = agent.watch("shop")
    wire = ports["shop"].dial()
    for code in (200, 200, 503, 404):
        wire.c(get("/users/1/orders/2", method="DELETE")).s(reply(code))
    watch.expect({200: 2, 503: 1, 404: 1})
    if agent.real:
        shown = [r for r in agent.service("shop")["routes"]
                 if (r["route"], r["method"]) == ("/users/*/orders/*", "DELETE")]
        assert [r["status"] for r in shown] == [{"200": 2, "404": 1, "503": 1}]


def test_services_endpoint_has_the_same_numbers(agent, ports):
    code, _, body = agent.get("/v1/services")
    assert code == 200
    listed = json.loads(body)
    listed = listed["services"] if isinstance(listed, dict) else listed
    shop = [s for s in listed if s["name"] == "shop"]
    assert len(shop) == 1 and shop[0]["requests"] == agent.service("shop")["requests"]
