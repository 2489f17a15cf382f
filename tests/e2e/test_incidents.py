# SPDX-License-Identifier: GPL-2.0-only
"""What is kept of a burn that somebody was told of, and what is made of it."""
import http.client
import json
import signal
import threading
import time

import pytest

from alerting import FIRE, PAGE, RESOLVE, Hook, config, ctl, ctl_json, restart, slo
from harness import user_space, wait_until

pytestmark = [user_space, pytest.mark.usefixtures("agent_only")]

ABOUT = {"owner": "team-shop", "purpose": "Customers pay.", "mitigation": "Restart it.",
         "runbook": "https://runbooks.example/shop"}


# A young SLO pages later.
@pytest.fixture(name="start_agent")
def start_agent_old(start_old_agent):
    return start_old_agent


def incident(agent, number=1):
    return ctl_json(agent, "incident", str(number))


def test_an_incident_has_what_the_morning_after_needs(service, start_agent, stopping):
    shop, hook = service(), stopping(Hook())
    agent = start_agent(config({"shop": shop}, [slo("checkout", "shop", alerts=[PAGE])],
                               about=ABOUT, notify=[{"webhook": {"url": hook.url}}]))
    assert ctl(agent, "incidents")[0] == "No incident is known.\n"
    shop.send(good=40, bad=60)
    fired = hook.expect(FIRE)
    assert fired["slos"][0]["incident"] == 1
    assert ctl_json(agent, "status")["slos"][0]["incident"] == 1
    assert ctl_json(agent, "alerts")["active"][0]["incident"] == 1
    assert wait_until(lambda: incident(agent)["notified"])

    for sig in (signal.SIGTERM, signal.SIGKILL):
        restart(agent, sig)
        assert incident(agent)["state"] == "open"
    open_one = incident(agent)
    assert (open_one["eligible"], open_one["bad"]) == (100, 60)
    assert open_one["started_at"] <= open_one["detected_at"]
    assert open_one["reasons"]["status"] == 60
    assert open_one["about"]["owner"] == "team-shop"
    assert [(n["kind"], n["result"]) for n in open_one["notified"]] == [("fire", "sent")]
    assert open_one["notified"][0]["receiver"].startswith("webhook http://127.0.0.1:")

    shop.send(good=4000)
    hook.expect(FIRE, RESOLVE, seconds=20)
    assert wait_until(lambda: [n["kind"] for n in incident(agent)["notified"]] ==
                      ["fire", "resolve"])
    over = incident(agent)
    assert over["state"] == "resolved" and over["resolved_at"] >= over["detected_at"]
    assert over["budget_spent_ratio"] == pytest.approx(60 / (0.1 * 4100), rel=0.01)
    assert [a["name"] for a in over["alerts"]] == ["fast"] and over["alerts"][0]["until"]
    assert {"agent"} <= {c["what"] for c in over["changes"]}
    assert ctl_json(agent, "status")["slos"][0]["incident"] is None
    assert wait_until(lambda: incident(agent)["explain"]["resolution"])

    listed = ctl_json(agent, "incidents", "--slo", "checkout", "--since", "1h")["incidents"]
    assert [(i["number"], i["state"]) for i in listed] == [(1, "resolved")]
    assert ctl_json(agent, "incidents", "--slo", "other")["incidents"] == []
    shown = ctl(agent, "incident", "1")[0]
    assert "60 of 4100 requests were bad" in shown and "detected: the page fast fires" in shown
    draft = ctl(agent, "incident", "1", "--markdown")[0]
    assert draft.startswith("# Incident 1: checkout of shop\n")
    assert "| Purpose | Customers pay. |" in draft and "## Follow-ups" in draft
    assert "no incident of this number" in ctl(agent, "incident", "2", code=2)[1]


def test_what_changed_is_on_the_timeline(start_agent, service):
    shop = service()
    agent = start_agent(config({"shop": shop}, [slo("checkout", "shop", alerts=[PAGE])]))
    text = agent.config.read_text()
    agent.config.write_text(text.replace("checkout", "payment"))
    ctl(agent, "reload")
    changes = json.loads(agent.get("/v1/changes?since=1h")[2])["changes"]
    assert [(c["what"], c["detail"]) for c in changes if c["what"] in ("agent", "configuration")] \
        == [("agent", "sliprobe started"),
            ("configuration", "added: SLO payment; removed: SLO checkout")]


def test_explain_answers_from_exact_counts_without_samples(start_agent, service):
    shop = service()
    agent = start_agent(config({"shop": shop}, [slo("checkout", "shop", alerts=[PAGE])],
                               samples="off"))
    shop.send(good=40, bad=60)

    def explained():
        status, _, body = agent.get("/v1/explain/checkout")
        assert status == 200, body
        return json.loads(body)

    assert wait_until(lambda: explained()["bad"] == 60), explained()  # with the next step
    answer = explained()
    assert answer["slo"] == "checkout" and answer["service"] == "shop"
    assert (answer["kind"], answer["good"], answer["bad"]) == ("errors", 40, 60), answer
    assert "60 failures since " in answer["sentence"] and "samples are off" in answer["sentence"]
    assert wait_until(lambda: ctl_json(agent, "incidents")["incidents"])
    assert wait_until(lambda: incident(agent)["explain"]["detection"])
    assert "samples are off" in incident(agent)["sentence"]
    status, _, body = agent.get("/v1/explain/chekout")
    assert status == 404 and "did you mean" in json.loads(body)["error"], body
    assert agent.get("/v1/explain/checkout?since=nonsense")[0] == 400


def send_as(port, agent_name, status, n, seconds):
    """So many requests of that user agent, over some seconds."""
    conn = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for _ in range(n):
        conn.request("GET", f"/status/{status}", headers={"User-Agent": agent_name})
        conn.getresponse().read()
        time.sleep(seconds / n)
    conn.close()


def mixed(port, good, bad, seconds):
    """Both at once, of two user agents."""
    threads = [threading.Thread(target=send_as, args=(port, name, status, n, seconds))
               for name, status, n in (("Browser/1", 200, good), ("Broken/2 <!here>", 503, bad))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_page_carries_what_explain_found_before_it_fired(service, start_agent, stopping):
    shop, hook = service(), stopping(Hook())
    agent = start_agent(config({"shop": shop}, [slo("checkout", "shop", alerts=[PAGE])],
                               notify=[{"webhook": {"url": hook.url}}]))
    mixed(shop.port, 750, 150, 7)  # it burns, and nobody is paged yet
    assert hook.messages == [], hook.messages
    mixed(shop.port, 50, 400, 2)
    fired = hook.expect(FIRE)
    said = fired["slos"][0]["explanation"]
    assert said and "Broken/2" in said and "<" not in said, said
    assert said in fired["description"]
    assert wait_until(lambda: incident(agent)["explain"]["detection"])
    found = incident(agent)["explain"]["detection"]
    assert found["kind"] == "errors" and found["findings"], found
    assert ctl_json(agent, "incidents")["incidents"][0]["sentence"] == found["sentence"]
    assert "Broken/2" in ctl(agent, "incident", "1", "--markdown")[0]
