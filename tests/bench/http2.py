# SPDX-License-Identifier: GPL-2.0-only
"""HTTP/2 and gRPC on one connection, by h2load: bare and with the agent, in turn. HTTP/1.1 by the same, beside it.

What is compared is the CPU time of both ends a request. The server has the last CPU, h2load the first.
"""
import re
import resource
import socket

import configs
import host
import pairs
import table
from host import Failed, Process
from nginx import Nginx
from variants import Agent, Variant

PATH = "shop.Cart/Add"
MESSAGE = b"\0\0\0\0\4\x08\1\x10\2"
# work: its title, h2load's options
WORKS = {
    "h1": ("HTTP/1.1, the same client and server", ["--h1"]),
    "one": ("HTTP/2, one stream at a time", []),
    "many": ("HTTP/2, 100 streams at a time", ["-m", "100"]),
    "grpc": ("gRPC, unary, one at a time", ["-H", "content-type: application/grpc", "-H", "te: trailers"]),
}


class Grpc:
    """nghttpd, which answers each call with a message and a status behind it."""

    def __init__(self, bench):
        self.port, files = bench.nginx_port, bench.directory / "grpc"
        (files / PATH).parent.mkdir(parents=True, exist_ok=True)
        (files / PATH).write_bytes(MESSAGE)
        self.message = files / PATH
        self.process = Process(["taskset", "-c", host.end_cpus()[1], host.tool("nghttpd"), "--no-tls",
                                "-a", "127.0.0.1", "-d", files, "--trailer=grpc-status: 0", self.port],
                               bench.directory, "nghttpd")
        self.process.await_true(self.answers)
        self.worker = self.process.pid

    def answers(self):
        with socket.socket() as probe:
            return not probe.connect_ex(("127.0.0.1", self.port))


def ask(server, work, requests):
    """Requests a second, and what the client's CPU time was."""
    path, options = ("small", []) if work != "grpc" else (PATH, ["-d", server.message])
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = host.run(["taskset", "-c", host.end_cpus()[0], "h2load", "-n", requests, "-c", 1, "-t", 1, *options,
                    *WORKS[work][1], f"http://127.0.0.1:{server.port}/{path}"])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if not re.search(rf"^requests: .* {requests} succeeded, 0 failed", out, re.M):
        raise Failed(f"h2load: {out}")
    return float(re.search(r"^finished in .*, ([0-9.]+) req/s", out, re.M).group(1)), \
        (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e9


def sample_of(server, work, requests, variant):
    variant.attach()
    ns = host.cpu_ns(server.worker)
    rate, client_ns = ask(server, work, requests)
    sample = {"variant": variant.name, "rate": rate, "server_ns": (host.cpu_ns(server.worker) - ns) / requests,
              "client_ns": client_ns / requests}
    variant.check_counted(requests)
    variant.detach()
    return sample


def measure_work(bench, work, server, agent):
    requests = max(1000, int(ask(server, work, 1000)[0] * bench.wrk_seconds / 4))
    plan, samples = pairs.sequence(2 * bench.pairs, Variant(bench.directory), [agent]), []
    for i, variant in enumerate(plan):
        host.progress(f"http2, {work}: {i + 1} of {len(plan)}, {variant.title}")
        samples.append(sample_of(server, work, requests, variant))
    out = {"cpu_ns": pairs.compare_times(samples, lambda s: s["server_ns"] + s["client_ns"]),
           "server_ns": pairs.compare_times(samples, lambda s: s["server_ns"]),
           "requests_per_second": pairs.compare(samples, lambda s: s["rate"]), "samples": samples}
    table.heading(f"{WORKS[work][0]}, {requests} requests on one connection")
    for name, unit in {"cpu_ns": "CPU ns, both ends", "server_ns": "of the server",
                       "requests_per_second": "requests a second"}.items():
        table.comparison(unit, out[name], {agent.name: agent.title})
    return out


def measure(bench):
    for name in ("nginx", "h2load", "nghttpd", "taskset"):
        if not host.tool(name):
            host.leave_out(f"HTTP/2: {name} is not installed: scripts/setup.sh test")
            return {}
    agent, out = Agent(bench.directory, configs.http2(bench.nginx_port)), {}
    for work in WORKS:
        server = Grpc(bench) if work == "grpc" else Nginx(bench, listen="" if work == "h1" else " http2")
        out[work] = measure_work(bench, work, server, agent)
        server.process.stop()
    return out
