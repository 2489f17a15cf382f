# SPDX-License-Identifier: GPL-2.0-only
"""A total hang, the worst outage there is: those who wait give up before any answer comes."""
import pytest

from alerting import alerts_of
from harness import IN_VM, run_load, user_space, wait_until
from nginx import Nginx

TIMEOUT = "1s" if IN_VM else "400ms"
CONFIG = """
agent: {{interval: 1s}}
services:
  - {{name: backend, match: {{port: {backend}}}}}
  - {{name: front, match: {{port: {front}}}}}
slos:
  - {{name: fast, service: backend, objective: 99.9, good: {{latency: 100ms}}}}
  - {{name: patient, service: backend, objective: 99.9, good: {{latency: 20s}}}}
  - {{name: any, service: backend, objective: 99.9}}
  - {{name: front, service: front, objective: 99.9}}
"""
CLIENTS = 20


@pytest.fixture
def hung(helpers, tmp_path, run_server, start_old_agent):
    """The agent, and nginx before a server that hangs."""
    backend = run_server([helpers / "httpd", 0, "thread", "read", "write"])
    nginx = Nginx(tmp_path / "nginx", "proxy", backend.port, f"proxy_read_timeout {TIMEOUT};")
    try:
        yield start_old_agent(CONFIG.format(backend=backend.port, front=nginx.port)), nginx
    finally:
        nginx.stop()


@user_space
def test_a_hang_behind_a_proxy_is_bad_and_pages(helpers, hung):
    agent, nginx = hung
    assert run_load(helpers, nginx.port, CLIENTS, conns=CLIENTS, mode="close",
                    paths="/sleep/6000")["status"] == {"504": CLIENTS}
    assert nginx.logged() == ["504"] * CLIENTS
    # a client may have closed its side alone: what it was shows when the server answers
    assert wait_until(lambda: agent.status()["coverage"]["in_flight"] == 0, 15)
    fast = agent.slo("fast")
    assert (fast["eligible"], fast["bad"]) == (CLIENTS, CLIENTS)
    assert fast["bad_by_reason"]["client_abort"] == CLIENTS
    for patient in ("patient", "any"):
        slo = agent.slo(patient)
        assert (slo["eligible"], slo["client_aborts_left_out"]) == (0, CLIENTS)
    assert agent.slo("front")["bad_by_reason"]["status"] == CLIENTS
    assert wait_until(lambda: alerts_of(agent, "fast").get("burn-1h") == "firing")
    assert not alerts_of(agent, "patient")
