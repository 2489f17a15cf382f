# SPDX-License-Identifier: GPL-2.0-only
"""The privileged helper beside the agent: what it holds, and what its death costs."""
import os
import signal

import pytest

from harness import children, status_of, wait_until

pytestmark = pytest.mark.usefixtures("agent_only")

ON = "agent: {interval: 1s}\ntls: servers\n"
CAPABILITIES = ("bpf", "dac_read_search", "perfmon", "sys_ptrace")
NUMBERS = {"dac_read_search": 2, "sys_ptrace": 19, "sys_admin": 21, "perfmon": 38, "bpf": 39}


def holder_of(agent):
    return children(agent.process.pid)["sliprobe-holder"]


def worker_of(agent):
    return wait_until(lambda: children(holder_of(agent)).get("sliprobe-helper"), 10)


def helper_is_ready(agent):
    return wait_until(lambda: agent.status()["helper"]["capabilities"], 10)


def test_it_holds_what_attaching_takes_and_says_so(start_agent):
    agent = start_agent(ON)
    told = helper_is_ready(agent)
    assert set(told) in (set(CAPABILITIES), {*CAPABILITIES, "sys_admin"})
    expected = sum(1 << NUMBERS[name] for name in told)
    for pid in (holder_of(agent), worker_of(agent)):
        status = status_of(f"/proc/{pid}")
        assert int(status["CapEff"][0], 16) == int(status["CapPrm"][0], 16) == expected
        assert int(status["CapBnd"][0], 16) == int(status["CapInh"][0], 16) == 0
        assert status["NoNewPrivs"] == ["1"] and status["Seccomp"] == ["2"]
        assert "0" not in status["Uid"] + status["Gid"]
    assert agent.status()["agent"]["capabilities"] == []


def test_killed_it_is_started_again_and_the_agent_says_so(start_agent):
    agent = start_agent(ON)
    helper_is_ready(agent)
    first = worker_of(agent)
    os.kill(first, signal.SIGKILL)
    assert wait_until(lambda: worker_of(agent) not in (None, first), 10)
    assert wait_until(lambda: agent.status()["helper"]["restarts"] == 1, 10)
    assert helper_is_ready(agent)
    assert "signal 9" in agent.said()


def test_it_ends_with_the_agent_however_that_ends(start_agent):
    for end in (signal.SIGTERM, signal.SIGKILL):
        agent = start_agent(ON)
        helper_is_ready(agent)
        pids = (holder_of(agent), worker_of(agent))
        if end == signal.SIGKILL:
            agent.kill()
        else:
            agent.stop()
        assert wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), 5)


def test_without_tls_there_is_none(start_agent):
    agent = start_agent("agent: {interval: 1s}\ntls: off\n")
    agent.status()
    assert not {"sliprobe-holder", "sliprobe-helper"} & set(children(agent.process.pid))
