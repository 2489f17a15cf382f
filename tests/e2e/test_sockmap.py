# SPDX-License-Identifier: GPL-2.0-only
"""Connections whose bytes a BPF program carries past TCP: counts are exact, and times are the clock's."""
import contextlib
import ctypes
import os
import subprocess
import tempfile
import time

import pytest

from harness import SLOW, tool, user_space
from kernel_conns import OBJ_GET, UPDATE, bpf
from wire import Port, chunked, get, head, read_exactly, reply

pytestmark = user_space
DELETE = 3
CONFIG = """
agent: {interval: 1s}
services: [{name: mesh, match: {process: "python3"}}]
slos: [{name: quick, service: mesh, objective: 99, window: 7d, good: {latency: 100ms}}]
"""


class Mesh:
    """The program, and the sockets that it is for."""

    def __init__(self, helpers, program):
        if not (helpers / "sockmap.bpf.o").exists():
            pytest.skip("no clang when the helpers were built")
        self.pins = tempfile.mkdtemp(prefix="sliprobe-mesh-", dir="/sys/fs/bpf")
        self.tool("prog", "loadall", helpers / "sockmap.bpf.o", self.pins + "/programs", "pinmaps",
                  self.pins + "/maps")
        self.tool("prog", "attach", "pinned", f"{self.pins}/programs/{program}", "msg_verdict",
                  "pinned", self.pins + "/maps/sockets")
        name = ctypes.create_string_buffer(f"{self.pins}/maps/sockets".encode())
        self.fd = bpf(OBJ_GET, "QII", ctypes.addressof(name), 0, 0)

    @staticmethod
    def tool(*argv):
        subprocess.run([tool("bpftool"), *argv], check=True, capture_output=True)

    def close(self):
        os.close(self.fd)
        for top, dirs, files in os.walk(self.pins, topdown=False):
            for file in files:
                os.unlink(os.path.join(top, file))
            os.rmdir(top)

    def change(self, command, sock, key=None):
        key = ctypes.c_uint32(key or sock.getsockname()[1])
        value = ctypes.c_uint64(sock.fileno())
        at = ctypes.addressof(value) if command == UPDATE else 0
        bpf(command, "IIQQQ", self.fd, 0, ctypes.addressof(key), at, 0)

    def join(self, *socks):
        for sock in socks:
            self.change(UPDATE, sock)

    def join_as_sender(self, sock):
        """What it sends goes past TCP, but nothing is sent to it so."""
        self.change(UPDATE, sock, 100000)

    def leave(self, *socks):
        for sock in socks:
            self.change(DELETE, sock)


@pytest.fixture
def mesh(helpers):
    with contextlib.closing(Mesh(helpers, "past_tcp")) as made:
        yield made


@pytest.fixture
def port():
    with contextlib.closing(Port()) as listening:
        yield listening


@pytest.fixture
def books(agent):
    """What has come to the service and its SLO, and to the agent's errors, since the test began."""
    watch, slo, errors = agent.watch("mesh"), agent.slo("quick"), kernel_errors(agent)

    def expect(good, bad=0, **status):
        watch.expect({int(code[1:]): n for code, n in status.items()})
        now = agent.slo("quick")
        assert (now["good"] - slo["good"], now["bad"] - slo["bad"]) == (good, bad)
        assert kernel_errors(agent) == errors
    return expect


def kernel_errors(agent):
    return agent.status()["coverage"]["kernel_errors"]


def idle():
    time.sleep(0.3 * SLOW)


def ask(wire, status=200, slow=0.0):
    wire.c(get())
    time.sleep(slow)
    wire.s(reply(status))


def test_an_instant_answer_on_an_idle_connection(port, mesh, books):
    wire = port.dial()
    mesh.join(wire.client, wire.server)
    for _ in range(3):
        idle()
        ask(wire)
    wire.close()
    books(3, _200=3)


def test_a_slow_answer(port, mesh, books):
    wire = port.dial()
    mesh.join(wire.client, wire.server)
    ask(wire)
    ask(wire, 201, slow=0.2)
    ask(wire, 202)
    wire.close()
    books(2, 1, _200=1, _201=1, _202=1)


def test_into_the_mesh_and_out_of_it(port, mesh, books):
    wire = port.dial()
    for _ in range(3):
        ask(wire)
        idle()
        mesh.join(wire.client, wire.server)
        ask(wire, 201)
        ask(wire, 503, slow=0.15)
        idle()
        mesh.leave(wire.client, wire.server)
        idle()
        ask(wire, 202)
    wire.close()
    books(9, 3, _200=3, _201=3, _202=3, _503=3)


@pytest.mark.parametrize("end", ["client", "server"])
def test_one_direction_alone(port, mesh, books, end):
    """What this end sends goes past TCP; what the other one sends does not."""
    wire = port.dial()
    mesh.join_as_sender(getattr(wire, end))
    mesh.join(wire.server if end == "client" else wire.client)
    for _ in range(3):
        idle()
        ask(wire)
    wire.close()
    books(3, _200=3)


@pytest.mark.parametrize("how", [None, 7, 1000])
def test_bodies_and_pieces(port, mesh, books, how):
    wire = port.dial()
    mesh.join(wire.client, wire.server)
    body = b"x" * 20000 if how != 7 else b"x" * 200
    wire.c(get(method="POST", body=body), how).s(reply(201, body), how)
    wire.c(get() * 5).s(reply(200) * 2 + head(200, "Transfer-Encoding: chunked")
                        + chunked(body, body) + reply(404) * 2, how)
    wire.c(get()).s(reply(202)).close()
    books(7, _201=1, _200=3, _404=2, _202=1)


def test_held_back(helpers, port, books):
    """TCP goes on by more than a write, once what was held back is sent with it."""
    with contextlib.closing(Mesh(helpers, "held_back")) as mesh:
        wire = port.dial()
        mesh.join(wire.server)
        for _ in range(3):
            first, second = reply(200, b"x" * 200), reply(201, b"x" * 600)
            wire.c(get() * 2)
            wire.server.sendall(first)
            wire.server.sendall(second)
            assert read_exactly(wire.client, len(first + second)) == first + second
        wire.close()
        books(6, _200=3, _201=3)
