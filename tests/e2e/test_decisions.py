# SPDX-License-Identifier: GPL-2.0-only
"""What decides: budgets, gate, calendars, timeslices and risks of an agent under little traffic."""
import datetime
import re
import signal

import pytest

from alerting import (FIRE, PAGE, Hook, Service, alerts_of, became, config, ctl, ctl_json, parse,
                      rfc3339, slo, steps)
import harness
import history
from harness import user_space, wait_until

pytestmark = [user_space, pytest.mark.usefixtures("agent_only")]


class Desk:
    """One agent with many SLOs on few services, for what only looks."""

    SLOS = [
        # name, service, objective, good, bad, more
        ("healthy", 99, 1990, 10, {}),
        ("spent", 99, 50, 50, {}),
        ("few-bad", 99, 8, 2, {}),
        ("no-traffic", 99, 0, 0, {}),
        ("paging", 90, 40, 60, {"alerts": [PAGE]}),
        ("one-of-ten", 99.9, 9, 1, {"window": "30d", "alerts": "default"}),
        ("slow-outage", 99.9, 0, 4, {"window": "30d", "alerts": "default"}),
        ("sliced", 99, 30, 10, {"budgeting": {"timeslices": {"slice": "10s", "target": 90}}}),
        ("sliced-idle", 99, 0, 0, {"budgeting": {"timeslices": {"slice": "1m", "target": 90}}}),
        ("month", 99.9, 30, 10, {"window": {"calendar": "month", "time_zone": "Europe/Berlin"}}),
        ("month-idle", 99.9, 0, 0, {"window": {"calendar": "month"}}),
    ]

    def __init__(self, helpers, start_server, agent_class, where):
        self.hook = Hook()
        self.services = {name: Service(helpers, start_server) for name, *_ in self.SLOS}
        self.clock = history.Clock(helpers, where / "clock")
        self.agent = agent_class(config(
            self.services, [slo(name, name, objective, **({"alerts": []} | more))
                            for name, objective, _, _, more in self.SLOS],
            notify=[{"webhook": {"url": self.hook.url}}]), env=self.clock.env)

    def start(self):
        self.clock.grow_old(self.agent.start())
        for name, _, good, bad, _ in self.SLOS:
            self.services[name].send(good, bad)
        became(self.agent, "paging", "fast", "firing")
        self.hook.expect(FIRE)
        return self


@pytest.fixture(scope="module")
def desk(request, helpers, tmp_path_factory):
    if request.config.getoption("--selftest"):
        pytest.skip("selftest: this is all the agent's")
    servers = []

    def start_server(argv):
        servers.append(harness.Server(argv))
        return servers[-1]

    made = Desk(helpers, start_server, harness.AGENT, tmp_path_factory.mktemp("desk"))
    try:
        yield made.start()
        made.agent.stop()
    finally:
        made.agent.remove()
        made.hook.stop()
        for server in servers:
            server.stop(signal.SIGKILL)


@pytest.mark.parametrize("arguments,word", [
    (["remove", "0"], "silence"), (["add", "--slo", "no-such", "--for", "2h"], "SLO"),
    (["add", "--for", "2h"], "--all"), (["add", "--all"], "--for"),
    (["add", "--all", "--for", "1s"], "minute"), (["add", "--all", "--for", "soon"], "--for"),
    (["add", "--all", "--for", "1h", "--severity", "fatal"], "--severity"), (["ad"], "add")])
def test_a_silence_that_is_refused_says_why(desk, arguments, word):
    said = ctl(desk.agent, "silence", *arguments, code=2)
    assert said[0] == "" and word in said[1] and len(said[1].splitlines()) == 1


@pytest.mark.parametrize("name,options,code,said", [
    ("healthy", [], 0, "healthy: go: 50.0% of the budget is left; 0% is asked for."),
    ("healthy", ["--min-budget", "40%"], 0, "healthy: go: 50.0% of the budget is left; 40% is "
                                            "asked for."),
    ("healthy", ["--min-budget", "60%"], 1, "healthy: freeze: 50.0% of the budget is left, less "
                                            "than the 60% asked for."),
    ("spent", [], 1, "spent: freeze: The budget is spent: -4900.0% of it is left."),
    ("paging", [], 1, "paging: freeze: The page fast is firing."),
    ("no-traffic", [], 2, "no-traffic: cannot tell: There was no eligible request in the window."),
    ("few-bad", [], 2, "few-bad: cannot tell: Only 2 bad requests among 10: too few to judge."),
    ("no-such", [], 2, "no-such: cannot tell: There is no SLO of this name."),
])
def test_the_gate(desk, name, options, code, said):
    assert ctl(desk.agent, "gate", name, *options, code=code)[0] == said + "\n"
    answer = ctl_json(desk.agent, "gate", name, *options, code=code)
    assert answer["decision"] == ("go", "freeze", "unknown")[code]
    assert answer["slo"] == name and f"{answer['reason']}\n" in said + "\n"
    if name in ("no-traffic", "no-such"):
        assert answer["remaining_ratio"] is None


def test_the_gate_of_several_is_the_worst(desk):
    said = ctl(desk.agent, "gate", "healthy", "no-traffic", "spent", code=1)[0]
    assert [line.split(":")[:2] for line in said.splitlines()] == [
        ["healthy", " go"], ["no-traffic", " cannot tell"], ["spent", " freeze"]]
    ctl(desk.agent, "gate", "healthy", "no-traffic", code=2)
    said = ctl(desk.agent, "gate", "healthy", "--min-counted", "31d", code=2)[0]
    assert "of the window was counted so far; 31d is asked for." in said


def test_the_gate_without_an_agent(tmp_path):
    class Nobody:
        socket = tmp_path / "none.sock"

    said = ctl(Nobody, "gate", "healthy", code=3)
    assert said[0] == "" and str(Nobody.socket) in said[1]
    assert ctl_json(Nobody, "gate", "healthy", code=3)["decision"] == "unknown"


@pytest.mark.parametrize("options", [["--min-budget", "much"], ["--min-budget", "101%"], ["--min-counted", "1"]])
def test_the_gate_refuses(desk, options):
    said = ctl(desk.agent, "gate", "healthy", *options, code=2)
    assert said[0] == "" and len(said[1].splitlines()) == 1


def test_one_failure_among_ten_requests_wakes_nobody(desk):
    steps(2)
    assert desk.agent.slo("one-of-ten")["bad"] == 1
    assert not [a for a in desk.agent.slo("one-of-ten")["alerts"] if a["severity"] != "notice"]


def test_a_total_outage_of_a_slow_service_pages_at_the_fifth_failure(desk):
    steps(2)
    assert alerts_of(desk.agent, "slow-outage") == {}
    desk.services["slow-outage"].send(bad=1)
    became(desk.agent, "slow-outage", "burn-1h", "firing")
    message = desk.hook.expect(FIRE, FIRE)
    assert message["service"] == "slow-outage" and message["slos"][0]["bad"] == 5


def test_unknown_is_null_and_all_else_is_a_number(desk):
    for path in ("/v1/status", "/v1/alerts", "/v1/services", *(
            f"/v1/{what}/{name}" for what in ("slos", "history") for name, *_ in desk.SLOS)):
        status, _, body = desk.agent.get(path)
        assert status == 200, path
        parse(body)
    for name in ("no-traffic", "sliced-idle", "month-idle"):
        got = desk.agent.slo(name)
        assert got["eligible"] == 0 and got["availability"] is None
        if name == "sliced-idle":  # its slices are good
            assert got["slice"]["bad"] == 0 and got["slice"]["good"] in (59, 60)
            assert set(got["burn_rate"].values()) <= {0, None}
            assert got["budget"]["remaining_ratio"] == 1
            continue
        assert set(got["burn_rate"].values()) == {None}
        assert got["budget"]["remaining_ratio"] is None
        assert got["budget"]["exhausted_in_seconds"] is None
    assert not re.search(r"\bnan\b", desk.agent.get("/metrics")[2].decode().lower())
    for name, *_ in desk.SLOS:
        for command in ("slo", "history"):
            said = ctl(desk.agent, command, name)[0]
            assert "nan" not in said and "inf" not in said, said
            assert max(map(len, said.splitlines())) <= 80, said


def test_timeslices(desk):
    got = desk.agent.slo("sliced")
    assert got["budgeting"] == "timeslices"
    assert (got["slice"]["seconds"], got["slice"]["target"]) == (10, pytest.approx(0.9))
    assert (got["good"], got["bad"]) == (30, 10)
    got = wait_until(lambda: (s := desk.agent.slo("sliced"))["slice"]["bad"] and s, 12)
    assert got, "the slice that had 25 % bad is not bad"
    slices = got["slice"]["good"] + got["slice"]["bad"]
    # all of the hour are counted, but for the one that is not yet settled
    assert got["slice"]["bad"] in (1, 2) and slices in (359, 360)
    assert got["availability"] == pytest.approx(0.75)
    assert got["budget"]["allowed"] == pytest.approx(slices * 0.01)
    assert got["budget"]["remaining_ratio"] == pytest.approx(
        1 - got["slice"]["bad"] / (slices * 0.01), rel=1e-6)


def test_calendar_months(desk):
    got, idle = desk.agent.slo("month"), desk.agent.slo("month-idle")
    assert got["window"]["kind"] == idle["window"]["kind"] == "calendar"
    assert got["window"]["time_zone"] == "Europe/Berlin"
    now = datetime.datetime.now(datetime.timezone.utc)
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    after = (first + datetime.timedelta(days=32)).replace(day=1)
    assert idle["window"]["from"] == rfc3339(first.timestamp())
    assert idle["window"]["to"] == rfc3339(after.timestamp())
    assert idle["window_seconds"] == (after - first).total_seconds()
    begin = datetime.datetime.fromisoformat(got["window"]["from"].replace("Z", "+00:00"))
    assert begin.hour in (22, 23) and begin.minute == begin.second == 0
    assert (got["good"], got["bad"]) == (30, 10)
    budget, passed = got["budget"], now.timestamp() - begin.timestamp()
    assert budget["projected"] and budget["counted_seconds"] == pytest.approx(passed, abs=30)
    # the month's, at the rate so far, in whole events
    month = round(40 * got["window_seconds"] / budget["counted_seconds"]) * 0.001
    assert budget["allowed"] == pytest.approx(month, rel=1e-6)
    assert budget["remaining_ratio"] == pytest.approx(1 - 10 / month, rel=1e-6)


CATALOGUE = """objective: 99.9
risks:
  - {name: bad deploy, detect_minutes: 10, repair_minutes: 30, impact_percent: 50,
     days_between_failures: 30}
  - {name: lost disk, detect_minutes: 5, repair_minutes: 240, impact_percent: 100,
     days_between_failures: 120}
"""


def test_risk(desk, tmp_path):
    class Nobody:
        socket = tmp_path / "none.sock"

    (tmp_path / "risks.yaml").write_text(CATALOGUE)
    said = ctl(Nobody, "risk", tmp_path / "risks.yaml", code=1)[0]
    assert "No agent answers" in said and "bad deploy" in said
    assert ctl_json(Nobody, "risk", tmp_path / "risks.yaml", code=1)["recorded"] is None
    said = ctl(desk.agent, "risk", tmp_path / "risks.yaml", "--slo", "paging", code=1)[0]
    assert "Recorded by pages: 1 incident, 1 still open" in said
    assert max(map(len, said.splitlines())) <= 80, said
    got = ctl_json(desk.agent, "risk", tmp_path / "risks.yaml", "--slo", "paging", "--config",
                   desk.agent.config, code=0)
    assert got["objective"] == pytest.approx(0.9) and got["affordable"] is True
    assert (got["recorded"]["page"]["incidents"], got["recorded"]["page"]["open"]) == (1, 1)
