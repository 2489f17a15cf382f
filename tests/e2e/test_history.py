# SPDX-License-Identifier: GPL-2.0-only
"""History lasts: over kill -9 at any moment, restarts, damaged and full disks, and clocks."""
import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import time

import pytest

from alerting import alerts_of, ctl_json
from harness import BUILD, LONG, Agent, user_space, wait_until
from history import (Books, Clock, Receiver, config, disk_sums, history, history_sums,
                     left_behind, small_disk)

pytestmark = user_space

KILLS = 300 if LONG else 25
LOAD_S = 0.65 * KILLS

if_long = pytest.mark.skipif(not LONG, reason="SLIPROBE_LONG=1 asks for it")


@pytest.fixture(autouse=True)
def agent_only(request):
    if request.config.getoption("--selftest"):
        pytest.skip("selftest: this is all the agent's")


@pytest.fixture(autouse=True)
def nothing_left(agent_only):
    assert not left_behind()
    yield
    assert not left_behind()


@pytest.fixture
def shop(helpers, nothing_left):
    books = Books(helpers)
    yield books
    books.close()


@pytest.fixture
def agents(nothing_left):
    """A function that makes agents, not started; all is gone at the end."""
    made = []

    def make(text, **options):
        made.append(Agent(text, **options))
        return made[-1]

    yield make
    for one in made:
        one.remove()


def test_killed_again_and_again(agents, shop, helpers):
    """Totals over kill -9 at any moment are the client's, and nobody is called twice."""
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
notify:
  - webhook: {url: "URL", severities: [page]}
""".replace("URL", receiver.url)
    texts = [config(shop.port, more=more % 10), config(shop.port, more=more % 20)]
    agent = agents(texts[0]).start()
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


def test_a_page_is_sent_once(agents, shop):
    """Also if the agent is killed just after that, long before its next step."""
    receiver = Receiver()
    notify = f'notify: [webhook: {{url: "{receiver.url}", severities: [page]}}]'
    agent = agents(config(shop.port, interval="2s", objective=99, more=notify)).start()
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


# ---- stop, keep, remove ----

def test_keep_and_remove(agents, shop):
    """--keep leaves the kernel counting for the next agent, a stop and --remove do not."""
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


# ---- the database ----

def damage_delete(path):
    for name in ("", "-wal", "-shm"):
        path.with_name(path.name + name).unlink(missing_ok=True)


def damage_truncate(path):
    with open(path, "r+b") as file:
        file.truncate(path.stat().st_size // 2)


def damage_zero(path):
    with open(path, "r+b") as file:
        file.write(bytes(path.stat().st_size))


def damage_text(path):
    other = path.with_name("text")
    other.write_text("this is no database\n" * 1000)
    other.rename(path)


DAMAGES = [damage_delete, pytest.param(damage_truncate, marks=if_long), damage_zero,
           damage_text]


def sentences(said, path):
    """Lines that name the path."""
    return [line for line in said.splitlines() if str(path) in line and "counting (" not in line]


def empty_log(path):
    """All of it into the database, where damage meets it."""
    base = sqlite3.connect(path)
    assert base.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0][0] == 0
    base.close()


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_while_it_runs(agents, shop, damage):
    """Everything in memory is written to a new one."""
    agent = agents(config(shop.port)).start()
    path = agent.state / "sliprobe.db"
    shop.ask()
    shop.wait_for_disk(agent.state)
    empty_log(path)
    damage(path)
    shop.ask(60)
    shop.check(agent)
    shop.wait_for_disk(agent.state)
    store = agent.status()["store"]
    assert store["state"] == "ok" and store["path"] == str(path), store
    assert len(sentences(agent.said(), path)) == 1, agent.said()
    agent.kill()
    shop.ask()
    agent.start()
    shop.check(agent)
    assert not sentences(agent.said(), path), agent.said()
    agent.stop()
    shop.check_disk(agent.state, series=False)  # series begin anew with a new file


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_between_a_kill_and_the_next(agents, shop, damage):
    """The kernel still has all that it counted."""
    agent = agents(config(shop.port)).start()
    path = agent.state / "sliprobe.db"
    shop.ask()
    shop.wait_for_disk(agent.state)
    agent.kill()
    shop.ask(60)
    empty_log(path)
    damage(path)
    agent.start()
    said = sentences(agent.said(), path)
    assert len(said) == (0 if damage is damage_delete else 1), agent.said()
    assert agent.status()["store"]["state"] == "ok"
    shop.ask()
    shop.check(agent)
    assert len(list(agent.state.glob("sliprobe.db.damaged-*[0-9]"))) == len(said)
    agent.stop()
    shop.check_disk(agent.state)


def garbage(path, table):
    """In the first page of the table."""
    base = sqlite3.connect(path)
    (page,), = base.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,))
    (size,), = base.execute("PRAGMA page_size")
    base.close()
    with open(path, "r+b") as file:
        file.seek((page - 1) * size)
        file.write(random.Random(table).randbytes(size))


@pytest.mark.parametrize("table", ["bucket_1min", "slo"])
def test_damage_that_is_met_late(agents, shop, table):
    """Closed cleanly it is not looked for: it is set aside once something is read there."""
    agent = agents(config(shop.port)).start()
    path = agent.state / "sliprobe.db"
    shop.ask()
    agent.stop()
    garbage(path, table)
    shop.good = shop.bad = 0  # they cannot be read
    agent.start()
    said = sentences(agent.said(), path)
    assert said and all("damaged" in line for line in said), agent.said()
    shop.ask()
    shop.check(agent)
    shop.wait_for_disk(agent.state)
    assert "set aside" in agent.said()
    assert len(list(agent.state.glob("sliprobe.db.damaged-*[0-9]"))) == 1
    agent.kill()
    shop.ask(60)
    agent.start()
    shop.check(agent)
    assert not sentences(agent.said(), path), agent.said()
    agent.stop()
    shop.check_disk(agent.state)


@pytest.mark.parametrize("left", [0, 0.5])
def test_log_cut_short_while_it_runs(agents, shop, left):
    """Nothing that follows the cut could be read again."""
    agent = agents(config(shop.port)).start()
    path = agent.state / "sliprobe.db"
    shop.ask()
    shop.wait_for_disk(agent.state)
    log = path.with_name("sliprobe.db-wal")
    os.truncate(log, int(log.stat().st_size * left))
    shop.ask(60)
    assert wait_until(lambda: sentences(agent.said(), path), 10), agent.said()
    shop.check(agent)
    shop.wait_for_disk(agent.state)
    agent.stop()
    agent.start()
    slo = agent.slo("plain")
    assert (slo["good"], slo["bad"]) == shop.sums
    agent.stop()
    shop.check_disk(agent.state, series=False)


def test_a_newer_database_is_left_alone(agents, shop):
    agent = agents(config(shop.port)).start()
    path = agent.state / "sliprobe.db"
    shop.ask()
    agent.stop()
    subprocess.run(["sqlite3", path, "PRAGMA user_version = 99"], check=True, timeout=10)
    before = path.read_bytes()
    shop.good = shop.bad = 0
    agent.start()
    assert len(sentences(agent.said(), path)) == 1 and "newer" in agent.said()
    shop.ask()
    shop.check(agent)
    store = agent.status()["store"]
    assert store["state"] == "not kept" and str(path) in store["reason"], store
    agent.stop()
    assert "lost with this stop" in agent.said()
    assert path.read_bytes() == before


def test_a_newer_database_is_moved_away(agents, shop, helpers, tmp_path):
    """The agent that runs begins a new one then, with all that it has."""
    clock = Clock(helpers, tmp_path / "clock")
    agent = agents(config(shop.port), env=clock.env).start()
    path = agent.state / "sliprobe.db"
    shop.ask()
    shop.wait_for_disk(agent.state)
    agent.kill()
    subprocess.run(["sqlite3", path, "PRAGMA user_version = 99"], check=True, timeout=10)
    shop.ask(60)
    agent.start()
    shop.check(agent)
    path.rename(agent.state / "newer.db")
    clock.set(40, 40)
    assert wait_until(lambda: agent.status()["store"]["state"] == "ok", 5), agent.said()
    shop.ask()
    shop.check(agent)
    agent.stop()
    assert "is lost" not in agent.said(), agent.said()
    shop.check_disk(agent.state)


def test_two_agents_of_one_directory(agents, shop):
    """The second one counts, without history and pins, and says so."""
    first = agents(config(shop.port)).start()
    shop.ask()
    shop.wait_for_disk(first.state)
    kept = left_behind()
    second = agents(config(shop.port))
    second.state = first.state
    second.start()
    assert f"in use by process {first.process.pid}" in second.said()
    assert left_behind() == kept
    mine = Books.__new__(Books)
    mine.__dict__.update(shop.__dict__, good=0, bad=0)
    mine.ask()
    store = second.status()["store"]
    assert store["state"] == "not kept" and "in use" in store["reason"], store
    assert second.status()["agent"]["pinned"] is False
    mine.check(second)
    second.stop()
    shop.good, shop.bad = shop.good + mine.good, shop.bad + mine.bad
    shop.check(first)
    first.stop()
    shop.check_disk(first.state)


def test_read_only(agents, shop, helpers, tmp_path):
    clock = Clock(helpers, tmp_path / "clock")
    with small_disk() as disk:
        agent = agents(config(shop.port), env=clock.env)
        agent.state = disk.state
        path = disk.state / "sliprobe.db"
        agent.start()
        shop.ask()
        shop.wait_for_disk(disk.state)
        agent.kill()
        disk.writable(False)
        shop.ask(60)
        agent.start()
        assert len(sentences(agent.said(), disk.state)) == 1, agent.said()
        shop.ask()
        shop.check(agent)
        store = agent.status()["store"]
        assert store["state"] == "failing" and str(disk.state) in store["reason"], store
        disk.writable(True)
        clock.set(40, 40)
        assert wait_until(lambda: agent.status()["store"]["state"] == "ok", 5)
        shop.ask()
        shop.check(agent)
        shop.wait_for_disk(disk.state)
        agent.kill()
        agent.start()
        shop.check(agent)
        agent.stop()
        shop.check_disk(disk.state)
        assert path.exists()


# ---- a full disk ----

@contextlib.contextmanager
def unwritable(disk, why):
    """Until the end of the block."""
    if why == "full":
        disk.fill()
        yield
        disk.free()
    elif why == "read-only":
        disk.writable(False)
        yield
        disk.writable(True)
    else:
        operator = sqlite3.connect(disk.state / "sliprobe.db", isolation_level=None)
        operator.execute("BEGIN IMMEDIATE")
        yield
        operator.close()


def test_disk_full(agents, shop, helpers, tmp_path):
    """Nothing is lost while it is full, and all of it is written when there is space again."""
    clock = Clock(helpers, tmp_path / "clock")
    with small_disk() as disk:
        agent = agents(config(shop.port), env=clock.env)
        agent.state = disk.state
        agent.start()
        shop.ask()
        shop.wait_for_disk(disk.state)
        disk.fill()
        offset, asked = 0, []
        for _ in range(4):
            shop.ask()
            asked.append(sum(shop.sums))
            assert wait_until(lambda: history_sums(agent) == shop.sums, 3)
            offset += 20
            clock.set(offset, offset)
        assert wait_until(lambda: agent.status()["store"]["state"] == "failing", 10), agent.said()
        store = agent.status()["store"]
        assert "space" in store["reason"], store
        assert len(sentences(agent.said(), disk.state)) == 1, agent.said()
        shop.check(agent)
        steps = [s for s in history(agent)["steps"] if s[2] + s[3]]
        disk.free()
        assert wait_until(lambda: agent.status()["store"]["state"] == "ok", 5)
        assert "written again" in agent.said()
        shop.wait_for_disk(disk.state)
        agent.kill()
        agent.start()
        shop.check(agent)
        after = [s for s in history(agent)["steps"] if s[2] + s[3]]
        assert len(steps) >= 4 and all(s[1] == 10 for s in after)
        assert after == steps, "the steps are not what they were"
        agent.stop()
        shop.check_disk(disk.state)


@pytest.mark.parametrize("before", [pytest.param("nothing", marks=if_long), "kill", "stop"])
def test_disk_full_from_the_start(agents, shop, helpers, tmp_path, before):
    """What is there is read. kill: also a kernel side that has counted for it."""
    clock = Clock(helpers, tmp_path / "clock")
    with small_disk() as disk:
        agent = agents(config(shop.port), env=clock.env)
        agent.state = disk.state
        if before != "nothing":
            agent.start()
            shop.ask(90)
            shop.wait_for_disk(disk.state)
            begun = history(agent)["coverage"][0][0]
            if before == "kill":
                agent.kill()
            else:
                agent.stop()
        disk.fill()

        def check():
            def counted():
                slo = agent.slo("plain")
                return slo["good"], slo["bad"]

            assert wait_until(lambda: counted() == shop.sums, 1), counted()
            shop.check_history(agent)
            if before != "nothing":
                assert history(agent)["coverage"][0][0] == pytest.approx(begun, abs=0.2)
                assert len(history(agent)["coverage"]) == (1 if before == "kill" else 2)

        agent.start()
        assert len(sentences(agent.said(), disk.state)) == 1, agent.said()
        shop.ask()
        assert agent.status()["store"]["state"] == "failing"
        check()
        time.sleep(1.2)
        shop.ask()
        disk.free()
        clock.set(40, 40)
        assert wait_until(lambda: agent.status()["store"]["state"] == "ok", 5), agent.said()
        assert "nothing was lost" in agent.said()
        check()
        shop.wait_for_disk(disk.state)
        agent.kill()
        agent.start()
        check()
        agent.stop()
        shop.check_disk(disk.state)


@pytest.mark.parametrize("end", ["kill", "stop"])
@pytest.mark.parametrize("why", ["full", "read-only", "locked"])
def test_who_was_told_is_known_while_it_cannot_be_written(agents, shop, helpers, tmp_path, end,
                                                          why):
    """No second page, no silence forgotten; nor when it can be written again, nor after that."""
    clock = Clock(helpers, tmp_path / "clock")
    receiver = Receiver()
    notify = f'notify: [webhook: {{url: "{receiver.url}", severities: [page]}}]'
    with small_disk() as disk:
        agent = agents(config(shop.port, objective=99, more=notify), env=clock.env)
        agent.state = disk.state
        agent.start()
        silence = ctl_json(agent, "silence", "add", "--service", "other", "--for", "1h")["id"]
        shop.ask()
        assert wait_until(lambda: receiver.got, 5)
        [(told, _)] = receiver.got.items()
        assert told[:3] == ("shop", "page", "fire")
        standing = alerts_of(agent, "plain")
        agent.kill() if end == "kill" else agent.stop()
        with unwritable(disk, why):
            agent.start()
            assert agent.status()["store"]["state"] == "failing", agent.said()
            assert standing.items() <= alerts_of(agent, "plain").items()
            assert [s["id"] for s in ctl_json(agent, "alerts")["silences"]] == [silence]
            [to] = ctl_json(agent, "alerts")["receivers"]
            assert to["sent"] == 1 and [r["id"] for r in to["recent"]] == [told[3]]
            shop.ask()
            second = ctl_json(agent, "silence", "add", "--service", "more", "--for", "1h")["id"]
            time.sleep(2.5)
        clock.set(40, 40)
        assert wait_until(lambda: agent.status()["store"]["state"] == "ok", 5), agent.said()
        agent.kill()
        agent.start()
        time.sleep(2.5)
        assert {s["id"] for s in ctl_json(agent, "alerts")["silences"]} == {silence, second}
        assert receiver.got == {told: 1}
        agent.stop()
    receiver.close()


@pytest.mark.parametrize("keep", [False, True])
def test_stopped_while_the_disk_is_full(agents, shop, keep):
    """What is lost then is said; nothing is if the kernel goes on counting."""
    with small_disk() as disk:
        agent = agents(config(shop.port), options=["--keep"] if keep else [])
        agent.state = disk.state
        agent.start()
        shop.ask()
        shop.wait_for_disk(disk.state)
        disk.fill()
        assert wait_until(lambda: agent.status()["store"]["state"] == "failing" or shop.ask(), 20)
        agent.stop()
        assert ("lost with this stop" in agent.said()) != keep, agent.said()
        disk.free()
        agent.start()
        assert agent.status()["agent"]["taken_over"] is keep
        if keep:
            shop.check(agent)
            shop.wait_for_disk(disk.state)
        agent.options = []
        agent.stop()
        assert "lost with" not in agent.said(), agent.said()


# ---- clocks ----

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


# ---- definitions ----

def test_changed_objective_judges_anew(agents, shop):
    agent = agents(config(shop.port)).start()
    shop.ask()
    assert agent.slo("plain")["budget"]["spent_ratio"] == pytest.approx(2 / 3, rel=1e-6)
    assert agent.reload(config(shop.port, objective=90))[0] == 200
    assert agent.slo("plain")["budget"]["spent_ratio"] == pytest.approx(10 / 3, rel=1e-6)
    shop.check(agent)
    agent.kill()
    agent.config.write_text(config(shop.port, objective=80))
    shop.ask()
    agent.start()
    shop.check(agent)
    assert agent.slo("plain")["budget"]["spent_ratio"] == pytest.approx(5 / 3, rel=1e-6)
    assert "begins anew" not in agent.said()


@pytest.mark.parametrize("restart", [False, True])
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


# ---- another version ----

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


# ---- timeslices ----

SLICES = """
  - name: sliced
    service: shop
    objective: 90
    window: 30d
    budgeting: {timeslices: {slice: 1m, target: 60}}
"""


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_timeslices(agents, shop, helpers, tmp_path, end):
    """Each slice is judged once, whatever happens in it."""
    clock = Clock(helpers, tmp_path / "clock")
    agent = agents(config(shop.port, more=SLICES), env=clock.env).start()
    offset = 0

    def next_slice():
        nonlocal offset
        assert wait_until(lambda: history_sums(agent, "sliced") == shop.sums, 3)
        offset += 60
        clock.set(offset, offset)

    def slices(good, bad):
        def now():
            shown = agent.slo("sliced")["slice"]
            return shown["good"], shown["bad"]
        wait_until(lambda: now() == (good, bad), 3)
        assert now() == (good, bad)

    # not on the edge of a slice
    now = time.time() % 60
    if now > 20:
        offset = 60 - int(now) + 1
        clock.set(offset, offset)
        time.sleep(1.2)
    shop.ask()  # 2/3 good: a good slice
    next_slice()
    slices(1, 0)
    shop.ask(paths="/status/503,/status/200")  # a bad one
    next_slice()
    slices(1, 1)
    shop.ask()
    assert wait_until(lambda: history_sums(agent, "sliced") == shop.sums, 3)
    if end == "kill":
        agent.kill()
    else:
        agent.stop()
    offset += 60
    clock.set(offset, offset)
    agent.start()
    slices(2, 1)
    shop.ask(paths="/status/503")
    next_slice()
    slices(2, 2)
    assert history_sums(agent, "sliced") == shop.sums
