# SPDX-License-Identifier: GPL-2.0-only
"""
An agent takes over from one that was killed or stopped: nothing is lost or counted twice.
I1 to I5 are the invariants of user/agent/takeover.h.
"""
import random
import signal
import subprocess
import time

import pytest

from harness import BUILD, LONG, if_long, user_space, wait_until
from history import (Books, Clock, Receiver, config, disk_sums, history, history_sums, left_behind,
                     small_disk)

pytestmark = [user_space, pytest.mark.usefixtures("nothing_left")]

KILLS = 300 if LONG else 12
LOAD_S = 0.65 * KILLS


def test_killed_again_and_again(agents, shop, helpers, tmp_path):
    """I1 to I5: totals over kill -9 at any moment are the client's, and nobody is called twice."""
    seed = time.time_ns()
    rng = random.Random(seed)
    print(f"seed {seed}")
    receiver, other = Receiver(), Books(helpers)
    more = """
  - name: found-{service}
    service: "*"
    objective: 90
    window: 7d
  - name: moving
    service: shop
    objective: 99
    window: 30d
    good: {latency: %ss}
    alerts: []
notify:
  - webhook: {url: "URL", severities: [page]}
""".replace("URL", receiver.url)
    texts = [config(shop.port, objective=98, more=more % n) for n in (10, 20)]
    # old enough to page for what is to come: a third of the answers are bad
    clock = Clock(helpers, tmp_path / "clock")
    agent = agents(texts[0], env=clock.env).start()
    other.ask(n=1, conns=1, paths="/status/200")
    clock.grow_old(agent)
    starts, changes = [0], [0]

    def once():
        agent.spawn()
        if rng.random() < 0.4:
            time.sleep(rng.uniform(0, 0.2))
        else:
            time.sleep(rng.uniform(0.2, 1.6))
        if rng.random() < 0.5:
            changes[0] += 1
            agent.config.write_text(texts[changes[0] % 2])
            agent.process.popen.send_signal(signal.SIGHUP)
            time.sleep(rng.choice([0, rng.uniform(0, 0.05), rng.uniform(0, 0.3)]))
        said = agent.kill()
        starts[0] += "counting (" in said
        assert "lost" not in said and "cannot" not in said and "disagree" not in said, said

    begun = time.monotonic()
    with shop.under_load(LOAD_S), other.under_load(LOAD_S, conns=2):
        time.sleep(0.5)
        agent.kill()
        for _ in range(KILLS):
            once()
        print(f"{KILLS} kills in {time.monotonic() - begun:.1f} s, {starts[0]} starts were whole")
    agent.start()
    assert agent.status()["agent"]["taken_over"]
    shop.check(agent)
    names = [s["name"] for s in agent.status()["services"] if s["port"] == other.port]
    other.check(agent, f"found-{names[0]}", names[0])
    status = agent.status()
    requests = {s["port"]: s["requests"] for s in status["services"]}
    assert status["coverage"]["counted"] == sum(requests.values())
    assert requests.pop(receiver.port) == sum(receiver.got.values())
    assert (requests.pop(shop.port), requests.pop(other.port)) == (sum(shop.sums), sum(other.sums))
    if requests:
        print(f"someone else was served on this host: {requests}")
    agent.check_sums()
    agent.stop()
    shop.check_disk(agent.state)
    other.check_disk(agent.state, f"found-{names[0]}", names[0])
    # each request is in the history of the definition it began under
    for tier, sums in disk_sums(agent.state, "moving").items():
        assert sum(sums) == sum(shop.sums), (tier, changes)
    print(f"{changes[0]} changes")
    receiver.close()
    other.close()
    per = {}
    for service, severity, kind, ident in receiver.got:
        per.setdefault((service, severity), []).append((kind, ident))
    assert sorted(per) == [(names[0], "page"), ("shop", "page")], per
    assert all([kind for kind, _ in sent] == ["fire"] for sent in per.values()), receiver.got


def test_a_page_is_sent_once(agents, shop, helpers, tmp_path):
    """I5: also if the agent is killed just after that, long before its next step."""
    receiver = Receiver()
    notify = f'notify: [webhook: {{url: "{receiver.url}", severities: [page]}}]'
    clock = Clock(helpers, tmp_path / "clock")
    agent = agents(config(shop.port, interval="2s", objective=99, more=notify),
                   env=clock.env).start()
    clock.grow_old(agent)
    shop.ask()
    for _ in range(3):
        assert wait_until(lambda: receiver.got, 5)
        time.sleep(0.1)
        agent.kill()
        agent.start()
    time.sleep(0.5)
    assert [key[:3] for key in receiver.got] == [("shop", "page", "fire")]
    assert sum(receiver.got.values()) == 1, receiver.got
    receiver.close()


def test_keep_and_remove(agents, shop):
    """I4: --keep leaves the kernel counting for the next agent, a stop and --remove do not."""
    agent = agents(config(shop.port), options=["--keep"]).start()
    shop.ask()
    agent.stop()
    kept = left_behind()
    assert any("/link_" in name for name in kept) and any("/map_" in name for name in kept)
    assert [name for name in kept if name.endswith(".json")], kept
    shop.ask(60)
    agent.start()
    assert agent.status()["agent"]["taken_over"] is True
    shop.ask()
    shop.check(agent)
    agent.stop()
    shop.ask(90)
    agent.options = []
    agent.start()
    shop.check(agent)
    agent.stop()
    assert not left_behind()
    shop.check_disk(agent.state)
    agent.start()
    assert agent.status()["agent"]["taken_over"] is False
    agent.kill()
    assert left_behind()
    subprocess.run([BUILD / "sliprobed", "--remove", "--state-dir", agent.state], check=True,
                   timeout=30)
    assert not left_behind()


def test_down_is_no_coverage(agents, shop, helpers, tmp_path):
    """Time without an agent is shown as that, and what happened in it is neither good nor bad."""
    clock = Clock(helpers, tmp_path / "clock")
    agent = agents(config(shop.port), env=clock.env).start()
    shop.ask()
    clock.set(600, 600)
    agent.stop()
    before = shop.sums
    shop.ask(30)
    shop.good, shop.bad = before
    clock.set(600 + 1000, 600 + 1000)
    agent.start()
    assert "no agent ran for 100" in agent.said() and "no coverage" in agent.said()
    slo = agent.slo("plain")
    assert (slo["good"], slo["bad"]) == before
    coverage = slo["coverage"]
    assert 600 <= coverage["covered_seconds"] < 620
    assert 1600 <= coverage["elapsed_seconds"] < 1620
    assert coverage["ratio"] == pytest.approx(
        coverage["covered_seconds"] / coverage["elapsed_seconds"], rel=1e-6)
    assert agent.status()["coverage"]["gaps"] == 1
    shown = history(agent)
    (from_a, to_a), (from_b, to_b) = shown["coverage"]
    assert 600 <= to_a - from_a < 610 and 1000 <= from_b - to_a < 1010 and to_b - from_b < 10
    inside = [s for s in shown["steps"] if to_a + 10 < s[0] <= from_b]
    assert not inside, "steps are shown in a time that nothing was counted in"
    shop.ask()
    slo = agent.slo("plain")
    assert (slo["good"], slo["bad"]) == shop.sums


def test_two_agents_of_one_directory(agents, shop):
    """The second one is refused, and what the first one counts stays as it is."""
    first = agents(config(shop.port)).start()
    shop.ask()
    shop.wait_for_disk(first.state)
    kept = left_behind()
    second = agents(config(shop.port))
    for state in (first.state, second.dir / "roundabout"):
        if state != first.state:
            state.symlink_to(first.state)
        second.state = state
        second.spawn()
        assert second.process.popen.wait(10) == 1, second.said()
        assert f"in use by process {first.process.pid}" in second.said()
        assert len(second.said().splitlines()) == 1, second.said()
    # by the name of the place alone: the directory was made anew under the first
    first.state.rename(first.dir / "moved")
    second.state = first.state
    second.spawn()
    assert second.process.popen.wait(10) == 1, second.said()
    assert "same state directory" in second.said(), second.said()
    (first.state / "sliprobe.db").unlink()
    for left in first.state.iterdir():
        left.unlink()
    first.state.rmdir()
    (first.dir / "moved").rename(first.state)
    second.state = second.dir / "state"
    assert left_behind() == kept
    shop.ask()
    shop.check(first)
    first.stop()
    shop.check_disk(first.state)


def test_found_service_is_remembered(agents, shop):
    """After a clean stop its SLO is listed before it is met again, and then goes on."""
    text = """
agent: {interval: 1s}
slos:
  - {name: "found-{service}", service: "*", objective: 90, window: 7d}
"""
    agent = agents(text).start()
    shop.ask()
    names = [s["name"] for s in agent.status()["services"] if s["port"] == shop.port]
    slo = f"found-{names[0]}"
    shop.check(agent, slo, names[0])
    agent.stop()
    agent.start()
    shown = agent.slo(slo)
    assert (shown["good"], shown["bad"]) == shop.sums
    assert history_sums(agent, slo) == shop.sums
    shop.ask(60)
    wait_until(lambda: agent.slo(slo)["eligible"] >= sum(shop.sums), 1)
    assert (agent.slo(slo)["good"], agent.slo(slo)["bad"]) == shop.sums
    shop.check_history(agent, slo)
    agent.stop()
    shop.check_disk(agent.state, slo, names[0])


def of_another_build():
    """What is noted of the kernel side."""
    note = [name for name in left_behind() if name.endswith(".json")]
    assert len(note) == 1
    with open(note[0], "r+", encoding="ascii") as file:
        text = file.read()
        at = text.index('"build":') + len('"build":"')
        while text[at] in ' "':
            at += 1
        changed = text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1:]
        file.seek(0)
        file.write(changed)


def test_handed_over_to_another_build(agents, shop):
    """The former kernel side's last counts are a step, then it is removed."""
    agent = agents(config(shop.port)).start()
    shop.ask()
    agent.kill()
    shop.ask(60)
    of_another_build()
    agent.start()
    assert "loaded anew" in agent.said() and "version" in agent.said()
    status = agent.status()
    assert status["agent"]["taken_over"] is False
    slo = agent.slo("plain")
    assert (slo["good"], slo["bad"]) == shop.sums
    since = shop.sums
    shop.ask()
    slo = agent.slo("plain")
    assert (slo["good"], slo["bad"]) == shop.sums
    assert agent.service("shop")["requests"] == sum(shop.sums) - sum(since)
    assert history_sums(agent) == shop.sums or wait_until(
        lambda: history_sums(agent) == shop.sums, 3)
    agent.stop()
    shop.check_disk(agent.state)


@if_long
def test_handed_over_on_a_full_disk(agents, shop):
    """What can be kept nowhere is not lost in silence."""
    with small_disk() as disk:
        agent = agents(config(shop.port))
        agent.state = disk.state
        agent.start()
        shop.ask()
        shop.wait_for_disk(disk.state)
        agent.kill()
        disk.fill()
        shop.ask(60)
        of_another_build()
        agent.start()
        lost = [line for line in agent.said().splitlines() if "is lost" in line]
        assert len(lost) == 1 and str(disk.state) in lost[0], agent.said()
        agent.stop()
