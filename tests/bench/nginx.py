# SPDX-License-Identifier: GPL-2.0-only
"""nginx that serves a small file under wrk at full load: bare, with the floor, with the agent."""
import http.client
import os
import re
import time

import configs
import host
import pairs
import table
from host import Failed, Process
from variants import Agent, Attached, Variant

CLIENTS = 16
FILE_BYTES = 1024
CONF = """
daemon off;
worker_processes 1;
pid {dir}/nginx.pid;
error_log {dir}/error.log warn;
events {{ worker_connections 256; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    default_type text/plain;
    keepalive_requests 1000000000;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    server {{ listen 127.0.0.1:{port}{listen}; root {dir}/files; open_file_cache max=16; }}
    server {{ listen 127.0.0.1:{status_port}; location / {{ stub_status; }} }}
}}
"""


class Nginx:
    """One worker on the last CPU, wrk on the first: where the scheduler puts them is not timed.

    `listen`: what its configuration says behind the port; `options`: wrk's; `libraries`: where wrk has its own.
    """

    def __init__(self, bench, scheme="http", listen="", options=(), libraries=""):
        self.bench, self.port, self.status_port = bench, bench.nginx_port, bench.more_ports[0]
        self.scheme, self.options, self.libraries = scheme, options, libraries
        self.asked = 0
        directory = bench.directory / "nginx"
        (directory / "files").mkdir(parents=True, exist_ok=True)
        directory.chmod(0o755)
        (directory / "files" / "small").write_bytes(b"x" * FILE_BYTES)
        conf = directory / "nginx.conf"
        conf.write_text(CONF.format(dir=directory, port=self.port, status_port=self.status_port,
                                    listen=listen))
        self.wrk_cpu, cpu = host.end_cpus()
        self.process = Process(["taskset", "-c", cpu, host.tool("nginx"), "-e",
                                directory / "error.log", "-c", conf], bench.directory, "nginx")
        self.worker = self.process.await_true(self.find_worker)

    def find_worker(self):
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        with open(children, encoding="ascii") as file:
            pids = file.read().split()
        return pids and self.answers() and int(pids[0])

    def answers(self):
        try:
            self.served()
            return True
        except OSError:
            return False

    def served(self):
        """Requests it has read in all, those for this number not included."""
        connection = http.client.HTTPConnection("127.0.0.1", self.status_port, timeout=5)
        try:
            connection.request("GET", "/")
            text = connection.getresponse().read().decode()
        finally:
            connection.close()
        self.asked += 1
        return int(text.split("\n")[2].split()[2]) - self.asked

    def wrk(self):
        script = host.ROOT / "tests" / "bench" / "wrk.lua"
        out = host.run(["taskset", "-c", self.wrk_cpu, "wrk", "-t", 1, "-c", CLIENTS, "-d",
                        self.bench.wrk_seconds, "-s", script, *self.options,
                        f"{self.scheme}://127.0.0.1:{self.port}/small"],
                       env=os.environ | {"LD_LIBRARY_PATH": str(self.libraries)})
        answered, took_us, failed, p50, p99 = \
            map(float, re.search(r"^result (.*)$", out, re.M).group(1).split())
        if failed:
            raise Failed(f"wrk: {failed} requests failed: {out}")
        return {"requests": answered, "took_us": took_us, "p50_us": p50, "p99_us": p99}

    def sample(self, variant):
        """One run. The agent must have counted exactly what nginx has read."""
        variant.attach()
        served = self.served()
        nginx_ns, agent_ns = host.cpu_ns(self.worker), variant.cpu_ns()
        sample = self.wrk()
        sample |= {"variant": variant.name, "nginx_ns": host.cpu_ns(self.worker) - nginx_ns,
                   "agent_ns": variant.cpu_ns() - agent_ns}
        time.sleep(0.1)  # what wrk had asked when it stopped
        sample["served"] = self.served() - served
        # wrk resets what is under way in the end: with handshakes, before nginx has read it
        unread = CLIENTS if self.scheme == "https" else 0
        variant.check_counted(sample["served"], unread)
        variant.detach()
        return sample


FIGURES = {
    "requests_per_second": ("requests a second", 0, lambda s: s["requests"] / s["took_us"] * 1e6),
    "p50_us": ("p50, us", 0, lambda s: s["p50_us"]),
    "p99_us": ("p99, us", 0, lambda s: s["p99_us"]),
    "nginx_cpu_s_a_million": ("nginx CPU s a million", 2,
                              lambda s: s["nginx_ns"] / s["served"] / 1e3),
}


def measure(bench):
    """Item 2."""
    for name in ("nginx", "wrk", "taskset"):
        if not host.tool(name):
            host.leave_out(f"nginx under wrk: {name} is not installed: scripts/setup.sh test")
            return {}
    agent = Agent(bench.directory, configs.plain(bench.nginx_port))
    floor = Attached(bench.directory, "floor", "empty programs (floor)", "empty",
                     ["empty_send", "empty_recv"])
    measured = [agent] if floor.missing() else [floor, agent]
    plan = pairs.sequence(bench.pairs, Variant(bench.directory), measured)
    nginx, samples = Nginx(bench), []
    for i, variant in enumerate(plan):
        host.progress(f"nginx: {i + 1} of {len(plan)}, {variant.title}")
        samples.append(nginx.sample(variant))
    nginx.process.stop()

    out = {name: pairs.compare(samples, value) for name, (_, _, value) in FIGURES.items()}
    table.heading(f"nginx, a file of {FILE_BYTES} bytes, one worker, wrk with {CLIENTS} "
                  f"connections, {bench.wrk_seconds} s")
    for name, (unit, digits, _) in FIGURES.items():
        table.comparison(unit, out[name], {v.name: v.title for v in measured}, digits)
    measured = [s for s in samples if s["variant"] == "agent"]
    out["agent_cpu_s_a_million"] = pairs.spread([s["agent_ns"] / s["served"] / 1e3
                                                 for s in measured])
    out["agent_core_ratio"] = pairs.spread([s["agent_ns"] / s["took_us"] / 1e3 for s in measured])
    print(f"  agent's own CPU: {out['agent_cpu_s_a_million']['median']:.4f} s a million requests, "
          f"{100 * out['agent_core_ratio']['median']:.3f} % of a core")
    out["samples"] = samples
    return out
