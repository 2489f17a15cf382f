# SPDX-License-Identifier: GPL-2.0-only
"""What the agent did not count is told once for the host."""
import socket
import time
import types

import pytest

from alerting import PAGE, Alertmanager, Hook, config, ctl, ctl_json, slo, steps
from harness import SLOW, free_port, if_long, user_space, wait_until

pytestmark = [user_space, pytest.mark.usefixtures("agent_only")]


@if_long
def test_what_the_agent_missed_is_one_ticket_for_all_services(start_agent, stopping, tmp_path):
    names, hook = [f"s{i}" for i in range(7)], stopping(Hook())
    manager = stopping(Alertmanager(tmp_path / "alertmanager"))
    rule = {"coverage": {"below": "90%", "window": "1h"}}
    agent = start_agent(config(
        {name: types.SimpleNamespace(port=free_port()) for name in names},
        [slo(f"{name}-{i}", name, alerts=[PAGE, rule]) for name in names for i in range(2)],
        notify=["journal", {"webhook": {"url": hook.url}},
                {"alertmanager": {"url": f"http://127.0.0.1:{manager.port}"}}]))
    steps(2)
    agent.stop()
    time.sleep(1.5)
    agent.start()
    told = hook.expect(("fire", "ticket"), seconds=5 * SLOW)
    assert (told["service"], told["services"], told["slos"]) == ("sliprobe", 7, [])
    assert told["summary"].startswith("requests were not counted for ")
    assert told["summary"].endswith(": 7 services lack them")
    assert told["command"] == f"slictl --socket '{agent.socket}' status" and told["about"] is None
    open_now, = ctl_json(agent, "alerts")["notices"]
    assert (open_now["service"], open_now["services"], len(open_now["alerts"])) == (
        "sliprobe", 7, 14)
    assert "ticket sliprobe since " in ctl(agent, "alerts")[0]
    assert ": 7 services lack requests\n" in ctl(agent, "alerts")[0]
    assert wait_until(lambda: manager.told() == ["firing"]), manager.told()
    alert, = manager.alerts()
    assert alert["labels"] == {"alertname": "SliprobeCoverage", "service": "sliprobe",
                               "severity": "ticket", "host": socket.gethostname()}
    steps(1)
    agent.kill()
    agent.start()
    told = hook.expect(("fire", "ticket"), ("resolve", "ticket"), seconds=60 * SLOW)
    assert told["services"] == 7 and told["id"] == hook.messages[0]["id"]
    assert wait_until(lambda: manager.told() == ["firing", "resolved"]), manager.told()
    assert (agent.dir / "log").read_text().count("sliprobed: TICKET") == 2
