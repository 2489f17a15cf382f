# SPDX-License-Identifier: GPL-2.0-only
"""Connections that OpenSSL hands to the kernel (kTLS) are counted by the plaintext of their sockets, and not twice."""
import pathlib
import shutil
import subprocess

import pytest

from harness import scaled, tool, wait_until
from nginx import Nginx
from tls import VERSIONS, answers, blind, certificate, counted_from, dial
from wire import get

CONFIG = "agent: {interval: 1s}\ntls: servers\n"
STAT = pathlib.Path("/proc/net/tls_stat")
OPTIONS = "ssl_protocols TLSv1.2 TLSv1.3; ssl_conf_command Options KTLS;"


@pytest.fixture(autouse=True)
def has_ktls():
    if shutil.which("modprobe"):
        subprocess.run(["modprobe", "tls"], check=False, capture_output=True)
    if not STAT.exists():
        pytest.skip("this kernel has no TLS of its own (CONFIG_TLS)")


@pytest.fixture
def shown(agent):
    if agent.real and agent.status()["agent"]["hook"] != "tracepoint":
        pytest.skip("this kernel does not show what it encrypts: see test_what_is_not_shown_is_named")


def handed_over():
    """Connections so far, by direction: (sent, received)."""
    counts = dict(line.split() for line in STAT.read_text().splitlines())
    return int(counts["TlsTxSw"]), int(counts["TlsRxSw"])


class Handed:
    """Inside, what connections do goes through the kernel: their receiving side, too, with TLS 1.2."""

    def __init__(self, version):
        self.version = version

    def __enter__(self):
        self.before = handed_over()

    def __exit__(self, failed, *_):
        sent, received = (now - then for now, then in zip(handed_over(), self.before))
        assert failed or sent
        assert failed or (received > 0) == (self.version == "1.2")


@pytest.fixture
def server(helpers, tmp_path, run_server):
    return run_server([helpers / "tlsd", 0, "ktls", *certificate(tmp_path)])


@pytest.mark.usefixtures("shown")
@pytest.mark.parametrize("version", VERSIONS)
def test_each_request_counts_once(agent, server, version):
    watch, before = counted_from(agent, server.port), blind(agent, server.port)
    with Handed(version), dial(server.port, version) as sock:
        for path in ("/", "/status/404", "/bytes/50000", "/file/70000", "/file/1", "/status/503"):
            sock.sendall(get(path))
            answers(sock, 1)
        sock.sendall(get() * 5)
        assert answers(sock, 5) == [200] * 5
        sock.sendall(get(method="POST", body=b"x" * 100000))
        assert answers(sock, 1) == [200]
        for byte in get():
            sock.sendall(bytes([byte]))
        assert answers(sock, 1) == [200]
    watch.expect({200: 11, 404: 1, 503: 1})
    assert blind(agent, server.port) == before


@pytest.mark.usefixtures("shown")
@pytest.mark.parametrize("version", VERSIONS)
def test_nginx_sends_files(agent, tmp_path, version):
    nginx = Nginx(tmp_path / "nginx", "files", tls=OPTIONS)
    try:
        watch = counted_from(agent, nginx.port)
        with Handed(version), dial(nginx.port, version) as sock:
            for size in (5, 3000, 100000):
                sock.sendall(get(f"/bytes/{size}"))
                assert answers(sock, 1) == [200]
            sock.sendall(get("/bytes/100000") * 3 + get("/none"))
            assert answers(sock, 4) == [200, 200, 200, 404]
        watch.expect({200: 6, 404: 1})
    finally:
        nginx.stop()


@pytest.mark.usefixtures("shown")
def test_many_at_once(agent, tmp_path):
    nginx = Nginx(tmp_path / "nginx", tls=OPTIONS)
    n = scaled(5000)
    try:
        watch = counted_from(agent, nginx.port)
        for keep in ([], ["-k"]):
            out = subprocess.run([tool("ab"), "-q", *keep, "-n", str(n), "-c", "8",
                                  f"https://127.0.0.1:{nginx.port}/"], check=True,
                                 capture_output=True, timeout=250).stdout.decode()
            assert "Non-2xx" not in out, out
        watch.expect({200: 2 * n})
    finally:
        nginx.stop()


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_not_shown_is_named(agent, server, version):
    """Before Linux 6.3. Nothing of these connections counts, though probes tell what is inside."""
    if not agent.real or agent.status()["agent"]["hook"] == "tracepoint":
        pytest.skip("this kernel shows what it encrypts")

    watch = agent.watch(server.port)
    for n in range(1, 20):
        with Handed(version), dial(server.port, version) as sock:
            for path in ("/", "/file/70000"):
                sock.sendall(get(path))
                assert answers(sock, 1) == [200]
        assert wait_until(lambda n=n: blind(agent, server.port) == {"tls_in_kernel": n})
    watch.expect({})
