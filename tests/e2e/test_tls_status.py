# SPDX-License-Identifier: GPL-2.0-only
"""What the agent says of TLS: what is probed, who attaches with which capabilities, and what is not measured."""
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess

import pytest

import history
from harness import BUILD, SLOW, children, free_port, long_one, user_space, wait_until
from http2_servers import Http2Server
from nginx import Nginx
from tls import certificate, client_context

ON = "agent: {interval: 1s}\ntls: servers\n"
HELD = {"bpf", "perfmon", "sys_ptrace", "dac_read_search", "sys_admin"}


@pytest.fixture
def server(tmp_path):
    nginx = Nginx(tmp_path / "nginx", tls="")
    yield nginx
    nginx.stop()


def ask(port, paths):
    conn = http.client.HTTPSConnection("127.0.0.1", port, timeout=10 * SLOW,
                                       context=client_context())
    for path in paths:
        conn.request("GET", path)
        conn.getresponse().read()
    conn.close()


def on(agent):
    status = agent.status()
    if status["tls"]["state"] != "on":
        pytest.skip(f"this kernel: {status['tls']['reason']}")
    return status


def test_a_server_that_was_there_before_is_counted_from_its_first_request(server, start_agent):
    agent = start_agent(ON)
    on(agent)
    ask(server.port, ["/", "/status/503", "/status/404"] * 7 + ["/", "/"])
    service = agent.service(server.port)
    assert service["requests"] == 23
    assert service["status"] == {"200": 9, "404": 7, "503": 7}
    assert agent.lost() == 0
    assert [b for b in agent.status()["coverage"]["blind"] if b["port"] == server.port] == []


def test_the_status_shows_what_is_probed_and_who_attaches(server, start_agent):
    agent = start_agent(ON)
    status = on(agent)
    ask(server.port, ["/"])
    files = [f for f in agent.status()["tls"]["files"] if "libssl" in f["path"]]
    assert len(files) == 1, status["tls"]
    assert files[0]["library"] == "OpenSSL" and files[0]["probes"] >= 4
    assert files[0]["processes"] >= 1
    assert status["tls"]["attach"] in ("multi", "perf") and status["tls"]["mode"] == "servers"
    helper = status["helper"]
    assert helper["state"] == "ready" and helper["pid"] > 0 and helper["restarts"] == 0
    assert set(helper["capabilities"]) <= HELD
    assert ("sys_admin" in helper["capabilities"]) == (status["tls"]["attach"] == "perf")
    assert status["agent"]["capabilities"] == []
    metrics = agent.get("/metrics")[2].decode()
    assert "sliprobe_tls_up 1\n" in metrics
    assert 'library="OpenSSL"' in metrics


def test_off_starts_nothing_and_names_the_listener(server, start_agent):
    agent = start_agent("agent: {interval: 1s}\ntls: off\n")
    status = agent.status()
    assert status["tls"] == {"mode": "off", "state": "off", "reason": None, "attach": None,
                             "files": []}
    assert status["helper"] == {"pid": None, "capabilities": [], "state": "off", "reason": None,
                                "restarts": 0}
    assert not {"sliprobe-holder", "sliprobe-helper"} & set(children(agent.process.pid))
    for _ in range(5):
        ask(server.port, ["/", "/"])
    coverage = agent.status()["coverage"]
    assert [(b["reason"], b["connections"]) for b in coverage["blind"]
            if b["port"] == server.port] == [("tls", 5)]
    assert [u["reason"] for u in coverage["unmeasured"] if u["port"] == server.port] == \
        ["tls: encrypted, plaintext not observed"]
    assert coverage["counted"] == 0


def test_an_excluded_executable_is_named(server, start_agent):
    exe = os.readlink(f"/proc/{server.process.popen.pid}/exe")
    agent = start_agent(f"agent: {{interval: 1s}}\ntls: {{exclude: [\"{exe}\"]}}\n")
    on(agent)
    ask(server.port, ["/"])

    def named():
        reasons = [u["reason"] for u in agent.status()["coverage"]["unmeasured"]
                   if u["port"] == server.port]
        return len(reasons) == 1 and reasons[0].startswith("tls: excluded by the configuration")

    assert wait_until(named), agent.status()["coverage"]


def test_a_changed_key_takes_a_restart_and_says_so(start_agent):
    agent = start_agent("agent: {interval: 1s}\ntls: servers\n")
    code, body = agent.reload("agent: {interval: 1s}\ntls: {mode: off, exclude: [\"/a*\"]}\n")
    assert code == 200, body
    assert json.loads(body)["takes_restart"] == [
        "tls is now off, without /a*; until a restart servers stays in use"]
    assert agent.status()["tls"]["mode"] == "servers"
    assert agent.reload("tls: perhaps\n")[0] == 422


def tls_links():
    return [name for name in history.left_behind() if "/link_tls_" in name]


def test_a_killed_agents_tls_goes_and_comes_with_the_configuration(server, nothing_left, start_agent):
    shop = ("agent: {interval: 1s}\n"
            f"services: [{{name: shop, match: {{port: {server.port}}}}}]\n"
            "slos: [{name: all, service: shop, objective: 99}]\n")
    agent = start_agent(shop + "tls: servers\n")
    on(agent)
    ask(server.port, ["/"] * 3)
    agent.kill()
    agent.config.write_text(shop + "tls: off\n")
    agent.start()
    assert "loaded anew: TLS is no longer measured" in agent.said()
    status = agent.status()
    assert (status["tls"]["mode"], status["tls"]["state"], status["tls"]["files"]) == \
        ("off", "off", [])
    assert tls_links() == []
    ask(server.port, ["/"] * 2)
    assert agent.slo("all")["good"] == 3
    assert [(b["reason"], b["connections"]) for b in agent.status()["coverage"]["blind"]
            if b["port"] == server.port] == [("tls", 1)]
    agent.kill()
    agent.config.write_text(shop + "tls: servers\n")
    agent.start()
    assert "loaded anew: TLS is measured from now on" in agent.said()
    assert agent.status()["tls"]["state"] == "on" and tls_links()
    ask(server.port, ["/"] * 4)
    assert agent.slo("all")["good"] == 7
    agent.kill()
    agent.start()
    assert "loaded anew" not in agent.said()
    ask(server.port, ["/"] * 5)
    assert agent.slo("all")["good"] == 12
    assert agent.lost() == 0


def udp_socket(port, address="127.0.0.1"):
    """A socket as a server of HTTP/3 has it; port 0: any that no TLS is spoken at."""
    udp = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind((address, port))
    return udp


def quic_rows(agent):
    return [(u["port"], u["process"], u["service"], u["connections"])
            for u in agent.status()["coverage"]["unmeasured"]
            if u["reason"] == "quic: HTTP/3 over UDP is not measured" and u["port"] != 443]


def test_http3_is_named(server, start_agent):
    agent = start_agent("agent: {interval: 1s}\ntls: off\n")
    ask(server.port, ["/"])
    with udp_socket(server.port):
        rows = [u for u in agent.status()["coverage"]["unmeasured"] if u["port"] == server.port]
    assert {r["reason"]: r["connections"] for r in rows} == {
        "tls: encrypted, plaintext not observed": 1,
        "quic: HTTP/3 over UDP is not measured": None}
    assert {r["process"] for r in rows} == {"nginx"}


@pytest.mark.parametrize("address", ["::", long_one("127.0.0.1"), long_one("::1")])
def test_http3_beside_tls_that_is_measured_is_named(server, start_agent, address):
    agent = start_agent(ON + f"services: [{{name: shop, match: {{port: {server.port}}}}}]\n"
                             "slos: [{name: all, service: shop, objective: 99}]\n")
    on(agent)
    with udp_socket(server.port, address), udp_socket(0, address):
        assert quic_rows(agent) == []  # nothing says that TLS is spoken there
        ask(server.port, ["/"] * 3)
        assert quic_rows(agent) == [(server.port, "nginx", "shop", None)]
        assert agent.slo("all")["coverage"]["quic"] is True
        assert agent.service(server.port)["quic"] is True
        shown = subprocess.run([BUILD / "slictl", "--socket", agent.socket, "status"], check=True,
                               capture_output=True, text=True).stdout
        assert "Counted in part: shop: HTTP/3 not measured (quic); judges all\n" in shown
        [blind] = [b for b in agent.status()["coverage"]["blind"] if b["reason"] == "quic"]
        assert (blind["port"], blind["connections"]) == (server.port, None)
    assert quic_rows(agent) == []
    assert agent.slo("all")["coverage"]["quic"] is False
    assert agent.service(server.port)["requests"] == 3


def test_a_udp_socket_beside_http_without_tls_is_not_named(tmp_path, start_agent):
    plain = Nginx(tmp_path / "plain")
    try:
        agent = start_agent(ON)
        with udp_socket(plain.port):
            assert len(subprocess.check_output(
                ["curl", "-s", f"http://127.0.0.1:{plain.port}/"])) == 5
            assert agent.service(plain.port)["requests"] == 1
            assert quic_rows(agent) == []
    finally:
        plain.stop()


@pytest.mark.parametrize("secure, version", [(False, "--http2-prior-knowledge"),
                                             (True, "--http1.1"), long_one(True, "--http2")])
def test_http3_at_a_port_that_answers_announce_is_named(tmp_path, start_agent, helpers, secure, version):
    """By the field alt-svc of an answer, whatever its status; not before, and not where no UDP socket is."""
    with udp_socket(0) as udp, udp_socket(0) as other:
        port, nobody = udp.getsockname()[1], free_port()
        field = f"add_header Alt-Svc 'h2=\":{other.getsockname()[1]}\", h3=\":{port}\"; ma=86400' always;"
        server = Http2Server("nginx", secure, helpers, tmp_path / "server", more=f"""
            location /announced {{ {field} return 404; }}
            location /nobody {{ add_header alt-svc 'h3=":{nobody}"'; return 204; }}""")
        try:
            agent = start_agent(ON + f"services: [{{name: shop, match: {{port: {server.port}}}}}]\n")
            if secure:
                on(agent)

            def get(path):
                scheme = "https" if secure else "http"
                subprocess.check_output(["curl", "-sk", version, f"{scheme}://127.0.0.1:{server.port}{path}"])
            get("/")
            get("/nobody")
            assert wait_until(lambda: agent.service("shop")["requests"] == 2)
            assert quic_rows(agent) == []
            get("/announced")
            assert wait_until(lambda: agent.service("shop")["requests"] == 3)
            assert quic_rows(agent) == [(port, "nginx", "shop", None)]
            assert agent.service("shop")["quic"] is True
        finally:
            server.stop()


APART = """
import http.client, http.server, socket, ssl, subprocess, sys, threading
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[3])), http.server.SimpleHTTPRequestHandler)
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
print("ready", flush=True)
for line in sys.stdin:
    if line == "ask\\n":
        conn = http.client.HTTPSConnection("127.0.0.1", int(sys.argv[3]),
                                           context=ssl._create_unverified_context())
        conn.request("GET", "/")
        conn.getresponse().read()
        conn.close()
    else:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", int(sys.argv[3])))
    print("done", flush=True)
"""


def test_http3_in_another_network_namespace_is_named_there(tmp_path, start_agent):
    cert, key = certificate(tmp_path)
    port = free_port()
    agent = start_agent(ON)
    on(agent)
    apart = subprocess.Popen(["unshare", "-n", "/usr/bin/python3", "-c", APART, cert, key, str(port)],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def does(what):
        print(what, file=apart.stdin, flush=True)
        assert apart.stdout.readline() == "done\n"

    def measured():  # once its library is probed
        does("ask")
        return [s["name"] for s in agent.status()["services"] if s["port"] == port]
    try:
        assert apart.stdout.readline() == "ready\n"
        [name] = wait_until(measured, seconds=20)
        with udp_socket(port):
            assert quic_rows(agent) == []  # it is in the host's
        does("bind")
        [row] = quic_rows(agent)
        assert (row[0], row[2], row[3]) == (port, name, None)
    finally:
        apart.kill()
        apart.communicate()


def test_a_killed_helper_is_started_again_and_counting_goes_on(server, start_agent):
    agent = start_agent(ON)
    helper = on(agent)["helper"]["pid"]
    ask(server.port, ["/"] * 3)
    workers = subprocess.run(["pgrep", "-P", str(helper)], check=True, capture_output=True,
                             text=True).stdout.split()
    os.kill(int(workers[0]), signal.SIGKILL)
    ask(server.port, ["/"] * 4)
    assert agent.service(server.port)["requests"] == 7
    assert wait_until(lambda: agent.status()["helper"]["restarts"] == 1 and
                      agent.status()["helper"]["state"] == "ready", seconds=20)
    ask(server.port, ["/"] * 5)
    assert agent.service(server.port)["requests"] == 12
    os.kill(helper, signal.SIGKILL)
    assert wait_until(lambda: agent.status()["helper"]["state"] == "ended")
    assert agent.status()["tls"]["state"] == "limited"


def test_without_a_helper_beside_the_agent_tls_is_limited_and_says_so(server, start_agent, tmp_path):
    agent = start_agent(ON, program=shutil.copy(BUILD / "sliprobed", tmp_path))
    status = agent.status()
    reason = f"cannot start {tmp_path}/sliprobe-helper: No such file or directory"
    assert status["tls"]["state"] == "limited" and status["tls"]["mode"] == "servers"
    assert status["tls"]["reason"] == status["helper"]["reason"] == reason
    assert status["helper"]["pid"] is None and status["helper"]["capabilities"] == []
    assert reason in agent.said() and "sliprobe_tls_up 0\n" in agent.get("/metrics")[2].decode()
    ask(server.port, ["/"])
    coverage = agent.status()["coverage"]
    assert [u["reason"][:4] for u in coverage["unmeasured"] if u["port"] == server.port] == ["tls:"]
    assert agent.service(server.port)["requests"] == 0


def test_the_next_agent_takes_over_what_is_probed(server, start_agent):
    agent = start_agent(ON)
    on(agent)
    ask(server.port, ["/"] * 11)
    agent.kill()
    ask(server.port, ["/"] * 12)
    agent.start()
    assert agent.status()["agent"]["taken_over"]
    ask(server.port, ["/status/503"] * 13)
    assert agent.service(server.port)["requests"] == 36
    status = wait_until(lambda: agent.status()["tls"]["files"] and agent.status())
    assert [f["processes"] >= 1 for f in status["tls"]["files"] if "libssl" in f["path"]] == [True]
    assert agent.lost() == 0


@user_space
def test_support_says_how_and_with_what():
    out = subprocess.run([BUILD / "slictl", "--json", "support"], check=False, capture_output=True,
                         text=True)
    found = json.loads(out.stdout)["tls"]
    assert found["loads"] and found["attach"] in ("multi", "perf") and found["reason"]
    assert set(found["capabilities"]) <= HELD
    assert ("sys_admin" in found["capabilities"]) == (found["attach"] == "perf")
