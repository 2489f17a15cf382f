# SPDX-License-Identifier: GPL-2.0-only
"""An agent that starts when its servers have long been busy."""
import pytest

from harness import run_load
from rawhttp import Client


@pytest.mark.parametrize("model", ["epoll", "thread"])
def test_servers_and_connections_older_than_the_agent(start_agent, helpers, run_server, model):
    server = run_server([helpers / "httpd", 0, model, "read", "write"])
    clients = [Client(server.port) for _ in range(20)]
    for client in clients:
        assert client.ask("/status/500")[0] == 500
    agent = start_agent()
    watch = agent.watch(server.port)
    for client in clients * 5:
        assert client.ask("/status/201")[0] == 201
    result = run_load(helpers, server.port, 1000)
    watch.expect({201: 100, **result["status"]})
