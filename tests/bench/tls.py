# SPDX-License-Identifier: GPL-2.0-only
"""nginx over TLS under wrk: bare, with the agent, and with probes as they are usually placed.

The usual ones are on the exported SSL_read and SSL_write, at their entry and (uretprobe) at their return.
Kept alive, a request is one read and one write; closed, it has a handshake of its own.
"""
import configs
import host
import pairs
import table
from host import Process
from nginx import Nginx
from variants import Agent, Bpftrace, Variant

LIBRARY = "/usr/lib/x86_64-linux-gnu/libssl.so.3"
LISTEN = """ ssl; ssl_protocols TLSv1.3; ssl_certificate {dir}/cert.pem;
    ssl_certificate_key {dir}/key.pem; ssl_session_tickets off; ssl_session_cache off;
    keepalive_timeout {keepalive}"""
WORK = {
    "keep-alive": {"keepalive": 60, "options": ()},
    "close": {"keepalive": 0, "options": ("-H", "Connection: close")},
}


class Usual(Bpftrace):
    """Counts the calls that succeed, and looks at what they pass."""

    name, title = "usual", "usual probes"

    def attach(self):
        script = host.ROOT / "tests" / "bench" / "usual_tls.bt"
        text = script.read_text(encoding="ascii").replace("LIBSSL", LIBRARY)
        at = self.directory / "usual_tls.bt"
        at.write_text(text, encoding="ascii")
        self.process = Process(["unshare", "-m", "sh", "-c", self.shell, at], self.directory,
                               "bpftrace")
        self.process.await_true(lambda: self.process.output().count('"attached') > 1)

    def detach(self):
        self.process.stop()
        self.process = None


def make_certificate(directory):
    host.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
              "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", directory / "key.pem",
              "-out", directory / "cert.pem"])


def measure_work(bench, name, measured):
    work = WORK[name]
    nginx = Nginx(bench, "https", LISTEN.format(dir=bench.directory, keepalive=work["keepalive"]),
                  work["options"])
    plan, samples = pairs.sequence(bench.pairs, Variant(bench.directory), measured), []
    for i, variant in enumerate(plan):
        host.progress(f"tls, {name}: {i + 1} of {len(plan)}, {variant.title}")
        samples.append(nginx.sample(variant))
    nginx.process.stop()

    out = {"cpu_us": pairs.compare_times(samples, lambda s: s["nginx_ns"] / s["served"] / 1e3),
           "requests_per_second": pairs.compare(samples,
                                                lambda s: s["requests"] / s["took_us"] * 1e6)}
    titles = {v.name: v.title for v in measured}
    table.heading(f"nginx over TLS 1.3, {name}, one worker, {bench.wrk_seconds} s")
    table.comparison("nginx CPU us a request", out["cpu_us"], titles, 2)
    table.comparison("requests a second", out["requests_per_second"], titles)
    out["agent_over_usual"] = pairs.added_over(
        samples, lambda s: s["nginx_ns"] / s["served"], "agent", "usual")
    out["samples"] = samples
    return out


def measure(bench):
    for name in ("nginx", "wrk", "taskset", "openssl"):
        if not host.tool(name):
            host.leave_out(f"nginx over TLS: {name} is not installed: scripts/setup.sh test")
            return {}
    make_certificate(bench.directory)
    measured = [Agent(bench.directory, configs.plain(bench.nginx_port))]
    missing = Usual.missing()
    if missing:
        host.leave_out(f"usual probes of TLS: bpftrace: {missing}")
    else:
        measured.append(Usual(bench.directory))
    return {name: measure_work(bench, name, measured) for name in WORK}
