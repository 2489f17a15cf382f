# SPDX-License-Identifier: GPL-2.0-only
"""What is kept quiet: silences and maintenance, and the refusal of a wrong one."""
import datetime
import signal
import time

import pytest

from alerting import FIRE, PAGE, Hook, became, config, ctl, ctl_json, restart, rfc3339, slo
from harness import if_long, user_space

pytestmark = [user_space, pytest.mark.usefixtures("agent_only")]


@pytest.fixture(name="start_agent")
def start_agent_old(start_old_agent):
    """A young SLO pages later."""
    return start_old_agent



def test_what_is_kept_quiet(service, start_agent, stopping):
    running = {name: service() for name in ("hushed", "moved", "weekly", "taken-out")}
    hook, now = stopping(Hook()), int(time.time())
    sunday = datetime.datetime.fromtimestamp(now - 60, datetime.timezone.utc)
    agent = start_agent(config(
        running, [slo(name, name, alerts=[PAGE]) for name in running],
        notify=[{"webhook": {"url": hook.url}}],
        maintenance=[
            {"name": "move", "services": ["moved"], "start": rfc3339(now - 60),
             "end": rfc3339(now + 12)},
            {"name": "backup", "slos": ["weekly"], "weekly": sunday.strftime("%a %H:%M"),
             "duration": "10m", "exclude": "eligible"}]))
    said = ctl(agent, "silence", "add", "--slo", "hushed", "--for", "2h", "--comment",
               "a deploy")[0]
    hushed = said.split()[-1]
    assert said == f"Silenced for 2h. To end it: slictl silence remove {hushed}\n"
    taken_out = ctl_json(agent, "silence", "add", "--service", "taken-out", "--for", "10m",
                         "--exclude", "eligible")["id"]
    listed = ctl(agent, "silence", "list")[0]
    assert hushed in listed and taken_out in listed and "a deploy" in listed

    for each in running.values():
        each.send(good=40, bad=60)
    for name in ("hushed", "moved"):
        became(agent, name, "fast", "firing")
        assert agent.slo(name)["alerts"][0]["silenced"] is True
    for name in ("weekly", "taken-out"):
        got = agent.slo(name)
        assert (got["eligible"], got["excluded"], got["availability"]) == (0, 100, None)
        by = "maintenance" if name == "weekly" else "silences"
        assert got["excluded_by"] == {"maintenance": 0, "silences": 0} | {by: 100}
        assert f" 100 by {by}\n" in ctl(agent, "slo", name)[0]
    assert "page: fast (silenced)" in ctl(agent, "status")[0]
    shown = ctl(agent, "alerts")[0]
    assert "move: active" in shown and "backup: active" in shown
    restart(agent, signal.SIGKILL)
    assert {s["id"] for s in ctl_json(agent, "silence", "list")["silences"]} == {hushed, taken_out}
    assert agent.slo("taken-out")["excluded"] == 100
    assert agent.slo("taken-out")["excluded_by"]["silences"] == 100
    hook.expect()

    ctl(agent, "silence", "remove", hushed)
    ctl(agent, "silence", "remove", taken_out)
    hook.expect(FIRE)
    assert hook.messages[0]["service"] == "hushed" and time.time() < now + 12
    hook.expect(FIRE, FIRE, seconds=15)
    assert hook.messages[1]["service"] == "moved" and time.time() >= now + 12
    shown = ctl(agent, "alerts")[0]
    assert "move: not active" in shown and "Silences" not in shown
    running["taken-out"].send(good=30, bad=20)
    got = agent.slo("taken-out")
    assert (got["eligible"], got["bad"], got["excluded"]) == (50, 20, 100)
    hook.expect(FIRE, FIRE, FIRE)
    assert hook.messages[2]["service"] == "taken-out"
    assert ctl(agent, "silence", "list")[0] == "Nothing is silenced.\n"


@if_long
def test_a_silence_can_begin_later(service, start_agent, stopping):
    shop, hook = service(), stopping(Hook())
    agent = start_agent(config({"shop": shop}, [slo("checkout", "shop", alerts=[PAGE])],
                               notify=[{"webhook": {"url": hook.url}}]))
    for wrong, why in ((("--service", "nope"), "no service of this name"),
                       (("--service", "shpo"), 'no service of this name; did you mean "shop"?'),
                       (("--slo", "nope"), "no SLO of this name"),
                       (("--all", "--from", "2020-01-01T00:00:00Z"),
                        "from: expected a time from now on, at most 31 days ahead")):
        assert ctl(agent, "silence", "add", *wrong, "--for", "1h", code=2)[1] == f"slictl: {why}\n"
    begin = time.time() + 8
    said = ctl(agent, "silence", "add", "--service", "shop", "--from", "8s", "--for", "1h")[0]
    begins = ctl_json(agent, "silence", "list")["silences"][0]
    assert said.startswith("Silenced for 1h in 8s. ") and begins["state"] == "pending"
    assert f"{begins['id']} is pending: it begins at " in ctl(agent, "silence", "list")[0]
    restart(agent, signal.SIGKILL)
    assert ctl_json(agent, "silence", "list")["silences"][0]["from"] == begins["from"]
    time.sleep(max(begin - time.time(), 0) + 1)
    assert ctl_json(agent, "silence", "list")["silences"][0]["state"] == "active"
    shop.send(good=40, bad=60)
    became(agent, "checkout", "fast", "firing")
    assert agent.slo("checkout")["alerts"][0]["silenced"] is True
    hook.expect()
    ctl(agent, "silence", "remove", begins["id"])
    hook.expect(FIRE)
