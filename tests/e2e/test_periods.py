# SPDX-License-Identifier: GPL-2.0-only
"""What services were asked of late, beside the time before: exact, and over the agents' ends."""
import contextlib
import datetime
import json
import sqlite3
import time

import pytest

from harness import long_one, run_load, user_space, wait_until
from history import Clock, config

pytestmark = [user_space, pytest.mark.usefixtures("nothing_left")]


def services(agent, query="", code=200):
    status, _, body = agent.get("/v1/services" + query)
    assert status == code, body
    return json.loads(body)


def shown(agent, query="", name="shop"):
    """(the whole answer, the service)"""
    answer = services(agent, query)
    found = [s for s in answer["services"] if s["name"] == name]
    assert len(found) == 1, [s["name"] for s in answer["services"]]
    return answer, found[0]


def counts(span):
    return span["requests"], span["errors"], span["status"]


def test_window_beside_the_time_before(agents, shop, helpers, tmp_path):
    """An hour of fast answers is behind, now each takes 0.3 s: the window says so, exactly."""
    clock = Clock(helpers, tmp_path / "clock")
    agent = agents(config(shop.port), env=clock.env).start()
    run_load(helpers, shop.port, 300, conns=3, paths="/status/200,/status/200,/status/503")
    assert wait_until(lambda: agent.service("shop")["requests"] == 300, 2)
    time.sleep(1.5)  # a step
    clock.set(1800, 1800)
    time.sleep(1.5)
    run_load(helpers, shop.port, 20, conns=1, paths="/sleep/300")
    _, service = shown(agent)
    assert counts(service["window"]) == (20, 0, {"200": 20})
    assert counts(service["before"]) == (300, 100, {"200": 200, "503": 100})
    assert service["requests"] == 320 and service["errors"] == 100
    assert 0.28 < service["window"]["latency_seconds"]["p50"] < 0.36
    assert service["before"]["latency_seconds"]["p99"] < 0.05
    assert 20 / 310 < service["window"]["requests_per_second"] < 20 / 298
    assert sum(r["window"]["requests"] for r in service["routes"]) == 20
    answer, service = shown(agent, "?window=2h")
    assert counts(service["window"]) == (320, 100, {"200": 220, "503": 100})
    assert service["before"]["requests"] is None and service["before"]["status"] is None
    assert answer["before"]["covered_seconds"] == 0


def hour_of(agent, since, name="shop"):
    return shown(agent, f"?since={since:.0f}&window=1h", name)[1]["window"]


@pytest.mark.parametrize("end", ["kill", long_one("stop")])
def test_any_hour_across_agents(agents, shop, helpers, tmp_path, end):
    """Hours of the days before, each with its own counts and latencies, by later agents."""
    clock = Clock(helpers, tmp_path / "clock")
    agent = agents(config(shop.port), env=clock.env).start()
    hours, offset = [], 0
    for i in range(1, 5):
        paths = "/status/200" if i % 2 else "/sleep/40,/status/503"
        result = run_load(helpers, shop.port, 10 * i, conns=1, paths=paths)
        assert wait_until(lambda: agent.service("shop")["requests"] > 0, 2)
        if end == "kill":
            agent.kill()
            run_load(helpers, shop.port, 3, conns=1, paths="/status/404")
            result["status"]["404"] = 3
        else:
            agent.stop()
        agent.start()
        hours.append((time.time() + offset, result["status"]))
        time.sleep(1.2)
        offset += 7 * 3600
        clock.set(offset, offset)
        time.sleep(1.2)
    for t, status in hours:
        span = hour_of(agent, t - 1800)
        assert span["status"] == status, (t, hours)
        assert span["requests"] == sum(status.values())
        assert span["errors"] == status.get("503", 0)
        if "503" in status:  # behind half of them a request has slept
            assert span["latency_seconds"]["p99"] > 0.02
        else:  # a busy host may make one late, and not most of them
            assert span["latency_seconds"]["p50"] < 0.02
    everything = shown(agent, "?window=3d")[1]["window"]
    assert everything["requests"] == sum(sum(status.values()) for _, status in hours)
    # another one without traffic between
    empty = hour_of(agent, hours[0][0] + 2 * 3600)
    assert empty["requests"] == 0 and empty["latency_seconds"]["p50"] is None


def test_bad_spans_are_refused(agents, shop):
    agent = agents(config(shop.port)).start()
    for query, word in (("window=5", "window"), ("window=0s", "window"), ("since=soon", "since"),
                        ("since=2999-01-01T00:00:00Z", "future"), ("service=nope", "service")):
        status, _, body = agent.get("/v1/services?" + query)
        assert status in (400, 404) and word in json.loads(body)["error"], (query, body)
    assert services(agent, "?since=1h")["window"]["seconds"] <= 3601
    now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=90)
    answer = services(agent, "?since=" + now.strftime("%Y-%m-%dT%H:%M:%SZ"))
    begin = datetime.datetime.fromisoformat(answer["window"]["to"].replace("Z", "+00:00"))
    assert (begin - now).total_seconds() < 100


def rows(agent, name, query):
    status, _, body = agent.get(f"/v1/history/{name}?{query}")
    assert status == 200, body
    return json.loads(body)


def test_when_what_began_to_fail(agents, shop, helpers, tmp_path):
    """Rows by the hour: exact by route, status and outcome, gaps as gaps, over a take-over."""
    clock = Clock(helpers, tmp_path / "clock")
    agent = agents(config(shop.port), env=clock.env).start()
    run_load(helpers, shop.port, 30, conns=3, paths="/status/200")
    time.sleep(1.2)
    agent.stop()
    clock.set(5 * 3600, 5 * 3600)
    agent.start()
    run_load(helpers, shop.port, 40, conns=2, paths="/status/200,/status/503")
    agent.kill()
    agent.start()
    for name, kind in (("plain", "slo"), ("shop", "service")):
        answer = rows(agent, name, "by=hour")
        assert answer["kind"] == kind and answer["by"] == "hour"
        full = [r for r in answer["rows"] if r["requests"]]
        assert sum(r["requests"] for r in full) == 70
        assert sum(r["errors"] for r in full) == 20
        assert full[0]["errors"] == 0 and full[0]["status"] == {"200": 30}
        failed = [s for r in full for s in r["series"] if s["error"]]
        assert [(s["status"], s["outcome"], s["requests"]) for s in failed] == [
            (503, "complete", 20)]
        assert full[0]["latency_seconds"]["p99"] < 0.1
        gaps = [r for r in answer["rows"] if r["covered_seconds"] == 0]
        assert len(gaps) in (4, 5) and all(r["requests"] is None for r in gaps)
        if kind == "slo":
            assert sum(r["bad"] for r in full) == 20 and answer["steps"] and answer["objective"]
    only = rows(agent, "shop", "by=hour&status=5xx")["rows"]
    assert sum(r["requests"] or 0 for r in only) == 20
    minutes = rows(agent, "shop", "by=minute")["rows"]
    assert 60 <= len(minutes) <= 61 and sum(r["requests"] or 0 for r in minutes) == 40
    days = rows(agent, "shop", "by=day")["rows"]
    assert sum(r["requests"] or 0 for r in days) == 70
    big = rows(agent, "shop", "by=minute&since=60d")
    assert len(big["rows"]) == 1500 and big["rows_left_out"] > 80000
    assert sum(r["requests"] or 0 for r in big["rows"]) == 70
    for query, word in (("by=year", "minute"), ("status=no", "status"), ("since=x", "since")):
        status, _, body = agent.get("/v1/history/shop?" + query)
        assert status == 400 and word in json.loads(body)["error"], body


def test_an_older_agents_database_keeps_its_history(agents, shop, helpers):
    """Hours counted before spans were kept are shown; the one that is under way, too."""
    agent = agents(config(shop.port)).start()
    run_load(helpers, shop.port, 30, conns=2, paths="/status/200,/status/503")
    assert wait_until(lambda: agent.service("shop")["requests"] == 30, 2)
    agent.stop()
    with contextlib.closing(sqlite3.connect(agent.state / "sliprobe.db")) as base:
        base.execute("DROP TABLE traffic")
        base.execute("DROP TABLE traffic_key")
        base.execute("DELETE FROM value WHERE name = 'traffic_since'")
        # as if it had been three hours ago, and in this hour
        base.execute("INSERT INTO series_1h SELECT end_seconds - 10800, series, requests"
                     " FROM series_1h")
        base.commit()
    agent.start()
    run_load(helpers, shop.port, 8, conns=2, paths="/status/200")
    full = [r for r in rows(agent, "shop", "by=hour")["rows"] if r["requests"]]
    assert full[0]["status"] == {"200": 15, "503": 15}
    assert sum(r["requests"] for r in full) == 30 + 30 + 8
    assert shown(agent)[1]["window"]["requests"] == 8
    assert agent.slo("plain")["eligible"] == 38


def test_without_a_disk_memory_answers(agents, shop, helpers):
    """A database of a newer version is left alone; what this agent has counted is shown."""
    agent = agents(config(shop.port)).start()
    agent.stop()
    with contextlib.closing(sqlite3.connect(agent.state / "sliprobe.db")) as base:
        base.execute("PRAGMA user_version = 99")
    agent.start()
    run_load(helpers, shop.port, 12, conns=2, paths="/status/200,/status/503")
    time.sleep(2.2)
    run_load(helpers, shop.port, 4, conns=1, paths="/status/200")
    assert counts(shown(agent)[1]["window"]) == (16, 6, {"200": 10, "503": 6})
    for by in ("minute", "hour", "day"):
        answer = rows(agent, "shop", "by=" + by)["rows"]
        assert sum(r["requests"] or 0 for r in answer) == 16
        assert sum(r["errors"] or 0 for r in answer) == 6
