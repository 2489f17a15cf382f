# SPDX-License-Identifier: GPL-2.0-only
"""nginx over TLS under wrk: bare, with the agent, and with probes as they are usually placed.

The usual ones are on the exported SSL_read and SSL_write, at their entry and (uretprobe) at their return.
Kept alive, a request is one read and one write; closed, it has a handshake of its own. wrk has a copy of the
library, in which no probe is.
"""
import json
import pathlib
import re
import shutil

import configs
import host
import pairs
import table
from nginx import Nginx
from variants import Agent, Attached, Variant

LISTEN = """ ssl; ssl_protocols TLSv1.3; ssl_certificate {dir}/cert.pem;
    ssl_certificate_key {dir}/key.pem; ssl_session_tickets off; ssl_session_cache off;
    keepalive_timeout {keepalive}"""
WORK = {
    "keep-alive": {"keepalive": 60, "options": ()},
    "close": {"keepalive": 0, "options": ("-H", "Connection: close")},
}
COUNTING = pathlib.Path("/proc/sys/kernel/bpf_stats_enabled")
ENTRY_BYTES = 48  # of a hash table, beside key and value: see docs/cost.md
OF_A_CONNECTION = ("tls_conns", "tls_randoms", "tls_objects_all")


def make_certificate(directory):
    host.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
              "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", directory / "key.pem",
              "-out", directory / "cert.pem"])


def copy_library(directory):
    """The directory of a copy of wrk's libssl; "" if it has none of its own."""
    found = re.search(r"libssl\S* => (\S+)", host.run(["ldd", host.tool("wrk")]))
    if not found:
        return ""
    libraries = directory / "lib"
    libraries.mkdir(exist_ok=True)
    shutil.copy(found.group(1), libraries)
    return libraries


def shown(kind):
    return json.loads(host.run([host.tool("bpftool"), "-j", kind, "show"]))


def hits():
    """How often programs on libraries have run while the kernel counted it."""
    return sum(program.get("run_cnt", 0) for program in shown("prog")
               if program.get("name", "") in ("tls_enter", "tls_return") or
               program.get("name", "").startswith("usual_"))


def hits_a_request(nginx, variant):
    """In a run of its own: counting takes time."""
    variant.attach()
    COUNTING.write_text("1", encoding="ascii")
    try:
        before, served = hits(), nginx.served()
        nginx.wrk()
        return (hits() - before) / (nginx.served() - served)
    finally:
        COUNTING.write_text("0", encoding="ascii")
        variant.detach()


def connection_bytes(agent):
    """What the tables have of a TLS connection, beside the state of its socket, by table."""
    agent.attach()
    of = {m["name"]: ENTRY_BYTES + (m["bytes_key"] + 7) // 8 * 8 + (m["bytes_value"] + 7) // 8 * 8
          for m in shown("map") if m.get("name") in OF_A_CONNECTION}
    agent.detach()
    return of


def measure_work(bench, name, measured, libraries):
    work = WORK[name]
    nginx = Nginx(bench, "https", LISTEN.format(dir=bench.directory, keepalive=work["keepalive"]),
                  ("--timeout", "30s", *work["options"]), libraries)
    plan, samples = pairs.sequence(bench.pairs, Variant(bench.directory), measured), []
    for i, variant in enumerate(plan):
        host.progress(f"tls, {name}: {i + 1} of {len(plan)}, {variant.title}")
        samples.append(nginx.sample(variant))
    out = {"hits": {variant.name: hits_a_request(nginx, variant) for variant in measured}}
    nginx.process.stop()

    out["cpu_ns"] = pairs.compare_times(samples, lambda s: s["nginx_ns"] / s["served"])
    out["requests_per_second"] = pairs.compare(samples,
                                               lambda s: s["requests"] / s["took_us"] * 1e6)
    titles = {v.name: v.title for v in measured}
    table.heading(f"nginx over TLS 1.3, {name}, one worker, {bench.wrk_seconds} s")
    table.comparison("nginx CPU ns a request", out["cpu_ns"], titles)
    table.comparison("requests a second", out["requests_per_second"], titles)
    for variant in measured:
        print(f"  {variant.title}: {out['hits'][variant.name]:.2f} hits of probes a request")
    out["agent_over_usual"] = pairs.added_over(
        samples, lambda s: s["nginx_ns"] / s["served"], "agent", "usual")
    out["quiet_agent_over_usual"] = pairs.quiet_over(out["cpu_ns"], "agent", "usual")
    table.over("agent / usual probes", out["agent_over_usual"], out["quiet_agent_over_usual"])
    out["samples"] = samples
    return out


def measure(bench):
    for name in ("nginx", "wrk", "taskset", "openssl"):
        if not host.tool(name):
            host.leave_out(f"nginx over TLS: {name} is not installed: scripts/setup.sh test")
            return {}
    make_certificate(bench.directory)
    agent = Agent(bench.directory, configs.tls(bench.nginx_port))
    measured = [agent, Attached(bench.directory, "usual", "usual probes", "usual_tls")]
    libraries = copy_library(bench.directory)
    out = {name: measure_work(bench, name, measured, libraries) for name in WORK}
    out["connection_bytes"] = connection_bytes(agent)
    print(f"  tables have {sum(out['connection_bytes'].values())} bytes of a connection: " +
          ", ".join(f"{name} {n}" for name, n in out["connection_bytes"].items()))
    return out
