# SPDX-License-Identifier: GPL-2.0-only
"""Table and JSON of what vm_inside.sh has measured: vm_report.py [--check] BASELINE OUT LOG...

A LOG is named without its ".log", after its kernel: bench-6.12. --check exits 1 if a request has
become dearer than the baseline allows: its instructions by more than 3 %, or what the agent adds to
the loop by more than 10 %. Both relative to bare, so that another build of the kernel is no growth.
"""
import json
import sys

TOTAL_GROWTH, ADDED_GROWTH = 0.03, 0.10


def read(path):
    """Instructions a loop or a request, by variant: {"loop": {"bare": 1.0, ...}, "nginx": ...}."""
    loop, nginx = {}, {}
    with open(path + ".log", encoding="utf-8") as lines:
        for line in lines:
            words = line.split()
            if words[:1] == ["loop"]:
                loop[words[1]] = {"total": float(words[2])}
            elif words[:1] == ["nginx"]:
                requests, total, server, agent = map(float, words[2:])
                # the last of several counts: those before warm up
                nginx[words[1]] = {"total": total / requests, "server": server / requests,
                                   "agent": agent / requests}
    if set(loop) != {"bare", "empty", "agent"} and set(loop) != {"bare", "agent"} \
            or set(loop) != set(nginx):
        sys.exit(f"vm_report.py: {path}.log is not whole")
    return {"loop": loop, "nginx": nginx}


def ratio(work):
    return work["agent"]["total"] / work["bare"]["total"]


def added(work):
    return ratio(work) - 1


def show(kernel, works, baseline):
    print(f"Linux {kernel}: instructions, of the whole machine")
    print(f"  {'':34} {'bare':>9} {'floor':>9} {'measured':>9} {'ratio':>7} {'recorded':>9}")
    titles = {"loop": "loopback GET and 200, one process", "nginx": "nginx `return 200` and wrk"}
    for name, title in titles.items():
        work = works[name]
        floor = f"{work['empty']['total']:9.0f}" if "empty" in work else f"{'-':>9}"
        recorded = f"{ratio(baseline[name]):9.4f}" if baseline else f"{'-':>9}"
        print(f"  {title:34} {work['bare']['total']:9.0f} {floor} {work['agent']['total']:9.0f} "
              f"{ratio(work):7.4f} {recorded}")
    agent = works["nginx"]["agent"]
    print(f"  of nginx's: server {works['nginx']['bare']['server']:.0f} bare, "
          f"{agent['server']:.0f} measured; the agent's own process {agent['agent']:.1f}")


def growth(kernel, works, baseline):
    """Sentences on what has grown too much."""
    if not baseline:
        return [f"Linux {kernel}: the baseline has no figures for it"]
    said = []
    for name, work in works.items():
        total = ratio(work) / ratio(baseline[name]) - 1
        if total > TOTAL_GROWTH:
            said.append(f"Linux {kernel}, {name}: {100 * total:.1f} % more instructions a request "
                        f"than recorded, {100 * TOTAL_GROWTH:.0f} % are allowed")
    more = added(works["loop"]) / added(baseline["loop"]) - 1
    if more > ADDED_GROWTH:
        said.append(f"Linux {kernel}, loop: the agent adds {100 * more:.0f} % more than recorded, "
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
        out[kernel] = read(path)
        show(kernel, out[kernel], baseline.get(kernel))
        said += growth(kernel, out[kernel], baseline.get(kernel))
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
