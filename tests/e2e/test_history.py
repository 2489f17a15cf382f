# SPDX-License-Identifier: GPL-2.0-only
"""History lasts: over clocks that jump, changed definitions, and restarts in mid-slice."""
import json
import time

import pytest

from harness import long_one, user_space, wait_until
from history import Clock, config, history, history_sums

pytestmark = [user_space, pytest.mark.usefixtures("nothing_left")]


def test_clock_steps(agents, shop, helpers, tmp_path):
    """The wall clock set forward and back moves neither history nor windows."""
    clock = Clock(helpers, tmp_path / "clock")
    agent = agents(config(shop.port), env=clock.env).start()
    shop.ask()
    shop.check(agent)

    def ages():
        shown = history(agent)
        return [round(shown["now_seconds"] - s[0], 1) for s in shown["steps"] if s[2] + s[3]]

    def unmoved(restart):
        shop.ask()
        shop.check(agent)
        assert all(-10 <= age < 60 for age in ages()), ages()
        slo = agent.slo("plain")
        assert slo["burn_rate"]["5m"] == pytest.approx(
            shop.bad / sum(shop.sums) / (1 - slo["objective"]), rel=1e-6)
        assert slo["coverage"]["elapsed_seconds"] < 60 and slo["coverage"]["ratio"] > (
            0.3 if restart else 0.99)
        assert agent.status()["coverage"]["gaps"] == 0

    for offset, word in ((7200, "forward by 7200"), (3600, "back by 3600")):
        clock.set(offset)
        assert wait_until(lambda: f"set {word}." in agent.said(), 3), (word, agent.said())
        unmoved(False)
    agent.kill()
    for offset in (7200, 0):
        clock.set(offset)
        agent.start()
        assert "no agent ran" not in agent.said() and "before the last" not in agent.said()
        unmoved(False)
        agent.kill()
    agent.start()
    agent.stop()
    shop.check_disk(agent.state)


def test_suspended_for_days(agents, shop, helpers, tmp_path):
    """The windows age by it: both clocks went on."""
    clock = Clock(helpers, tmp_path / "clock")
    agent = agents(config(shop.port), env=clock.env).start()
    shop.ask()
    shop.check(agent)
    day = 86400
    clock.set(2 * day, 2 * day)
    assert wait_until(lambda: agent.slo("plain")["burn_rate"]["1d"] is None, 3)
    assert agent.slo("plain")["burn_rate"]["3d"] > 0
    assert "clock was set" not in agent.said()
    shop.check(agent)
    clock.set(31 * day, 31 * day)

    def gone():
        return agent.slo("plain")["eligible"] == 0

    assert wait_until(gone, 3), agent.slo("plain")
    assert agent.slo("plain")["availability"] is None
    agent.kill()
    agent.start()
    assert gone()
    shop.good = shop.bad = 0
    shop.ask()
    slo = agent.slo("plain")
    assert (slo["good"], slo["bad"]) == shop.sums


def test_changed_objective_judges_anew(agents, shop):
    agent = agents(config(shop.port)).start()

    def check_budget(objective):
        """A third of the events is bad, and so is that of the traffic so far in all of the window."""
        slo = agent.slo("plain")
        budget = slo["budget"]
        whole = round(slo["eligible"] * slo["window_seconds"] / budget["counted_seconds"])
        assert slo["bad"] * 3 == slo["eligible"] and slo["objective"] == objective
        assert budget["allowed"] == pytest.approx((1 - objective) * whole, rel=1e-6)
        assert budget["spent_ratio"] == pytest.approx(
            slo["bad"] / ((1 - objective) * whole), rel=1e-6)

    shop.ask()
    check_budget(0.5)
    assert agent.reload(config(shop.port, objective=90))[0] == 200
    check_budget(0.9)
    shop.check(agent)
    agent.kill()
    agent.config.write_text(config(shop.port, objective=80))
    shop.ask()
    agent.start()
    shop.check(agent)
    check_budget(0.8)
    assert "begins anew" not in agent.said()


@pytest.mark.parametrize("restart", [long_one(False), True])
def test_changed_definition_begins_anew(agents, shop, restart):
    """And the former one comes back as it was, with what it counted to its last moment."""
    first, second = config(shop.port), config(shop.port, good="latency: 20s")
    agent = agents(first).start()

    def change(text):
        if restart:
            agent.kill()
            agent.config.write_text(text)
            agent.start()
        else:
            assert agent.reload(text)[0] == 200

    def events():
        slo = agent.slo("plain")
        return slo["good"], slo["bad"]

    shop.ask()
    old = shop.sums
    change(second)
    assert len([li for li in agent.said().splitlines() if "begins anew" in li]) == 1, agent.said()
    assert events() == (0, 0)
    shop.ask(60)
    new = shop.good - old[0], shop.bad - old[1]
    assert events() == new
    change(first)
    assert events() == old
    shop.ask(90)
    old = shop.good - new[0], shop.bad - new[1]
    assert events() == old
    change(second)
    assert events() == new
    agent.stop()
    shop.check_disk(agent.state)


def test_a_former_definition_is_shown(agents, shop):
    """What was counted by it, to its last moment; and not what came after."""
    first, second = config(shop.port), config(shop.port, good="latency: 20s")
    agent = agents(first).start()
    assert agent.get("/v1/history/plain?former=1")[0] == 404
    shop.ask()
    before = shop.sums
    assert agent.reload(second)[0] == 200
    shop.good = shop.bad = 0
    shop.ask()

    def former(query="former=1"):
        status, _, body = agent.get(f"/v1/history/plain?{query}")
        return json.loads(body) if status == 200 else status

    def sums(shown):
        return sum(s[2] for s in shown["steps"]), sum(s[3] for s in shown["steps"])

    assert wait_until(lambda: former() != 404 and sums(former()) == before, 5), former()
    shown = former()
    assert (shown["former"], shown["formers"]) == (1, 1) and shown["since"] <= shown["until"]
    assert all(to <= shown["now_seconds"] + 0.001 for _, to in shown["coverage"])
    assert former("former=2") == 404 and former("former=x") == 400
    agent.kill()
    agent.start()
    assert sums(former()) == before
    assert history_sums(agent) == shop.sums


SLICES = """
  - name: sliced
    service: shop
    objective: 90
    window: 30d
    budgeting: {timeslices: {slice: 10m, target: 60}}
"""


@pytest.mark.parametrize("end", ["kill", long_one("stop")])
def test_timeslices(agents, shop, helpers, tmp_path, end):
    """Each slice is judged once, whatever happens in it; a quiet one is good."""
    clock = Clock(helpers, tmp_path / "clock")
    agent = agents(config(shop.port, more=SLICES), env=clock.env).start()
    offset = 0

    def next_slice():
        nonlocal offset
        assert wait_until(lambda: history_sums(agent, "sliced") == shop.sums, 3)
        offset += 600
        clock.set(offset, offset)

    def slices(good, bad):
        def now():
            shown = agent.slo("sliced")["slice"]
            return shown["good"], shown["bad"]
        wait_until(lambda: now() == (good, bad), 3)
        assert now() == (good, bad)

    # not on the edge of a slice
    now = time.time() % 600
    if now > 300:
        offset = 600 - int(now) + 1
        clock.set(offset, offset)
        time.sleep(1.2)
    shop.ask()  # 2/3 good: a good slice
    next_slice()
    slices(1, 0)
    shop.ask(paths="/status/503,/status/200")  # a bad one
    next_slice()
    slices(1, 1)
    next_slice()
    slices(2, 1)
    shop.ask()
    assert wait_until(lambda: history_sums(agent, "sliced") == shop.sums, 3)
    if end == "kill":
        agent.kill()
    else:
        agent.stop()
    offset += 600
    clock.set(offset, offset)
    agent.start()
    slices(3, 1)
    shop.ask(paths="/status/503")
    next_slice()
    slices(3, 2)
    assert history_sums(agent, "sliced") == shop.sums
