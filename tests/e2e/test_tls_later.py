# SPDX-License-Identifier: GPL-2.0-only
"""Executables that have TLS inside are probed once they have served: what comes later of them is counted, and connections
of which requests were missed before are blind."""
import collections
import shutil
import signal

import pytest

import history
from harness import children, wait_until
from test_tls_servers import answers, dial
from tls_servers import TlsServer
from wire import get

CONFIG = "agent: {interval: 1s}\ntls: servers\n"


@pytest.fixture
def start(helpers, tmp_path):
    """Servers of an executable that only the test has, so that none of it has been probed before."""
    servers = []

    def begin():
        if not servers:
            shutil.copy(helpers / "tlsd-static", tmp_path)
        servers.append(TlsServer("static-bio", tmp_path, tmp_path / f"server{len(servers)}"))
        return servers[-1]

    yield begin
    for server in servers:
        server.stop()


def ask(port, n):
    with dial(port) as sock:
        for _ in range(n):
            sock.sendall(get("/"))
            answers(sock, 1)


def blind(agent, port):
    return sum(b["connections"] for b in agent.status()["coverage"]["blind"] if b["port"] == port)


def probed():
    """The processes of which every link that belongs to their executable is pinned: user/helper/pins.h."""
    links = collections.Counter()
    for name in history.left_behind():
        if "/link_tls_" in name:
            tgid, of = name.split("_")[-6], name.split("_")[-1]
            links[int(tgid, 16), int(of)] += 1
    return {tgid for (tgid, of), n in links.items() if tgid and n == of}


def await_probed(pid):
    """That takes as long as the machine is busy."""
    assert wait_until(lambda: pid in probed()), (pid, history.left_behind())


def serve(agent, server):
    """Until it is measured. It is probed once it has served, at some time of its first connection or after it."""
    if agent.status()["tls"]["state"] != "on":
        pytest.skip(f"this kernel: {agent.status()['tls']['reason']}")
    ask(server.port, 2)
    await_probed(server.processes[0].pid)
    counted = agent.service(server.port)["requests"]
    assert blind(agent, server.port) == (1 if counted < 2 else 0), agent.status()["coverage"]
    watch = agent.watch(server.port)
    ask(server.port, 2)
    watch.expect({200: 2})
    assert blind(agent, server.port) == (1 if counted < 2 else 0), agent.status()["coverage"]


def test_the_connections_before_it_is_probed_are_blind(agent, start):
    serve(agent, start())


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_connection_that_began_before_is_counted_from_then_on(agent, start, version):
    server, sent = start(), []
    with dial(server.port, version) as sock:
        def counted():
            for i in range(50):
                sock.sendall(get(f"/{'x' * i}"))
                sent.extend(answers(sock, 1))
            return agent.service(server.port)["requests"]

        assert wait_until(counted, 10), agent.status()["coverage"]
        watch = agent.watch(server.port)
        for i in range(200):
            sock.sendall(get("/") if i % 3 else get("/", method="POST", body=b"x" * (i * 100)))
            answers(sock, 1)
        sock.sendall(get("/") * 5)
        answers(sock, 5)
        watch.expect({200: 205})
        missed = len(sent) + 205 - agent.service(server.port)["requests"]
        assert blind(agent, server.port) == (1 if missed else 0), missed
    assert wait_until(lambda: agent.status()["coverage"]["in_flight"] == 0)
    # where sites are probed one after the other, a request may be told, and its answer not: it is lost then
    assert watch.delta()["status"] == {"200": 205} and agent.lost() - watch.lost <= missed


def test_another_process_is_measured_from_its_first_connection(agent, start):
    serve(agent, start())
    later = start()
    await_probed(later.processes[0].pid)
    ask(later.port, 3)
    assert agent.service(later.port)["requests"] == 3, agent.status()["coverage"]
    assert blind(agent, later.port) == 0


@pytest.mark.parametrize("how", [signal.SIGUSR1, signal.SIGUSR2])
def test_a_worker_that_is_forked_later_is_measured_from_its_first_connection(agent, start, how):
    server = start()
    serve(agent, server)
    watch, before = agent.watch(server.port), blind(agent, server.port)
    parent = server.processes[0]
    parent.popen.send_signal(how)
    assert wait_until(lambda: children(parent.pid))
    await_probed(children(parent.pid)["tlsd-static"])
    ask(server.port, 3)
    watch.expect({200: 3})
    assert blind(agent, server.port) == before
