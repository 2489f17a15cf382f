# SPDX-License-Identifier: GPL-2.0-only
"""Requests that are kept with their context; whatever happens to who keeps them, the counts go on."""
import contextlib
import json
import os
import pathlib
import signal
import sqlite3
import threading
import time
import urllib.parse

import pytest

from harness import SLOW, children, if_long, user_space, wait_until
from history import small_disk
from rawhttp import Client
from targets import program

pytestmark = [user_space, pytest.mark.usefixtures("nothing_left")]

CONFIG = """
agent: {{interval: 1s}}
services: [{{name: shop, match: {{port: {port}}}, routes: ["/status/*"]}}]
slos: [{{name: ok, service: shop, objective: 99}}]
samples: {{bad_per_second: 1000, good_per_second: 1000{more}}}
"""
SECRETS = ("hunter2", "s3cr3t", "c00kie")


@pytest.fixture
def server(helpers):
    running = program([helpers / "httpd", 0, "thread", "read", "write"])
    yield running
    running.stop()


def config(server, more=""):
    return CONFIG.format(port=server.port, more=more)


def ask(server, *statuses):
    client = Client(server.port)
    for status in statuses:
        client.sock.sendall(
            f"GET /status/{status}?password=hunter2 HTTP/1.1\r\nHost: shop.example\r\n"
            "User-Agent: ShopApp/2.3\r\nX-Request-Id: r-1\r\nAuthorization: Bearer s3cr3t\r\n"
            "Cookie: session=c00kie\r\n\r\n".encode())
        assert client.answer()[0] == status
    client.sock.close()


def events(agent, **arguments):
    code, _, body = agent.get("/v1/events?" + urllib.parse.urlencode({"limit": 1000, **arguments}))
    return code, json.loads(body)


def matched(agent, **arguments):
    code, answer = events(agent, **arguments)
    assert code == 200, answer
    return answer["matched"]


def processes(agent):
    """The one that stays, and the one that works."""
    parent = children(agent.process.pid)["sliprobe-sample"]
    wait_until(lambda: children(parent), 1)
    return parent, next(iter(children(parent).values()), None)


def cpu_ticks(agent):
    fields = pathlib.Path(f"/proc/{agent.process.pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def samples(agent):
    return agent.status()["samples"]


def test_bad_requests_are_kept_with_their_context_and_no_secret(agents, server):
    agent = agents(config(server)).start()
    ask(server, *[200] * 16, *[503] * 7)
    # what has been answered is there: it is read before the question is
    code, answer = events(agent, filter="status=503")
    assert code == 200 and answer["matched"]["samples"] == 7, answer
    event = answer["events"][0]
    for key, value in {"service": "shop", "route": "/status/*", "method": "GET", "path": "/status/503",
                       "status": 503, "outcome": "complete", "host": "shop.example", "bad": True,
                       "user_agent": "ShopApp/2.3", "request_id": "r-1", "client": "127.0.0.1",
                       "bad_for": ["ok"], "weight": 1.0}.items():
        assert event[key] == value, (key, event)
    assert agent.slo("ok")["bad"] == 7
    text = json.dumps(events(agent))
    assert "ShopApp/2.3" in text and [secret for secret in SECRETS if secret in text] == []
    agent.check_sums()
    agent.stop()
    # the next one has them
    agent.start()
    assert matched(agent, filter="status=503")["samples"] == 7


def test_when_who_keeps_them_dies_it_is_started_again_and_counts_go_on(agents, server):
    agent = agents(config(server)).start()
    ask(server, *[503] * 5)
    assert matched(agent)["samples"] == 5
    _, worker = processes(agent)
    os.kill(worker, signal.SIGKILL)
    assert wait_until(lambda: samples(agent)["state"] == "stopped", 2)
    assert "signal 9" in samples(agent)["reason"]
    code, answer = events(agent)
    assert code == 503 and "samples are not kept" in answer["error"]
    ask(server, *[503] * 5)
    assert wait_until(lambda: samples(agent)["state"] == "ok", 5)
    assert samples(agent)["restarts"] == 1
    # what waited in the kernel meanwhile is not lost
    ask(server, *[503] * 5)
    assert wait_until(lambda: events(agent)[0] == 200)
    assert matched(agent)["samples"] >= 10
    assert agent.slo("ok")["bad"] == 15
    agent.check_sums()
    said = agent.said()
    assert "has died (signal 9)" in said and "was started again" in said


def test_without_who_keeps_them_all_else_works(agents, server):
    agent = agents(config(server)).start()
    ask(server, 503)
    for pid in processes(agent):
        os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: samples(agent)["state"] == "stopped", 5)
    assert "start the agent again" in samples(agent)["reason"]
    before = cpu_ticks(agent)
    time.sleep(0.5)
    assert cpu_ticks(agent) - before < 15  # it does not look at what has gone
    ask(server, *[503] * 10)
    assert agent.slo("ok")["bad"] == 11
    assert events(agent)[0] == 503
    text = agent.get("/metrics")[2].decode()
    assert "sliprobe_samples_writable 0" in text
    agent.check_sums()
    agent.stop()


def test_what_comes_while_no_agent_runs_is_there_when_the_next_one_has_begun(agents, server):
    agent = agents(config(server)).start()
    ask(server, *[503] * 5)
    assert matched(agent)["samples"] == 5
    agent.kill_alone()
    ask(server, *[503] * 5)
    agent.start()
    ask(server, *[503] * 5)
    assert wait_until(lambda: matched(agent)["samples"] == 15)
    assert agent.slo("ok")["bad"] == 15 and samples(agent)["lost"]["kernel"] == 0


def test_off_keeps_nothing_until_a_reload(agents, server):
    text = config(server)
    off = text[:text.index("samples:")] + "samples: off\n"
    agent = agents(off).start()
    ask(server, *[503] * 5)
    code, answer = events(agent)
    assert code == 503 and "samples are off" in answer["error"]
    assert samples(agent)["state"] == "off" and processes(agent)[1] is None
    assert not list(agent.state.glob("samples*"))
    assert agent.reload(text)[0] == 200
    assert wait_until(lambda: samples(agent)["state"] == "ok", 5)
    ask(server, *[503] * 5)
    assert matched(agent)["samples"] == 5
    assert agent.reload(off)[0] == 200
    assert samples(agent)["state"] == "off" and agent.slo("ok")["bad"] == 10


def test_a_service_can_be_left_out(agents, server):
    text = config(server).replace('routes: ["/status/*"]', 'samples: off')
    agent = agents(text).start()
    ask(server, *[503] * 5)
    assert matched(agent)["samples"] == 0 and agent.slo("ok")["bad"] == 5


def test_who_hangs_costs_an_answer_and_keeps_nobody(agents, server):
    agent = agents(config(server)).start()
    ask(server, *[503] * 5)
    assert matched(agent)["samples"] == 5
    _, worker = processes(agent)
    os.kill(worker, signal.SIGSTOP)
    try:
        begun = time.monotonic()
        # who asks and goes, and who stays
        with contextlib.suppress(TimeoutError):
            agent.request("GET", "/v1/events", timeout=0.2)
        got = []
        thread = threading.Thread(target=lambda: got.append(agent.request("GET", "/v1/events", timeout=15)))
        thread.start()
        while thread.is_alive():
            at = time.monotonic()
            assert agent.get("/healthz")[0] == 200 and agent.status()["coverage"]["lost"] == 0
            assert time.monotonic() - at < 1 * SLOW
            ask(server, 503)
            time.sleep(0.5)
        assert got[0][0] == 503 and b"too long" in got[0][2]
        assert 9 < time.monotonic() - begun < 14 * SLOW
    finally:
        os.kill(worker, signal.SIGCONT)
    assert wait_until(lambda: events(agent)[0] == 200)
    agent.check_sums()


@if_long
def test_a_full_disk_costs_samples_and_nothing_else(agents, server):
    with small_disk(4096) as disk:
        agent = agents(config(server), options=["--state-dir", disk.state])
        agent.start()
        ask(server, *[503] * 5)
        disk.fill()
        ask(server, *[503] * 60)
        assert agent.slo("ok")["bad"] == 65
        assert wait_until(lambda: samples(agent)["state"] == "failing", 20)
        disk.free()
        assert wait_until(lambda: samples(agent)["state"] == "ok", 20)
        agent.check_sums()
        agent.stop()
        with contextlib.closing(sqlite3.connect(disk.state / "samples" / "samples.db")) as base:
            assert base.execute("PRAGMA quick_check").fetchall() == [("ok",)]
