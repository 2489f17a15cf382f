# SPDX-License-Identifier: GPL-2.0-only
"""History lasts over damaged, locked, full and read-only disks; counting goes on meanwhile."""
import contextlib
import os
import random
import sqlite3
import subprocess
import time

import pytest

from alerting import alerts_of, ctl_json
from harness import long_one, user_space, wait_until
from history import Clock, Receiver, config, history, history_sums, small_disk

pytestmark = [user_space, pytest.mark.usefixtures("nothing_left")]


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


DAMAGES = [damage_delete, damage_truncate, damage_zero, damage_text]


def mostly(damage):
    """That one; where SLIPROBE_LONG=1 asks for it, the others, too."""
    return [damage, *(long_one(other) for other in DAMAGES if other != damage)]


def sentences(said, path):
    """Lines that name the path."""
    return [line for line in said.splitlines() if str(path) in line and "counting (" not in line]


def empty_log(path):
    """All of it into the database, where damage meets it."""
    base = sqlite3.connect(path)
    assert base.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0][0] == 0
    base.close()


@pytest.mark.parametrize("damage", mostly(damage_zero))
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


@pytest.mark.parametrize("damage", mostly(damage_delete))
def test_damaged_between_a_kill_and_the_next(agents, shop, damage):
    """I5 of user/agent/takeover.h: the kernel still has all that it counted."""
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


@pytest.mark.parametrize("table", [long_one("bucket_1min"), "slo"])
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


@pytest.mark.parametrize("left", [long_one(0), 0.5])
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


@pytest.mark.parametrize("before", [long_one("nothing"), "kill", long_one("stop")])
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


@pytest.mark.parametrize("why, end", [
    ("full", "kill"),
    *(long_one(*case) for case in
      [("locked", "stop"), ("full", "stop"), ("read-only", "kill"), ("read-only", "stop"), ("locked", "kill")])])
def test_who_was_told_is_known_while_it_cannot_be_written(agents, shop, helpers, tmp_path, end,
                                                          why):
    """No second page, no silence forgotten; nor when it can be written again, nor after that."""
    clock = Clock(helpers, tmp_path / "clock")
    receiver = Receiver()
    notify = f'notify: [webhook: {{url: "{receiver.url}", severities: [page]}}]'
    with small_disk() as disk:
        agent = agents(config(shop.port, objective=99, more=notify), env=clock.env)
        agent.state = disk.state
        clock.grow_old(agent.start())
        silence = ctl_json(agent, "silence", "add", "--service", "shop", "--severity", "ticket",
                           "--for", "1h")["id"]
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
            second = ctl_json(agent, "silence", "add", "--slo", "plain", "--severity", "ticket",
                              "--for", "1h")["id"]
            time.sleep(2.5)
        clock.set(40, 31 * 86400 + 40)
        assert wait_until(lambda: agent.status()["store"]["state"] == "ok", 5), agent.said()
        agent.kill()
        agent.start()
        time.sleep(2.5)
        assert {s["id"] for s in ctl_json(agent, "alerts")["silences"]} == {silence, second}
        assert receiver.got == {told: 1}
        agent.stop()
    receiver.close()


@pytest.mark.parametrize("keep", [False, long_one(True)])
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
