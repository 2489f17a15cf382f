# SPDX-License-Identifier: GPL-2.0-only
"""slictl events: what is asked for, of real requests, and what the samples stand for."""
import collections
import csv
import io
import json
import os
import signal
import subprocess
import time

import pytest

from conftest import shared_agent
from harness import BUILD, SLOW, wait_until
from wire import Port, get, reply

CONFIG = """
agent: {{interval: 1s}}
samples: {{bad_per_second: 500, good_per_second: 20, headers: [x-user-id]}}
services:
  - name: shop
    match: {{port: {port}}}
    routes: [/checkout, "/items/*"]
slos:
  - {{name: all, service: shop, objective: 99}}
"""
AGENTS = ["curl/8.5", "ShopApp/2.3", "Mozilla/5.0 (X11; \"quoted\", comma)", "\x1b[31mred"]
ROUNDS, ITEMS = 4, 30  # good ones of each agent, a round
BAD = 7  # of ShopApp
GOOD = 2 + len(AGENTS) * ROUNDS * ITEMS


def slictl(agent, *argv, code=0):
    done = subprocess.run([BUILD / "slictl", "--socket", agent.socket, *argv], text=True,
                          capture_output=True, timeout=30 * SLOW, check=False)
    assert done.returncode == code, (argv, done.stdout, done.stderr)
    return done.stdout if code == 0 else done.stderr


def lines(agent, *argv):
    return [json.loads(line) for line in slictl(agent, "--json", "events", *argv).splitlines()]


def groups(agent, *argv):
    answer = json.loads(slictl(agent, "--json", "events", *argv))
    return answer, {tuple(g["key"].values()): g for g in answer["groups"]}


def send(port, user_agent, path, status, n, user="7"):
    wire = port.dial()
    for _ in range(n):
        wire.c(get(path, f"User-Agent: {user_agent}", f"X-User-Id: {user}", "X-Request-Id: r1"))
        wire.s(reply(status))
    wire.close()


@pytest.fixture(scope="module")
def port():
    made = Port()
    yield made
    made.close()


def drive(port):
    """More good ones than are sampled. The kernel counts what a sample stands for on each CPU by itself."""
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})
    try:
        send(port, "first", "/checkout", 200, 1)
        for _ in range(ROUNDS):
            # in turn, so that each is as likely to be sampled
            wires = [port.dial() for _ in AGENTS]
            for k in range(ITEMS * len(AGENTS)):
                i = k % len(AGENTS)
                wires[i].c(get(f"/items/{i}?secret=1", f"User-Agent: {AGENTS[i]}"))
                wires[i].s(reply(200))
            for wire in wires:
                wire.close()
            time.sleep(0.4)
        send(port, "ShopApp/2.3", "/checkout", 503, BAD)
        # after a second without one, the next is sampled, and stands for all that came before
        time.sleep(1.2)
        send(port, "last", "/checkout", 200, 1)
    finally:
        os.sched_setaffinity(0, cpus)


@pytest.fixture(scope="module")
def agent(port):
    for made in shared_agent(CONFIG.format(port=port.port)):
        if made.real:
            assert wait_until(lambda: made.get("/v1/events")[0] == 200), made.get("/v1/events")
        drive(port)
        if made.real:
            assert wait_until(lambda: lines(made, "user_agent=last"))
        yield made


def test_a_filter_finds_bad_requests_with_their_context(agent, port):
    found = lines(agent, 'status>=500 and route=/checkout and user_agent~"ShopApp/*"')
    assert len(found) == BAD
    for event in found:
        assert event["path"] == "/checkout" and event["host"] == "test"
        assert event["service"] == "shop" and event["bad_for"] == ["all"] and event["bad"]
        assert event["client"] == "127.0.0.1" and event["request_id"] == "r1"
        assert event["headers"] == {"x-user-id": "7"} and event["weight"] == 1
        assert 0 < event["total_seconds"] < 5 and event["bytes_out"] > 0
    assert len(lines(agent, "status=5xx", "and", "header.x-user-id=7")) == BAD
    assert lines(agent, "bad and not user_agent=ShopApp/2.3") == []
    assert lines(agent, "bad", "--until", "1h", "--since", "2h") == []


def test_weights_are_the_requests_that_were_counted(agent):
    assert agent.service("shop")["requests"] == GOOD + BAD
    answer, by = groups(agent, "service=shop", "--by", "bad")
    good, bad = by[False,], by[True,]
    assert bad["requests"] == BAD == bad["samples"]
    assert good["requests"] == pytest.approx(GOOD, rel=1e-9)
    assert good["samples"] < GOOD / 2, "all of them are samples: weights say nothing"
    assert answer["samples_lost"] == 0
    assert answer["matched"]["requests"] == pytest.approx(GOOD + BAD, rel=1e-9)


def test_groups_name_what_the_bad_ones_have_in_common(agent):
    answer, _ = groups(agent, "service=shop", "--by", "user_agent,status")
    worst = answer["groups"][0]
    assert worst["key"] == {"user_agent": "ShopApp/2.3", "status": 503}
    assert worst["bad"] == BAD and worst["bad_share"] == 1 and worst["share_of_bad"] == 1
    # the filter of each group leads to its events
    for group in answer["groups"]:
        found = lines(agent, f'service=shop and {group["filter"]}')
        assert len(found) == group["samples"], group
    text = slictl(agent, "events", "service=shop", "--by", "user_agent")
    assert "ShopApp/2.3" in text.splitlines()[1]
    assert "\x1b" not in text and r"\\u001b[31mred" in text


def test_csv_is_read_as_it_was_meant(agent):
    rows = list(csv.DictReader(io.StringIO(
        slictl(agent, "events", "service=shop", "--csv", "--fields",
               "user_agent,path,query,weight,total"))))
    seen = collections.Counter(row["user_agent"] for row in rows)
    assert seen['Mozilla/5.0 (X11; "quoted", comma)'] > 0 and r"\u001b[31mred" in seen
    assert {row["query"] for row in rows} <= {"", "secret"}
    by = list(csv.DictReader(io.StringIO(slictl(agent, "events", "service=shop", "--csv",
                                              "--by", "status"))))
    assert by[0]["status"] == "503" and float(by[0]["bad"]) == BAD


def test_the_table_is_in_the_order_of_time(agent):
    text = slictl(agent, "events", "--limit", "5", "bad or user_agent=last").splitlines()
    assert text[0].split()[:4] == ["TIME", "STATUS", "TOTAL", "METHOD"]
    times = [line.split()[0] for line in text[1:6]]
    assert times == sorted(times) and len(times) == 5
    assert f"5 of {BAD + 1} samples" in text[-1] or f"5 of {BAD + 1} samples" in text[-2]


def test_what_is_wrong_is_told_with_what_there_is(agent):
    said = slictl(agent, "events", "bad and usr_agent~curl", code=2)
    assert 'column 9: no field "usr_agent"; did you mean "user_agent"? there are time' in said
    assert said.splitlines()[-1] == " " * 10 + "^"
    said = slictl(agent, "events", "total>200", code=2)
    assert 'column 7: total: expected a duration such as 200ms or 1.5s, got "200"' in said
    assert 'no field "stattus"' in slictl(agent, "events", "--by", "stattus", code=2)
    code, fields, body = agent.get("/v1/events?filter=%3E")
    assert code == 400 and "column 1" in json.loads(body)["error"], fields


def test_following_shows_what_comes(agent, port):
    follow = subprocess.Popen([BUILD / "slictl", "--socket", agent.socket, "--json", "events",
                               "user_agent=later", "--follow"], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        time.sleep(1.5 * SLOW)
        send(port, "earlier", "/checkout", 500, 1)
        send(port, "later", "/checkout", 500, 3)
        found = [json.loads(follow.stdout.readline()) for _ in range(3)]
        assert [event["status"] for event in found] == [500] * 3
        assert len({event["id"] for event in found}) == 3
        follow.send_signal(signal.SIGINT)
        assert follow.wait(10 * SLOW) == 0
        assert follow.stdout.read() == "" and follow.stderr.read() == ""
    finally:
        follow.kill()
        follow.wait()


def test_following_ends_when_nobody_reads(agent):
    follow = subprocess.Popen([BUILD / "slictl", "--socket", agent.socket, "events", "--follow"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    follow.stdout.readline()
    follow.stdout.close()
    assert follow.wait(10 * SLOW) in (0, -signal.SIGPIPE)
