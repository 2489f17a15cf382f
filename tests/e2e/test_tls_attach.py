# SPDX-License-Identifier: GPL-2.0-only
"""Libraries that come and go while TLS is measured: in another root, replaced on disk, used once."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading
import time

import pytest

from harness import LONG, SLOW, Server, descendants, tool, user_space, wait_until
from tls import answers, certificate, counted_from, dial
from tls_servers import TlsServer
from wire import get

pytestmark = user_space
CONFIG = "agent: {interval: 1s}\ntls: servers\n"
COME_AND_GO = 1000 if LONG else 12  # processes
AT_ONCE = 50 if LONG else 6


def bpftool(*argv):
    out = subprocess.run([tool("bpftool"), "-j", *argv], check=True, capture_output=True).stdout
    return json.loads(out or b"[]")


def libraries(program):
    """Paths of the libraries that it is started with."""
    out = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    return [pathlib.Path(path) for path in re.findall(r"(/\S+) \(", out)]


def ask(port, n, version=None):
    with dial(port, version) as sock:
        for _ in range(n):
            sock.sendall(get("/bytes/100"))
            assert answers(sock, 1) == [200]


@pytest.fixture
def files(tmp_path):
    tmp_path.chmod(0o755)
    return tmp_path, *certificate(tmp_path)


@pytest.fixture
def own_libssl(files, helpers):
    """Puts a library of its own into a directory, and starts a server that uses it."""
    at, cert, key = files
    source, = (path for path in libraries(helpers / "tlsd") if path.name.startswith("libssl."))

    def put(name):
        """What a package manager does: another file of the same name."""
        (at / name).mkdir(exist_ok=True)
        shutil.copy(source, at / "new")
        os.replace(at / "new", at / name / source.name)

    def start(name, port=0):
        return Server([helpers / "tlsd", port, "fd", cert, key],
                      env=dict(os.environ, LD_LIBRARY_PATH=str(at / name)))

    return put, start


def test_a_library_in_a_mount_namespace_of_its_own(agent, files, helpers, run_server):
    """No path of the host leads to it."""
    at, cert, key = files
    made, root = at / "made", at / "root"
    root.mkdir()
    for path in [*libraries(helpers / "tlsd"), helpers / "tlsd", cert, key]:
        to = made / (str(path)[1:] if path.parent != helpers and path.parent != at else path.name)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, to)
    server = run_server([tool("unshare"), "-m", "sh", "-c",
                         f"mount -t tmpfs none {root} && cp -a {made}/. {root} && "
                         f"exec {tool('chroot')} {root} /tlsd 0 fd /{cert.name} /{key.name}"])
    assert not any(root.iterdir())
    watch = counted_from(agent, server.port)
    for version in ("1.2", "1.3"):
        ask(server.port, 7, version)
    watch.expect({200: 14})


def test_a_library_replaced_on_disk(agent, own_libssl):
    """By its next process, at the same port, within a second of its first request."""
    put, start = own_libssl
    put("own")
    server = start("own")
    counted_from(agent, server.port)
    put("own")
    server.stop(9)
    server = start("own", server.port)
    try:
        begun = time.monotonic()
        watch = counted_from(agent, server.port)
        assert time.monotonic() - begun < 1 * SLOW
        ask(server.port, 11)
        watch.expect({200: 11})
    finally:
        server.stop(9)


class Held:
    """What the agent's helper holds, and the kernel for it."""

    def __init__(self, agent):
        self.agent, self.helper = agent, agent.status()["helper"]["pid"]
        self.maps = {m["name"]: m["id"] for m in bpftool("map", "list")
                     if m.get("name") in ("tls_conns", "tls_randoms", "tls_excerpts")}

    def descriptors(self):
        return sum(len(os.listdir(f"/proc/{worker}/fd")) for worker in descendants(self.helper))

    def now(self):
        return {"links": len(bpftool("link", "list")), "descriptors": self.descriptors(),
                "files": sorted(f["path"] for f in self.agent.status()["tls"]["files"]),
                **{name: len(bpftool("map", "dump", "id", str(number)))
                   for name, number in self.maps.items()}}


class Load(threading.Thread):
    """Requests to a server, until it is told to end."""

    def __init__(self, port):
        super().__init__()
        self.port, self.answered, self.failed, self.over = port, 0, None, False
        self.start()

    def run(self):
        while not self.over and not self.failed:
            out = subprocess.run([tool("ab"), "-q", "-k", "-n", "500", "-c", "8",
                                  f"https://127.0.0.1:{self.port}/"], check=False,
                                 capture_output=True, timeout=60 * SLOW, text=True).stdout
            if "Complete requests:      500\n" not in out or "Non-2xx" in out:
                self.failed = out
            self.answered += 500

    def end(self):
        self.over = True
        self.join()
        assert not self.failed, self.failed
        return self.answered


def come_and_go(agent, start, n):
    """n processes: each is probed, counts, and ends, every second one in the middle of a request."""
    running = [start(f"own{i}") for i in range(n)]
    for server in running:
        ask(server.port, 1)
    for i, server in enumerate(running):
        counted_from(agent, server.port)
        with dial(server.port) as sock:
            sock.sendall(get()[:-2 if i % 2 else None])
            server.stop(9 if i % 2 else 15)


def test_processes_that_come_and_go_leave_nothing(agent, files, helpers, own_libssl, tmp_path):
    """A thousand, if asked for: of executables and of libraries, while another server is under load."""
    _, cert, key = files
    put, start_with_library = own_libssl

    def start_static(_):
        return Server([helpers / "tlsd-static", 0, "bio", cert, key])

    def start_with_new_library(name):
        put(name)
        return start_with_library(name)

    busy = TlsServer("nginx", helpers, tmp_path / "busy")
    kept = start_with_new_library("kept")  # what it has besides is used by the others, too
    try:
        counted_from(agent, kept.port)
        watch = counted_from(agent, busy.port)
        held = Held(agent)
        before = held.now()
        load = Load(busy.port)
        try:
            for done in range(0, COME_AND_GO, AT_ONCE):
                library = LONG and done // AT_ONCE % 2
                come_and_go(agent, start_with_new_library if library else start_static, AT_ONCE)
        finally:
            answered = load.end()
        watch.expect({200: answered})
        assert wait_until(lambda: held.now() == before, 60, 0.2), (before, held.now())
        assert "signal" not in (tmp_path / "busy/nginx/error.log").read_text()
    finally:
        kept.stop(9)
        busy.stop()
