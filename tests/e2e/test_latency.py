# SPDX-License-Identifier: GPL-2.0-only
"""Time waited for the server, time taken by it, and the sum of both."""
import statistics
import threading
import time

import pytest

from conftest import shared_agent
from harness import free_port, scaled
from rawhttp import Client
from wire import Port, get, head, reply

BUCKET = 2 ** (1 / 8)  # a displayed quantile may be off by one bucket of scale 3
CONFIG = """
agent: {{interval: 1s}}
services:
  - name: sleeper
    match: {{port: {sleeper}}}
    routes: ["/sleep/*"]
  - name: queue
    match: {{port: {queue}}}
slos:
  - {{name: over-50ms, service: sleeper, objective: 99, window: 30d, good: {{latency: 50ms}}}}
"""


@pytest.fixture(scope="module")
def ports():
    return {"sleeper": free_port(), "queue": free_port()}


@pytest.fixture(scope="module")
def agent(ports):
    yield from shared_agent(CONFIG.format(**ports))


def mean_times(agent, service):
    """(sum of total, sum of queue, requests) in seconds, from the histograms' exact sums."""
    sums = {"http_server_request_duration_seconds_sum": 0.0,
            "sliprobe_http_request_queue_duration_seconds_sum": 0.0,
            "http_server_request_duration_seconds_count": 0.0}
    for line in agent.get("/metrics")[2].decode().splitlines():
        name = line.split("{")[0]
        if name in sums and f'service="{service}"' in line:
            sums[name] += float(line.split("}")[1].split()[0])
    return list(sums.values())


def route(agent, service, name):
    found = [r for r in agent.service(service)["routes"] if r["route"] == name]
    assert len(found) == 1, found
    return found[0]


def test_a_server_that_sleeps_50_ms_shows_50_ms(agent, ports, helpers, run_server):
    run_server([helpers / "httpd", ports["sleeper"], "thread", "read", "write"])
    watch, n = agent.watch("sleeper"), scaled(60)
    waited = []
    with Client(ports["sleeper"]) as client:
        for _ in range(n):
            start = time.monotonic()
            assert client.ask("/sleep/50")[0] == 200
            waited.append(time.monotonic() - start)
    watch.expect({200: n})
    shown = route(agent, "sleeper", "/sleep/*")
    total, queue = shown["latency_seconds"], shown["queue_seconds"]
    assert 0.050 / BUCKET <= total["p50"] <= 0.060 * BUCKET
    assert total["p50"] <= total["p90"] <= total["p99"]
    assert total["p50"] <= statistics.median(waited) * BUCKET
    assert queue["p50"] < 0.010
    slo = agent.slo("over-50ms")
    assert (slo["eligible"], slo["good"], slo["bad"]) == (n, 0, n)


def clients_waits(port, conns, each):
    """What `conns` clients waited for each of their answers, in seconds, as they saw it."""
    waits = []

    def run():
        with Client(port) as client:
            for _ in range(each):
                start = time.monotonic()
                assert client.ask("/sleep/10")[0] == 200
                waits.append(time.monotonic() - start)

    threads = [threading.Thread(target=run) for _ in range(conns)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(waits) == conns * each
    return sorted(waits)


def test_waiting_for_a_busy_server_is_queue_time(agent, ports, helpers, run_server):
    """One thread that takes 10 ms a request: of 20 clients each waits for the others."""
    run_server([helpers / "httpd", ports["queue"], "epoll", "read", "write"])
    each = scaled(20, 5)
    if not agent.real:
        clients_waits(ports["queue"], 20, each)
        pytest.skip("selftest")

    def run(conns):
        before = mean_times(agent, "queue")
        waits = clients_waits(ports["queue"], conns, each)
        total, queue, count = (b - a for a, b in zip(before, mean_times(agent, "queue")))
        assert count == len(waits)
        return waits, total / count, queue / count

    waits, total, queue = run(1)
    alone = total - queue
    assert queue < 0.005 and 0.010 <= alone <= statistics.mean(waits)
    waits, total, queue = run(20)
    # the service time stays flat, all the rest of what the clients waited is queue time
    assert 0.010 <= total - queue <= alone * 1.25
    assert 0.9 * statistics.mean(waits) <= total <= statistics.mean(waits)
    assert queue > 8 * alone
    shown = route(agent, "queue", "_other")
    assert shown["queue_seconds"]["p50"] > 8 * alone
    assert shown["latency_seconds"]["p99"] <= waits[-1] * BUCKET


@pytest.fixture
def port():
    listening = Port()
    yield listening
    listening.close()


def test_service_time_ends_with_the_last_byte_not_the_next_request(agent, port):
    wire = port.dial()
    for _ in range(5):
        wire.c(get()).s(reply(200))
        time.sleep(0.2)
    if agent.real:
        shown = agent.service(port.port)["routes"]
        assert [r["requests"] for r in shown] == [5]
        assert shown[0]["latency_seconds"]["p99"] < 0.2 / BUCKET


def test_service_time_includes_the_body(agent, port):
    wire = port.dial()
    wire.c(get()).s(head(200, "Content-Length: 10") + b"12345")
    time.sleep(0.1)
    wire.s(b"67890")
    if agent.real:
        shown = agent.service(port.port)["routes"][0]
        assert 0.1 / BUCKET <= shown["latency_seconds"]["p50"] <= 0.15 * BUCKET


def test_a_head_that_arrives_slowly_is_not_queue_time(agent, port):
    """The client dawdles in its head: the server waited, the request did not."""
    wire = port.dial()
    wire.c(get()[:10])
    time.sleep(0.1)
    wire.c(get()[10:]).s(reply(200))
    if agent.real:
        shown = agent.service(port.port)["routes"][0]
        assert shown["queue_seconds"]["p50"] < 0.05


def test_queue_of_a_request_left_unread(agent, port):
    wire = port.dial()
    wire.client.sendall(get())
    time.sleep(0.1)
    assert wire.server.recv(1000) == get()
    wire.s(reply(200))
    if agent.real:
        shown = agent.service(port.port)["routes"][0]
        assert 0.1 / BUCKET <= shown["queue_seconds"]["p50"] <= 0.15 * BUCKET
        assert shown["latency_seconds"]["p50"] >= shown["queue_seconds"]["p50"] / BUCKET


def test_a_slow_tail_is_the_p99(agent, port):
    """Values far apart stay apart: one of 1 s among many fast ones is the p99 and not the p50."""
    def one(delay):
        wire = port.dial().c(get())
        time.sleep(delay)
        wire.s(reply(200))

    slow = [threading.Thread(target=one, args=(1.0,)) for _ in range(4)]
    for thread in slow:
        thread.start()
    for _ in range(96):
        one(0)
    for thread in slow:
        thread.join()
    if agent.real:
        shown = agent.service(port.port)["routes"][0]["latency_seconds"]
        assert shown["p50"] < 0.1 and 1.0 / BUCKET <= shown["p99"] <= 1.1 * BUCKET
