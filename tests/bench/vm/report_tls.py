# SPDX-License-Identifier: GPL-2.0-only
"""The part of report.py that is about TLS: nginx's own instructions a request, and hits of probes.

A request has grown too dear if its ratio to bare is 1 % above what is recorded; a handshake, which is never twice the
same, 3 %. With TLS measured, plain HTTP may take 1 % more than without.
"""
GROWTH = {"keep-alive": 0.01, "close": 0.03}
PLAIN_GROWTH, HITS = 0.01, 8
TITLES = {"keep-alive": "a request, kept alive", "close": "with a handshake of its own"}


def read(lines):
    """Of tls.sh's lines: {"keep-alive": {"bare": instructions a request, ..., "hits": {...}}, ...}."""
    works = {}
    for line in lines:
        words = line.split()
        if words[:1] != ["tls"]:
            continue
        work = works.setdefault(words[1], {"hits": {}})
        work[words[2]] = int(words[4]) / int(words[3])
        if int(words[5]):
            work["hits"][words[2]] = int(words[6]) / int(words[5])
    return works


def is_whole(tls):
    return all({"bare", "agent"} <= set(tls.get(work, ())) for work in GROWTH)


def ratio(work):
    return work["agent"] / work["bare"]


def adds(work, variant):
    if variant not in work:
        return f"{'-':>9} {'-':>6}"
    return f"{work[variant] - work['bare']:9.0f} {work['hits'][variant]:6.2f}"


def show(tls, works, baseline):
    print(f"  {'nginx over TLS 1.3, its own instructions':40} {'bare':>9} {'usual':>9} {'hits':>6} {'agent':>9} {'hits':>6}")
    print(f"  {'':40} {'':>9} {'add':>9} {'':>6} {'adds':>9}")
    for name, title in TITLES.items():
        print(f"  {title:40} {tls[name]['bare']:9.0f} {adds(tls[name], 'usual')} {adds(tls[name], 'agent')}")
    for name, title in TITLES.items():
        recorded = f"{ratio(baseline[name]):.4f}" if baseline else "none"
        print(f"  {title}: ratio to bare {ratio(tls[name]):.4f}, recorded {recorded}")
    for name, more in plain(works).items():
        print(f"  plain HTTP beside it, {name}: {100 * more:+.2f} %")


def plain(works):
    """What measuring TLS adds to plain HTTP, as a part of what that takes with the agent."""
    return {name: works[name]["tls"]["total"] / works[name]["agent"]["total"] - 1
            for name in ("http", "nginx") if "tls" in works[name]}


def growth(kernel, tls, works, baseline):
    """Sentences on what has grown too much."""
    if not baseline:
        return [f"Linux {kernel}: the baseline has no figures for TLS"]
    said = []
    for name, allowed in GROWTH.items():
        grown = ratio(tls[name]) / ratio(baseline[name]) - 1
        if grown > allowed:
            said.append(f"Linux {kernel}, TLS, {name}: {100 * grown:.1f} % more instructions a request than recorded, "
                        f"{100 * allowed:.0f} % are allowed")
    if tls["keep-alive"]["hits"]["agent"] > HITS:
        said.append(f"Linux {kernel}, TLS: {tls['keep-alive']['hits']['agent']:.2f} hits of probes a request, {HITS} are allowed")
    for name, more in plain(works).items():
        if more > PLAIN_GROWTH:
            said.append(f"Linux {kernel}, {name}: {100 * more:.1f} % more instructions with TLS measured, "
                        f"{100 * PLAIN_GROWTH:.0f} % are allowed")
    return said
