# SPDX-License-Identifier: GPL-2.0-only
"""The part of report.py that is about HTTP/2: instructions a request, of the whole machine, and what the programs are.

A request has grown too dear if its ratio to bare is 1 % above what is recorded. Where nothing is recorded, nothing is judged.
"""
GROWTH = 0.01
TITLES = {
    "h1": "HTTP/1.1, by the same client and server",
    "one": "HTTP/2, one stream at a time",
    "many": "HTTP/2, 100 streams at a time",
    "grpc": "gRPC, unary, one at a time",
}


def read(lines):
    """Of http2.sh's lines: {"one": {"bare": {"total": ..., "server": ...}, ...}, ..., "verified": {...}, "table": {...}}."""
    works = {"verified": {}, "table": {}}
    for line in lines:
        words = line.split()
        if words[:1] == ["http2"]:
            requests, rate, server = float(words[3]), float(words[4]), float(words[5])
            work = works.setdefault(words[1], {})
            this = {"total": 1e9 / rate, "server": server / requests}
            work[words[2]] = min(this, work.get(words[2], this), key=lambda each: each["total"])
        elif words[:1] in (["verified"], ["table"]):
            works[words[0]][words[1]] = int(words[2])
    return works


def is_whole(works):
    return all({"bare", "agent"} <= set(works.get(work, ())) for work in TITLES)


def ratio(work):
    return work["agent"]["total"] / work["bare"]["total"]


def added(work, of="total"):
    return work["agent"][of] - work["bare"][of]


def show(works, baseline):
    print(f"  {'h2load on one connection':40} {'bare':>9} {'agent':>9} {'/ that':>7} {'of which':>9} {'ratio':>8} {'recorded':>9}")
    print(f"  {'':40} {'':9} {'adds':>9} {'of /1.1':>7} {'server':>9}")
    for name, title in TITLES.items():
        work = works[name]
        recorded = f"{ratio(baseline[name]):9.4f}" if baseline else f"{'none':>9}"
        print(f"  {title:40} {work['bare']['total']:9.0f} {added(work):9.0f} {added(work) / added(works['h1']):7.2f} "
              f"{added(work, 'server'):9.0f} {ratio(work):8.4f} {recorded}")
    print("  verified, of 1,000,000: " + ", ".join(f"{name} {n}" for name, n in sorted(works["verified"].items())
                                                   if n > 10000))
    print("  bytes of an entry: " + ", ".join(f"{name} {n}" for name, n in sorted(works["table"].items())))


def growth(kernel, works, baseline):
    """Sentences on what has grown too much."""
    said = []
    if not baseline:
        return said
    for name in TITLES:
        grown = ratio(works[name]) / ratio(baseline[name]) - 1
        if grown > GROWTH:
            said.append(f"Linux {kernel}, HTTP/2, {name}: {100 * grown:.1f} % more instructions a request than recorded, "
                        f"{100 * GROWTH:.0f} % are allowed")
    return said
