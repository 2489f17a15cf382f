# SPDX-License-Identifier: GPL-2.0-only
"""What a changed configuration ends keeps all its requests: those that are open, and those that are
not recorded yet."""
import contextlib
import socket
import threading

import pytest

from harness import Agent, long_one, run_load, user_space, wait_until
from history import Books, config, disk_sums, left_behind, query, small_disk
from rawhttp import Client
from wire import Port, get, reply

FORMER, LATTER = "latency: 10s", "latency: 20s"
TWO = """
  - {name: leaving, service: shop, objective: 50, window: 30d,
     budgeting: {timeslices: {slice: 1m, target: 50}}}
  - {name: "every-{service}", service: "*", objective: 50, window: 30d}
"""


@pytest.fixture(autouse=True)
def agent_only(request):
    if request.config.getoption("--selftest"):
        pytest.skip("selftest: this is all the agent's")


@pytest.fixture
def shop(helpers, agent_only):
    assert not left_behind()
    books = Books(helpers, model="thread")
    yield books
    books.close()


@pytest.fixture
def agents(shop):
    made = []

    def make(text, **options):
        made.append(Agent(text, **options))
        return made[-1]

    yield make
    for one in made:
        one.remove()
    assert not left_behind()


def open_requests(helpers, port, n, ms=1500):
    """n requests that are answered later. Returns the thread to wait for."""
    thread = threading.Thread(target=run_load, args=(helpers, port, n),
                              kwargs={"conns": n, "paths": f"/sleep/{ms}"})
    thread.start()
    return thread


def definitions(state, name="plain"):
    return query(state, "SELECT count(*) FROM slo WHERE name = ?", name)[0][0]


def all_recorded(books, state, *names):
    want = dict.fromkeys(("10s", "1min", "1h"), books.sums)
    for name in names:
        assert wait_until(lambda: disk_sums(state, name) == want, 8, step=0.1), \
            f"{name}: {disk_sums(state, name)} on disk, expected {want}"


def test_open_requests_are_counted_where_they_began(agents, shop, helpers):
    agent = agents(config(shop.port, good=FORMER, more=TWO)).start()
    shop.ask()
    late = open_requests(helpers, shop.port, 7)
    assert wait_until(lambda: agent.status()["coverage"]["in_flight"] == 7, 5)
    assert agent.reload(config(shop.port, good=LATTER))[0] == 200
    late.join()
    shop.good += 7
    all_recorded(shop, agent.state, "plain", "leaving", "every-shop")
    assert definitions(agent.state) == 2
    new = agent.slo("plain")
    assert (new["good"], new["bad"]) == (0, 0), "they began under the former definition"
    shop.ask(60)
    new = agent.slo("plain")
    assert new["good"] + new["bad"] == 60
    all_recorded(shop, agent.state, "plain")
    agent.check_sums()
    agent.stop()
    shop.check_disk(agent.state)


@contextlib.contextmanager
def in_nobodys_hands(sock):
    """The socket is on its way from one process to another: none has it open. Gives it back at the end."""
    ends = socket.socketpair(socket.AF_UNIX)
    socket.send_fds(ends[0], [b"x"], [sock.fileno()])
    sock.close()
    back = []
    yield back
    _, fds, _, _ = socket.recv_fds(ends[1], 1, 1)
    back.append(socket.socket(fileno=fds[0]))
    for end in ends:
        end.close()


def test_taken_over_with_a_request_in_nobodys_hands(agents, shop):
    """Where the sweep does not find its connection, it is not known what the request is judged by."""
    agent = agents(config(shop.port, good=FORMER, more=TWO)).start()
    shop.ask()
    with contextlib.closing(Port()) as port:
        wire = port.dial().c(get())
        with in_nobodys_hands(wire.server) as back:
            agent.kill()
            shop.ask(60)
            agent.config.write_text(config(shop.port, good=LATTER))
            agent.start()
            assert "loaded anew" not in agent.said() and "lost" not in agent.said()
            assert agent.status()["coverage"]["in_flight"] == 1
            all_recorded(shop, agent.state, "plain", "leaving", "every-shop")
            shop.ask(90)
            assert agent.reload(config(shop.port, good=FORMER))[0] == 200
        wire.server = back[0]
        wire.s(reply(404))
        wire.close()
        service = agent.service(port.port)
        assert (service["requests"], service["status"]) == (1, {"404": 1})
    assert agent.service("shop")["requests"] == sum(shop.sums)
    all_recorded(shop, agent.state, "plain")
    agent.check_sums()


@user_space
def test_a_place_used_again_begins_at_nothing(agents, shop):
    """Counters in the kernel are used again by later SLOs: those of answers, and those of aborts."""
    agent = agents(config(shop.port, good=FORMER)).start()
    for i in range(4):
        shop.ask(30)
        for _ in range(3):
            with Client(shop.port) as client, pytest.raises(ConnectionError):
                client.ask("/drop")
        assert wait_until(lambda: agent.slo("plain")["bad"] == 13, 5), agent.slo("plain")
        assert agent.slo("plain")["good"] == 20
        assert agent.reload(config(shop.port, good=f"latency: {30 + i}s"))[0] == 200
        shown = agent.slo("plain")
        assert (shown["good"], shown["bad"]) == (0, 0), f"after {i + 1} changes"


def test_back_again_before_it_has_ended(agents, shop, helpers):
    """It goes on with its counters, as if it had never been away."""
    former = config(shop.port, good=FORMER, more=TWO)
    agent = agents(former).start()
    shop.ask()
    for _ in range(3):
        late = open_requests(helpers, shop.port, 5)
        assert wait_until(lambda: agent.status()["coverage"]["in_flight"] == 5, 5)
        assert agent.reload(config(shop.port, good=LATTER))[0] == 200
        assert agent.reload(former)[0] == 200
        shop.ask()
        late.join()
        shop.good += 5
        for name in ("plain", "leaving", "every-shop"):
            slo = agent.slo(name)
            assert (slo["good"], slo["bad"]) == shop.sums or name == "leaving", (name, slo)
    shop.check(agent)
    all_recorded(shop, agent.state, "plain", "leaving", "every-shop")
    agent.stop()
    assert definitions(agent.state, "leaving") == definitions(agent.state, "every-shop") == 1
    shop.check_disk(agent.state, series=False)


@user_space
@pytest.mark.parametrize("latter", ["changed", "removed"])
def test_changed_while_no_agent_runs(agents, shop, latter):
    """What was counted after the last step is recorded for what it was counted for."""
    text = config(shop.port, interval="1m", good=FORMER, more=TWO)
    agent = agents(text).start()
    shop.ask()
    agent.kill()
    shop.ask(60)
    if latter == "changed":
        text = text.replace("10s", "20s").replace("slice: 1m", "slice: 2m").replace(
            'window: 30d}\n\n', 'window: 30d, good: {latency: 9s}}\n\n')
    else:
        text = text[:text.index("slos:")]
    agent.config.write_text(text.replace("interval: 1m", "interval: 1s"))
    agent.start()
    assert agent.status()["agent"]["taken_over"] is True
    all_recorded(shop, agent.state, "plain", "leaving", "every-shop")
    for slo in agent.status()["slos"]:
        assert slo["good"] + slo["bad"] == 0, slo["name"]
    agent.kill()
    agent.start()
    agent.stop()
    all_recorded(shop, agent.state, "plain", "leaving", "every-shop")


@user_space
@pytest.mark.parametrize("more", [long_one(""), TWO], ids=["last", "of_many"])
def test_added_again_to_another_kernel_side(agents, shop, more):
    """Nothing of what was read from the counters of before is taken for the new ones'."""
    again = "  - {name: again, service: shop, objective: 50, window: 30d}"
    agent = agents(config(shop.port, more=more + again)).start()
    shop.ask(90)
    agent.stop()
    agent.config.write_text(config(shop.port, more=more))
    agent.start()
    before = shop.sums
    shop.ask(60)
    without = shop.good - before[0], shop.bad - before[1]
    shop.check_history(agent)
    assert agent.reload(config(shop.port, more=more + again))[0] == 200
    shop.ask(30)
    shop.check_history(agent)
    want = shop.good - without[0], shop.bad - without[1]
    slo = agent.slo("again")
    assert (slo["good"], slo["bad"]) == want
    agent.stop()
    assert disk_sums(agent.state, "again") == dict.fromkeys(("10s", "1min", "1h"), want)


@user_space
@pytest.mark.parametrize("then", ["kill", long_one("reload")])
def test_changed_while_the_disk_is_full(agents, shop, then):
    """The former SLO is not forgotten before what it has counted is on disk."""
    text = config(shop.port, good=FORMER, more=TWO)
    with small_disk() as disk:
        agent = agents(text)
        agent.state = disk.state
        agent.start()
        shop.ask()
        shop.wait_for_disk(disk.state)
        disk.fill()
        shop.ask(600)
        assert wait_until(lambda: agent.status()["store"]["state"] == "failing" or shop.ask(), 20)
        assert agent.reload(config(shop.port, good=LATTER))[0] == 200
        if then == "kill":
            agent.kill()
        disk.free()
        if then == "kill":
            agent.start()
        all_recorded(shop, disk.state, "plain", "leaving", "every-shop")
        agent.stop()
        all_recorded(shop, disk.state, "plain", "leaving", "every-shop")


@user_space
def test_services_found_before_have_no_counters_yet(agents, shop):
    """Four SLOs for each, as many as there can be: none reads the counters behind its own."""
    slos = "".join(f'\n  - {{name: "w{i}-{{service}}", service: "*", objective: 50, window: 7d}}'
                   for i in range(4))
    agent = agents(f"agent: {{interval: 1s}}\nslos:{slos}\n").start()
    shop.ask()
    names = [s["name"] for s in agent.status()["services"] if s["port"] == shop.port]
    all_recorded(shop, agent.state, f"w0-{names[0]}", f"w3-{names[0]}")
    agent.stop()
    agent.start()
    for i in range(4):
        slo = agent.slo(f"w{i}-{names[0]}")
        assert (slo["good"], slo["bad"]) == shop.sums
    shop.ask()
    for i in range(4):
        slo = agent.slo(f"w{i}-{names[0]}")
        assert (slo["good"], slo["bad"]) == shop.sums
    agent.stop()
