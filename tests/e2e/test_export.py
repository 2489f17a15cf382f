# SPDX-License-Identifier: GPL-2.0-only
"""Exported rules, judged by Prometheus's own tools and beside the engine's answers. No agent."""
import collections
import json
import shlex

import pytest

from exported import CONFIG, export_rules, promtool, slictl
from harness import LONG, user_space

pytestmark = [user_space, pytest.mark.offline]
long_only = pytest.mark.skipif(not LONG, reason="SLIPROBE_LONG=1 asks for it")

MINUTE, HOUR, DAY = 60, 3600, 86400
STEP = 10  # seconds: of the agent's history, and of scrapes
EVALUATION = 60
# A recorded window is looked at one evaluation later, and a scrape is up to a step old.
TOLERANCE = 2 * EVALUATION

EVERY_KIND = CONFIG + """    alerts:
      - burn: {budget: 2%, window: 90m, short: 45s, severity: notice}
      - burn: {budget: 2%, window: 5m, name: small, min_bad: 1, min_events: 100}
      - exhaust: {within: 10m}
      - exhaust: {within: 3d}
      - budget: {spent: 12.5%}
      - no-data: {after: 90s}
      - coverage: {below: 99%, window: 10m}
  - {name: "{service}", service: "*", objective: 99, window: 1h}
  - {name: "a.b {service} (c)", service: "*", objective: 99.99, window: 92d}
  - {name: "{{service}}", service: "*", objective: 99, window: 28d}
  - {name: 'C:\\x ''y''', service: back yard, objective: 50, window: 7d}
  - {name: month, service: shop, objective: 99.9, calendar: month}
  - {name: berlin, service: shop, objective: 99.9, calendar: month, time_zone: Europe/Berlin}
  - {name: sliced, service: shop, objective: 99.9, budgeting: {timeslices: {slice: 1m, target: 95}}}
"""


def seconds(n):
    return f"{int(n)}s"


class Series:
    """Counters of one host, a value a step, in promtool's notation."""

    def __init__(self, slo="checkout", service="shop", instance="a"):
        self.labels = f'slo="{slo}",service="{service}",instance="{instance}"'
        self.values = {"good": ["0"], "bad": ["0"]}
        self.now = {"good": 0, "bad": 0}
        self.extra = []  # (metric, values)

    def born_after(self, steps):
        for values in self.values.values():
            values.insert(0, f"_x{steps}")
        return self

    def go(self, steps, good, bad):
        if steps:
            for result, each in (("good", good), ("bad", bad)):
                first = self.now[result] + each
                self.values[result].append(f"{first}+{each}x{steps - 1}")
                self.now[result] += each * steps
        return self

    def reset(self):
        self.now = {"good": 0, "bad": 0}
        return self

    def missing(self, steps):
        for result in self.values:
            self.values[result].append(f"_x{steps}")
        return self

    def input(self):
        return [{"series": f'sliprobe_slo_events_total{{{self.labels},result="{result}"}}',
                 "values": " ".join(values)} for result, values in self.values.items()] + [
                     {"series": f"{name}{{{self.labels}}}", "values": values}
                     for name, values in self.extra]


def samples_of(alerts):
    return [{"labels": f'ALERTS{{alertname="{name}",alert="{alert}",alertstate="firing",'
                       f'severity="{severity}",slo="{slo}",slo_id="{slo_id}",service="{service}"}}',
             "value": 1} for name, alert, severity, slo, slo_id, service in alerts]


NAMES = {"burn": "SliprobeBudgetBurn", "exhaust": "SliprobeBudgetExhaustion",
         "budget": "SliprobeBudgetSpent", "no": "SliprobeNoData"}


def firing(alert, severity, slo="checkout", service="shop", slo_id=None):
    return NAMES[alert.split("-")[0]], alert, severity, slo, slo_id or slo, service


def check_alerts(tmp_path, rules, series, *expected, step=STEP, evaluation=EVALUATION):
    """expected: pairs of {seconds: alerts on}, given by firing(), and which to look at."""
    tests = [{"expr": f"ALERTS{{{selector}}}", "eval_time": seconds(t),
              "exp_samples": samples_of(alerts)}
             for times, selector in expected for t, alerts in sorted(times.items())]
    file = tmp_path / "test.yaml"
    file.write_text(json.dumps({
        "rule_files": [str(rules)], "evaluation_interval": seconds(evaluation),
        "tests": [{"interval": seconds(step), "promql_expr_test": tests,
                   "input_series": [entry for one in series for entry in one.input()]}]}))
    promtool("test", "rules", file)


def round_up(t):
    return -(-t // EVALUATION) * EVALUATION


def test_rules_of_every_kind_are_taken(tmp_path):
    rules = export_rules(tmp_path, EVERY_KIND)
    assert "SUCCESS" in promtool("check", "rules", rules)
    text = rules.read_text()
    for alert in ("Burn", "Exhaustion", "Spent"):
        assert f"alert: SliprobeBudget{alert}" in text
    assert "alert: SliprobeNoData" in text and "alert: SliprobeCoverageLost" in text


def test_the_built_in_configuration_is_exported_without_a_file(tmp_path):
    done = slictl("export", "prometheus-rules")
    file = tmp_path / "rules.yaml"
    file.write_text(done.stdout)
    assert "SUCCESS" in promtool("check", "rules", file)


def test_what_promql_cannot_say_is_named_and_strict_fails(tmp_path):
    file = tmp_path / "sliprobe.yaml"
    file.write_text(EVERY_KIND)
    done = slictl("export", "prometheus-rules", "--config", file)
    left_out = done.stderr.splitlines()
    # 2 exhaust and 3 budget of each calendar SLO, 4 burn of the one in Berlin, the timeslices
    assert collections.Counter(line.split('"')[1] for line in left_out) == {
        "month": 5, "berlin": 9, "sliced": 1}
    assert all(line.startswith('slictl: left out: SLO "') for line in left_out)
    comments = [line for line in done.stdout.splitlines() if line.startswith("# Left out: ")]
    assert [c.removeprefix("# Left out: ").removesuffix(".") for c in comments] == [
        line.removeprefix("slictl: left out: ") for line in left_out]
    assert "slo_id: sliced" not in done.stdout
    strict = slictl("export", "prometheus-rules", "--strict", "--config", file, code=1)
    assert strict.stdout == "" and strict.stderr == done.stderr


# The workbook's formula: budget * window / error ratio, from the first bad event on.
WORKBOOK = {
    "100%": (0, 1000, [("burn-1h", "page", 51.84), ("burn-6h", "page", 129.6)]),
    "10%": (900, 100, [("burn-1h", "page", 518.4)]),
    "2%": (980, 20, [("burn-1h", "page", 2592)]),
    "1%": (990, 10, [("burn-6h", "page", 12960)]),
}


@pytest.mark.parametrize("errors", WORKBOOK)
def test_pages_come_when_the_workbook_says(tmp_path, errors):
    good, bad, pages = WORKBOOK[errors]
    rules = export_rules(tmp_path, CONFIG)
    healthy = 7 * HOUR
    series = Series().go(healthy // STEP, 1000, 0).go(5 * HOUR // STEP, good, bad)
    for alert, severity, after in pages:
        at = round_up(healthy + after)
        selector = f'alert="{alert}"'
        check_alerts(tmp_path, rules, [series],
                     ({at - EVALUATION: [], at + EVALUATION: [firing(alert, severity)]}, selector))


@pytest.mark.parametrize("days", [2, pytest.param(3, marks=long_only)])
def test_two_permille_never_page_and_open_a_ticket_after_36_hours(tmp_path, days):
    rules = export_rules(tmp_path, CONFIG)
    healthy, step, evaluation = days * DAY, MINUTE, 5 * MINUTE
    series = Series().go(healthy // step, 1000, 0).go(3 * DAY // step, 998, 2)
    at = healthy + 36 * HOUR
    check_alerts(tmp_path, rules, [series],
                 ({at - evaluation: [], at + 2 * evaluation: [firing("burn-3d", "ticket")]},
                  'alert=~"burn-.*"'),
                 ({healthy + t * HOUR: [] for t in range(0, 3 * 24)}, 'severity="page"'),
                 ({healthy + t * HOUR: [] for t in range(0, 3 * 24)}, 'alert=~"exhaust-.*"'),
                 step=step, evaluation=evaluation)


def test_hosts_are_summed_and_one_of_two_that_fails_is_half(tmp_path):
    rules = export_rules(tmp_path, CONFIG)
    healthy = 7 * HOUR
    steps = 3 * HOUR // STEP
    bad = Series(instance="a").go(healthy // STEP, 500, 0).go(steps, 400, 100)
    good = Series(instance="b").go(healthy // STEP, 500, 0).go(steps, 500, 0)
    at = round_up(healthy + 518.4)  # 10 % of both, 20 % of the one
    check_alerts(tmp_path, rules, [bad, good],
                 ({at - EVALUATION: [], at + EVALUATION: [firing("burn-1h", "page")]},
                  'alert="burn-1h"'))


def test_a_counter_that_begins_anew_is_no_error_and_hides_none(tmp_path):
    rules = export_rules(tmp_path, CONFIG)
    healthy = 7 * HOUR
    series = Series().go(healthy // STEP, 1000, 0).go(300 // STEP, 900, 100).reset()
    series.go(2 * HOUR // STEP, 900, 100)
    quiet = Series(slo="pages", service="shop")
    at = round_up(healthy + 518.4)
    check_alerts(tmp_path, rules, [series, quiet],
                 ({at - EVALUATION: [], at + EVALUATION: [firing("burn-1h", "page")]},
                  'alert="burn-1h"'))
    quiet = Series().go(healthy // STEP, 1000, 1).reset().go(HOUR // STEP, 1000, 0)
    check_alerts(tmp_path, rules, [quiet],
                 ({t: [] for t in range(healthy, healthy + HOUR, 5 * MINUTE)}, 'alert="burn-1h"'))


def test_services_of_an_slo_for_all_are_judged_one_by_one(tmp_path):
    rules = export_rules(tmp_path, EVERY_KIND)
    steps = 2 * HOUR // STEP
    failing = dict(good=0, bad=1000)
    series = [
        Series("a.b x (c)", "x").go(steps, **failing),
        Series("a.b y (c)", "y").go(steps, 1000, 0),
        Series("a.b x (c)", "shop").go(steps, **failing),  # another SLO that happens to be called so
        Series("a-b x (c)", "x").go(steps, **failing),
    ]
    found = firing("burn-1h", "page", "a.b x (c)", "x", "a.b {service} (c)")
    check_alerts(tmp_path, rules, series, ({HOUR: [found]}, 'alert="burn-1h"'))
    series = [Series("{x}", "x").go(steps, **failing), Series("x", "x").go(steps, **failing)]
    found = firing("burn-1h", "page", "{x}", "x", "{{service}}")
    check_alerts(tmp_path, rules, series,
                 ({HOUR: [found]}, 'alert="burn-1h",slo_id="{{service}}"'))


def test_annotations_are_what_was_configured(tmp_path):
    rules = export_rules(tmp_path, CONFIG)
    series = Series().go(HOUR // STEP, 0, 1000)
    file = tmp_path / "test.yaml"
    labels = {"slo": "checkout", "service": "shop", "slo_id": "checkout"}
    file.write_text(json.dumps({
        "rule_files": [str(rules)], "evaluation_interval": "1m",
        "tests": [{"interval": "10s", "input_series": series.input(), "alert_rule_test": [{
            "eval_time": "10m", "alertname": "SliprobeBudgetBurn",
            "exp_alerts": [{
                "exp_labels": labels | {"alert": f"burn-{span}", "severity": severity},
                "exp_annotations": {
                    "summary": f"SLO checkout of shop: 100% of the requests of {span} were bad: "
                               f"at this rate that is more than {share} % of the error budget, "
                               f"and it goes on in the last {short}",
                    "owner": "team {{shop}}", "purpose": 'Sell "it": all\nof it',
                    "runbook_url": "https://x/y", "command": "slictl slo 'checkout'"},
            } for span, short, share, severity in (
                ("1h", "5m", 2, "page"), ("6h", "30m", 5, "page"),
                ("1d", "2h", 10, "ticket"), ("3d", "6h", 10, "ticket"))]}]}]}))
    promtool("test", "rules", file)


def test_the_command_is_one_word_to_a_shell_whatever_the_name(tmp_path):
    name = "it's {{x}} $HOME `id` \\ \u00fc\U0001f600"
    rules = export_rules(tmp_path, CONFIG.replace("checkout", json.dumps(name, ensure_ascii=False))
                         .replace("30d", "1h") + "    alerts: [{budget: {spent: 50%}}]\n")
    assert "SUCCESS" in promtool("check", "rules", rules)
    series = Series(name.replace("\\", "\\\\")).go(5 * MINUTE // STEP, 0, 1000)
    labels = {"slo": name, "service": "shop", "slo_id": name, "alert": "budget-50",
              "severity": "notice"}
    command = "slictl slo " + shlex.quote(name).replace("'\"'\"'", "'\\''")
    assert shlex.split(command) == ["slictl", "slo", name]
    file = tmp_path / "test.yaml"
    file.write_text(json.dumps({
        "rule_files": [str(rules)], "evaluation_interval": "1m",
        "tests": [{"interval": "10s", "input_series": series.input(), "alert_rule_test": [{
            "eval_time": "5m", "alertname": "SliprobeBudgetSpent",
            "exp_alerts": [{"exp_labels": labels, "exp_annotations": {
                "summary": f"SLO {name} of shop: 50 % of the error budget is spent",
                "owner": "team {{shop}}", "purpose": 'Sell "it": all\nof it',
                "runbook_url": "https://x/y", "command": command}}]}]}]},
        ensure_ascii=False))
    promtool("test", "rules", file)


# (seconds, good, bad) of each step
STORIES = {
    "total outage, recovery": [(8 * HOUR, 100, 0), (20 * MINUTE, 0, 100), (8 * HOUR, 100, 0)],
    "slow burn": [(8 * HOUR, 1000, 0), (12 * HOUR, 992, 8), (7 * HOUR, 1000, 0)],
    "few requests": [(8 * HOUR, 1, 0), (30 * MINUTE, 0, 1), (10 * MINUTE, 0, 0),
                     (3 * HOUR, 1, 0)],
    "an outage that ends in silence": [(8 * HOUR, 100, 0), (10 * MINUTE, 0, 100), (HOUR, 0, 0),
                                       (2 * HOUR, 100, 0)],
    "a part spent, and burning on": [(2 * HOUR, 90, 10), (3 * HOUR, 100, 0), (2 * HOUR, 80, 20)],
    "born into an outage": [(20 * MINUTE, 0, 100), (2 * HOUR, 100, 0)],
    "born into 10 % of errors": [(HOUR, 90, 10), (2 * HOUR, 100, 0)],
    "all spent, and burning on": [(4 * HOUR, 100, 0), (HOUR, 0, 100), (2 * HOUR, 100, 0),
                                  (HOUR, 90, 10)],
}
# promtool takes half a minute for each
SLOW_STORIES = ("slow burn", "an outage that ends in silence", "all spent, and burning on")


@pytest.mark.parametrize("story", [
    pytest.param(story, marks=long_only if story in SLOW_STORIES else ()) for story in STORIES])
def test_the_engine_and_the_rules_fire_the_same_alerts(tmp_path, story):
    rules = export_rules(tmp_path, CONFIG)
    series, rows, t = Series(), ["t_seconds,good,bad"], 0
    for length, good, bad in STORIES[story]:
        series.go(length // STEP, good, bad)
        for _ in range(length // STEP):
            t += STEP
            rows.append(f"{t},{good},{bad}")
    events = tmp_path / "events.csv"
    events.write_text("\n".join(rows) + "\n")
    transitions = json.loads(slictl("--json", "backtest", "--config", tmp_path / "sliprobe.yaml",
                                    "--slo", "checkout", "--events", events).stdout)["transitions"]
    assert transitions, "a story in which nothing happens compares nothing"
    history = {}
    for change in transitions:
        key = firing(change["alert"], change["severity"])
        history.setdefault(key, []).append((change["t"], change["state"] != "resolved"))
    known = [firing(a, s) for a, s in (
        ("burn-1h", "page"), ("burn-6h", "page"), ("burn-1d", "ticket"), ("burn-3d", "ticket"),
        ("exhaust-4h", "page"), ("exhaust-3d", "ticket"), ("budget-50", "notice"),
        ("budget-80", "notice"), ("budget-100", "notice"), ("no-data", "ticket"))]
    assert set(history) <= set(known)
    check_alerts(tmp_path, rules, [series], *(
        (states(key, history.get(key, []), t), f'alert="{key[1]}",alertname="{key[0]}"')
        for key in known))


def test_failures_at_birth_fire_nothing(tmp_path):
    """Those of a new service among an old one's, of a new agent, and of one that says when it began."""
    rules = export_rules(tmp_path, CONFIG + """  - {name: "of {service}", service: "*", objective: 99.9}
""")
    idle, hour = HOUR // STEP, HOUR // STEP
    born = Series("of x", "x").born_after(idle).go(1, 0, 60).go(hour, 100, 0)
    told = Series("of y", "y").born_after(idle).go(1, 0, 60).go(hour, 100, 0)
    old = Series("of z", "z").go(2 * hour, 100, 0)
    told.extra = [("sliprobe_slo_start_time_seconds", f"_x{idle} {HOUR}+0x{hour + 1}")]
    at = {t: [] for t in range(HOUR, 2 * HOUR, EVALUATION)}
    check_alerts(tmp_path, rules, [born, told, old], (at, 'alert=~"burn-.*|exhaust-.*|budget-.*"'))


@pytest.mark.parametrize("told", [False, True])
def test_an_outage_from_birth_pages_when_the_workbook_says(tmp_path, told):
    """From when the agent says that it began, else from the first scrape."""
    rules = export_rules(tmp_path, CONFIG)
    for errors, (good, bad, pages) in WORKBOOK.items():
        series = Series().born_after(6).go(5 * HOUR // STEP, good, bad)
        if told:
            series.extra = [("sliprobe_slo_start_time_seconds", f"_x6 {MINUTE}+0x{5 * HOUR // STEP}")]
        for alert, severity, after in pages if errors in ("100%", "10%") else ():
            at = round_up(MINUTE + after)
            check_alerts(tmp_path, rules, [series], (
                {at - EVALUATION: [], at + EVALUATION: [firing(alert, severity)]},
                f'alert="{alert}"'))


def test_a_host_that_takes_over_is_not_young(tmp_path):
    """An SLO is as old as the oldest host that counted it in the window."""
    rules = export_rules(tmp_path, CONFIG)
    before, steps = 2 * HOUR // STEP, 600 // STEP
    gone = Series(instance="a").go(before, 100, 0)
    gone.extra = [("sliprobe_slo_start_time_seconds", f"0+0x{before}")]
    fresh = Series(instance="b").born_after(before).go(steps, 0, 100)
    fresh.extra = [("sliprobe_slo_start_time_seconds", f"_x{before} {2 * HOUR}+0x{steps}")]
    at = round_up(2 * HOUR + 51.84)
    check_alerts(tmp_path, rules, [gone, fresh],
                 ({at - EVALUATION: [], at + EVALUATION: [firing("burn-1h", "page")]},
                  'alert="burn-1h"'))


def states(key, changes, end):
    """{seconds: alerts on} of one alert: right after each change, and every five minutes."""
    def state(at):
        return [key] if [on for when, on in [(0, False), *changes] if when <= at][-1] else []

    times = [round_up(when) + TOLERANCE for when, _ in changes]
    times += range(10 * MINUTE, end, 5 * MINUTE)
    return {at: state(at) for at in times
            if at < end and not any(abs(when - at) < TOLERANCE for when, _ in changes)}
