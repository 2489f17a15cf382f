# SPDX-License-Identifier: GPL-2.0-only
"""Why bad events were bad: each is counted by one reason, and they add up."""
import subprocess
import time

import pytest

from alerting import ctl
from conftest import shared_agent, shared_port
from harness import BUILD, IN_VM, user_space, wait_until
from wire import get, hard_close, head, reply

UNANSWERED_S = 8 if IN_VM else 2
SLOW_S = 3 if IN_VM else 0.3
CONFIG = """
agent: {{interval: 1s, unanswered_after: {unanswered}s}}
services: [{{name: shop, match: {{port: {port}}}, routes: ["/a"]}}]
slos:
  - {{name: all, service: shop, objective: 99, client_abort: bad,
      good: {{latency: {slow}ms, min_body: 5, status: [2xx]}}}}
  - {{name: late, service: shop, objective: 99,
      good: {{latency: {slow}ms, min_body: 5, status: [2xx]}}}}
  - {{name: none, service: shop, objective: 99, eligible: {{routes: ["/a"]}}}}
  - {{name: "{{service}} any", service: "*", objective: 99, good: {{status: [2xx]}}}}
"""
REASONS = ("server_abort", "client_abort", "unanswered", "status", "latency", "body")


shop = pytest.fixture(scope="module")(shared_port)


@pytest.fixture(scope="module")
def agent(shop):
    yield from shared_agent(CONFIG.format(port=shop.port, slow=int(SLOW_S * 1000),
                                          unanswered=UNANSWERED_S))


def reasons(agent, name):
    slo = agent.slo(name)
    got = dict(slo["bad_by_reason"], left_out=slo["client_aborts_left_out"])
    assert sum(slo["bad_by_reason"].values()) == slo["bad"]
    assert set(got) == {*REASONS, "unknown", "left_out"}
    return {reason: n for reason, n in got.items() if n}


@pytest.fixture
def why(agent):
    """A function that asserts why the SLO's events since the test began were bad."""
    if not agent.real:
        pytest.skip("no agent")
    names = ("all", "late", "none", "shop any")
    before = {name: reasons(agent, name) for name in names}

    def check(name, **want):
        now = reasons(agent, name)
        got = {r: n - before[name].get(r, 0) for r, n in now.items()}
        assert {r: n for r, n in got.items() if n} == want, name
    return check


def answer(shop, said, wait=0.0):
    wire = shop.dial().c(get())
    time.sleep(wait)
    wire.s(said).close()


def test_each_reason(agent, shop, why):
    answer(shop, reply(200))
    answer(shop, reply(404))
    answer(shop, reply(200, b"1234"))
    answer(shop, reply(200), SLOW_S * 1.2)
    shop.dial().c(get()).server.close()
    hard_close(shop.dial().c(get()).client)
    shop.dial().c(get())
    assert wait_until(lambda: reasons(agent, "all").get("unanswered"), 3 * UNANSWERED_S) == 1
    rest = {"status": 1, "server_abort": 1, "unanswered": 1}
    why("all", client_abort=1, latency=1, body=1, **rest)
    why("late", left_out=1, latency=1, body=1, **rest)
    why("shop any", left_out=1, **rest)
    why("none")


def test_the_first_reason_counts(shop, why):
    answer(shop, reply(500, b""), SLOW_S * 1.2)  # status, latency, body
    answer(shop, reply(200, b""), SLOW_S * 1.2)  # latency, body
    answer(shop, head(204), SLOW_S * 1.2)  # latency, body
    wire = shop.dial().c(get())
    time.sleep(SLOW_S * 1.2)
    wire.s(head(500, "Content-Length: 9")).server.close()  # server_abort, status, latency, body
    wire = shop.dial().c(get()).s(head(500, "Content-Length: 9"))
    time.sleep(SLOW_S * 1.2)
    hard_close(wire.client)
    why("all", status=1, latency=2, server_abort=1, client_abort=1)
    why("late", status=1, latency=2, server_abort=1, client_abort=1)
    why("shop any", status=1, server_abort=1, left_out=1)


def test_pipelined_and_many(agent, shop, why):
    wires = [shop.dial() for _ in range(8)]
    for wire in wires:
        for _ in range(25):
            wire.c(get() * 4).s(reply(200) + reply(503) + reply(200, b"x") + reply(200))
    why("all", status=200, body=200)
    why("shop any", status=200)


def test_metrics_have_them(agent, shop, why):
    answer(shop, reply(404))
    text = agent.get("/metrics")[2].decode()
    for reason in REASONS:
        n = agent.slo("all")["bad_by_reason"][reason]
        line = f'sliprobe_slo_bad_events_total{{slo="all",service="shop",reason="{reason}"}} {n}\n'
        assert (line in text) == (n > 0)
    assert 'sliprobe_slo_client_aborts_left_out_total{slo="late",service="shop"} ' in text


def test_what_is_counted_in_words(agent, shop, why):
    assert agent.slo("none")["definition"] == {
        "eligible": "requests to /a", "good": "status 100-499",
        "client_abort": f"bad if its client gave up after more than {UNANSWERED_S} s, "
                        "left out if earlier"}


@user_space
def test_why_there_is_no_alert(agent, shop, why):
    for _ in range(3):
        shop.dial().c(get("/a")).s(reply(503)).close()
    said = "burn-1h waits for 5 bad requests in 1h (min_bad): so far 3"
    assert agent.slo("none")["no_alert"] == said
    for _ in range(3):
        shop.dial().c(get("/a")).s(reply(503)).close()
    assert agent.slo("none")["no_alert"].startswith("young: counted for ")
    shown = "".join(ctl(agent, "slo", "none")).splitlines()
    assert "  bad            6: status 6" in shown
    assert "                 requests to /a" in shown
    assert any(line.startswith("  no alert       young: counted for ") for line in shown)
    assert all(len(line) <= 80 for line in shown)


@user_space
def test_aborts_left_out_are_told(agent, shop, why):
    for _ in range(3):
        hard_close(shop.dial().c(get("/a")).client)
    left_out = agent.slo("none")["client_aborts_left_out"]
    assert left_out == 3
    assert f", {left_out} left out" in ctl(agent, "status")[0]
    gate = subprocess.run([BUILD / "slictl", "--socket", agent.socket, "gate", "none"],
                          capture_output=True, text=True, timeout=60, check=False)
    assert gate.stdout.endswith(f" Left out: {left_out} requests whose client gave up.\n")


@user_space
def test_they_outlive_the_agent(agent, shop, why):
    answer(shop, reply(404))
    hard_close(shop.dial().c(get()).client)
    before = {name: reasons(agent, name) for name in ("all", "late", "shop any")}
    time.sleep(1.5)
    agent.kill()
    answer(shop, reply(200, b""))
    agent.start()
    before["all"]["body"] = before["all"].get("body", 0) + 1
    before["late"]["body"] = before["late"].get("body", 0) + 1
    assert {name: reasons(agent, name) for name in before} == before
