# SPDX-License-Identifier: GPL-2.0-only
"""Both programs with AddressSanitizer and UBSan (make SAN=1), under load: exact counts, no report."""
import concurrent.futures
import re
import signal
import subprocess
import threading
import time

import alerting
import pytest

import harness
from harness import BUILD, ROOT, SLOW, Server, run_load, user_space, wait_until

pytestmark = user_space
SAN = BUILD if BUILD.name == "san" else BUILD / "san"
PATHS = "/status/200,/status/404,/status/503,/bytes/3000"
# What each command is run with, and how it may end. One that is missing fails the test.
COMMANDS = {
    "status": [("", 0), ("--filter s* --sort burn", 0), ("--json", 0)],
    "services": [("", 0), ("shop", 0), ("shop --since 1m --window 30s", 0), ("none", 2)],
    "slo": [("plain", 0), ("sliced", 0), ("none", 2)],
    "alerts": [("", 0), ("--all", 0)],
    "history": [("plain", 0), ("plain --by minute", 0), ("shop --service --status 5xx", 0),
                ("plain --csv", 0), ("plain --former", 2), ("none", 2)],
    "events": [("", 0), ("bad --by path,status", 0), ("--csv --limit 5", 0), ("nonsense>1", 2)],
    "explain": [("plain", 0), ("none", 2)],
    "incidents": [("", 0), ("--slo plain", 0)],
    "incident": [("999999", 2), ("0", 2)],
    "report": [("--html {dir}/report.html --days 1", 0)],
    "top": [("", 2)],
    "metrics": [("", 0), ("--output {dir}/out.prom", 0)],
    "gate": [("plain", (0, 1, 2)), ("plain sliced --min-budget 1% --min-counted 1s", (0, 1, 2))],
    "risk": [("{dir}/risks.yaml --slo plain", (0, 1))],
    "backtest": [("--config {dir}/sliprobe.yaml --slo plain --events {dir}/events.csv", 0)],
    "export": [("prometheus-rules --config {dir}/sliprobe.yaml", 0),
               ("openslo --config {dir}/sliprobe.yaml", 0), ("config-reference", 0)],
    "silence": [("add --slo plain --for 1h --comment x", 0), ("list", 0), ("remove none", 2)],
    "notify-test": [("", 0)],
    "check": [("{dir}/sliprobe.yaml", 0), ("{dir}/bad.yaml", 1)],
    "reload": [("", 0)],
    "support": [("", 0)],
    "health": [("", 0), ("--ready", 0)],
    "help": [("", 0), ("status", 0)],
    "version": [("", 0)],
}
RISKS = """
objective: 99.9
risks: [{name: bad deploy, detect_minutes: 10, repair_minutes: 30, impact_percent: 50,
         days_between_failures: 30}]
"""


class SanitizedAgent(harness.Agent):
    """Reports go to files, as the sanitizers stop a program that they report on."""

    def __init__(self, *config):
        super().__init__(*config)
        reports = self.dir / "state"
        reports.mkdir(mode=0o700)
        self.reports = self.dir / "state" / "report"
        self.env = {"ASAN_OPTIONS": f"log_path={self.reports}", "UBSAN_OPTIONS":
                    f"log_path={self.reports}:print_stacktrace=1"}

    def argv(self):
        return [SAN / "sliprobed", *super().argv()[1:]]

    def slictl(self, line):
        argv = line.format(dir=self.dir).split()
        done = subprocess.run([SAN / "slictl", "--socket", self.socket, *argv], check=False,
                              capture_output=True, timeout=60 * SLOW, stdin=subprocess.DEVNULL)
        assert b"Sanitizer" not in done.stderr, done.stderr.decode(errors="replace")
        return done.returncode

    def reported(self):
        return [path.read_text(errors="replace") for path in self.state.glob("report.*")]


def config(port, hook, more=""):
    """The tables that a reload swaps have other sizes with `more`."""
    slos = [alerting.slo("plain", "shop", objective=50),
            alerting.slo("sliced", "shop", budgeting={"timeslices": {"slice": "1m", "target": 95}}),
            alerting.slo("{service}-all", "*", alerts=[alerting.PAGE])]
    return (alerting.config({"shop": port}, slos, notify=[{"webhook": {"url": hook.url}},
                            {"command": {"argv": ["/bin/cat"]}}]).rstrip()[:-1]
            + more + "}")


class Port:
    def __init__(self, port):
        self.port = port


class Crowd:
    """Who asks all addresses, in turn, until told to stop; every request must be answered."""

    def __init__(self, agent):
        self.agent, self.over, self.asked = agent, threading.Event(), 0
        source = (ROOT / "user/server/routes.c").read_text()
        self.addresses = re.findall(r'^\t\{"(/[\w/-]+)", "(\w+)"', source, re.M)
        assert len(self.addresses) >= 12

    def work(self):
        while not self.over.is_set():
            for path, method in self.addresses:
                full = path + "plain" * path.endswith("/")
                for query in ("", "?by=minute&since=1m", "?window=30s", "?services=no&former=1"):
                    status = self.agent.request(method, full + query, timeout=30)[0]
                    assert status in (200, 400, 404, 409, 422, 429), (method, full, query, status)
                    self.asked += 1


@pytest.fixture
def sanitized(agent_only, helpers):
    if not (SAN / "sliprobed").exists():
        pytest.skip("no build/san/sliprobed: make SAN=1")
    server = Server([helpers / "httpd", 0, "epoll", "read", "write"])
    hook = alerting.Hook()
    agent = SanitizedAgent(config(Port(server.port), hook))
    (agent.dir / "risks.yaml").write_text(RISKS)
    (agent.dir / "bad.yaml").write_text("agent: {interval: 0s}\n")
    (agent.dir / "events.csv").write_text("".join(f"{t},100,{t % 60 // 30 * 90}\n"
                                                  for t in range(10, 7200, 10)))
    agent.server, agent.hook, agent.helpers = server, hook, helpers
    try:
        yield agent.start()
    finally:
        agent.remove()
        hook.stop()
        server.stop(signal.SIGKILL)


def load(agent, seconds, conns):
    return run_load(agent.helpers, agent.server.port, f"{seconds}s", conns=conns, depth=2, paths=PATHS)


def reload_now_and_then(agent, seconds):
    """Good and bad ones: what was in force stays so after a bad one."""
    deadline = time.monotonic() + seconds
    others = [', "services_": 1', "", ', "samples": {}', ""]
    answers = []
    while time.monotonic() < deadline:
        status, _ = agent.reload(config(Port(agent.server.port), agent.hook, others[len(answers) % 4]))
        answers.append(status)
        time.sleep(0.2)
    agent.reload(config(Port(agent.server.port), agent.hook))
    return answers


def test_every_command_is_run(sanitized):
    """Each of those that slictl lists, each ending as expected."""
    agent = sanitized
    listed = subprocess.run([SAN / "slictl", "help"], capture_output=True, text=True, check=True)
    assert set(re.findall(r"^  ([a-z][a-z-]*)", listed.stdout, re.M)) == set(COMMANDS)
    run_load(agent.helpers, agent.server.port, 1000, paths=PATHS)
    for command, runs in COMMANDS.items():
        for arguments, code in runs:
            got = agent.slictl(f"{command} {arguments}")
            assert got in (code if isinstance(code, tuple) else (code,)), (command, arguments, got)
    agent.stop()
    assert agent.reported() == []


def test_under_load(sanitized):
    """Traffic, reloads, all addresses, a kill and a take-over, one after the other and at once."""
    agent, seconds = sanitized, 4
    watch = agent.watch("shop")
    crowd = Crowd(agent)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        traffic = [pool.submit(load, agent, seconds, conns) for conns in (8, 30)]
        asking = [pool.submit(crowd.work) for _ in range(2)]
        reloads = pool.submit(reload_now_and_then, agent, seconds - 0.5)
        results = [future.result() for future in traffic]
        crowd.over.set()
        for future in asking:
            future.result()
        answers = reloads.result()
    assert 200 in answers and 422 in answers, answers
    status = {code: sum(r["status"].get(code, 0) for r in results) for code in results[0]["status"]}
    watch.expect(status)
    assert crowd.asked > 50

    said = agent.kill()
    assert "runtime error" not in said and "Sanitizer" not in said, said
    more = run_load(agent.helpers, agent.server.port, 500, paths=PATHS)
    agent.start()
    total = sum(status.values()) + more["requests"]
    assert wait_until(lambda: agent.service("shop")["requests"] == total), agent.service("shop")
    agent.stop()
    assert agent.reported() == []
