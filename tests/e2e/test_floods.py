# SPDX-License-Identifier: GPL-2.0-only
"""Pages reach who must know: under floods of tests, past receivers that answer to harm, after refusals."""
import collections
import json
import os
import signal
import socket
import subprocess
import threading
import time

import pytest

from alerting import FIRE, PAGE, Hook, config, ctl, ctl_json, restart, slo, steps
from harness import BUILD, SLOW, UnixHTTP, free_port, tool, user_space, wait_until

pytestmark = [user_space, pytest.mark.usefixtures("agent_only")]

FLOOD = 1500
TEST = ("test", "page")


# A young SLO pages later.
@pytest.fixture(name="start_agent")
def start_agent_old(start_old_agent):
    return start_old_agent


def receiver(agent, port):
    return next(r for r in ctl_json(agent, "alerts")["receivers"] if f":{port}" in r["receiver"])


def flood(agent):
    """{status: answers} of that many tests, and the last refusal."""
    conn, found, refusal = UnixHTTP(agent.socket, 10 * SLOW), collections.Counter(), ""
    try:
        for _ in range(FLOOD):
            conn.request("POST", "/v1/notify-test")
            answer = conn.getresponse()
            body = answer.read()
            found[answer.status] += 1
            if answer.status != 200:
                refusal = json.loads(body)["error"]
    finally:
        conn.close()
    return found, refusal


class Hostile:
    """Answers every connection with what has no end, and then with what a terminal would obey."""

    EVIL = b"\x1b]0;owned\x07\xc2\x9b31m\xe2\x80\xae\r\nsliprobed: PAGE all is well\n"

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        self.answered = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        endless = ((b"", b"HTTP/1.1 103 Early Hints\r\nX: %s\r\n\r\n" % (b"x" * 60)),
                   (b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x" * 4096),
                   (b"HTTP/1.1 500 No\r\nRetry-After: -1\r\n\r\n" + self.EVIL, self.EVIL))
        while True:
            try:
                conn = self.listener.accept()[0]
            except OSError:
                return
            head, filling = endless[self.answered % len(endless)]
            self.answered += 1
            with conn:
                try:
                    conn.settimeout(5)
                    conn.recv(65536)
                    conn.sendall(head)
                    while True:
                        conn.sendall(filling)
                except OSError:
                    pass

    def stop(self):
        self.listener.close()


def as_group_member(agent, *command):
    argv = [tool("setpriv"), "--reuid=65534", f"--regid={os.stat(agent.socket).st_gid}",
            "--clear-groups", BUILD / "slictl", "--socket", agent.socket, *command]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def test_a_page_outlives_a_flood_of_tests(service, start_agent, stopping):
    shop, hostile, port = service(), stopping(Hostile()), free_port()
    agent = start_agent(config(
        {"shop": shop}, [slo("checkout", "shop", alerts=[PAGE])],
        notify=[{"webhook": {"url": f"http://127.0.0.1:{port}/hook"}},
                {"webhook": {"url": hostile.url}}]))
    agent.dir.chmod(0o755)
    shop.send(good=40, bad=60)
    assert wait_until(lambda: receiver(agent, port)["waiting"] == 1)
    # who may only read sends nothing
    for command in (["alerts"], ["status"], ["metrics"]):
        assert as_group_member(agent, *command).returncode == 0
    assert as_group_member(agent, "notify-test").returncode == 2
    assert receiver(agent, port)["waiting"] == 1

    answers, refusal = flood(agent)
    assert answers == {200: 1, 429: FLOOD - 1}
    assert f":{port}" in refusal and refusal.endswith("try again then; nothing was sent"), refusal
    said = ctl(agent, "notify-test", code=1)
    assert said[0] == "" and said[1].startswith("slictl: webhook http"), said
    steps(2)  # all of that is on the disk
    for sig in (None, signal.SIGKILL):
        if sig:
            restart(agent, sig)
        got = receiver(agent, port)
        assert (got["waiting"], got["given_up"], got["missed"]) == (2, 0, 0), got
        assert [m["kind"] for m in got["recent"]] == ["test", "fire"]

    slowest = 0
    assert wait_until(lambda: hostile.answered >= 3)  # each of them
    for _ in range(50):
        start = time.monotonic()
        assert agent.get("/healthz")[0] == 200
        slowest = max(slowest, time.monotonic() - start)
    assert slowest < 0.5 * SLOW, slowest
    hook = stopping(Hook(port))
    hook.expect(FIRE, TEST, seconds=15)
    steps(2)
    hook.expect(FIRE, TEST)  # exactly once
    error = receiver(agent, hostile.port)["last_error"]
    assert error and error.isascii() and error.isprintable() and len(error) < 320, error
    log = (agent.dir / "log").read_bytes()
    assert b"does not take notifications" in log
    assert not any(byte in log for byte in (b"\x1b", b"\xc2\x9b", b"\xe2\x80\xae", b"\x07"))
    assert b"\nsliprobed: PAGE" not in log

    # a receiver that is well is not flooded, either; the hostile one has its test still
    assert agent.reload(config({"shop": shop}, [slo("checkout", "shop", alerts=[PAGE])],
                               notify=[{"webhook": {"url": hook.url}}]))[0] == 200
    answers, refusal = flood(agent)
    assert answers[200] + answers[429] == FLOOD and answers[200] <= 4, answers
    assert wait_until(lambda: receiver(agent, port)["waiting"] == 0)
    assert len(hook.messages) <= 6, hook.kinds()


def test_a_page_that_was_refused_is_sent_again(service, start_agent, stopping):
    shop, refusing = service(), stopping(Hook(code=403))
    port = refusing.port
    agent = start_agent(config({"shop": shop}, [slo("checkout", "shop", alerts=[PAGE])],
                               notify=[{"webhook": {"url": refusing.url}}]))
    shop.send(good=40, bad=60)
    refusing.expect(FIRE)
    assert wait_until(lambda: receiver(agent, port)["missed"] == 1)
    assert "has missed 1 open alert:\n" in ctl(agent, "alerts")[0]
    assert 'sliprobe_notifications_missed{receiver="webhook"} 1' in agent.get("/metrics")[2].decode()
    steps(2)
    refusing.expect(FIRE)  # not at once, and so not again and again
    assert "messages were given up: 1 page (0 as too many wait, 0 not taken for 24 hours, 1 refused)" \
        in (agent.dir / "log").read_text()
    refusing.stop()
    agent.process.stop(signal.SIGKILL)
    hook = stopping(Hook(port))
    agent.start()
    told = hook.expect(FIRE, seconds=15)
    assert told["id"] == refusing.messages[0]["id"]
    assert [s["name"] for s in told["slos"]] == ["checkout"]
    assert wait_until(lambda: receiver(agent, port)["missed"] == 0)
    steps(2)
    hook.expect(FIRE)
    assert "open alerts whose messages were given up are sent again: 1 page" \
        in (agent.dir / "log").read_text()
