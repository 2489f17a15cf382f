# SPDX-License-Identifier: GPL-2.0-only
"""From a service that fails under real traffic to the people and programs who are told."""
import datetime
import json
import os
import signal
import socket
import subprocess
import time

import pytest

from alerting import (ESCALATE, FIRE, JOINED, LEFT, PAGE, RESOLVE, TICKET, Alertmanager, Hook,
                      Prometheus, alerts_of, became, changes, config, ctl, ctl_json, parse, restart,
                      shown_url, slo, steps)
from harness import LONG, SLOW, free_port, if_long, run_load, tool, user_space, wait_until

pytestmark = [user_space, pytest.mark.usefixtures("agent_only")]


# A young SLO pages later.
@pytest.fixture(name="start_agent")
def start_agent_old(start_old_agent):
    return start_old_agent


ABOUT = {"owner": "team-shop", "purpose": "Customers pay.", "importance": "No sale without it.",
         "mitigation": "Restart it.", "runbook": "https://runbooks.example/shop"}


def journal(agent):
    """What standard error said of alerts, over all restarts."""
    said = (agent.dir / "log").read_text().splitlines()
    return [line.removeprefix("sliprobed: ") for line in said
            if line.startswith(("sliprobed: PAGE", "sliprobed: TICKET"))]


def format_parse(rfc3339):
    return datetime.datetime.fromisoformat(rfc3339.replace("Z", "+00:00")).timestamp()


def check_description(message, kind, command):
    said = message["description"].splitlines()
    assert said[0].startswith("checkout: fast; burn rate "), said
    if kind == "fire":
        assert said[0].startswith("checkout: fast; burn rate 6 (5m)"), said
        since = message["slos"][0]["failing_since"].replace("T", " ").replace("Z", " UTC")
        assert said[1:5] == [
            f"Failing since {since}", said[2], "Most bad: 60 GET _other 503",
            "Budget left: -50 of 10 bad requests, -30 min of full outage"], said
        assert said[2].startswith("60 of 100 requests were bad in the last "), said
        assert said[2].endswith("/s: 60 by status"), said
        begun = format_parse(message["slos"][0]["failing_since"])
        fired = format_parse(message["slos"][0]["alerts"][0]["started_at"])
        assert fired - 20 <= begun <= fired, message["slos"][0]
        failing = message["slos"][0]["failing"]
        assert (failing["eligible"], failing["bad"], failing["bad_ratio"]) == (100, 60, 0.6)
        assert failing["reasons"]["status"] == 60 == sum(failing["reasons"].values())
        assert failing["worst_exact"] is True and failing["worst"] == [
            {"route": "_other", "method": "GET", "status": 503, "grpc_status": None,
             "outcome": "complete", "bad": 60}]
    assert said[-6:] == [
        "Owner: team-shop", "Purpose: Customers pay.", "Importance: No sale without it.",
        "Mitigation: Restart it.", "Runbook: https://runbooks.example/shop", f"Look: {command}"]


def check_message(message, kind, agent):
    command = f"slictl --socket '{agent.socket}' slo 'checkout'"
    host = socket.gethostname()
    assert message["version"] == 1 and message["kind"] == kind
    assert message["status"] == ("resolved" if kind == "resolve" else "firing")
    assert (message["severity"], message["service"], message["host"]) == ("page", "shop", host)
    assert message["about"] == ABOUT and message["command"] == command
    check_description(message, kind, command)
    assert [s["name"] for s in message["slos"]] == ["checkout"]
    of = message["slos"][0]
    assert [a["name"] for a in of["alerts"]] == ["fast"]
    if kind == "fire":
        assert (of["eligible"], of["good"], of["bad"]) == (100, 40, 60)
        assert of["burn_rate"]["5m"] == pytest.approx(6)
        assert of["alerts"][0]["burn_long"] == of["alerts"][0]["burn_short"] == pytest.approx(6)
        assert of["budget"]["remaining_ratio"] == pytest.approx(-5)
        assert of["budget"]["exhausted_in_seconds"] == 0
        assert message["summary"] == ("checkout (fast): burns 6 times the budgeted rate, "
                                      "-500.0 % of the budget left, exhausted")


def check_shown_while_it_fires(agent):
    firing = ctl_json(agent, "status")["slos"][0]["alerts"]
    assert [(a["name"], a["severity"], a["state"]) for a in firing] == [("fast", "page", "firing")]
    assert "page: fast" in ctl(agent, "status")[0]
    shown = ctl(agent, "slo", "checkout")[0]
    assert any(line.split()[:3] == ["fast", "page", "firing"] for line in shown.splitlines())
    shown = ctl(agent, "alerts")[0]
    assert "page shop since" in shown and "inactive > firing" in shown
    assert ctl(agent, "gate", "checkout", code=1)[0] == \
        "checkout: freeze: The page fast is firing.\n"
    answer = ctl_json(agent, "alerts")
    assert [(a["slo"], a["service"], a["name"], a["silenced"]) for a in answer["active"]] == [
        ("checkout", "shop", "fast", False)]
    assert [(n["service"], n["severity"], n["alerts"]) for n in answer["notices"]] == [
        ("shop", "page", [{"slo": "checkout", "name": "fast"}])]
    wanted = [(1, 0, 0)] * len(answer["receivers"])  # a command takes a moment to end

    def taken():
        return [(r["sent"], r["failed"], r["waiting"]) for r in ctl_json(agent, "alerts")["receivers"]]

    assert wait_until(lambda: taken() == wanted), taken()


def check_backtest(agent):
    """The recorded history, through the same engine: the same alerts, the same sums."""
    csv = ctl(agent, "history", "checkout", "--csv")[0]
    (agent.dir / "events.csv").write_text(csv)
    replayed = parse(ctl(agent, "--json", "backtest", "--config", agent.config, "--slo",
                         "checkout", "--events", agent.dir / "events.csv")[0])
    fired = [(t["alert"], t["state"].replace("resolved", "inactive"))
             for t in replayed["transitions"]]
    assert fired == changes(agent, "checkout")
    now = agent.slo("checkout")
    for key in ("eligible", "good", "bad", "availability"):
        assert replayed["final"][key] == pytest.approx(now[key]), key
    assert replayed["final"]["budget"]["remaining_ratio"] == pytest.approx(
        now["budget"]["remaining_ratio"])
    said = ctl(agent, "backtest", "--config", agent.config, "--slo", "checkout", "--events", "-",
               stdin=csv)[0]
    assert "fast" in said and max(map(len, said.splitlines())) <= 80


def test_a_page_reaches_everyone_once_and_so_does_its_end(service, start_agent, stopping, tmp_path,
                                                          anybodys):
    shop, hook = service(), stopping(Hook())
    manager = stopping(Alertmanager(tmp_path / "alertmanager"))
    taken = anybodys / "taken"
    agent = start_agent(config(
        {"shop": shop}, [slo("checkout", "shop", alerts=[PAGE])], about=ABOUT,
        notify=["journal", {"webhook": {"url": hook.url}},
                {"alertmanager": {"url": f"http://127.0.0.1:{manager.port}"}},
                {"command": {"argv": ["/bin/sh", "-c", f"cat >>{taken}; echo >>{taken}"]}}]))
    shop.send(good=40, bad=60)
    check_message(hook.expect(FIRE), "fire", agent)
    assert wait_until(lambda: manager.told() == ["firing"]), manager.told()
    check_shown_while_it_fires(agent)
    alert, = manager.alerts()
    assert alert["labels"] == {"alertname": "SliprobeErrorBudget", "slo": "checkout",
                               "service": "shop", "severity": "page", "host": socket.gethostname()}
    assert alert["annotations"]["summary"] == hook.messages[0]["summary"]
    assert alert["annotations"]["runbook_url"] == ABOUT["runbook"]
    assert "fast; burn rate 6 (5m)" in alert["annotations"]["description"]

    for sig in (signal.SIGTERM, signal.SIGKILL):
        restart(agent, sig)
        steps()
        assert alerts_of(agent, "checkout") == {"fast": "firing"}
        hook.expect(FIRE)
        again, = manager.alerts()
        assert (again["fingerprint"], again["startsAt"]) == (alert["fingerprint"],
                                                             alert["startsAt"])
    shop.next_bucket()
    shop.send(good=1000)
    check_message(hook.expect(FIRE, RESOLVE), "resolve", agent)
    assert hook.messages[0]["id"] == hook.messages[1]["id"]
    became(agent, "checkout", "fast", None)
    assert wait_until(lambda: manager.told() == ["firing", "resolved"]), manager.told()
    assert changes(agent, "checkout") == [("fast", "firing"), ("fast", "inactive")]
    check_backtest(agent)
    steps()
    hook.expect(FIRE, RESOLVE)
    assert manager.told() == ["firing", "resolved"] and manager.alerts() == []
    assert [parse(line) for line in taken.read_text().splitlines()] == hook.messages
    assert journal(agent) == [
        f"PAGE shop: {hook.messages[0]['summary']}",
        f"PAGE shop: resolved: {hook.messages[1]['summary']}"]


@if_long
def test_each_slo_that_begins_or_ends_under_an_open_page_is_told_once(service, start_agent, stopping,
                                                                      tmp_path):
    shop, hook = service(), stopping(Hook())
    manager = stopping(Alertmanager(tmp_path / "alertmanager", ["service"]))
    agent = start_agent(config(
        {"shop": shop},
        [slo("answers", "shop", alerts=[PAGE]),
         slo("finds", "shop", alerts=[PAGE], good={"status": ["100-399"]})],
        notify=["journal", {"webhook": {"url": hook.url}},
                {"alertmanager": {"url": f"http://127.0.0.1:{manager.port}"}}]))
    shop.send(good=10, refused=60)
    assert hook.expect(FIRE)["joined"] == ["finds"]
    assert wait_until(lambda: manager.slos() == {"finds": True}), manager.hook.messages
    steps(1)  # what was taken at this moment could be sent again
    restart(agent, signal.SIGKILL)

    shop.send(bad=60)
    told = hook.expect(FIRE, JOINED)
    assert (told["joined"], told["left"], told["status"]) == (["answers"], [], "firing")
    assert told["summary"].startswith("answers (fast): burns ")
    assert told["summary"].endswith("; still firing: finds")
    assert [(s["name"], s["status"]) for s in told["slos"]] == [("answers", "firing"),
                                                               ("finds", "firing")]
    assert wait_until(lambda: manager.slos() == {"finds": True, "answers": True})
    alerts = {a["labels"]["slo"]: a for a in manager.alerts()}
    assert all(a["labels"] == {"alertname": "SliprobeErrorBudget", "slo": name, "service": "shop",
                               "severity": "page", "host": socket.gethostname()}
               and a["annotations"]["summary"].startswith(f"{name} (fast): burns ")
               for name, a in alerts.items()), alerts
    for sig in (signal.SIGTERM, signal.SIGKILL):
        steps(1)
        restart(agent, sig)
        steps()
        hook.expect(FIRE, JOINED)

    shop.next_bucket()
    shop.send(refused=300)
    told = hook.expect(FIRE, JOINED, LEFT, seconds=15)
    assert (told["joined"], told["left"], told["status"]) == ([], ["answers"], "firing")
    assert told["summary"].startswith("answers (fast), ")
    assert [(s["name"], s["status"]) for s in told["slos"]] == [("answers", "resolved"),
                                                               ("finds", "firing")]
    assert wait_until(lambda: manager.slos() == {"finds": True, "answers": False})
    steps(1)
    restart(agent, signal.SIGKILL)
    steps()
    shop.next_bucket()
    shop.send(good=3000)
    assert hook.expect(FIRE, JOINED, LEFT, RESOLVE, seconds=15)["left"] == ["finds"]
    assert len({m["id"] for m in hook.messages}) == 1
    assert wait_until(lambda: manager.slos() == {"finds": False}), manager.hook.messages
    assert manager.alerts() == []
    assert [line.split(" (")[0] for line in journal(agent)] == [
        "PAGE shop: finds", "PAGE shop: joined: answers", "PAGE shop: left: answers",
        "PAGE shop: resolved: finds"]


def test_a_chat_gets_its_own_shape_with_what_fails_most(service, start_agent, stopping):
    shop, hook = service(), stopping(Hook())
    conf = parse(config(
        {"shop": shop}, [slo("checkout", "shop", alerts=[PAGE], good={
            "status": ["100-499"], "min_body": 1})], about=ABOUT,
        notify=[{"webhook": {"url": hook.url, "headers": ["X-Token: abc"], "body": {
            "text": "{line}", "blocks": [{"says": "{description}", "id": "{id}-{action}"}]}}},
                {"webhook": {"url": hook.url + "2", "body": '{"all": {message}, "n": {burn_rate}}'}}]))
    conf["services"][0]["routes"] = ["/status/503", "/status/*"]
    agent = start_agent(json.dumps(conf))
    shop.send(good=100)
    run_load(shop.helpers, shop.port, 7, conns=1, paths="/status/500")
    run_load(shop.helpers, shop.port, 2, conns=1, paths="/status/502")
    steps(1)
    shop.send(bad=60)
    assert wait_until(lambda: len(hook.messages) == 2)
    chat, = [m for m in hook.messages if "text" in m]
    whole, = [m for m in hook.messages if "all" in m]
    assert chat["text"] == f"PAGE shop: {whole['all']['summary']}"
    assert chat["blocks"] == [{"says": whole["all"]["description"],
                               "id": whole["all"]["id"] + "-trigger"}]
    failing = whole["all"]["slos"][0]["failing"]
    assert (failing["eligible"], failing["bad"]) == (169, 69)
    assert [(w["route"], w["status"], w["bad"]) for w in failing["worst"]] == [
        ("/status/503", 503, 60), ("/status/*", 500, 7), ("/status/*", 502, 2)]
    assert ("\nMost bad: 60 GET /status/503 503, 7 GET /status/* 500, 2 GET /status/* 502\n"
            in chat["blocks"][0]["says"])
    assert whole["n"] == pytest.approx(whole["all"]["slos"][0]["alerts"][0]["burn_long"], rel=1e-3)
    wrong = conf | {"notify": [{"webhook": {"url": hook.url, "body": '{"a": "{sumary}"}'}}]}
    status, said = agent.reload(json.dumps(wrong))[:2]
    assert status == 422 and "unknown placeholder {sumary}; did you mean" in str(said)


def test_a_receiver_that_comes_later_is_told_what_is_open_once(service, start_agent, stopping,
                                                              tmp_path):
    shop, hooks = service(), [stopping(Hook()) for _ in range(3)]
    manager = stopping(Alertmanager(tmp_path / "alertmanager"))
    receivers = [{"webhook": {"url": hook.url}} for hook in hooks]
    rest = {"services": {"shop": shop}, "slos": [slo("checkout", "shop", alerts=[PAGE])]}
    agent = start_agent(config(**rest, notify=receivers[:1]))
    shop.send(good=40, bad=60)
    hooks[0].expect(FIRE)
    assert agent.reload(config(**rest, notify=receivers[:2] + [
        {"alertmanager": {"url": f"http://127.0.0.1:{manager.port}"}}]))[0] == 200
    assert hooks[1].expect(FIRE)["id"] == hooks[0].messages[0]["id"]
    assert wait_until(lambda: manager.slos() == {"checkout": True})
    steps(1)
    agent.config.write_text(config(**rest, notify=receivers))
    restart(agent, signal.SIGKILL)
    hooks[2].expect(FIRE)
    steps(1)
    restart(agent, signal.SIGTERM)
    steps()
    for hook in hooks:
        hook.expect(FIRE)
    shop.next_bucket()
    shop.send(good=1000)
    for hook in hooks:
        hook.expect(FIRE, RESOLVE)


def test_a_ticket_becomes_a_page_and_a_dead_receiver_delays_nobody(service, start_agent, stopping):
    shop, hook, port = service(), stopping(Hook()), free_port()
    dead = f"http://127.0.0.1:{port}/hook"
    agent = start_agent(config({"shop": shop}, [slo("checkout", "shop", alerts=[PAGE, TICKET])],
                               notify=[{"webhook": {"url": dead}}, {"webhook": {"url": hook.url}}]))
    shop.send(good=90, bad=10)
    hook.expect(("fire", "ticket"))
    shop.send(bad=60)
    told = hook.expect(("fire", "ticket"), ESCALATE)
    assert told["id"] != hook.messages[0]["id"] and told["slos"][0]["alerts"][0]["name"] == "fast"

    def waiting():
        return next(r for r in ctl_json(agent, "alerts")["receivers"]
                    if r["receiver"] == f"webhook {shown_url(dead)}")

    assert wait_until(lambda: waiting()["failed"] >= 2), waiting()
    assert (waiting()["sent"], waiting()["waiting"], waiting()["given_up"]) == (0, 2, 0)
    shown = ctl(agent, "alerts")[0]
    assert f"{shown_url(dead)} failed last at" in shown and "connect" in shown
    assert max(len(line) for line in shown.splitlines() if "http" not in line
               and line[:4] != "    ") <= 80, shown  # what others say may be longer
    for sig in (signal.SIGKILL, signal.SIGTERM):
        restart(agent, sig)
        assert waiting()["waiting"] == 2
    hook.expect(("fire", "ticket"), ESCALATE)
    late = stopping(Hook(port))
    late.expect(ESCALATE, ("fire", "ticket"), seconds=15)  # what is worse goes first
    assert late.messages == hook.messages[::-1]
    shop.send(good=3000)
    hook.expect(("fire", "ticket"), ESCALATE, RESOLVE, ("resolve", "ticket"))
    late.expect(ESCALATE, ("fire", "ticket"), RESOLVE, ("resolve", "ticket"))
    assert len({m["id"] for m in hook.messages}) == 2
    assert wait_until(lambda: waiting()["waiting"] == 0)
    assert waiting()["given_up"] == 0


@if_long
def test_what_was_sent_and_what_failed_is_known_over_restarts(start_agent, stopping):
    hook, refusing, port = stopping(Hook()), stopping(Hook(code=404)), free_port()
    where = {"sent": hook.url, "refused": refusing.url, "dead": f"http://127.0.0.1:{port}/hook"}
    receivers = ["journal", *({"webhook": {"url": url}} for url in where.values())]
    receivers[3]["webhook"]["severities"] = ["page"]  # one test waits for it, no more
    agent = start_agent(config({}, [], notify=receivers))

    def told():
        found = {r["receiver"].rpartition(" ")[2]: r for r in ctl_json(agent, "alerts")["receivers"]}
        return {name: found[shown_url(url)]
                for name, url in ({"journal": "journal"} | where).items() if shown_url(url) in found}

    def numbers(name):
        got = told()[name]
        return got["sent"], got["failed"], got["given_up"], got["waiting"]

    def tried(n):
        return wait_until(lambda: numbers("refused")[2] == n and numbers("sent")[0] == n)

    assert agent.request("POST", "/v1/notify-test")[0] == 200
    assert tried(1)
    ctl(agent, "notify-test", "--severity", "ticket", code=1)
    assert tried(2)
    assert wait_until(lambda: numbers("dead")[1] >= 2)
    for sig in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
        before = told()
        steps(2)  # all of that is on the disk
        restart(agent, sig)
        after = told()
        for name in ("sent", "refused", "journal"):
            assert after[name] == before[name], name
        assert after["dead"]["failed"] >= before["dead"]["failed"]
        assert [(m["id"], m["result"]) for m in after["dead"]["recent"]] == [
            (before["sent"]["recent"][1]["id"], "waiting")]
    assert (numbers("sent"), numbers("refused")) == ((2, 0, 0, 0), (0, 2, 2, 0))
    assert told()["refused"]["recent"][1]["error"] == "HTTP 404"
    assert numbers("journal") == (2, 0, 0, 0)
    shown = ctl(agent, "alerts")[0]
    assert f"webhook {shown_url(refusing.url)} failed last at" in shown

    # who is no longer told has no books: dropped by a reload, and by a start
    assert agent.reload(config({}, [], notify=receivers[:2]))[0] == 200
    assert list(told()) == ["journal", "sent"]
    assert agent.reload(config({}, [], notify=receivers))[0] == 200
    assert (numbers("refused"), numbers("dead")) == ((0, 0, 0, 0), (0, 0, 0, 0))
    assert (numbers("sent"), numbers("journal")) == ((2, 0, 0, 0), (2, 0, 0, 0))
    steps(2)
    for notify in (receivers[1:], receivers):
        agent.config.write_text(config({}, [], notify=notify))
        restart(agent, signal.SIGKILL)
        steps(2)
    assert (numbers("sent"), numbers("journal")) == ((2, 0, 0, 0), (0, 0, 0, 0))


def is_gone(pid):
    """Or waits for init to take it."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_command_that_hangs_ends_with_an_agent_that_is_killed(start_agent, anybodys):
    started = anybodys / "started"
    agent = start_agent(config({}, [], notify=[{"command": {
        "argv": ["/bin/sh", "-c", f"echo $$ >>{started}; exec sleep 300"], "timeout": "5m"}}]))
    pids = []

    def lines():
        return started.read_text().count("\n") if started.exists() else 0

    try:
        assert agent.request("POST", "/v1/notify-test")[0] == 200
        for run in (1, 2, 3):
            assert wait_until(lambda: lines() == run), f"started {lines()} times in {run} runs"
            pids = started.read_text().split()
            assert not is_gone(pids[-1])
            steps(2)  # the message is on the disk
            agent.kill()
            assert wait_until(lambda: is_gone(pids[-1]), 5), "it lives on"
            agent.start()
        assert wait_until(lambda: lines() == 4)
        pids = started.read_text().split()
        agent.stop()
        assert is_gone(pids[-1])
    finally:
        for pid in pids:
            if not is_gone(pid):
                os.kill(int(pid), signal.SIGKILL)


def test_each_budget_threshold_reaches_who_asks_for_notices(service, start_agent, stopping):
    shop, asks, does_not = service(), stopping(Hook()), stopping(Hook())
    alerts = [{"budget": {"spent": "50%"}}, {"budget": {"spent": "100%"}}]
    agent = start_agent(config(
        {"shop": shop}, [slo("checkout", "shop", alerts=alerts)],
        notify=[{"webhook": {"url": asks.url, "severities": ["notice"]}},
                {"webhook": {"url": does_not.url}}]))
    fire, resolve = ("fire", "notice"), ("resolve", "notice")
    shop.send(good=94, bad=6)
    asks.expect(fire)
    steps(1)  # what was taken at this moment could be sent again
    restart(agent, signal.SIGKILL)
    shop.send(bad=10)
    asks.expect(fire, fire)
    shop.send(good=1000)
    asks.expect(fire, fire, resolve)
    assert [[a["name"] for a in m["slos"][0]["alerts"]] for m in asks.messages] == [
        ["budget-50"], ["budget-100", "budget-50"], ["budget-100", "budget-50"]]
    assert len({m["id"] for m in asks.messages}) == 1
    does_not.expect()


def test_notify_test(start_agent, stopping, tmp_path):
    hook = stopping(Hook())
    good = {"webhook": {"url": hook.url}}
    agent = start_agent(config({}, [], notify=[good, "journal"]))
    said = ctl(agent, "notify-test")[0]
    assert said == f"webhook {shown_url(hook.url)}: sent\njournal: sent\n"
    assert hook.expect(("test", "page"))["service"] == "sliprobe"
    ctl(agent, "notify-test", "--severity", "ticket")
    hook.expect(("test", "page"), ("test", "ticket"))
    assert ctl(agent, "notify-test", "--severity", "notice", code=2)[1] == \
        "slictl: no receiver wants a notice\n"
    refusing = stopping(Hook(code=404))
    refuses = {"webhook": {"url": refusing.url}}
    assert agent.reload(config({}, [], notify=[good, refuses]))[0] == 200
    start = time.monotonic()
    assert ctl(agent, "notify-test", code=1)[0] == (
        f"webhook {shown_url(hook.url)}: sent\nwebhook {shown_url(refusing.url)}: failed: HTTP 404\n")
    assert time.monotonic() < start + 5 * SLOW
    got = ctl_json(agent, "notify-test", code=1)["receivers"]
    assert [r["result"] for r in got] == ["sent", "given up"]
    assert agent.reload(config({}, []))[0] == 200
    assert ctl(agent, "notify-test", code=2)[1] == "slictl: no receiver is configured\n"


@pytest.mark.skipif(not LONG, reason="waits for retries: SLIPROBE_LONG=1")
def test_notify_test_with_receivers_that_fail(start_agent):
    port = free_port()
    dead = {"webhook": {"url": f"http://127.0.0.1:{port}/"}}
    fails = {"command": {"argv": ["/bin/sh", "-c", "exit 3"]}}
    agent = start_agent(config({}, [], notify=[dead, fails]))
    start = time.monotonic()
    said = ctl(agent, "notify-test", code=1)[0].splitlines()
    assert 14 < time.monotonic() - start < 20 * SLOW
    assert said[0].startswith(f"webhook http://127.0.0.1:{port}: failed: Failed to connect")
    assert said[1] == "command /bin/sh: failed: exit status 3 (will be tried again)"
    start = time.monotonic()  # the next would wait behind it
    said = ctl(agent, "notify-test", code=1)
    assert said[0] == "" and time.monotonic() - start < 5 * SLOW
    assert said[1].startswith(f"slictl: webhook http://127.0.0.1:{port} has not taken the test "
                              "before this one, which is given up in 4m "), said


def test_prometheus_fires_what_the_engine_fires(service, start_agent, stopping, tmp_path):
    shop, calm = service(), service()
    rules = [PAGE, TICKET, {"budget": {"spent": "50%"}},
             {"burn": {"name": "never", "budget": "60%", "window": "5m", "short": "10s"}}]
    agent = start_agent(config(
        {"shop": shop, "calm": calm},
        [slo("checkout", "shop", alerts=rules), slo("calm", "calm", alerts=rules)]))
    exported = ctl(agent, "export", "prometheus-rules", "--config", agent.config)[0]
    (tmp_path / "rules.yaml").write_text(exported)
    subprocess.run([tool("promtool"), "check", "rules", tmp_path / "rules.yaml"], check=True,
                   capture_output=True)
    for each in (shop, calm):
        each.send(good=20)
    prometheus = stopping(Prometheus(tmp_path / "prometheus", agent, exported))
    assert wait_until(lambda: prometheus.query("sliprobe_slo_events_total"), 10, 0.2)
    state, seen = {"engine": set(), "prometheus": set()}, []

    def look():
        """Notes what changed where, and when: (on or off, alert) -> seconds, of each judge."""
        now = {"prometheus": prometheus.firing(), "engine": {
            (s["name"], a["name"], a["severity"])
            for s in agent.status()["slos"] for a in s["alerts"]}}
        for judge, alerts in now.items():
            seen.extend((judge, alert, alert in alerts, time.monotonic())
                        for alert in alerts ^ state[judge])
        state.update(now)
        return now["engine"] == now["prometheus"]

    def drive(until, **requests):
        """Sends so many each second until both agree that it is so; failing after 20 s."""
        deadline = time.monotonic() + 20 * SLOW
        while not (look() and until(state["engine"])):
            assert time.monotonic() < deadline, state
            shop.send(**requests)
            calm.send(good=10)
            time.sleep(0.5)

    began = time.monotonic()
    drive(lambda on: time.monotonic() > began + 3, good=10)
    drive(lambda on: {a for _, a, _ in on} == {"fast", "slow", "budget-50"}, good=10, bad=10)
    drive(lambda on: not on, good=400)
    assert {slo_name for _, (slo_name, _, _), _, _ in seen} == {"checkout"}
    for alert, severity in (("fast", "page"), ("slow", "ticket"), ("budget-50", "notice")):
        for on in (True, False):
            when = {judge: [t for j, a, o, t in seen
                            if (j, a, o) == (judge, ("checkout", alert, severity), on)]
                    for judge in state}
            assert len(when["engine"]) == len(when["prometheus"]) == 1, (alert, on, when)
            assert abs(when["engine"][0] - when["prometheus"][0]) < 5 * SLOW, (alert, on, when)


def test_slos_of_openslo_files(service, start_agent, stopping, tmp_path):
    shop, hook = service(), stopping(Hook())
    inline = tmp_path / "inline.yaml"
    inline.write_text(config({"shop": shop}, [slo("bought", "shop", alerts=[PAGE])]))
    exported = ctl(None, "export", "openslo", "--strict", "--config", inline)[0]
    file = tmp_path / "bought.yaml"
    file.write_text(exported)
    agent = start_agent(config({"shop": shop}, [slo("own", "shop", 99, alerts=[])],
                               slo_files=[str(tmp_path / "b*.yaml")],
                               notify=[{"webhook": {"url": hook.url}}]))
    shop.send(good=40, bad=60)
    hook.expect(FIRE)
    assert hook.messages[0]["slos"][0]["name"] == "bought"
    assert (agent.slo("bought")["good"], agent.slo("bought")["bad"]) == (40, 60)

    # a target above 1, and where: refused by the check and at a reload, and nothing has changed
    bad = exported.replace("target: 0.9", "target: 1.9")
    assert bad != exported
    file.write_text(bad)
    line = 1 + bad[:bad.index("target: 1.9")].count("\n")
    said = ctl(None, "check", agent.config, code=1)
    assert f"{file}:{line}: " in "".join(said) and "target" in "".join(said), said
    status, body = agent.reload(agent.config.read_text())
    assert status == 422 and f"{file}:{line}: " in body, body
    shop.send(bad=10)
    assert (agent.slo("bought")["bad"], agent.slo("own")["bad"]) == (70, 70)
    file.write_text(exported.replace("target: 0.9", "target: 0.5"))
    assert agent.reload(agent.config.read_text())[0] == 200
    got = agent.slo("bought")
    assert (got["bad"], got["objective"]) == (70, 0.5)
    shop.send(good=1000)
    hook.expect(FIRE, RESOLVE)


@pytest.mark.skipif(not LONG, reason="takes three minutes: SLIPROBE_LONG=1")
def test_traffic_that_stops_opens_a_ticket(service, start_agent, stopping):
    shop, hook = service(), stopping(Hook())
    agent = start_agent(config(
        {"shop": shop}, [slo("checkout", "shop", alerts=[{"no-data": {"after": "1m"}}])],
        notify=[{"webhook": {"url": hook.url}}]))
    for _ in range(13):
        shop.send(good=10)
        time.sleep(5)
    ended = time.time()
    assert alerts_of(agent, "checkout") == {}
    hook.expect(("fire", "ticket"), seconds=75)
    assert 55 < time.time() - ended < 75
    steps(1)  # what was taken at this moment could be sent again
    restart(agent, signal.SIGKILL)
    steps()
    hook.expect(("fire", "ticket"))
    shop.send(good=1)
    hook.expect(("fire", "ticket"), ("resolve", "ticket"))
    assert agent.slo("checkout")["bad"] == 0
