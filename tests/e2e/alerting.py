# SPDX-License-Identifier: GPL-2.0-only
"""Receivers, Alertmanager and Prometheus for tests of alerts, and slictl as an SRE types it."""
import datetime
import http.client
import http.server
import json
import math
import signal
import subprocess
import threading
import time

from harness import BUILD, SLOW, Process, between_steps, free_port, free_ports, run_load, tool, wait_until

FIRE, ESCALATE, RESOLVE = ("fire", "page"), ("escalate", "page"), ("resolve", "page")
JOINED, LEFT = ("joined", "page"), ("left", "page")


def shown_url(url):
    """What the agent shows of it: a path may be a secret."""
    return "/".join(url.split("/")[:3])


class Hook:
    """A webhook that notes each JSON body."""

    def __init__(self, port=0, code=200):
        hook = self
        self.messages = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.messages.append(json.loads(body))
                self.send_response(code)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def kinds(self):
        return [(m["kind"], m["severity"]) for m in self.messages]

    def expect(self, *kinds, seconds=10):
        """These and no others so far: [(kind, severity)]."""
        wait_until(lambda: len(self.messages) >= len(kinds), seconds)
        assert self.kinds() == list(kinds), self.messages
        return self.messages[-1] if kinds else None


def get_json(port, path):
    conn = http.client.HTTPConnection("127.0.0.1", port, timeout=10 * SLOW)
    try:
        conn.request("GET", path)
        answer = conn.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return json.loads(body)
    finally:
        conn.close()


class Program:
    """A program with an HTTP port, that is there once it says it is ready."""

    def __init__(self, argv, port, where, cwd):
        self.port = port
        self.process = Process(argv, log=open(where, "w+b"), cwd=cwd)

        def ready():
            assert self.process.popen.poll() is None, self.process.output()
            try:
                conn = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                conn.request("GET", "/-/ready")
                return conn.getresponse().status == 200
            except OSError:
                return False
            finally:
                conn.close()

        if not wait_until(ready, 20, 0.05):
            self.process.stop(9)
            raise AssertionError(self.process.output())

    def stop(self):
        self.process.stop(9)


class Alertmanager(Program):
    """Tells its own webhook, `hook`, at once."""

    def __init__(self, where, group_by=("...",)):
        self.hook = Hook()
        where.mkdir()
        port = free_port()
        (where / "am.yml").write_text(json.dumps({
            "route": {"receiver": "hook", "group_by": list(group_by), "group_wait": "0s",
                      "group_interval": "1s", "repeat_interval": "4h"},
            "receivers": [{"name": "hook", "webhook_configs": [
                {"url": self.hook.url, "send_resolved": True}]}]}))
        super().__init__([tool("prometheus-alertmanager"), "--config.file=am.yml",
                          "--storage.path=data", "--cluster.listen-address=",
                          f"--web.listen-address=127.0.0.1:{port}"], port, where / "log", where)

    def alerts(self):
        return get_json(self.port, "/api/v2/alerts")

    def told(self):
        return [m["status"] for m in self.hook.messages]

    def slos(self):
        """{slo: whether it fires} as the last notification said."""
        return {a["labels"]["slo"]: a["status"] == "firing"
                for a in self.hook.messages[-1]["alerts"]} if self.hook.messages else {}

    def stop(self):
        super().stop()
        self.hook.stop()


class Prometheus(Program):
    """Scrapes the agent each second, over a TCP port that socat lends its socket."""

    def __init__(self, where, agent, rules):
        where.mkdir()
        bridge, port = free_ports(2)
        self.bridge = Process([tool("socat"), f"TCP-LISTEN:{bridge},bind=127.0.0.1,fork,reuseaddr",
                               f"UNIX-CONNECT:{agent.socket}"])
        (where / "rules.yaml").write_text(rules)
        (where / "prom.yml").write_text(json.dumps({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s",
                       "evaluation_interval": "1s"},
            "rule_files": ["rules.yaml"],
            "scrape_configs": [{"job_name": "sliprobe", "static_configs": [
                {"targets": [f"127.0.0.1:{bridge}"]}]}]}))
        try:
            super().__init__([tool("prometheus"), "--config.file=prom.yml",
                              "--storage.tsdb.path=data",
                              f"--web.listen-address=127.0.0.1:{port}"], port, where / "log", where)
        except BaseException:
            self.bridge.stop(9)
            raise

    def query(self, expression):
        quoted = expression.replace("{", "%7B").replace("}", "%7D").replace('"', "%22")
        answer = get_json(self.port, f"/api/v1/query?query={quoted.replace(' ', '%20')}")
        assert answer["status"] == "success", answer
        return answer["data"]["result"]

    def firing(self):
        """{(slo, alert, severity)}"""
        return {(s["metric"]["slo"], s["metric"]["alert"], s["metric"]["severity"])
                for s in self.query('ALERTS{alertstate="firing"}')}

    def stop(self):
        super().stop()
        self.bridge.stop(9)


def no_nan(value):
    """A JSON value in which every number is one."""
    if isinstance(value, dict):
        return all(no_nan(v) for v in value.values())
    if isinstance(value, list):
        return all(no_nan(v) for v in value)
    return not isinstance(value, float) or math.isfinite(value)


def refuse_constant(name):
    raise AssertionError(f"{name} in JSON")


def parse(text):
    value = json.loads(text, parse_constant=refuse_constant)
    assert no_nan(value)
    return value


def ctl(agent, *arguments, code=0, stdin=None):
    """What slictl prints: (stdout, stderr). agent: None if it needs none."""
    where = ["--socket", agent.socket] if agent else []
    done = subprocess.run([BUILD / "slictl", *where, *map(str, arguments)],
                          capture_output=True, text=True, timeout=60 * SLOW, check=False,
                          input=stdin)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout, done.stderr


def ctl_json(agent, *arguments, code=0):
    return parse(ctl(agent, "--json", *arguments, code=code)[0])


def alerts_of(agent, slo):
    """{alert: state} of what is active."""
    return {a["name"]: a["state"] for a in agent.slo(slo)["alerts"]}


def changes(agent, slo, alert=None):
    """Oldest first: [(alert, to)]."""
    found = [c for c in ctl_json(agent, "alerts")["changes"]
             if c["slo"] == slo and alert in (None, c["alert"])]
    return [(c["alert"], c["to"]) for c in reversed(found)]


def became(agent, slo, alert, state, seconds=10):
    """Waits until the alert is in the state; None: not active."""
    assert wait_until(lambda: alerts_of(agent, slo).get(alert) == state, seconds, 0.05), \
        f"{alert} of {slo} is {alerts_of(agent, slo)}, not {state}"


# A page above 24 % bad in 5 min and in 10 s, a ticket above 6 % in 10 min and in 10 s, for an SLO
# of 90 % over 1 h.
PAGE = {"burn": {"name": "fast", "budget": "20%", "window": "5m", "short": "10s",
                 "severity": "page"}}
TICKET = {"burn": {"name": "slow", "budget": "10%", "window": "10m", "short": "10s",
                   "severity": "ticket"}}


def slo(name, service, objective=90, **more):
    return {"name": name, "service": service, "objective": objective, "window": "1h"} | more


def config(services, slos, about=None, **rest):
    """services: {name: Service}."""
    about = {"about": about} if about else {}
    return json.dumps({
        "agent": {"interval": "1s"},
        "services": [{"name": name, "match": {"port": running.port}} | about
                     for name, running in services.items()],
        "slos": slos} | rest, indent=1)


class Service:
    """A server of whose answers the test decides how many are bad."""

    def __init__(self, helpers, start_server):
        self.helpers = helpers
        self.port = start_server([helpers / "httpd", 0, "epoll", "read", "write"]).port

    def send(self, good=0, bad=0, refused=0):
        with between_steps():
            for n, path in ((good, "/status/200"), (refused, "/status/404"), (bad, "/status/503")):
                if n:
                    run_load(self.helpers, self.port, n, conns=min(n, 4), paths=path)

    @staticmethod
    def next_bucket():
        """What comes now is not in the same 10 s of history as what came before."""
        time.sleep(10.2 - time.time() % 10)


def restart(agent, sig):
    if sig == signal.SIGTERM:
        agent.stop()
    else:
        agent.process.stop(sig)
    agent.start()


def steps(n=3):
    """Long enough for what must not come to have come."""
    time.sleep(n * SLOW)


def rfc3339(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%SZ")
