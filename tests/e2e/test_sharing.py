# SPDX-License-Identifier: GPL-2.0-only
"""One connection used by several threads, processes or descriptors is still one conversation."""
import os
import socket
import threading

import pytest

from framing_cases import FAKE
from harness import scaled
from rawhttp import Client
from wire import Port, get, read_exactly, reply


@pytest.fixture
def port():
    listening = Port()
    yield listening
    listening.close()


def in_child(work):
    """Runs work in a forked child and waits for it."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(pid, 0)[1] == 0


def test_reader_thread_and_writer_thread(agent, port):
    watch = agent.watch(port.port)
    wire, n = port.dial(), scaled(2000, 100)
    request, answer = get("/x", method="POST", body=FAKE), reply(200)
    ready = threading.Semaphore(0)

    def read():
        for _ in range(n):
            read_exactly(wire.server, len(request))
            ready.release()

    def write():
        for _ in range(n):
            ready.acquire()
            wire.server.sendall(answer)

    threads = [threading.Thread(target=read), threading.Thread(target=write)]
    for thread in threads:
        thread.start()
    for _ in range(n // 10):
        wire.client.sendall(request * 10)
        assert read_exactly(wire.client, len(answer) * 10) == answer * 10
    for thread in threads:
        thread.join()
    watch.expect({200: n})


def test_two_threads_take_turns(agent, port):
    watch = agent.watch(port.port)
    wire = port.dial()
    for i in range(20):
        thread = threading.Thread(target=lambda: wire.c(get(), 9).s(reply(200), 11))
        thread.start()
        thread.join()
    watch.expect({200: 20})


def test_child_answers_what_the_parent_read(agent, port):
    watch = agent.watch(port.port)
    wire = port.dial()
    for _ in range(5):
        wire.c(get()[:12])

        def rest():
            wire.c(get()[12:])
            wire.server.sendall(reply(404)[:9])
        in_child(rest)
        wire.server.sendall(reply(404)[9:])
        assert read_exactly(wire.client, len(reply(404))) == reply(404)
    watch.expect({404: 5})


def test_closing_one_of_two_descriptors_ends_nothing(agent, port):
    watch = agent.watch(port.port)
    wire = port.dial()
    wire.c(get())
    in_child(wire.server.close)
    os.close(os.dup(wire.server.fileno()))
    watch.expect({})
    wire.s(reply(200)).c(get()).s(reply(404))
    watch.expect({200: 1, 404: 1})


def test_descriptor_passed_in_mid_request(agent, port):
    """Half of the head is read here; another process gets the socket and reads and writes on."""
    watch = agent.watch(port.port)
    here, there = socket.socketpair(socket.AF_UNIX)
    wire = port.dial()
    pid = os.fork()
    if pid == 0:
        try:
            wire.server.close()
            _, fds, _, _ = socket.recv_fds(there, 10, 1)
            passed = socket.socket(fileno=fds[0])
            passed.settimeout(10)
            read_exactly(passed, len(get()) - 12)
            passed.sendall(reply(200))
            read_exactly(passed, len(get()))
            passed.sendall(reply(404)[:20])
            passed.sendall(reply(404)[20:])
            os._exit(0)
        finally:
            os._exit(1)
    wire.c(get()[:12])
    socket.send_fds(here, [b"x"], [wire.server.fileno()])
    wire.server.close()
    wire.client.sendall(get()[12:])
    assert read_exactly(wire.client, len(reply(200))) == reply(200)
    wire.client.sendall(get())
    assert read_exactly(wire.client, len(reply(404))) == reply(404)
    assert os.waitpid(pid, 0)[1] == 0
    watch.expect({200: 1, 404: 1})


def test_a_process_that_serves_itself_and_asks_others(agent, port, helpers, run_server):
    """A server that is also a client is counted for what it serves only."""
    backend = run_server([helpers / "httpd", 0, "thread", "read", "write"])
    behind, front = agent.watch(backend.port), agent.watch(port.port)
    wire = port.dial()
    for _ in range(3):
        wire.c(get())
        with Client(backend.port) as client:
            assert client.ask("/status/503")[0] == 503
        wire.s(reply(200))
    behind.expect({503: 3})
    front.expect({200: 3})
