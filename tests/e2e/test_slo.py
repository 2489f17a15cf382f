# SPDX-License-Identifier: GPL-2.0-only
"""Which events are eligible and good: decided per event, exactly, for every SLO they belong to."""
import json

import pytest

from conftest import shared_agent
from harness import free_port, run_load, scaled
from wire import Port, get, hard_close, head, reply

CONFIG = """
agent: {{interval: 1s}}
services:
  - name: shop
    match: {{port: {shop}}}
    routes: ["/checkout", "/cart/*", "/healthz"]
  - name: speed
    match: {{port: {speed}}}
slos:
  - {{name: plain, service: shop, objective: 99.9, window: 30d}}
  - name: strict
    service: shop
    objective: 99
    window: 7d
    good: {{status: ["200-299", "404"]}}
  - name: checkout
    service: shop
    objective: 99.5
    window: 30d
    eligible:
      routes: ["/checkout", "/cart/*"]
      methods: [GET, POST]
  - name: people
    service: shop
    objective: 95
    window: 1d
    eligible:
      exclude:
        paths: ["/healthz", "/internal/**"]
        methods: [OPTIONS]
        user_agents: ["kube-probe/*", "wrk*", "*bot*"]
  - {{name: not-empty, service: shop, objective: 99, window: 30d, good: {{min_body: 5}}}}
  - {{name: aborts, service: shop, objective: 99, window: 30d, client_abort: bad}}
  - {{name: under-200ms, service: speed, objective: 90, window: 30d, good: {{latency: 200ms}}}}
  - {{name: under-10s, service: speed, objective: 90, window: 30d, good: {{latency: 10s}}}}
  - {{name: under-1us, service: speed, objective: 90, window: 30d, good: {{latency: 1us}}}}
"""
SHOP = ("plain", "strict", "checkout", "people", "not-empty", "aborts")


@pytest.fixture(scope="module")
def shop():
    listening = Port()
    listening.speed = free_port()
    yield listening
    listening.close()


@pytest.fixture(scope="module")
def agent(shop):
    yield from shared_agent(CONFIG.format(shop=shop.port, speed=shop.speed))


def events(agent, names=SHOP):
    slos = {s["name"]: s for s in agent.status()["slos"]} if agent.real else {}
    return {name: (slos[name]["good"], slos[name]["bad"]) for name in names if name in slos}


@pytest.fixture
def judged(agent):
    """A function that asserts (good, bad) of each SLO of the shop since the test began."""
    before = events(agent)

    def check(**want):
        if not agent.real:
            return
        now = events(agent)
        got = {n: (now[n][0] - before[n][0], now[n][1] - before[n][1]) for n in SHOP}
        assert got == {n: want.get(n.replace("-", "_"), want.get("rest", (0, 0))) for n in SHOP}
        agent.check_sums()
    return check


def talk(port, code=200, *fields, path="/", method="GET", body=b"hello"):
    port.dial().c(get(path, *fields, method=method)).s(reply(code, body)).close()


def test_unknown_is_null(agent):
    slo = agent.slo("under-10s")
    assert slo["eligible"] == 0 and slo["availability"] is None


@pytest.mark.parametrize("code,plain,strict", [
    (200, True, True), (204, True, True), (299, True, True), (301, True, False),
    (403, True, False), (404, True, True), (405, True, False), (499, True, False),
    (500, False, False), (503, False, False), (599, False, False)])
def test_status(shop, judged, code, plain, strict):
    shop.dial().c(get()).s(head(204) if code == 204 else reply(code)).close()
    good = {True: (1, 0), False: (0, 1)}
    judged(plain=good[plain], strict=good[strict], people=good[plain], aborts=good[plain],
           not_empty=good[plain and code != 204], checkout=(0, 0))


def test_eligible_routes_and_methods(shop, judged):
    for method in ("GET", "POST", "PUT", "DELETE"):
        talk(shop, path="/checkout", method=method)
        talk(shop, 503, path="/cart/7?x=y", method=method)
        talk(shop, path="/cart", method=method)
    judged(checkout=(2, 2), rest=(8, 4))


def test_excluded_paths_and_methods(shop, judged):
    talk(shop, 503, path="/healthz")
    talk(shop, path="/healthz?full=1")
    talk(shop, path="/internal/a/b")
    talk(shop, method="OPTIONS")
    talk(shop, path="/healthz/more")
    talk(shop, path="/internals")
    judged(people=(2, 0), checkout=(0, 0), rest=(5, 1))


@pytest.mark.parametrize("cut", [None, 1, 16])
def test_excluded_user_agents(shop, judged, cut):
    agents = {"kube-probe/1.29": False, "wrk": False, "wrk/4.1": False, "Mozilla/5.0": True,
              "Googlebot/2.1": False, "my kube-probe/1": True, "kube-probe": True, "Wget": True}
    for name in agents:
        shop.dial().c(get("/", f"User-Agent: {name}"), cut).s(reply(200)).close()
        shop.dial().c(get("/", "Accept: */*", f"user-agent:{name}"), cut).s(reply(500)).close()
    counted = sum(agents.values())
    judged(people=(counted, counted), checkout=(0, 0), rest=(8, 8))


def test_min_body(shop, judged):
    chunks = head(200, "Transfer-Encoding: chunked")
    for answer, size in ((reply(200, b""), 0), (reply(200, b"1234"), 4), (reply(200, b"12345"), 5),
                         (reply(200, b"x" * 5000), 5000),
                         (chunks + b"2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n", 4),
                         (chunks + b"2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n", 5),
                         (head(200, "Connection: close") + b"1234", 4),
                         (head(200, "Connection: close") + b"12345", 5)):
        shop.dial().c(get()).s(answer, 9).close()
        assert size >= 0
    judged(not_empty=(4, 4), checkout=(0, 0), rest=(8, 0))


def test_aborts(shop, judged):
    shop.dial().c(get("/checkout")).close()
    hard_close(shop.dial().c(get("/checkout")).client)
    wire = shop.dial().c(get("/checkout")).s(head(200, "Content-Length: 9"))
    wire.client.close()
    wire.server.close()
    judged(aborts=(0, 3), rest=(0, 1))


def test_an_event_counts_for_every_slo(shop, judged):
    wire = shop.dial()
    for _ in range(50):
        wire.c(get("/checkout")).s(reply(200)).c(get("/checkout")).s(reply(503))
    judged(rest=(50, 50))


def test_latency_by_count(agent, shop, helpers, run_server):
    run_server([helpers / "httpd", shop.speed, "thread", "read", "write"])
    watch, n = agent.watch("speed"), scaled(80)
    run_load(helpers, shop.speed, n, conns=8, paths="/sleep/0,/sleep/250")  # a busy host may starve an answer for long
    watch.expect({200: n})
    if agent.real:
        assert events(agent, ("under-200ms", "under-10s", "under-1us")) == {
            "under-200ms": (n // 2, n // 2), "under-10s": (n, 0), "under-1us": (0, n)}


def test_numbers_follow_from_the_counts(agent, shop):
    talk(shop, 200)
    talk(shop, 503)
    for slo in agent.status()["slos"]:
        if slo["name"] not in SHOP:
            continue
        bad_ratio, budget = slo["bad"] / slo["eligible"], slo["budget"]
        assert budget["projected"] and budget["counted_seconds"] < 600
        # of the whole window, at the rate so far, in whole events
        allowed = (1 - slo["objective"]) * round(
            slo["eligible"] * slo["window_seconds"] / budget["counted_seconds"])
        assert slo["availability"] == pytest.approx(1 - bad_ratio, rel=1e-9)
        assert slo["budget"]["allowed"] == pytest.approx(allowed, rel=1e-6)
        assert slo["budget"]["spent_ratio"] == pytest.approx(slo["bad"] / allowed, rel=1e-6)
        assert slo["budget"]["remaining_ratio"] == pytest.approx(1 - slo["bad"] / allowed, rel=1e-6)
        assert set(slo["burn_rate"]) >= {"5m", "30m", "1h", "2h", "6h", "1d", "3d"}
    by_name = {s["name"]: s for s in agent.status()["slos"]}
    assert by_name["plain"]["objective"] == pytest.approx(0.999)
    assert by_name["strict"]["window_seconds"] == 7 * 86400
    assert by_name["plain"]["service"] == "shop"


def test_one_slo_by_name(agent):
    code, _, body = agent.get("/v1/slos/checkout")
    assert code == 200
    one = json.loads(body)
    assert (one["name"], one["good"], one["bad"]) == ("checkout", *events(agent)["checkout"])
    assert agent.get("/v1/slos/no-such")[0] == 404


def test_metrics_have_the_same_events(agent):
    text = agent.get("/metrics")[2].decode()
    assert "sliprobe_slo_error_budget_remaining_ratio{" in text
    assert "sliprobe_slo_burn_rate{" in text
    lines = text.splitlines()
    shown = {}
    for line in lines:
        if line.startswith("sliprobe_slo_events_total{"):
            labels, value = line[len("sliprobe_slo_events_total{"):].split("}")
            pairs = dict(pair.split("=", 1) for pair in labels.split(","))
            key = pairs["slo"].strip('"'), pairs["result"].strip('"')
            shown[key] = float(value.split()[0])
    for name, (good, bad) in events(agent).items():
        assert (shown[name, "good"], shown[name, "bad"]) == (good, bad)
