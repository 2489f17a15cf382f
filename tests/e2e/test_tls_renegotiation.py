# SPDX-License-Identifier: GPL-2.0-only
"""
Renegotiation of TLS 1.2, asked for by either end: the object has another random from then on, and nobody has seen it in
clear. A library over a descriptor shows in each call which socket is its own. One over memory does not.
"""
import ssl
import subprocess
import threading
import time

import pytest

from harness import tool, user_space
from test_tls_evil import CONFIG, Books, measures_tls  # noqa: F401
from tls_scripted import Scripted, answered
from wire import get

pytestmark = user_space
PROGRAMS = ["tls_scripted", "tls_scripted-1.1"]
KINDS = ["fd", "mem", "pair"]
N = 3


@pytest.fixture(params=PROGRAMS)
def books(request, agent, helpers, tmp_path):
    if not (helpers / request.param).exists():
        pytest.skip("there is no OpenSSL 1.1.1 here")
    server = Scripted(helpers, tmp_path, request.param)
    yield Books(agent, server)
    server.stop()


@pytest.mark.parametrize("kind", KINDS)
def test_without_it(books, kind):
    books.server.connect(0, kind, ssl.TLSVersion.TLSv1_2)
    for status in (200, 404, 200):
        books.ask(0, status)
    books.server.close(0)
    books.expect()


class Asking(threading.Thread):
    """A request of a client that may have to take part in a handshake first."""

    def __init__(self, client, status):
        super().__init__()
        self.client, self.status, self.got = client, status, None
        self.start()

    def run(self):
        self.client.sendall(get())
        self.got = answered(self.client)

    def answer(self, server):
        server.do("request 0 4096", f"answer 0 {self.status} 10")
        self.join()
        assert self.got == self.status


@pytest.mark.parametrize("kind", KINDS)
def test_the_server_asks_for_it(books, kind):
    """The client meets that before the first answer. It has done the handshake when it asks again."""
    books.server.connect(0, kind, ssl.TLSVersion.TLSv1_2)
    books.ask(0)
    for n in range(N if kind == "fd" else 1):
        books.server.do("renegotiate 0")
        for status in (210 + n, 220 + n):
            Asking(books.server.clients[0], status).answer(books.server)
            if status < 220 or kind == "fd":
                books.total[status] = 1
    books.server.close(0)
    books.expect(blind={} if kind == "fd" else {"tls_differs": 1})


@pytest.mark.parametrize("kind", KINDS)
def test_the_client_asks_for_it(books, kind):
    server = books.server
    server.tell("accept 0")
    client = subprocess.Popen([tool("openssl"), "s_client", "-tls1_2", "-connect", f"127.0.0.1:{server.port}"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        server.said()
        server.do(f"object 0 {kind} 0", "shake 0")
        for n in range(N if kind == "fd" else 1):
            for status, letter in ((210 + n, b""), (220 + n, b"R\n")):
                client.stdin.write(letter)
                client.stdin.flush()
                time.sleep(0.1 if letter else 0)
                client.stdin.write(get())
                client.stdin.flush()
                server.do("request 0 4096", f"answer 0 {status} 10")
                if not letter or kind == "fd":
                    books.total[status] = 1
    finally:
        client.kill()
        assert b"RENEGOTIATING" in client.communicate()[0]
    server.do("free 0", "close 0")
    books.expect(blind={} if kind == "fd" else {"tls_differs": 1})
