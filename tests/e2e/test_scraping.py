# SPDX-License-Identifier: GPL-2.0-only
"""A real Prometheus scrapes an agent: from its listener, and through node_exporter's text files."""
import json
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pytest

from harness import BUILD, HERE, Process, free_port, tool, user_space, wait_until
from wire import Port, get, reply

pytestmark = user_space


class Prometheus:
    def __init__(self, directory, *targets):
        self.port = free_port()
        config = directory / "prometheus.yml"
        config.write_text(json.dumps({
            "global": {"scrape_interval": "1s"},
            "scrape_configs": [{"job_name": "sliprobe", "static_configs": [
                {"targets": [f"127.0.0.1:{target}" for target in targets]}]}]}))
        self.process = Process([tool("prometheus"), f"--config.file={config}",
                                f"--storage.tsdb.path={directory}/data",
                                f"--web.listen-address=127.0.0.1:{self.port}"])

    def values(self, query):
        """{labels without Prometheus's own: value}, or None while there is no answer."""
        url = f"http://127.0.0.1:{self.port}/api/v1/query?query={urllib.parse.quote(query)}"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                result = json.load(answer)["data"]["result"]
        except OSError:
            return None
        return sorted((sample["metric"].get("result", ""), float(sample["value"][1]))
                      for sample in result)


def config(port, more=""):
    return f"""
agent: {{interval: 1s{more}}}
services: [{{name: shop, match: {{port: {port}}}}}]
slos: [{{name: shop-availability, service: shop, objective: 99.9}}]
"""


QUERY = 'sliprobe_slo_events_total{slo="shop-availability"}'


def ask(port, good, bad):
    for code in [200] * good + [503] * bad:
        port.dial().c(get("/")).s(reply(code)).close()


def refused(url):
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(url, timeout=5)
    return error.value.code


def test_from_the_listener(start_agent, agent_only, tmp_path, request):
    port, listen = Port(), free_port()
    agent = start_agent(config(port.port, f', metrics_listen: "127.0.0.1:{listen}"'))
    ask(port, 7, 3)
    prometheus = Prometheus(tmp_path, listen)
    request.addfinalizer(lambda: prometheus.process.stop(seconds=30))
    assert wait_until(lambda: prometheus.values(QUERY) == [("bad", 3), ("good", 7)], 60)
    assert prometheus.values("up") == [("", 1)]
    # the same, to the byte that does not count its own scrape, as the socket gives
    assert b"\nsliprobe_slo_events_total{" in agent.get("/metrics")[2]
    for path in ("/", "/v1/status", "/v1/alerts", "/v1/reload"):
        assert refused(f"http://127.0.0.1:{listen}{path}") == 404
    port.close()


def test_every_family_is_documented(start_agent, agent_only):
    port = Port()
    agent = start_agent(config(port.port) + "notify: [journal]\n")
    ask(port, 1, 1)
    text = agent.get("/metrics")[2].decode()
    families = set(re.findall(r"^# TYPE (\S+)", text, re.M))
    documented = (HERE.parents[1] / "docs" / "metrics.md").read_text()
    assert len(families) > 20
    assert [name for name in families if f"`{name}`" not in documented] == []
    port.close()


def test_without_the_key_nothing_listens(start_agent, agent_only):
    agent = start_agent()
    listeners = subprocess.run([tool("ss"), "-Hlntp"], capture_output=True, text=True,
                               check=True).stdout
    assert f"pid={agent.process.popen.pid}," not in listeners


def test_an_address_that_is_taken_is_named(agents, agent_only):
    port = Port()
    agent = agents(config(1, f', metrics_listen: "127.0.0.1:{port.port}"'))
    agent.spawn()
    agent.process.popen.wait(timeout=30)
    said = agent.kill()
    assert (f"cannot listen for metrics at 127.0.0.1:{port.port} (agent.metrics_listen): "
            "Address already in use") in said
    port.close()


def test_through_text_files(start_agent, agent_only, tmp_path, request):
    port, exporter_port = Port(), free_port()
    agent = start_agent(config(port.port))
    files = tmp_path / "textfiles"
    files.mkdir()

    def write():
        subprocess.run([BUILD / "slictl", "--socket", agent.socket, "metrics", "--output",
                        files / "sliprobe.prom"], check=True)

    ask(port, 5, 1)
    write()
    exporter = Process([tool("prometheus-node-exporter"), "--collector.disable-defaults",
                        "--collector.textfile", f"--collector.textfile.directory={files}",
                        f"--web.listen-address=127.0.0.1:{exporter_port}"])
    request.addfinalizer(exporter.stop)
    prometheus = Prometheus(tmp_path, exporter_port)
    request.addfinalizer(lambda: prometheus.process.stop(seconds=30))
    assert wait_until(lambda: prometheus.values(QUERY) == [("bad", 1), ("good", 5)], 60)
    assert prometheus.values("node_textfile_scrape_error") == [("", 0)]
    ask(port, 2, 2)
    write()
    assert wait_until(lambda: prometheus.values(QUERY) == [("bad", 3), ("good", 7)], 30)
    port.close()
