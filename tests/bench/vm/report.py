# SPDX-License-Identifier: GPL-2.0-only
"""Table and JSON of what inside.sh has measured: report.py [--check] BASELINE OUT LOG...

A LOG is named without its ".log", after its kernel: bench-6.12. --check exits 1 if a request has
become dearer than the baseline allows: its instructions by more than 3 %, or what the agent adds to
the loop by more than 10 %. Both relative to bare, so that another build of the kernel is no growth.
It also does if samples take 3 % more than the same request takes without them, and by what report_tls.py and
report_http2.py say.
"""
import json
import sys

import report_http2
import report_tls

TOTAL_GROWTH, ADDED_GROWTH, SAMPLES_ADD = 0.03, 0.10, 0.03


def read(path):
    """Instructions a loop or a request, by variant: {"http": {"bare": 1.0, ...}, "nginx": ...}."""
    works = {}
    with open(path + ".log", encoding="utf-8") as lines:
        for line in lines:
            words = line.split()
            if words[:1] == ["loop"]:
                works.setdefault(words[1], {})[words[2]] = {"total": float(words[3])}
            elif words[:1] == ["nginx"]:
                requests, total, server, agent = map(float, words[2:])
                # the last of several counts: those before warm up
                works.setdefault("nginx", {})[words[1]] = {
                    "total": total / requests, "server": server / requests,
                    "agent": agent / requests}
    variants = set(works.get("nginx", {}))
    if not variants >= {"bare", "agent", "samples"} or "tls" not in works.get("http", ()) or \
            any(set(w) - {"tls"} != variants - {"tls"} for w in works.values()):
        sys.exit(f"report.py: {path}.log is not whole")
    with open(path + ".log", encoding="utf-8") as lines:
        tls = report_tls.read(lines)
    if not report_tls.is_whole(tls):
        sys.exit(f"report.py: {path}.log is not whole: TLS")
    with open(path + ".log", encoding="utf-8") as lines:
        http2 = report_http2.read(lines)
    if not report_http2.is_whole(http2):
        sys.exit(f"report.py: {path}.log is not whole: HTTP/2")
    return works, tls, http2


def ratio(work):
    return work["agent"]["total"] / work["bare"]["total"]


def sampled(work):
    """What samples add to a request, as a part of what it takes without."""
    return work["samples"]["total"] / work["agent"]["total"] - 1


def added(work):
    return ratio(work) - 1


# (title, requests a loop; 0: it is not HTTP)
WORKS = {
    "http": ("loopback GET and 200, one process", 1),
    "nginx": ("nginx `return 200` and wrk", 1),
    "head": ("request head of 4 KiB", 1),
    "pipeline": ("16 requests at once, answered one by one", 16),
    "write": ("body of 1 MiB, by send", 1),
    "sendfile": ("body of 1 MiB, by sendfile", 1),
    "redis": ("Redis's PING and PONG", 0),
    "bulk": ("64 KiB of no protocol", 0),
}
JUDGED = ("http", "nginx")


def more(work, variant):
    """What a variant adds to a loop; None: it was not measured."""
    return work[variant]["total"] - work["bare"]["total"] if variant in work else None


def number(value):
    return f"{value:9.0f}" if value is not None else f"{'-':>9}"


def show(kernel, works, baseline):
    print(f"Linux {kernel}: instructions, of the whole machine")
    print(f"  {'':40} {'bare':>9} {'floor':>9} {'hooks':>9} {'agent':>9} {'agent /':>8} {'/ the':>6} {'samples':>9}")
    print(f"  {'':40} {'':9} {'adds':>9} {'add':>9} {'adds':>9} {'floor':>8} {'GET':>6} {'add':>9}")
    minimal = more(works["http"], "agent")
    for name, (title, requests) in WORKS.items():
        if name not in works:
            continue
        work = works[name]
        floor, added = more(work, "floor"), more(work, "agent")
        over = f"{added / floor:8.2f}" if floor else f"{'-':>8}"
        times = f"{added / requests / minimal:6.2f}" if requests else f"{'-':>6}"
        print(f"  {title:40} {number(work['bare']['total'])} {number(floor)} "
              f"{number(more(work, 'hooks'))} {number(added)} {over} {times} "
              f"{number(more(work, 'samples') - added)}")
    for name in JUDGED:
        recorded = f"{ratio(baseline[name]):.4f}" if baseline else "none"
        print(f"  {WORKS[name][0]}: ratio to bare {ratio(works[name]):.4f}, recorded {recorded}; "
              f"samples add {100 * sampled(works[name]):.2f} %")
    agent = works["nginx"]["agent"]
    print(f"  of nginx's: server {works['nginx']['bare']['server']:.0f} bare, "
          f"{agent['server']:.0f} measured; the agent's own process {agent['agent']:.1f}")


def growth(kernel, works, baseline):
    """Sentences on what has grown too much."""
    if not baseline:
        return [f"Linux {kernel}: the baseline has no figures for it"]
    said = []
    for name in JUDGED:
        total = ratio(works[name]) / ratio(baseline[name]) - 1
        if total > TOTAL_GROWTH:
            said.append(f"Linux {kernel}, {name}: {100 * total:.1f} % more instructions a request "
                        f"than recorded, {100 * TOTAL_GROWTH:.0f} % are allowed")
    for name in JUDGED:
        if sampled(works[name]) > SAMPLES_ADD:
            said.append(f"Linux {kernel}, {name}: samples add {100 * sampled(works[name]):.1f} % to a request, "
                        f"{100 * SAMPLES_ADD:.0f} % are allowed")
    grown = added(works["http"]) / added(baseline["http"]) - 1
    if grown > ADDED_GROWTH:
        said.append(f"Linux {kernel}, http: the agent adds {100 * grown:.0f} % more than recorded, "
                    f"{100 * ADDED_GROWTH:.0f} % are allowed")
    return said


def main(args):
    check = args[:1] == ["--check"]
    baseline_path, out_path, *logs = args[check:]
    with open(baseline_path, encoding="utf-8") as file:
        baseline = json.load(file)
    out, said = {}, []
    for path in logs:
        kernel = path.rsplit("-", 1)[1]
        works, tls, http2 = read(path)
        recorded = baseline.get(kernel, {})
        show(kernel, works, recorded)
        report_tls.show(tls, works, recorded.get("tls"))
        report_http2.show(http2, recorded.get("http2"))
        said += growth(kernel, works, recorded)
        said += report_tls.growth(kernel, tls, works, recorded.get("tls"))
        said += report_http2.growth(kernel, http2, recorded.get("http2"))
        out[kernel] = works | {"tls": tls, "http2": http2}
    with open(out_path, "w", encoding="utf-8") as file:
        json.dump(out, file, indent=1)
        file.write("\n")
    print(f"written to {out_path}")
    if check:
        for sentence in said:
            print(f"FAILED {sentence}")
        print(f"{len(logs) - len({s.split(':')[0].split(',')[0] for s in said})} passed, "
              f"{len({s.split(':')[0].split(',')[0] for s in said})} failed")
        sys.exit(bool(said))


main(sys.argv[1:])
