# SPDX-License-Identifier: GPL-2.0-only
"""What the host has for the agent, and what is compared at the end."""
import json
import os
import pathlib
import subprocess
import time

from harness import BUILD, tool
from history import history_sums, left_behind

# By how much the agent may have grown between the first and the last look at the same process.
# With sanitizers what is freed is kept for a while.
RSS_GROWTH_KIB = (512 if BUILD.name == "san" else 16) << 10
# Entries that a server leaves until it is forgotten: of its endpoint, a series for each status, its owners.
ENTRIES_A_SERVER = {"endpoints": 1, "series_ids": 8, "unmeasured": 1, "owners": 4,
                    "endpoint_owners": 1, "folds": 1, "folded": 1}
SHOWN = 44  # characters of a row that is as it should be


def bpftool(*argv):
    out = subprocess.run([tool("bpftool"), "-j", *argv], capture_output=True, text=True, check=True)
    return json.loads(out.stdout or "[]")


def entries(map_id):
    """Of a hash table; None where the kernel lets nobody count."""
    out = subprocess.run([tool("bpftool"), "-j", "map", "dump", "id", str(map_id)],
                         capture_output=True, text=True, check=False)
    try:
        dumped = json.loads(out.stdout or "[]")
    except ValueError:
        return None
    return len(dumped) if isinstance(dumped, list) else None


def descriptor_kind(path):
    """What stands before the first colon: "socket", "anon_inode", a path; "" if it has gone meanwhile."""
    try:
        return os.readlink(path).split(":")[0]
    except OSError:
        return ""


class Holdings:
    """Descriptors, memory and threads of the process; programs, maps, links, pins of the host."""

    def __init__(self, agent):
        proc = pathlib.Path(f"/proc/{agent.process.pid}")
        status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
        self.pid = agent.process.pid
        kinds = [descriptor_kind(proc / "fd" / fd) for fd in os.listdir(proc / "fd")]
        self.descriptors = len([kind for kind in kinds if kind != "socket"])
        self.sockets = len(kinds) - self.descriptors  # with those of clients
        self.rss_kib = int(status["VmRSS"].split()[0])
        self.threads = int(status["Threads"])
        self.programs, self.links = len(bpftool("prog", "list")), len(bpftool("link", "list"))
        maps = bpftool("map", "list")
        self.maps, self.pins = len(maps), len(left_behind())
        self.entries = {m["name"]: entries(m["id"]) for m in maps
                        if m["type"] == "hash" and m.get("name") and m["max_entries"] <= 1 << 17}

    def exact(self):
        return {"descriptors but sockets": self.descriptors, "threads": self.threads,
                "BPF programs": self.programs, "BPF links": self.links, "BPF maps": self.maps,
                "pins and notes": self.pins}


class Table:
    """Rows of what was expected and what was found."""

    def __init__(self):
        self.rows, self.failed = [], 0

    def row(self, what, expected, got, ok=None):
        ok = expected == got if ok is None else ok
        self.failed += not ok
        self.rows.append((what, str(expected), str(got), "ok" if ok else "FAILED"))

    def show(self):
        width = max(len(what) for what, *_, verdict in self.rows if verdict == "ok")
        for what, expected, got, verdict in self.rows:
            if verdict == "ok":
                expected, got = expected[:SHOWN], got[:SHOWN]
            print(f"{what:{width}}  {expected:>{SHOWN}}  {got:>{SHOWN}}  {verdict}")


def settle(check, seconds=5):
    deadline = time.monotonic() + seconds
    while not check() and time.monotonic() < deadline:
        time.sleep(0.05)


def compare_counts(table, agent, world):
    for service in world.services:
        settle(lambda s=service: agent.service(s.name)["requests"] >= s.requests)
        got = agent.service(service.name)
        status = {str(code): n for code, n in sorted(service.status.items()) if n}
        table.row(f"{service.name}: requests", service.requests, got["requests"])
        table.row(f"{service.name}: by status", status, dict(sorted(got["status"].items())))
        for outcome in ("complete", "client_abort", "server_abort", "unanswered", "not_accepted"):
            table.row(f"{service.name}: {outcome}", service.outcomes[outcome],
                      got["outcomes"][outcome])
        sums = service.good_and_bad()
        shown = agent.slo(f"{service.name}-plain")
        table.row(f"{service.name}: SLO good, bad", sums, (shown["good"], shown["bad"]))
        settle(lambda s=service, want=sums: history_sums(agent, f"{s.name}-plain") == want)
        table.row(f"{service.name}: history good, bad", sums,
                  history_sums(agent, f"{service.name}-plain"))
        table.row(f"{service.name}: lost", 0, shown["coverage"]["lost"])
    logged = len(world.web.logged())
    table.row("web: nginx's access log", logged, agent.service("web")["requests"])


def compare_books(table, status, configured):
    coverage = status["coverage"]
    table.row("seen = counted + in flight + lost", coverage["seen"],
              coverage["counted"] + coverage["in_flight"] + coverage["lost"])
    table.row("lost by reason adds up", coverage["lost"], sum(coverage["lost_by_reason"].values()))
    table.row("consistent", True, coverage["consistent"])
    listed = sum(s["requests"] for s in status["services"])
    table.row("counted >= all services listed", f">= {listed}", coverage["counted"],
              coverage["counted"] >= listed >= configured)


def compare_holdings(table, first, last, servers):
    if first.pid != last.pid:
        table.row("one agent to the end", first.pid, last.pid)
        return
    for what, expected in first.exact().items():
        table.row(what, expected, last.exact()[what])
    # clients were connected at the first look, none is at the last
    table.row("sockets", f"<= {first.sockets}", last.sockets, last.sockets <= first.sockets)
    grown = last.rss_kib - first.rss_kib
    table.row("RSS, KiB", f"{first.rss_kib} + at most {RSS_GROWTH_KIB}", last.rss_kib,
              grown <= RSS_GROWTH_KIB)
    for name, n in sorted(first.entries.items()):
        now = last.entries.get(name)
        if n is None or now is None:
            continue
        more = servers * ENTRIES_A_SERVER.get(name, 0)
        table.row(f"entries of {name}", f"<= {n} + {more}", now, now <= n + more)
