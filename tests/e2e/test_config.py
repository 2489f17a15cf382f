# SPDX-License-Identifier: GPL-2.0-only
"""Configuration: refused with the place and the reason, reloaded without losing an event."""
import json
import signal
import subprocess
import threading
import time

import pytest

from harness import BUILD, free_port, long_one, run_load, scaled, user_space, wait_until
from wire import Port, get, reply

GOOD = """agent:
  interval: 1s
services:
  - name: shop
    match: {port: 8080}
    routes: ["/a", "/b/*"]
    about: {owner: team, purpose: "sells", mitigation: "restart", runbook: "https://x/y"}
slos:
  - name: fast
    service: shop
    objective: 99.9
    window: 30d
    eligible:
      routes: ["/a"]
      methods: [GET, POST]
      exclude: {paths: ["/healthz"], user_agents: ["wrk*"]}
    good:
      status: ["100-499"]
      latency: 100ms
      min_body: 1
    alerts:
      - default
      - burn: {budget: 1%, window: 2h, short: 10m}
notify:
  - webhook: {url: "http://127.0.0.1:9/hook"}
maintenance:
  - {name: backup, weekly: "Sun 02:00", duration: 2h, services: [shop]}
"""
# (what to replace, by what, the line to be blamed, words the message must hold)
BAD = {
    "unknown-key": ("    window: 30d", "    windw: 30d", 12, ["windw"]),
    "unknown-top-key": ("slos:", "sloes:", 8, ["sloes"]),
    "unknown-nested-key": ("      latency: 100ms", "      latencies: 100ms", 19, ["latencies"]),
    "bad-duration": ("latency: 100ms", "latency: 100 parsecs", 19, ["latency"]),
    "duration-without-unit": ("interval: 1s", "interval: 1", 2, ["interval"]),
    "negative-duration": ("latency: 100ms", "latency: -5ms", 19, ["latency"]),
    "bad-window": ("window: 30d", "window: soon", 12, ["window"]),
    "objective-100": ("objective: 99.9", "objective: 100", 11, ["objective"]),
    "objective-0": ("objective: 99.9", "objective: 0", 11, ["objective"]),
    "objective-negative": ("objective: 99.9", "objective: -1", 11, ["objective"]),
    "objective-text": ("objective: 99.9", "objective: high", 11, ["objective"]),
    "objective-nan": ("objective: 99.9", "objective: .nan", 11, ["objective"]),
    "bad-status": ('["100-499"]', '["2-x"]', 18, ["status"]),
    "status-backwards": ('["100-499"]', '["499-100"]', 18, ["status"]),
    "status-too-large": ('["100-499"]', '["200-1000"]', 18, ["status"]),
    "bad-port": ("port: 8080", "port: 80800", 5, ["port"]),
    "port-text": ("port: 8080", "port: http", 5, ["port"]),
    "bad-route": ('"/b/*"', '"b/*"', 6, ["routes"]),
    "min-body-text": ("min_body: 1", "min_body: some", 20, ["min_body"]),
    "list-for-text": ("    service: shop", "    service: [shop]", 10, ["service"]),
    "no-name": ("  - name: fast\n    service", "  - service", None, ["name"]),
    "no-objective": ("    objective: 99.9\n", "", None, ["objective"]),
    "not-yaml": ("  interval: 1s", "  interval: [1s", None, []),
    "duplicate-service": ("slos:", "  - name: shop\n    match: {port: 1}\nslos:", 8,
                          ["name", "shop"]),
    "alert-of-no-kind": ("- burn: {", "- bern: {", 23, ["alerts[1]", "bern"]),
    "alert-beyond-the-window": ("window: 2h", "window: 31d", 23, ["burn.window", "30d", "31d"]),
    "alert-in-two-places": ("- burn: {", "- default\n      - burn: {", 23, ["burn-1h", "again"]),
    "receiver-without-scheme": ('"http://127.0.0.1:9/hook"', "localhost:9", 25, ["url"]),
    "weekday": ("Sun 02:00", "Someday", 27, ["weekly"]),
    "maintenance-of-nothing": ("services: [shop]", "services: [shed]", 27, ["services", "shed"]),
    "duplicate-key": ("    window: 30d", "    window: 30d\n    window: 7d", 13, ["window"]),
}
DUPLICATE_SLO = GOOD.replace(
    "notify:", "  - {name: fast, service: shop, objective: 90, window: 30d}\nnotify:")


def check(path):
    return subprocess.run([BUILD / "slictl", "check", path], capture_output=True, text=True,
                          check=False)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "sliprobe.yaml"


@pytest.fixture(autouse=True)
def agent_only(request):
    if request.config.getoption("--selftest"):
        pytest.skip("selftest: this is all the agent's")


@user_space
def test_check_accepts_a_good_file(file):
    file.write_text(GOOD)
    out = check(file)
    assert out.returncode == 0, out.stdout + out.stderr


@user_space
def test_check_of_no_file(file):
    out = check(file)
    assert out.returncode != 0 and str(file) in out.stdout + out.stderr


@user_space
@pytest.mark.parametrize("case", BAD)
def test_check_refuses(file, case):
    old, new, line, words = BAD[case]
    assert GOOD.count(old) == 1
    file.write_text(GOOD.replace(old, new))
    out = check(file)
    said = out.stdout + out.stderr
    assert out.returncode == 1, said
    assert f"{file}:{line if line else ''}" in said
    for word in words:
        assert word in said


@user_space
def test_check_refuses_a_second_slo_of_that_name(file):
    file.write_text(DUPLICATE_SLO)
    out = check(file)
    assert out.returncode == 1 and f"{file}:24" in out.stdout + out.stderr


@user_space
@pytest.mark.parametrize("text", ["\x00\x01\x02", "[" * 10000, "a: &a [*a, *a]\n", "- 1\n- 2\n",
                                  "services: 7\n", "agent: {interval: " + "9" * 400 + "s}\n"],
                         ids=["binary", "deep", "alias", "list", "scalar", "huge-number"])
def test_check_survives_nonsense(file, text):
    file.write_text(text)
    out = check(file)
    assert out.returncode == 1 and str(file) in out.stdout + out.stderr


@user_space
def test_the_agent_does_not_start_with_a_bad_file(file, tmp_path):
    file.write_text(GOOD.replace("objective: 99.9", "objective: 100"))
    out = subprocess.run([BUILD / "sliprobed", "--foreground", "--config", file, "--socket",
                          tmp_path / "s", "--state-dir", tmp_path / "d"], capture_output=True,
                         text=True, check=False, timeout=60)
    assert out.returncode == 1 and f"{file}:11" in out.stderr and "objective" in out.stderr


RELOADED = """agent: {{interval: 1s}}
services:
  - {{name: shop, match: {{port: {port}}}, routes: {routes}}}
slos:
  - {{name: all, service: shop, objective: 99, window: 30d}}
"""


@pytest.mark.parametrize("by", ["SIGHUP", long_one("POST")])
def test_reload_in_traffic_loses_nothing(start_agent, helpers, run_server, by):
    port = free_port()
    variants = [RELOADED.format(port=port, routes=r)
                for r in ('["/status/200"]', '["/status/*", "/status/503"]', "[]",
                          '["/x/**", "/status/404"]')]
    agent = start_agent(variants[0])
    run_server([helpers / "httpd", port, "epoll", "read", "write"])
    watch, results = agent.watch("shop"), []
    n = scaled(100000, 5000)
    loads = [threading.Thread(target=lambda: results.append(
        run_load(helpers, port, n, paths="/status/200,/status/404,/status/503"))) for _ in "ab"]
    for load in loads:
        load.start()
    i = 0
    while any(load.is_alive() for load in loads) or i < 6:
        i += 1
        if by == "POST":
            assert agent.reload(variants[i % len(variants)])[0] == 200
        else:
            agent.config.write_text(variants[i % len(variants)])
            agent.process.popen.send_signal(signal.SIGHUP)
            time.sleep(0.2)
    for load in loads:
        load.join()
    want = {}
    for result in results:
        for code, count in result["status"].items():
            want[code] = want.get(code, 0) + count
    assert sum(want.values()) == 2 * n
    watch.expect(want)
    slo = agent.slo("all")
    assert (slo["good"], slo["bad"]) == (2 * n - want["503"], want["503"])


def test_reload_applies_to_the_next_request(start_agent):
    port = Port()
    agent = start_agent(RELOADED.format(port=port.port, routes='["/a"]'))
    wire = port.dial().c(get("/a")).s(reply(200)).c(get("/b")).s(reply(200))
    code, body = agent.reload(RELOADED.format(port=port.port, routes='["/b"]'))
    assert code == 200, body
    wire.c(get("/a")).s(reply(200)).c(get("/b")).s(reply(200))
    counts = {}
    for r in agent.service("shop")["routes"]:
        counts[r["route"]] = counts.get(r["route"], 0) + r["requests"]
    assert agent.service("shop")["requests"] == 4
    assert counts["/b"] == 1 and counts["_other"] == 2
    port.close()


def test_reload_gives_a_found_service_its_name(start_agent):
    port = Port()
    agent = start_agent("agent: {interval: 1s}\n")
    wire = port.dial().c(get()).s(reply(200))
    assert agent.service(port.port)["requests"] == 1
    assert agent.reload(RELOADED.format(port=port.port, routes="[]"))[0] == 200
    watch = agent.watch("shop")
    wire.c(get()).s(reply(503))
    watch.expect({503: 1})
    port.close()


@user_space
@pytest.mark.parametrize("by", ["SIGHUP", "POST"])
def test_a_bad_file_changes_nothing(start_agent, by):
    port = Port()
    agent = start_agent(RELOADED.format(port=port.port, routes='["/a"]'))
    watch = agent.watch("shop")
    wire = port.dial().c(get("/a")).s(reply(200))
    bad = RELOADED.format(port=port.port, routes='["/z"]')
    bad = bad.replace("objective: 99", "objective: 100")
    if by == "POST":
        code, body = agent.reload(bad)
        assert 400 <= code < 500 and "objective" in body and f"{agent.config}:5" in body
    else:
        agent.config.write_text(bad)
        agent.process.popen.send_signal(signal.SIGHUP)
        assert wait_until(lambda: "objective" in agent.process.output())
        assert f"{agent.config}:5" in agent.process.output()
    wire.c(get("/a")).s(reply(200))
    watch.expect({200: 2})
    assert [r["route"] for r in agent.service("shop")["routes"]] == ["/a"]
    assert agent.slo("all")["good"] == 2
    port.close()


def slictl(agent, *command, env=None):
    return subprocess.run([BUILD / "slictl", *command], capture_output=True, text=True, check=False,
                          env={"SLIPROBE_SOCKET": str(agent.socket), **(env or {})})


@user_space
def test_slictl_reloads_and_says_what_takes_a_restart(start_agent, agent_only):
    agent = start_agent("agent: {interval: 1s}\n")
    out = slictl(agent, "reload")
    assert (out.returncode, out.stdout, out.stderr) == (
        0, f"Reloaded {agent.config}, 0 services, 0 SLOs.\n"
           "Warning: slos: none given, requests are counted but not judged\n", "")
    agent.config.write_text("agent: {interval: 2s, socket: /run/other.sock}\n"
                            "slos: [{name: '{service}', service: '*', objective: 99}]\n")
    out = slictl(agent, "reload")
    assert (out.returncode, out.stdout, out.stderr) == (
        0, f"Reloaded {agent.config}, 0 services, 1 SLO.\n"
           "Applied: agent.interval: 2s instead of 1s\n"
           "Not applied: agent.socket is now /run/other.sock; until a restart "
           "/run/sliprobe/status.sock stays in use\n", "")
    assert "agent.socket is now /run/other.sock" in agent.said()


@user_space
@pytest.mark.parametrize("by", ["SIGHUP", "slictl"])
def test_a_refused_reload_shows_until_one_succeeds(start_agent, agent_only, by):
    agent = start_agent("agent: {interval: 1s}\n")

    def metric(name):
        lines = agent.get("/metrics")[2].decode().splitlines()
        return [line.split()[1] for line in lines if line.startswith(name + " ")]

    def reload(text):
        agent.config.write_text(text)
        if by == "slictl":
            return slictl(agent, "reload")
        agent.process.popen.send_signal(signal.SIGHUP)
        return None

    assert metric("sliprobe_config_last_reload_successful") == ["1"]
    out = reload("agent: {interval: 0s}\n")
    reason = f"{agent.config}:1: agent.interval: expected a duration from 1s to 1m, got \"0s\""
    assert wait_until(lambda: agent.status()["agent"]["reloads_refused"] == 1)
    if out:
        assert (out.returncode, out.stderr) == (
            1, f"slictl: {reason}\nThe configuration before stays in force.\n")
    assert agent.status()["agent"]["reload_refused"]["reason"] == reason
    assert reason in slictl(agent, "status").stdout
    assert metric("sliprobe_config_last_reload_successful") == ["0"]
    assert metric("sliprobe_config_reloads_refused_total") == ["1"]
    reload("agent: {interval: 1s}\n")
    assert wait_until(lambda: agent.status()["agent"]["reload_refused"] is None)
    assert reason not in slictl(agent, "status").stdout
    assert metric("sliprobe_config_last_reload_successful") == ["1"]


@user_space
def test_what_slictl_knows_of_itself(agent_only):
    def ask(*argv):
        return subprocess.run([BUILD / "slictl", *argv], capture_output=True, text=True,
                              check=False)

    assert ask("help").stdout == ask("--help").stdout
    assert ask("help", "gate").stdout == ask("gate", "--help").stdout
    assert ask("help", "backtest").stdout == ask("backtest", "--help").stdout != ""
    out = ask("statsu")
    assert (out.returncode, out.stderr) == (
        2, 'slictl: unknown command (did you mean "status"?): statsu; see slictl --help\n')
    assert ask("help", "nope").stderr == "slictl: unknown command: nope; see slictl --help\n"
    out = ask("--socket", "/nowhere", "version")
    assert (out.returncode, out.stderr) == (0, "")
    assert out.stdout.endswith("\nno agent answers on /nowhere\n")


@user_space
def test_a_name_that_is_not_known(start_agent, agent_only):
    agent = start_agent("agent: {interval: 1s}\nservices: [{name: shop, match: {port: 1}}]\n"
                        "slos: [{name: checkout, service: shop, objective: 99}]\n")
    assert slictl(agent, "slo", "chekout").stderr == (
        'slictl: no SLO of this name; did you mean "checkout"?\n')
    assert slictl(agent, "slo", "payments").stderr == "slictl: no SLO of this name\n"
    # the option wins over the environment
    assert slictl(agent, "--socket", agent.socket, "slo", "checkout",
                  env={"SLIPROBE_SOCKET": "/nowhere"}).returncode == 0


@user_space
def test_check_tells_all_of_several_files(tmp_path, agent_only):
    bad, good = tmp_path / "bad.yaml", tmp_path / "good.yaml"
    bad.write_text("agent: {interval: 5}\nslos: [{name: a, service: x, objective: 99}]\n")
    good.write_text(GOOD.replace("/healthz", "/a").replace("9/hook", "9/"))

    def check(*argv, **stdin):
        return subprocess.run([BUILD / "slictl", *argv], capture_output=True, text=True,
                              check=False, **stdin)

    out = check("check", bad, good)
    assert out.returncode == 1
    head, *samples = out.stdout.splitlines()
    assert head == f"{good}: OK, 1 service, 1 SLO"
    assert [line.split(":")[0].strip() for line in samples] == [
        "samples", "kept, from the first 512 bytes of a head", "kept of each", "never kept", "tls"]
    assert out.stderr.splitlines() == [
        f'{bad}:1: agent.interval: expected a duration from 1s to 1m, got "5" without a unit '
        "(ms, s, m, h, d)",
        f'{bad}:2: slos[0].service: expected the name of a service in services, or "*", got "x"']
    off = good.read_text() + "samples: off\n"
    assert check("check", "-", input=off).stdout == (
        "standard input: OK, 1 service, 1 SLO\nsamples: off, no request is kept\n"
        "tls: servers, TLS libraries of processes that listen are probed\n")
    off += "tls: {mode: all, exclude: [/usr/bin/a, /usr/bin/b]}\n"
    assert check("check", "-", input=off).stdout.endswith(
        "tls: all, TLS libraries of every process are probed, without /usr/bin/a, /usr/bin/b\n")
    assert json.loads(check("--json", "check", "-", input=off).stdout)["tls"] == {
        "mode": "all", "exclude": ["/usr/bin/a", "/usr/bin/b"]}
    assert "tls: off, encrypted requests are not measured\n" in check(
        "check", "-", input="samples: off\ntls: off\n").stdout
    assert check("check", "-", input="agent: 1\n").stderr == (
        'standard input:1: agent: expected a mapping, got "1"\n')
    assert check("check", good, tmp_path / "none.yaml").returncode == 2
    # what export writes is a file by itself
    openslo = tmp_path / "openslo.yaml"
    openslo.write_text(check("export", "openslo", "--config", good).stdout)
    out = check("check", openslo)
    assert (out.returncode, out.stdout) == (0, f"{openslo}: OK, 0 services, 1 SLO\n")


def test_a_parameter_in_braces_is_a_segment(start_agent):
    port = Port()
    agent = start_agent(RELOADED.format(port=port.port, routes='["/cart/{id}", "/cart/{id}/pay"]'))
    wire = port.dial()
    for path in ("/cart/7", "/cart/{id}", "/cart/", "/cart/7/pay", "/cart/7/pay/x"):
        wire.c(get(path)).s(reply(200))
    counts = {r["route"]: r["requests"] for r in agent.service("shop")["routes"]}
    assert counts == {"/cart/{id}": 2, "/cart/{id}/pay": 1, "_other": 2}
    port.close()


def test_a_service_without_traffic_says_what_it_matches(start_agent, agent_only):
    port = Port()
    nobody = free_port()
    agent = start_agent(f"""
agent: {{interval: 1s}}
services:
  - {{name: shop, match: {{port: {port.port}}}}}
  - {{name: typo, match: {{port: {nobody}, process: "ngnix*"}}}}
slos:
  - {{name: a, service: shop, objective: 99}}
  - {{name: b, service: typo, objective: 99}}
""")

    def without_traffic():
        return [(s["service"], s["match"]["port"], s["match"]["process"], s["listening"])
                for s in json.loads(agent.get("/v1/status?services=no")[2])["without_traffic"]]

    assert without_traffic() == [("shop", port.port, None, True),
                                 ("typo", nobody, "ngnix*", False)]
    assert (f"Without traffic: shop (port {port.port}), typo (port {nobody}, process ngnix*: "
            "nothing listens there)\n") in slictl(agent, "status").stdout
    port.dial().c(get("/")).s(reply(200))
    assert without_traffic() == [("typo", nobody, "ngnix*", False)]
    port.close()


def test_the_gate_cannot_tell_of_a_young_slo(start_agent, agent_only):
    port = Port()
    agent = start_agent(RELOADED.format(port=port.port, routes='["/a"]'))
    port.dial().c(get("/a")).s(reply(200))
    out = slictl(agent, "gate", "all")
    assert out.returncode == 2
    assert out.stdout.startswith("all: cannot tell: Only ")
    assert out.stdout.endswith(" of the window was counted so far; 1d is asked for.\n")
    out = slictl(agent, "gate", "all", "--min-counted", "0s")
    assert (out.returncode, out.stdout) == (
        0, "all: go: 100.0% of the budget is left; 0% is asked for.\n")
    port.close()
