# SPDX-License-Identifier: GPL-2.0-only
"""Exported rules of a fleet in a real Prometheus."""
import http.server
import json
import threading
import time
import urllib.request

from exported import CONFIG, export_rules
from harness import Process, free_port, if_long, tool, user_space, wait_until

pytestmark = user_space


class Host(http.server.ThreadingHTTPServer):
    """Stands for one agent: 100 requests a second, good unless it is failing."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.counts = {"good": 0, "bad": 0}
        self.since = time.monotonic()
        self.failing = False
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self):
        self.shutdown()
        self.server_close()

    def fail(self, failing):
        self.count()
        self.failing = failing

    def count(self):
        now = time.monotonic()
        self.counts["bad" if self.failing else "good"] += int((now - self.since) * 100)
        self.since = now

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.count()
            self.send_response(200)
            self.end_headers()
            for result, n in self.server.counts.items():
                self.wfile.write(b'sliprobe_slo_events_total{slo="checkout",service="shop",'
                                 b'result="%s"} %d\n' % (result.encode(), n))

        def log_message(self, *_):
            pass


REAL = CONFIG.replace("99.9", "99").replace("30d", "1h") + """    alerts:
      - burn: {budget: 50%, window: 5m, short: 10s}
      - burn: {budget: 20%, window: 30m, short: 30s, name: never, min_events: 1000000}
"""


@if_long
def test_a_real_prometheus_fires_for_a_fleet_and_resolves(tmp_path, request):
    rules = export_rules(tmp_path, REAL)
    hosts, port = [Host(), Host()], free_port()
    for host in hosts:
        request.addfinalizer(host.stop)
    (tmp_path / "prometheus.yml").write_text(json.dumps({
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(rules)],
        "scrape_configs": [{"job_name": "sliprobe", "static_configs": [
            {"targets": [f"127.0.0.1:{host.server_port}" for host in hosts]}]}]}))
    prometheus = Process([tool("prometheus"), f"--config.file={tmp_path}/prometheus.yml",
                          f"--storage.tsdb.path={tmp_path}/data",
                          f"--web.listen-address=127.0.0.1:{port}"])
    request.addfinalizer(lambda: prometheus.stop(seconds=30))

    def ask(path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/{path}", timeout=5) as r:
                return json.load(r)["data"]
        except OSError:
            return None

    def active():
        answer = ask("alerts")
        return answer and [a["labels"] for a in answer["alerts"] if a["state"] == "firing"]

    def recorded():
        answer = ask("query?query=slo:sliprobe_agents:count")
        return answer and [sample["value"][1] for sample in answer["result"]] == ["2"]

    assert wait_until(recorded, 60), "both hosts are not counted"
    assert active() == []
    hosts[0].fail(True)  # half of the fleet's requests
    assert wait_until(active, 60) == [{
        "alertname": "SliprobeBudgetBurn", "alert": "burn-5m", "severity": "page",
        "slo": "checkout", "service": "shop", "slo_id": "checkout"}]
    hosts[0].fail(False)
    assert wait_until(lambda: active() == [], 60), "it goes on although the short window is clean"
    groups = ask("rules")["groups"]
    assert [rule["name"] for group in groups for rule in group["rules"]
            if rule["health"] == "err"] == []
