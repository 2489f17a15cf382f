# SPDX-License-Identifier: GPL-2.0-only
"""Which version served: counts by version are exact, and what changes with processes is told."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import pytest

from harness import Server, run_load, wait_until
from nginx import Nginx

CONFIG = """
agent: {{interval: 1s}}
services:
  - name: shop
    match: {{{match}}}
slos:
  - name: shop-up
    service: shop
    objective: 99
"""
SCRIPT = """
import http.server, os, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = b"%s"
        self.send_response(500 if self.path == "/bad" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
print("listening", server.server_port, flush=True)
server.serve_forever()
"""


@pytest.fixture
def place():
    """A directory that the agent's user may look into."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="sliprobe-versions-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def serve():
    servers = []

    def start(*argv, **env):
        servers.append(Server(list(argv), env=dict(os.environ, **env)))
        return servers[-1]

    yield start
    for server in servers:
        server.stop(signal.SIGKILL)


def build_of(helpers, place, name, fill):
    """A copy of the server whose build id is `fill` repeated."""
    at = place / name / "httpd"
    at.parent.mkdir()
    raw = bytearray((helpers / "httpd").read_bytes())
    note = raw.find(b"\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0")
    if note < 0:
        pytest.skip("the linker made no build id of 20 bytes")
    raw[note + 16:note + 36] = bytes([fill]) * 20
    at.write_bytes(raw)
    at.chmod(0o755)
    return at


def ask(port, path="/", n=1):
    for _ in range(n):
        subprocess.run(["curl", "-s", "-o", "/dev/null", f"http://127.0.0.1:{port}{path}"],
                       check=True)


def versions(agent, name="shop"):
    return {v["version"]: v for v in agent.service(name)["versions"]}


def judged(agent, name="shop-up"):
    return {v["version"]: (v["good"], v["eligible"]) for v in agent.slo(name)["versions"]}


def check_sums(agent):
    status = agent.status()
    for service in status["services"]:
        assert sum(v["requests"] for v in service["versions"]) == service["requests"], service
    for slo in status["slos"]:
        assert sum(v["good"] for v in slo["versions"]) == slo["good"], slo
        assert sum(v["eligible"] for v in slo["versions"]) == slo["eligible"], slo


def test_two_builds_side_by_side_are_counted_apart(start_agent, serve, helpers, place):
    agent = start_agent(CONFIG.format(match="process: httpd"))
    one = serve(build_of(helpers, place, "one", 0x11), 0, "thread", "read", "write")
    two = serve(build_of(helpers, place, "two", 0xab), 0, "prefork", "read", "write")
    run_load(helpers, one.port, 1000)
    run_load(helpers, two.port, 300, paths="/status/200,/status/500,/status/200")
    assert judged(agent) == {"11" * 6: (1000, 1000), "ab" * 6: (200, 300)}
    found = versions(agent)
    assert {name: v["requests"] for name, v in found.items()} == {"11" * 6: 1000, "ab" * 6: 300}
    assert found["11" * 6]["build_id"] == "11" * 20
    assert found["ab" * 6]["exe"] == str(place / "two" / "httpd")
    assert found["ab" * 6]["kind"] == "build_id"
    assert [v["instances"] for v in found.values()] == [1, 1]
    check_sums(agent)


def test_each_of_many_slos_is_counted_by_version(start_agent, serve, helpers):
    slos = "".join(f"  - {{name: slo-{i}, service: shop, objective: 99, good: {{status: [{codes}]}}}}\n"
                   for i, codes in enumerate(["200", "200-399", "100-499", "500", "404", "100-599"]))
    agent = start_agent(CONFIG.format(match="process: httpd") + slos)
    paths = "/status/200,/status/404,/status/500,/status/200,/status/302"
    for version, n in (("a", 100), ("b", 200)):
        server = serve(helpers / "httpd", 0, "thread", "read", "write",
                       OTEL_SERVICE_VERSION=version)
        run_load(helpers, server.port, n, conns=10, paths=paths)
    for i, good in enumerate([2, 3, 4, 1, 1, 5]):
        assert judged(agent, f"slo-{i}") == {"a": (20 * good, 100), "b": (40 * good, 200)}
    # another definition begins anew, for versions too
    assert agent.reload(CONFIG.format(match="process: httpd") + slos.replace("[404]", "[302]"))[0] \
        == 200
    run_load(helpers, server.port, 50, conns=10, paths=paths)
    assert judged(agent, "slo-4") == {"b": (10, 50)} or \
        judged(agent, "slo-4") == {"b": (10, 50), "a": (0, 0)}
    assert judged(agent, "slo-3")["b"] == (50, 250)
    check_sums(agent)


def test_a_sample_has_its_version(start_agent, serve, helpers):
    agent = start_agent(CONFIG.format(match="process: httpd"))
    server = serve(helpers / "httpd", 0, "thread", "read", "write", OTEL_SERVICE_VERSION="7")
    run_load(helpers, server.port, 20, conns=2, paths="/status/500")
    code, _, body = agent.get("/v1/events?by=version&filter=status%3D500")
    assert code == 200, body
    group, = json.loads(body)["groups"]
    assert '"7"' in json.dumps(group), group


def test_a_version_that_is_told_comes_first(start_agent, serve, helpers):
    agent = start_agent(CONFIG.format(match="process: httpd") +
                        "samples: {version_env: [APP_VERSION]}\n")
    httpd = [helpers / "httpd", 0, "thread", "read", "write"]
    many = {f"FILL_{i}": "x" * 300 for i in range(40)}
    told = serve(*httpd, OTEL_SERVICE_VERSION="2.3.1", APP_VERSION="no", **many)
    attributes = serve(*httpd, OTEL_RESOURCE_ATTRIBUTES="service.name=shop,service.instance.id=7,"
                                                        "service.version=4%2B1,x=y")
    without = serve(*httpd, OTEL_RESOURCE_ATTRIBUTES="service.name=shop", APP_VERSION="v9\x1b[31m")
    run_load(helpers, told.port, 50)
    run_load(helpers, attributes.port, 60)
    run_load(helpers, without.port, 70)
    counted = {name: (v["kind"], v["requests"]) for name, v in versions(agent).items()}
    assert counted == {"2.3.1": ("env", 50), "4+1": ("env", 60), "v9\\u001b[31m": ("env", 70)}
    check_sums(agent)


def test_a_script_that_was_replaced_is_another_version(start_agent, serve, place):
    agent = start_agent(CONFIG.format(match='process: "python*"'))
    script = place / "app.py"
    script.write_text(SCRIPT % "one")
    first = serve(sys.executable, "-u", script, "0")
    ask(first.port, n=5)
    ask(first.port, "/bad", n=2)
    # what a process runs is looked at behind its first request
    assert wait_until(lambda: [v["script"] for v in versions(agent).values()] == [str(script)]), versions(agent)
    assert {v["kind"] for v in versions(agent).values()} == {"script"}
    old, = versions(agent)
    first.stop()
    # the same again is the same version
    again = serve(sys.executable, "-u", script, "0")
    ask(again.port, n=3)
    assert judged(agent) == {old: (8, 10)}
    again.stop()
    time.sleep(0.02)
    script.write_text(SCRIPT % "two, and longer")
    second = serve(sys.executable, "-u", script, "0")
    ask(second.port, n=4)
    by_version = judged(agent)
    new, = set(by_version) - {old}
    assert by_version == {old: (8, 10), new: (4, 4)}
    check_sums(agent)
    assert f"service shop: version from {old} to {new}" in agent.said()
    assert f"service shop: started to {old}" in agent.said()


def test_ids_that_are_many_are_folded(start_agent, serve, helpers):
    agent = start_agent(CONFIG.format(match="process: httpd"))
    for i in range(11):
        server = serve(helpers / "httpd", 0, "thread", "read", "write",
                       OTEL_SERVICE_VERSION=f"v{i}")
        run_load(helpers, server.port, 10 + i, conns=2)
        server.stop()
        # which was served last is known as often as counters are read
        assert wait_until(lambda i=i: judged(agent).get(f"v{i}") == (10 + i, 10 + i)), judged(agent)
    by_version = judged(agent)
    assert by_version.pop("_older") == (33, 33)
    assert by_version == {f"v{i}": (10 + i, 10 + i) for i in range(3, 11)}
    check_sums(agent)


@pytest.mark.parametrize("number, word", [(signal.SIGSEGV, "SIGSEGV"), (signal.SIGKILL, "SIGKILL")])
def test_a_crash_is_told(start_agent, serve, helpers, number, word):
    agent = start_agent(CONFIG.format(match="process: httpd"))
    server = serve(helpers / "httpd", 0, "thread", "read", "write")
    run_load(helpers, server.port, 10)
    agent.status()
    os.kill(server.pid, number)
    server.popen.wait()
    agent.status()
    assert f"{word}, pid {server.pid}" in agent.said()
    assert "service shop: crashed" in agent.said()
    assert "service shop: instances from 1 to 0" in agent.said()


def test_a_reload_of_nginx_is_told(start_agent, tmp_path):
    agent = start_agent(CONFIG.format(match="process: nginx"))
    nginx = Nginx(tmp_path / "nginx")

    def told():
        ask(nginx.port, n=3)
        agent.status()
        return "service shop: reload" in agent.said()

    try:
        ask(nginx.port, n=20)
        agent.status()
        time.sleep(0.7)
        nginx.process.popen.send_signal(signal.SIGHUP)
        assert wait_until(told)
        for _ in range(20):
            told()
        assert agent.said().count("service shop: reload") == 1
        check_sums(agent)
    finally:
        nginx.stop()


def test_versions_outlive_the_agent(start_agent, serve, helpers, place):
    agent = start_agent(CONFIG.format(match='process: "python*"'))
    script = place / "app.py"
    script.write_text(SCRIPT % "one")
    server = serve(sys.executable, "-u", script, "0")
    ask(server.port, n=5)
    before = versions(agent)
    agent.kill()
    ask(server.port, n=2)
    agent.start()
    assert {name: v["requests"] for name, v in versions(agent).items()} == \
        {name: 7 for name in before}
    ask(server.port)
    found, = versions(agent).values()
    assert found["instances"] == 1 and found["requests"] == 8
    assert "service shop: started" not in agent.said()
    check_sums(agent)
