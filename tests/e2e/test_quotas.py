# SPDX-License-Identifier: GPL-2.0-only
"""Nobody fills the agent's tables for all: an outsider tries, and others stay listed and exact."""
import ctypes
import os
import pathlib
import subprocess
import sys
import time

import pytest

from harness import BUILD, HERE, LONG, user_space, wait_until
from wire import Port, get, reply

pytestmark = [user_space, pytest.mark.usefixtures("agent_only")]

CROWD = (HERE / "servers" / "crowd.py").read_text()
NOBODY = 65534
OF_USER, OF_GROUP = 128, 256  # endpoints
METRICS, STATUS = 6 << 20, 1 << 20  # bytes that one owner can add
CLONE_NEWNET = 0x40000000


class Crowd:
    """A process that fills tables, as somebody else, in a cgroup or namespace of its own."""

    def __init__(self, kind, n, uid=NOBODY, before=None):
        def become():
            if before:
                before()
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
        self.popen = subprocess.Popen([sys.executable, "-c", CROWD, kind, str(n)],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      preexec_fn=become)
        assert self.popen.stdout.readline() == b"done\n"

    def go(self):
        self.popen.stdin.close()
        self.popen.wait()
        self.popen.stdout.close()


@pytest.fixture
def crowd():
    crowds = []

    def start(*args, **kwargs):
        crowds.append(Crowd(*args, **kwargs))
        return crowds[-1]
    yield start
    for one in crowds:
        if one.popen.poll() is None:
            one.go()


@pytest.fixture
def shop():
    """A configured service's server."""
    port = Port()
    yield port
    port.close()


@pytest.fixture
def agent(start_agent, shop):
    return start_agent(f"""
agent: {{interval: 1s}}
services: [{{name: shop, match: {{port: {shop.port}}}}}]
slos:
  - {{name: shop, service: shop, objective: 99, window: 7d}}
  - {{name: "up-{{service}}", service: "*", objective: 99, window: 7d}}
""")


def serve(port, n=1):
    wire = port.dial()
    for _ in range(n):
        wire.c(get()).s(reply())


def services(agent):
    return {s["name"]: s for s in agent.status()["services"]}


def quotas(agent):
    return {(q["of"], q["id"]): q for q in agent.status()["coverage"]["quotas"]}


def quota_lines(agent):
    return [line for line in agent.said().splitlines() if "quota" in line]


def sizes(agent):
    return {path: len(agent.get(path)[2]) for path in ("/metrics", "/v1/status", "/v1/services")}


def check_sizes(agent, before):
    limits = {"/metrics": METRICS, "/v1/status": STATUS, "/v1/services": STATUS}
    grown = {path: n - before[path] for path, n in sizes(agent).items()}
    assert all(n <= limits[path] for path, n in grown.items()), grown


def check_others(agent, shop):
    """A server that comes later is listed at once, and it and the configured one are exact."""
    later = Port()
    try:
        serve(shop, 5)
        serve(later, 7)
        found = services(agent)
        assert found["shop"]["requests"] == 5
        assert found[f"python3:{later.port}"]["requests"] == 7
        assert (agent.slo("shop")["good"], agent.slo("shop")["eligible"]) == (5, 5)
        assert agent.slo(f"up-python3:{later.port}")["good"] == 7
        agent.check_sums()
        assert agent.status()["coverage"]["consistent"]
    finally:
        later.close()


def test_2600_ports_of_a_process_that_renames_itself(agent, shop, crowd):
    before = sizes(agent)
    ports = crowd("ports", 2600)
    found = services(agent)
    assert found["_overflow"]["requests"] == 2600 - OF_USER
    assert sum(name.startswith("crowd") for name in found) == OF_USER
    assert agent.slo("up-_overflow")["good"] == 2600 - OF_USER
    quota = quotas(agent)["user", NOBODY]
    assert (quota["endpoints"], quota["limit"]) == (OF_USER, OF_USER)
    assert quota["folded_endpoints"] == quota["folded_connections"] == 2600 - OF_USER
    assert quota["pid"] == ports.popen.pid and quota["process"] == "crowd2599"
    check_sizes(agent, before)
    check_others(agent, shop)
    assert wait_until(lambda: quota_lines(agent))
    shown = subprocess.run([BUILD / "slictl", "--socket", agent.socket, "status"],
                           capture_output=True, text=True, check=True).stdout
    assert f"Quota met by user {NOBODY}: {OF_USER} endpoints of at most {OF_USER}" in shown
    assert f"{2600 - OF_USER} more are not listed" in shown
    metrics = agent.get("/metrics")[2].decode()
    assert f'sliprobe_folded_connections_total{{quota="user"}} {2600 - OF_USER}' in metrics
    assert "sliprobe_quotas_met 1\n" in metrics
    time.sleep(1.5)
    assert len(quota_lines(agent)) == 1
    ports.go()
    # what it had is free again, for itself, too
    assert wait_until(lambda: not any(name.startswith("crowd") for name in services(agent)))
    assert wait_until(lambda: not quotas(agent))
    assert len(quota_lines(agent)) == 2 and "within it again" in quota_lines(agent)[1]
    more = crowd("ports", OF_USER)
    assert services(agent)["_overflow"]["requests"] == 2600 - OF_USER
    assert sum(name.startswith("crowd") for name in services(agent)) == OF_USER
    agent.check_sums()
    # but not more than two times as much in an hour: new names would fill the disk
    crowd("ports", 1)
    more.go()
    assert wait_until(lambda: not any(name.startswith("crowd") for name in services(agent)))
    crowd("ports", 1)
    assert not any(name.startswith("crowd") for name in services(agent))
    assert services(agent)["_overflow"]["requests"] == 2600 - OF_USER + 2
    agent.check_sums()


def test_statuses_and_methods(agent, shop, crowd):
    """Each of them is a series. All requests are counted, what is too many by class alone."""
    before = sizes(agent)
    n = 12 if LONG else 3
    statuses = crowd("statuses", n)
    asked = 10 * 800
    found = [s for s in agent.status()["services"] if s["folded_requests"]]
    assert len(found) == n and all(s["requests"] == asked for s in found)
    for service in found:
        by_class = {f"{c}xx": 0 for c in range(2, 10)}
        for status, requests in service["status"].items():
            by_class[f"{status[0]}xx"] += requests
        assert by_class == {c: 1000 for c in by_class}
        assert service["errors"] == 5000
        slo = agent.slo(f"up-{service['name']}")
        assert (slo["good"], slo["bad"]) == (3000, 5000)
        assert sum(len(route["status"]) for route in service["routes"]) <= 64 + 8
    metrics = agent.get("/metrics")[2].decode()
    assert f'sliprobe_folded_requests_total{{service="{found[0]["name"]}"}} ' \
           f'{found[0]["folded_requests"]}\n' in metrics
    assert 'http_response_status_code="7xx",error_type="7xx"' in metrics
    check_sizes(agent, before)
    check_others(agent, shop)
    assert wait_until(lambda: quota_lines(agent))
    statuses.go()
    time.sleep(1.5)
    assert 1 <= len(quota_lines(agent)) <= n and "quota of series" in quota_lines(agent)[0]


def test_statuses_of_a_configured_service(start_agent, shop):
    """Whoever sits behind it can answer anything."""
    agent = start_agent("agent: {interval: 1s}\nservices: [{name: shop, match: "
                        f"{{port: {shop.port}}}, routes: [/a, /b]}}]\n")
    wire = shop.dial()
    for status in range(200, 1000):
        wire.c(get()).s(reply(status))
    service = services(agent)["shop"]
    most = 64 + 32 * (2 + 2)
    assert service["requests"] == 800 and service["folded_requests"] == 800 - most
    assert sum(n for s, n in service["status"].items() if s.endswith("xx")) == 800 - most
    agent.check_sums()


def test_tls_on_2000_ports(agent, shop, crowd):
    before = sizes(agent)
    crowd("tls", 2000)
    blind = agent.status()["coverage"]["blind"]
    assert sum(b["connections"] for b in blind) == 2000
    rest = [b for b in blind if b["process"] == "_overflow"]
    assert [b["connections"] for b in rest] == [2000 - 64]
    check_sizes(agent, before)
    # another's, and those of a configured service, are still listed
    for port in (Port(), shop):
        wire = port.dial()
        wire.c(bytes.fromhex("160301002f0100002b0303") + bytes(32) +
               bytes.fromhex("000002002f0100"))
        wire.s(bytes.fromhex("160303002a020000260303") + bytes(32) + bytes.fromhex("00002f00"))
        assert port.port in [b["port"] for b in agent.status()["coverage"]["blind"]]
    assert services(agent)["shop"]["blind_connections"] == 1


def unshare(flags):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags):
        raise OSError(ctypes.get_errno(), "unshare")


class Namespaced(Crowd):
    """In a user namespace, and in one of the network, that nobody has made."""

    def __init__(self, n):
        up = "import fcntl, socket, struct\n" \
             "fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sh22x', b'lo', 1))\n"
        self.popen = subprocess.Popen(
            ["unshare", "-Urn", sys.executable, "-c", up + CROWD, "ports", str(n)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, user=NOBODY, group=NOBODY,
            extra_groups=[])
        if self.popen.stdout.readline() != b"done\n":
            pytest.skip("no user namespaces here")


def test_network_namespaces_of_one_user(agent, shop):
    """However many it makes, its quota is one."""
    many = [Namespaced(60) for _ in range(4)]
    try:
        found = services(agent)
        assert sum(name.startswith("crowd") for name in found) == OF_USER
        assert found["_overflow"]["requests"] == 240 - OF_USER
        assert list(quotas(agent)) == [("user", NOBODY)]
        check_others(agent, shop)
    finally:
        for one in many:
            one.go()


@pytest.fixture
def cgroup():
    path = pathlib.Path("/sys/fs/cgroup")
    for root in (path, path / "unified"):
        if (root / "cgroup.procs").exists():
            made = root / f"sliprobe-e2e-{os.getpid()}"
            made.mkdir()
            yield made
            made.rmdir()
            return
    pytest.skip("no cgroup v2 here")


def test_a_container_with_a_cgroup_and_a_mount_namespace(agent, shop, crowd, cgroup):
    """It is root there, and no user of the host's."""
    def become():
        (cgroup / "cgroup.procs").write_text("0")
        unshare(CLONE_NEWNET)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    container = crowd("ports", 300, uid=0, before=become)
    found = services(agent)
    assert sum(name.startswith("crowd") for name in found) == OF_GROUP
    (of, _), quota = next(iter(quotas(agent).items()))
    assert of == "cgroup" and quota["name"] == f"/{cgroup.name}"
    assert quota["folded_endpoints"] == 300 - OF_GROUP
    check_others(agent, shop)
    container.go()
