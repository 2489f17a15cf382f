# SPDX-License-Identifier: GPL-2.0-only
"""Which name and SLO a server gets: from the configuration, or by default."""
import os

import pytest

from harness import HERE, free_port
from rawhttp import Client, ask


@pytest.fixture
def server_of(run_server, helpers):
    return lambda port=0, model="thread": run_server(
        [helpers / "httpd", port, model, "read", "write"])


def test_the_default_gives_every_service_an_slo(start_agent, server_of):
    if os.path.exists("/etc/sliprobe/sliprobe.yaml"):
        pytest.skip("this host has a configuration of its own")
    agent = start_agent(None)
    server = server_of()
    with Client(server.port) as client:
        for path in ["/status/200"] * 5 + ["/status/404", "/status/503", "/sleep/1100"]:
            client.ask(path)
    slo = agent.slo(f"httpd:{server.port}")
    assert slo["service"] == f"httpd:{server.port}"
    assert slo["objective"] == pytest.approx(0.999) and slo["window_seconds"] == 30 * 86400
    assert (slo["eligible"], slo["good"], slo["bad"]) == (8, 6, 2)


MATCHES = """
agent: {{interval: 1s}}
services:
  - {{name: by-port, match: {{port: {port}}}}}
  - {{name: by-exe, match: {{exe: "*/python3*"}}}}
  - {{name: by-process, match: {{process: "htt*"}}}}
"""


def test_match_by_port_process_and_exe(start_agent, server_of, run_server):
    port = free_port()
    agent = start_agent(MATCHES.format(port=port))
    by_port, by_process, also = server_of(port), server_of(), server_of()
    by_exe = run_server(["/usr/bin/python3", HERE / "servers" / "httpd.py", 0])
    watches = [agent.watch(n) for n in ("by-port", "by-process", "by-exe")]
    for server, code in ((by_port, 200), (by_process, 404), (also, 503), (by_exe, 201)):
        assert ask(server.port, f"/status/{code}") == code
    watches[0].expect({200: 1})
    watches[1].expect({404: 1, 503: 1})
    watches[2].expect({201: 1})
    names = {s["name"] for s in agent.status()["services"]}
    assert names == {"by-port", "by-process", "by-exe"}
