# SPDX-License-Identifier: GPL-2.0-only
"""Streams are kept with their heads, and explained by them, whichever way a client compresses them."""
import http.client
import json
import subprocess
import urllib.parse

import pytest

from alerting import ctl
from conftest import shared_agent
from grpc_servers import GrpcServer
from harness import SLOW, free_ports, scaled, tool, wait_until
from http2_clients import Http2Client, counted_from, h2load, url
from http2_servers import Http2Server
from tls import client_context

CONFIG = """
agent: {interval: 1s}
tls: servers
samples: {bad_per_second: 5000, good_per_second: 5000, headers: [x-user-id]}
services:
"""
SERVICE = '- {{name: "{0}", match: {{port: {1}}}, routes: ["/**"]}}\n'
SLO = '- {{name: "{0}-slo", service: "{0}", objective: 99, good: {{status: ["200"]}}}}\n'
SERVERS = ["nginx-plain", "nginx-tls", "node-tls", "agents", "paths", "grpcio-plain", "grpcio-tls"]
SECRETS = ("hunter2", "s3cr3t", "c00kie")


@pytest.fixture(scope="module")
def ports():
    return dict(zip(SERVERS, free_ports(len(SERVERS))))


@pytest.fixture(scope="module")
def agent(ports):
    yield from shared_agent(CONFIG + "".join(SERVICE.format(*each) for each in ports.items()) + "slos:\n" +
                            "".join(SLO.format(name) for name in ports if not name.startswith("grpc")))


@pytest.fixture
def start(ports, helpers, tmp_path):
    running = []

    def start(name, program, secure):
        running.append(Http2Server(program, secure, helpers, tmp_path / "server", port=ports[name]))
        return running[-1]

    yield start
    for server in running:
        server.stop()


def events(agent, name, filter=None):
    """Of the service, oldest first."""
    asked = f"service={name}" + (f" and {filter}" if filter else "")
    code, _, body = agent.get("/v1/events?" + urllib.parse.urlencode({"limit": 10000, "filter": asked}))
    assert code == 200, body
    return sorted(json.loads(body)["events"], key=lambda event: event["time"])


def heads(got):
    return [(event["path"], event["user_agent"], event["host"]) for event in got]


def curl(server, *words):
    how = "--http2" if server.secure else "--http2-prior-knowledge"
    subprocess.run([tool("curl"), "-sk", how, "-o", "/dev/null", "-w", "%{http_version}\n", *words], check=True,
                   capture_output=True, timeout=60 * SLOW)


@pytest.mark.parametrize("name, program, secure, missing", [
    ("nginx-plain", "nginx", False, "/files"), ("nginx-tls", "nginx", True, "/files"), ("node-tls", "node", True, "/missing")])
def test_heads_of_streams(agent, start, name, program, secure, missing):
    server = start(name, program, secure)
    counted_from(agent, name, server.port, secure)
    authority = f"127.0.0.1:{server.port}"
    # python's h2 inserts all there is, and refers to it
    client = Http2Client(server.port, secure)
    fields = (("user-agent", "ShopApp/2.3"), ("x-request-id", "r-1"), ("x-user-id", "7"),
              ("authorization", "Bearer s3cr3t"), ("cookie", "session=c00kie"))
    for _ in range(3):
        client.wait(client.ask(f"{missing}/a?password=hunter2", fields=fields))
    # at once
    streams = [client.ask(f"{missing}/{i}", fields=(("user-agent", f"App/{i % 3}"),)) for i in range(20)]
    client.wait(*streams)
    client.close()
    # curl sends paths as they are
    curl(server, "-A", "Curl/1", url(server.port, secure, f"{missing}/curl?password=hunter2"))
    h2load(server.port, secure, scaled(200, 50), 2, 10, f"{missing}/load", 404)

    # what has asked whether the server is counted found something
    got = events(agent, name, "status=404")
    assert len(got) == 24 + scaled(200, 50)
    assert {event["protocol"] for event in got} == {"http/2"}
    assert heads(got[:3]) == [(f"{missing}/a", "ShopApp/2.3", "localhost")] * 3
    assert got[0]["query"] == "password" and got[0]["request_id"] == "r-1" and got[0]["headers"] == {"x-user-id": "7"}
    assert {event["query"] for event in got[1:3]} == {None}
    assert sorted(heads(got[3:23])) == sorted((f"{missing}/{i}", f"App/{i % 3}", "localhost") for i in range(20))
    assert heads(got[23:24]) == [(f"{missing}/curl", "Curl/1", authority)] and got[23]["query"] == "password"
    for path, user_agent, host in heads(got[24:]):
        assert path == f"{missing}/load" and user_agent.startswith("h2load") and host == authority
    assert [secret for secret in SECRETS if secret in json.dumps(got)] == []
    shown, _ = ctl(agent, "events", f"service={name} and user_agent=ShopApp/2.3")
    assert f"{missing}/a" in shown, shown


@pytest.mark.parametrize("name, secure", [("grpcio-plain", False), ("grpcio-tls", True)])
def test_heads_of_calls(agent, ports, helpers, tmp_path, name, secure):
    server = GrpcServer("grpcio", secure, helpers, tmp_path / "server", port=ports[name])
    try:
        call = {"method": "Unary", "messages": ["status=13"], "n": 5}
        # a library is probed while its process already serves
        assert wait_until(lambda: server.ask(call)[0]["INTERNAL"] == 5 and len(events(agent, name)) >= 5, 15)
        got = events(agent, name)[-5:]
    finally:
        server.stop()
    for event in got:
        assert event["path"] == "/e2e.Echo/Unary" and event["host"].endswith(str(server.port)), event
        assert event["user_agent"].startswith("grpc-python/"), event
        assert event["protocol"] == "http/2"


def explained(agent, name, n):
    """What is named first, once all samples are there."""
    def ask():
        code, _, body = agent.get(f"/v1/explain/{name}-slo?since=5m")
        assert code == 200, body
        got = json.loads(body)
        return got if got["samples"]["bad"] >= n else None

    got = wait_until(ask, 20)
    assert got and got["findings"], got
    return got


def http1(server, path, user_agent):
    """Over the same port."""
    dial = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=30 * SLOW, context=client_context())
    dial.request("GET", path, headers={"User-Agent": user_agent})
    dial.getresponse().read()
    dial.close()


def test_one_user_agent_fails_over_both_protocols(agent, start):
    server = start("agents", "nginx", True)
    counted_from(agent, "agents", server.port, server.secure)
    for i in range(60):
        bad = i % 3 == 0
        path, user_agent = (f"/files/{i}", "Bad/1") if bad else ("/index.html", f"App/{i % 5}")
        if i % 2:
            http1(server, path, user_agent)
            continue
        client = Http2Client(server.port, True)
        client.wait(client.ask(path, fields=(("user-agent", user_agent),)))
        client.close()
    got = explained(agent, "agents", 20)
    assert got["findings"][0]["where"] == {"user_agent": "Bad/1"}, got
    assert {event["protocol"] for event in events(agent, "agents", "user_agent=Bad/1")} == {"http/1.1", "http/2"}


def test_one_path_fails_on_one_connection(agent, start):
    server = start("paths", "nginx", False)
    client = Http2Client(server.port)
    for i in range(60):
        path = "/missing" if i % 3 == 0 else "/index.html"
        client.wait(client.ask(path, fields=(("user-agent", f"App/{i % 4}"),)))
    client.close()
    got = explained(agent, "paths", 20)
    assert got["findings"][0]["where"] == {"path": "/missing"}, got
