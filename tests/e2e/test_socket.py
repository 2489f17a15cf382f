# SPDX-License-Identifier: GPL-2.0-only
"""The status socket answers everyone who asks properly, whatever the others do."""
import json
import os
import subprocess
import time

import pytest

from harness import BUILD, SLOW, scaled, tool, unix_connect, user_space
from wire import Port, get, reply

pytestmark = user_space


def connect(agent):
    if not agent.real:
        pytest.skip("selftest: no agent to ask")
    return unix_connect(agent.socket, 10 * SLOW)


def good_client(agent):
    """Asks once, quickly."""
    start = time.monotonic()
    assert agent.get("/v1/status")[0] == 200
    assert time.monotonic() - start < 2 * SLOW


@pytest.fixture
def traffic(agent):
    port = Port()
    for path, code in (("/", 200), ('/"quoted\\', 404), ("/x", 503)):
        port.dial().c(get(path)).s(reply(code)).close()
    wire = port.dial().c(get())
    wire.server.close()
    port.close()


def test_metrics_are_openmetrics(agent, traffic):
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    code, fields, body = agent.request("GET", "/metrics", accept)
    assert code == 200
    assert fields["content-type"].startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")
    for name in (b"http_server_request_duration_seconds", b"sliprobe_lost_total",
                 b"sliprobe_http_request_queue_duration_seconds"):
        assert name in body
    samples = [line.rpartition(b" ")[0] for line in body.splitlines() if line[:1] != b"#"]
    assert len(samples) == len(set(samples)), "a series is there twice"


def test_promtool_accepts_the_metrics(agent, traffic):
    body = agent.get("/metrics")[2]
    out = subprocess.run([tool("promtool"), "check", "metrics"], input=body, capture_output=True,
                         check=False)
    assert out.returncode == 0, out.stderr.decode()


def test_health(agent):
    assert agent.get("/healthz")[0] == 200
    assert agent.get("/readyz")[0] == 200


@pytest.mark.parametrize("path", ["/v1", "/v1/statu", "/v1/status/x", "/v1/slos/none",
                                  "/v1/slos/", "/metrics/..", "/" + "x" * 3000, "/x%00"])
def test_unknown_paths(agent, path):
    assert agent.get(path)[0] in ((404, 414) if len(path) > 2000 else (404,))


@pytest.mark.parametrize("method,path", [("POST", "/v1/status"), ("DELETE", "/metrics"),
                                         ("PUT", "/v1/reload"), ("GET", "/v1/reload")])
def test_wrong_method(agent, method, path):
    assert agent.request(method, path)[0] == 405


def test_json_says_so(agent):
    assert agent.get("/v1/status")[1]["content-type"].startswith("application/json")


def test_mode_of_the_socket(agent):
    if agent.real:
        assert os.stat(agent.socket).st_mode & 0o777 == 0o660


def as_other_user(agent, *command, groups=()):
    """slictl of a user who may open the socket by its group, and has these groups besides."""
    has = f"--groups={','.join(map(str, groups))}" if groups else "--clear-groups"
    argv = [tool("setpriv"), "--reuid=65534", f"--regid={os.stat(agent.socket).st_gid}", has,
            BUILD / "slictl", "--socket", agent.socket, *command]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def test_the_group_reads_and_root_changes(agent):
    if not agent.real:
        pytest.skip("selftest: no agent to ask")
    agent.dir.chmod(0o755)
    assert as_other_user(agent, "status").returncode == 0
    for command in (["silence", "add", "--all", "--for", "1h"], ["silence", "remove", "x"],
                    ["notify-test"]):
        out = as_other_user(agent, *command)
        assert out.returncode == 2
        assert out.stderr == ("slictl: not permitted: only root, and the group that "
                              "agent.admin_group names, may change what the agent does\n")
    assert json.loads(agent.get("/v1/alerts")[2])["silences"] == []


def test_a_configured_group_changes_too(start_agent, agent_only):
    agent = start_agent("agent: {interval: 1s, admin_group: daemon}\n")
    agent.dir.chmod(0o755)
    add = ["silence", "add", "--all", "--for", "1h"]
    assert as_other_user(agent, *add, groups=[2]).returncode == 2
    assert as_other_user(agent, *add, groups=[1, 2]).returncode == 0
    silences = json.loads(agent.get("/v1/alerts")[2])["silences"]
    assert [silence["by"] for silence in silences] == ["uid 65534"]


def test_many_requests_on_one_connection(agent):
    s = connect(agent)
    for _ in range(20):
        s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert s.recv(65536).startswith(b"HTTP/1.1 200")
    s.close()


def test_200_silent_clients(agent):
    silent = []
    try:
        for i in range(200):
            silent.append(connect(agent))
            if i % 2:
                silent[-1].sendall(b"GET /v1/status HTTP/1.1\r\nX-Slow: "[:i % 40])
        for _ in range(5):
            good_client(agent)
    except BrokenPipeError:
        good_client(agent)
    finally:
        for s in silent:
            s.close()
    good_client(agent)


def test_a_slow_client(agent):
    slow = connect(agent)
    for byte in b"GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":
        slow.send(bytes([byte]))
        time.sleep(0.01)
        if byte == 10:
            good_client(agent)
    assert slow.recv(12) == b"HTTP/1.1 200"
    slow.close()


def test_clients_that_never_read(agent):
    deaf = [connect(agent) for _ in range(20)]
    for s in deaf:
        s.setblocking(False)
        try:
            for _ in range(200):
                s.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 10)
        except OSError:
            pass
    good_client(agent)
    for s in deaf:
        s.close()
    good_client(agent)


@pytest.mark.parametrize("sent", [
    b"\x00" * 1000, b"GET\r\n\r\n", b"\r\n" * 5000, b"GET / HTTP/9.9\r\n\r\n", os.urandom(5000),
    b"GET /" + b"x" * 200000 + b" HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 100000,
    b"POST /v1/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /v1/status HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"],
    ids=["zeros", "short", "empty-lines", "version", "random", "long-path", "many-fields",
         "huge-length", "bad-chunk"])
def test_malformed_clients(agent, sent):
    bad = connect(agent)
    before = agent.rss_kib()
    try:
        bad.sendall(sent)
    except (BrokenPipeError, ConnectionError):
        pass
    good_client(agent)
    bad.close()
    assert agent.rss_kib() - before < 4096


def test_each_status_shows_the_request_before_it(agent):
    port = Port()
    watch = agent.watch(port.port)
    wire = port.dial()
    for i in range(scaled(200, 20)):
        wire.c(get()).s(reply(200))
        if agent.real:
            assert watch.delta()["requests"] == i + 1
    port.close()


def test_the_socket_itself_is_no_service(agent):
    assert agent.get("/v1/services")[0] == 200
    assert not [s for s in agent.status()["services"] if "sliprobed" in (s.get("process") or "")]
