# SPDX-License-Identifier: GPL-2.0-only
"""Faults in servers are named first by explain, each as what it is; without a fault nothing is named."""
import contextlib
import json
import os
import random
import socket
import subprocess
import threading
import time

import pytest

from alerting import ctl
from conftest import shared_agent
from harness import HERE, Server, free_ports, run_load, user_space, wait_until

pytestmark = [user_space, pytest.mark.usefixtures("agent_only")]

CASES = ("agent", "path", "network", "version", "slow", "queue", "starved", "starved_loop", "none")
# A busy machine alone makes no request bad, but where it is to be named.
LATENCY = {"starved": "10ms", "starved_loop": "10ms", "slow": "250ms", "queue": "200ms"}
SERVICE = """
  - {{name: {name}, match: {{port: {port}}}, routes: ["/items/*", "/cart"]}}"""
SLO = """
  - {{name: {name}-slo, service: {name}, objective: 99, good: {{latency: {latency}}}}}"""
CONFIG = """
agent: {{interval: 1s}}
samples: {{bad_per_second: 1000, good_per_second: 1000, headers: [x-user-id]}}
services:{services}
slos:{slos}
"""


@pytest.fixture(scope="module")
def ports():
    return dict(zip(CASES, free_ports(len(CASES))))


@pytest.fixture(scope="module")
def agent(ports):
    yield from shared_agent(CONFIG.format(
        services="".join(SERVICE.format(name=n, port=p) for n, p in ports.items()),
        slos="".join(SLO.format(name=n, latency=LATENCY.get(n, "30s")) for n in ports)))


@pytest.fixture
def faulty(ports):
    """A function that starts the server of a case."""
    started = []

    def start(name, fault, version="1.0", **popen):
        env = dict(os.environ, OTEL_SERVICE_VERSION=version)
        started.append(Server(["/usr/bin/python3", HERE / "servers" / "faulty.py", ports[name],
                               json.dumps(fault)], env=env, **popen))
        return started[-1]

    yield start
    for server in started:
        server.stop()


def one_client(port, seed, n, ill):
    """One connection: a client with an address and a user agent of its own."""
    rng = random.Random(seed)
    address = f"127.{seed % 4 + 1}.0.{rng.randrange(1, 200)}"
    user_agent = f"ShopApp/2.{seed % 6}"
    with socket.create_connection(("127.0.0.1", port), 30, (address, 0)) as sock:
        for _ in range(n):
            path = rng.choice(("/cart", *(f"/items/{i}" for i in range(1, 8))))
            sock.sendall(f"GET {path} HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: {user_agent}\r\n"
                         f"X-User-Id: {rng.randrange(50)}\r\n"
                         f"X-Ill: {int(rng.random() < ill)}\r\n\r\n".encode())
            got = b""
            while not got.endswith(b"hello"):
                data = sock.recv(4096)
                if not data:
                    return
                got += data


def ask(port, clients=24, n=40, ill=0):
    threads = [threading.Thread(target=one_client, args=(port, seed, n, ill))
               for seed in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def explain(agent, name):
    code, _, body = agent.get(f"/v1/explain/{name}-slo?since=5m")
    assert code == 200, body
    return json.loads(body)


def first(agent, name):
    """What is named first, once all samples are there."""
    slo = agent.slo(f"{name}-slo")
    # those from the onset on: a slow request of a busy machine may lie before it
    got = wait_until(lambda: (e := explain(agent, name))["samples"]["bad"] > 0.8 * slo["bad"] and e,
                     20)
    print(got and got["sentence"])
    assert got, json.dumps(explain(agent, name)) + json.dumps(agent.status()["coverage"])
    assert slo["bad"] > 0
    return got, got["findings"][0]["where"] if got["findings"] else None


def assert_kind(agent, name, kind):
    """By such samples as there are from the onset on, once they are enough to tell."""
    assert wait_until(lambda: explain(agent, name)["kind"] == kind, 20), explain(agent, name)


def test_one_user_agent_of_several_fails(agent, ports, faulty):
    faulty("agent", {"field": "user-agent", "is": "ShopApp/2.3", "status": 503})
    ask(ports["agent"])
    got, where = first(agent, "agent")
    assert where == {"user_agent": "ShopApp/2.3"}, got
    assert got["kind"] == "errors" and got["status"] == 503
    assert got["sentence"].startswith("100 % of the failures (503) since "), got
    shown, _ = ctl(agent, "explain", "agent-slo", "--since", "5m")
    assert "user_agent ShopApp/2.3" in shown, shown
    assert "slictl events 'bad_for=agent-slo and user_agent=ShopApp/2.3'" in shown
    assert all(len(line) <= 80 for line in shown.splitlines()), shown


def test_one_path_fails(agent, ports, faulty):
    faulty("path", {"field": "path", "is": "/items/4", "status": 500})
    ask(ports["path"])
    got, where = first(agent, "path")
    assert where == {"path": "/items/4"}, got


def test_one_network_fails(agent, ports, faulty):
    faulty("network", {"field": "client", "is": "127.3.", "status": 500})
    ask(ports["network"])
    got, where = first(agent, "network")
    assert where == {"client_network": "127.3.0.0/24"}, got


def test_one_version_of_two_fails(agent, ports, faulty):
    faulty("version", {}, version="1.0")
    faulty("version", {"field": "any", "status": 500}, version="1.1")
    for _ in range(4):
        ask(ports["version"], clients=24, n=8)
    got, where = first(agent, "version")
    assert where == {"version": "1.1"}, got


def test_slow_in_service(agent, ports, faulty):
    faulty("slow", {"field": "path", "is": "/items/2", "sleep": 0.5})
    ask(ports["slow"], n=12)
    got, where = first(agent, "slow")
    assert got["kind"] == "slow_service" and where == {"path": "/items/2"}, got


def test_slow_in_queue(agent, ports, faulty):
    """One request at a time: the others wait, with nothing in common."""
    faulty("queue", {"field": "any", "sleep": 0.05, "one": True})
    for _ in range(2):
        ask(ports["queue"], clients=16, n=1)
    assert_kind(agent, "queue", "slow_queue")


@contextlib.contextmanager
def busy_neighbours(server):
    """On the CPU that the server is bound to."""
    cpu = max(os.sched_getaffinity(0))
    for task in os.listdir(f"/proc/{server.pid}/task"):
        os.sched_setaffinity(int(task), {cpu})
    spinners = [subprocess.Popen(["/usr/bin/taskset", "-c", str(cpu), "/usr/bin/python3", "-c",
                                  "while True: pass"], start_new_session=True)
                for _ in range(8)]  # a session each: Linux shares a CPU among sessions
    time.sleep(0.5)  # until they are busy
    try:
        yield
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()


def test_starved_of_cpu_while_it_works(agent, ports, faulty):
    server = faulty("starved", {"field": "any", "spin": 0.004})
    with busy_neighbours(server):
        ask(ports["starved"], clients=1, n=120)
    assert_kind(agent, "starved", "starved")


def test_starved_of_cpu_before_it_reads(agent, ports, helpers, run_server):
    """One thread serves all connections, and each request in an instant, once it has a CPU."""
    port = ports["starved_loop"]
    server = run_server([helpers / "httpd", port, "epoll", "read", "write"])
    run_load(helpers, port, 200, conns=2, paths="/status/200")
    with busy_neighbours(server):
        run_load(helpers, port, 8000, paths="/status/200")
    assert_kind(agent, "starved_loop", "starved")


def test_without_a_fault_nothing_is_named(agent, ports, faulty):
    """One in ten fails, whoever asks for what: the header that tells the server is not sampled."""
    faulty("none", {"field": "x-ill", "is": "1", "status": 500})
    ask(ports["none"], ill=0.1)
    got, where = first(agent, "none")
    assert where is None and got["samples"]["enough"], got
    assert got["sentence"].startswith("Nothing stands out among "), got
