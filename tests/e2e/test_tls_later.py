# SPDX-License-Identifier: GPL-2.0-only
"""Executables that have TLS inside are probed once they have served: what comes later of them is counted, and connections
of which requests were missed before are blind."""
import shutil
import signal
import time

import pytest

from harness import IN_VM, SLOW, wait_until
from test_tls_servers import answers, dial
from tls_servers import TlsServer
from wire import get

CONFIG = "agent: {interval: 1s}\ntls: servers\n"
LOOK_SECONDS = 1 * (5 if IN_VM else 1)  # far more than it takes to attach to a process that listens, or was forked
BEGIN_SECONDS = 2  # for which one that has executed the file anew is left alone: user/helper/users.h


@pytest.fixture
def start(helpers, tmp_path):
    servers = []

    def begin(never_probed=False):
        programs = helpers
        if never_probed:  # a file of its own
            programs = tmp_path
            shutil.copy(helpers / "tlsd-static", programs)
        servers.append(TlsServer("static-bio", programs, tmp_path / f"server{len(servers)}"))
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


def serve(agent, server):
    """Until it is measured: each connection before was counted as blind, and no request of it."""
    if agent.status()["tls"]["state"] != "on":
        pytest.skip(f"this kernel: {agent.status()['tls']['reason']}")
    asked = 0
    while not agent.service(server.port)["requests"] and asked < 30:
        ask(server.port, 2)
        asked += 1
        time.sleep(0.2 * SLOW)
    assert agent.service(server.port)["requests"] == 2, agent.status()["coverage"]
    assert wait_until(lambda: blind(agent, server.port) == asked - 1, 3), (asked, agent.status()["coverage"])
    return asked


def test_the_connections_before_it_is_probed_are_blind(agent, start):
    server = start()
    assert serve(agent, server) <= 3


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_connection_that_began_before_is_counted_from_then_on(agent, start, version):
    server, sent = start(never_probed=True), []
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
    time.sleep(LOOK_SECONDS)
    ask(later.port, 3)
    assert agent.service(later.port)["requests"] == 3, agent.status()["coverage"]
    assert blind(agent, later.port) == 0


@pytest.mark.parametrize("how,seconds", [(signal.SIGUSR1, LOOK_SECONDS),
                                         (signal.SIGUSR2, BEGIN_SECONDS + LOOK_SECONDS)])
def test_a_worker_that_is_forked_later_is_measured_from_its_first_connection(agent, start, how, seconds):
    server = start()
    serve(agent, server)
    watch, before = agent.watch(server.port), blind(agent, server.port)
    server.processes[0].popen.send_signal(how)
    time.sleep(seconds)
    ask(server.port, 3)
    watch.expect({200: 3})
    assert blind(agent, server.port) == before
