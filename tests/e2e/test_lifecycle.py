# SPDX-License-Identifier: GPL-2.0-only
"""A start that fails says why in a sentence; a stop leaves nothing behind."""
import ctypes
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

import pytest

from harness import BUILD, LIBC, SLOW, UnixHTTP, long_one, tool, wait_until
from kernel_conns import NR_BPF
from wire import Port, get, reply


@pytest.fixture(autouse=True)
def agent_only(request):
    if request.config.getoption("--selftest"):
        pytest.skip("selftest: this is all the agent's")


def run(argv):
    return subprocess.run([str(a) for a in argv], capture_output=True, text=True, check=False,
                          timeout=30 * SLOW)


def one_sentence(out):
    """Exit code 1 and one line that says something."""
    assert out.returncode == 1, out.stderr
    lines = out.stderr.strip().splitlines()
    assert len(lines) == 1 and len(lines[0].split()) >= 4, out.stderr
    return lines[0]


NEXT_ID = {"prog": 11, "map": 12, "link": 31}  # commands of bpf(2)


def bpf_objects():
    """Ids. None is opened: the kernel never frees a map of programs that is opened by its id just as its last owner ends."""
    found = {kind: set() for kind in NEXT_ID}
    for kind, command in NEXT_ID.items():
        attr = ctypes.create_string_buffer(128)
        while LIBC.syscall(NR_BPF, command, attr, len(attr)) == 0:
            number, = struct.unpack_from("I", attr, 4)
            found[kind].add(number)
            struct.pack_into("I", attr, 0, number)
    return found


def named(objects):
    return {kind: [o for o in json.loads(subprocess.check_output([tool("bpftool"), "-j", kind, "list"]) or "[]")
                   if o["id"] in numbers] for kind, numbers in objects.items()}


@pytest.mark.parametrize("sig", [signal.SIGTERM, long_one(signal.SIGINT)])
def test_a_stop_leaves_nothing(start_agent, sig):
    before, fs = bpf_objects(), set(os.listdir("/run"))
    agent = start_agent()
    assert bpf_objects()["prog"] - before["prog"], "no program was loaded"
    port = Port()
    wire = port.dial().c(get()).s(reply(200)).c(get())
    assert agent.service(port.port)["requests"] == 1
    process, agent.process = agent.process, None
    start = time.monotonic()
    assert process.stop(sig) == 0
    assert time.monotonic() - start < 5 * SLOW
    assert not agent.socket.exists()
    def left():
        return {k: v - before[k] for k, v in bpf_objects().items()}

    # the kernel frees programs and maps after a grace period
    assert wait_until(lambda: not any(left().values()), 5), named(left())
    assert set(os.listdir("/run")) <= fs | {"sliprobe"}
    wire.s(reply(200)).c(get()).s(reply(200))
    port.close()


def test_in_the_background(tmp_path):
    """The command ends once it counts; SIGTERM ends what it left; relative paths stay valid."""
    (tmp_path / "c.yaml").write_text("services: [{name: bg, match: {port: 1}}]\n")
    argv = [BUILD / "sliprobed", "--config", "c.yaml", "--socket", "s.sock", "--state-dir", "."]
    started = subprocess.run(argv, cwd=tmp_path, capture_output=True, timeout=30 * SLOW, check=True)
    assert b"counting" in started.stderr
    conn = UnixHTTP(tmp_path / "s.sock", 10 * SLOW)
    conn.request("POST", "/v1/reload")
    assert conn.getresponse().status == 200
    pid = struct.unpack("iii", conn.sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
    conn.close()
    refused = subprocess.run(argv, cwd=tmp_path, capture_output=True, timeout=30 * SLOW, check=False)
    assert refused.returncode == 1 and b"already running" in refused.stderr
    os.kill(pid, signal.SIGTERM)
    assert wait_until(lambda: not os.path.exists(f"/proc/{pid}"), 5)
    assert sorted(os.listdir(tmp_path)) == ["c.yaml", "lock", "samples", "sliprobe.db"]


def test_a_second_start_after_a_kill(start_agent):
    """kill -9 leaves the socket file; the next one takes its place."""
    agent = start_agent()
    agent.process.stop(signal.SIGKILL)
    agent.start()
    assert agent.get("/readyz")[0] == 200


def test_a_second_instance_is_refused(start_agent):
    agent = start_agent()
    said = one_sentence(run(agent.argv()))
    assert "running" in said or "in use" in said
    assert agent.get("/readyz")[0] == 200
    assert agent.socket.exists()


def test_counting_goes_on_after_a_restart(start_agent):
    port = Port()
    agent = start_agent()
    wire = port.dial().c(get()).s(reply(200))
    assert agent.service(port.port)["requests"] == 1
    agent.stop()
    wire.c(get()).s(reply(200))
    agent.start()
    wire.c(get()).s(reply(404))
    assert agent.service(port.port)["status"].get("404") == 1
    assert agent.status()["coverage"]["counted"] >= 1
    port.close()


@pytest.fixture
def as_nobody():
    """A function that runs a copy of the agent as nobody."""
    where = pathlib.Path(tempfile.mkdtemp(prefix="sliprobe-"))
    where.chmod(0o777)
    shutil.copy(BUILD / "sliprobed", where / "sliprobed")

    def start(*options):
        return run([tool("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups",
                    "--inh-caps=-all", "--bounding-set=-all", where / "sliprobed", "--foreground",
                    "--socket", where / "s.sock", "--state-dir", where / "state", *options])
    yield start
    shutil.rmtree(where)


def test_without_root(as_nobody):
    said = one_sentence(as_nobody())
    assert "root" in said or "CAP_" in said or "permission" in said.lower()


@pytest.mark.parametrize("options", [["--no-such-option"], ["--config"], ["stray"]])
def test_bad_options(options):
    out = run([BUILD / "sliprobed", *options])
    assert out.returncode in (1, 2) and out.stderr.strip()


def test_a_socket_that_cannot_be_made(tmp_path):
    one_sentence(run([BUILD / "sliprobed", "--foreground", "--socket", "/proc/no/such",
                      "--state-dir", tmp_path]))
    one_sentence(run([BUILD / "sliprobed", "--foreground", "--socket",
                      tmp_path / ("x" * 200), "--state-dir", tmp_path]))
