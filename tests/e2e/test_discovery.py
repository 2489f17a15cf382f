# SPDX-License-Identifier: GPL-2.0-only
"""Services are found by themselves, named as configured, and outlive their processes."""
import json
import os
import socket
import subprocess

import pytest

from harness import BUILD, free_port, run_load, tool
from rawhttp import ask
from wire import Port, get, reply


@pytest.fixture
def server_of(run_server, helpers):
    return lambda port=0, model="thread": run_server(
        [helpers / "httpd", port, model, "read", "write"])


def test_an_unknown_server_becomes_a_service(agent, server_of):
    server = server_of()
    assert ask(server.port, "/status/200") == 200
    found = agent.service(server.port)
    assert found["name"] == f"httpd:{server.port}"
    assert found["process"] == "httpd" and found["role"] == "server"
    assert found["requests"] == 1


def test_a_listener_without_traffic_is_no_service(agent, server_of):
    port = server_of().port
    assert port not in [s.get("port") for s in agent.status()["services"]]


def test_a_restarted_server_is_the_same_service(agent, server_of, helpers):
    server = server_of()
    watch = agent.watch(server.port)
    run_load(helpers, server.port, 100)
    server.stop(9)
    again = server_of(server.port, "epoll")
    run_load(helpers, again.port, 100)
    again.stop(9)
    server_of(server.port, "prefork")
    run_load(helpers, server.port, 100)
    watch.expect({200: 300})


@pytest.fixture
def namespace():
    ip, name = tool("ip"), f"e2e{os.getpid()}"
    veth = f"v{os.getpid()}"
    made = subprocess.run([ip, "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"no network namespaces here: {made.stderr.strip()}")
    try:
        made = subprocess.run([ip, "link", "add", veth, "type", "veth", "peer", "name", "e2e0",
                               "netns", name], capture_output=True, text=True, check=False)
        if made.returncode:
            pytest.skip(f"no veth here: {made.stderr.strip()}")
        for command in (f"addr add 198.18.7.1/30 dev {veth}", f"link set {veth} up",
                        f"-n {name} addr add 198.18.7.2/30 dev e2e0",
                        f"-n {name} link set e2e0 up", f"-n {name} link set lo up"):
            subprocess.run([ip, *command.split()], check=True)
        yield name
    finally:
        subprocess.run([ip, "netns", "del", name], check=False)
        subprocess.run([ip, "link", "del", veth], check=False, capture_output=True)


def test_a_server_in_another_network_namespace(agent, namespace, run_server, helpers):
    port = free_port()
    watch = agent.watch(port)
    run_server([tool("ip"), "netns", "exec", namespace, helpers / "httpd", port, "epoll", "read",
                "write", "198.18.7.2"])
    result = run_load(helpers, port, 500, conns=8, paths="/status/200,/status/404",
                      address="198.18.7.2")
    watch.expect(result["status"])
    if agent.real:
        assert agent.service(port)["name"] == f"httpd:{port}"


@pytest.mark.parametrize("address", ["0.0.0.0", "::1", "::"])
def test_other_addresses(agent, address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        listener = socket.create_server((address, 0), family=family,
                                        dualstack_ipv6=address == "::")
    except (OSError, ValueError) as error:
        pytest.skip(f"no {address} here: {error}")
    with listener:
        port = listener.getsockname()[1]
        watch = agent.watch(port)
        client = socket.create_connection(("::1" if address == "::1" else "127.0.0.1", port))
        server, _ = listener.accept()
        with client, server:
            client.sendall(get())
            assert server.recv(1000) == get()
            server.sendall(reply(200))
            assert client.recv(1000) == reply(200)
            watch.expect({200: 1})


def test_slictl_shows_what_the_socket_says(agent):
    port = Port()
    port.dial().c(get()).s(reply(503)).close()
    port.close()
    shown = agent.status()
    out = subprocess.run([BUILD / "slictl", "--socket", agent.socket, "--json", "status"],
                         capture_output=True, text=True, check=True).stdout
    told = json.loads(out)
    for service in told["services"] + shown["services"]:
        # goes down as time passes; is found out of a process while requests go on
        del service["requests_per_second"], service["versions"]
    assert told["services"] == shown["services"] and told["coverage"] == shown["coverage"]
    for command in ("status", "services", "support"):
        out = subprocess.run([BUILD / "slictl", "--socket", agent.socket, command],
                             capture_output=True, text=True, check=True).stdout
        assert out.strip() and "\x1b" not in out
    assert str(port.port) in subprocess.run(
        [BUILD / "slictl", "--socket", agent.socket, "services"],
        capture_output=True, text=True, check=True).stdout
    nowhere = subprocess.run([BUILD / "slictl", "--socket", agent.dir / "none", "status"],
                             capture_output=True, text=True, check=False)
    assert nowhere.returncode == 3 and str(agent.dir / "none") in nowhere.stderr
    usage = subprocess.run([BUILD / "slictl", "no-such-command"], capture_output=True, text=True,
                           check=False)
    assert usage.returncode == 2 and usage.stderr.strip()
