# SPDX-License-Identifier: GPL-2.0-only
"""A server that speaks TLS as a test tells it (servers/tls_scripted.c), and its clients."""
import contextlib
import re
import socket
import ssl

from harness import SLOW, Server, wait_until
from tls import certificate, client_context
from wire import get


class Inner:
    """A client's TLS inside of another one's plaintext."""

    def __init__(self, outer):
        self.outer = outer
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = client_context().wrap_bio(self.incoming, self.outgoing, server_hostname="inner")
        self.until(self.tls.do_handshake)
        self.flush()

    def until(self, call):
        while True:
            try:
                return call()
            except ssl.SSLWantReadError:
                self.flush()
                self.incoming.write(self.outer.recv(65536))

    def flush(self):
        sent = self.outgoing.read()
        if sent:
            self.outer.sendall(sent)

    def sendall(self, data):
        self.tls.write(data)
        self.flush()

    def recv(self, n):
        return self.until(lambda: self.tls.read(n))


class Scripted:
    def __init__(self, helpers, directory, program="tls_scripted"):
        self.control, its = socket.socketpair()
        self.control.settimeout(20 * SLOW)
        self.lines = self.control.makefile()
        with its:
            argv = [helpers / program, its.fileno(), *certificate(directory)]
            self.server = Server(argv, pass_fds=[its.fileno()])
        self.port = self.server.port
        self.clients = {}

    def tell(self, command):
        self.control.sendall(command.encode() + b"\n")

    def said(self, may_fail=False):
        """The number that the answer has."""
        line = self.lines.readline()
        assert may_fail or line.startswith("ok"), line or self.server.output()
        return line.startswith("ok") and int(line.split()[1])

    def do(self, *commands):
        for command in commands:
            self.tell(command)
            said = self.said()
        return said

    def fails(self, command):
        self.tell(command)
        return self.said(may_fail=True) is False

    def dial(self, n, port=None):
        """A connection, as socket n of the server."""
        self.tell(f"accept {n}")
        sock = socket.create_connection(("127.0.0.1", port or self.port), 20 * SLOW)
        self.said()
        return sock

    def shake(self, n, sock, version=None, thread="", context=None):
        """The handshake with object n."""
        self.tell(f"{thread}shake {n}")
        context = context or client_context(version)
        self.clients[n] = context.wrap_socket(sock, server_hostname="localhost")
        self.said()
        return self.clients[n]

    def connect(self, n, kind="fd", version=None, make="object"):
        """A connection, as socket n and object n of the server."""
        sock = self.dial(n)
        self.do(f"{make} {n} {kind} {n}")
        return self.shake(n, sock, version)

    def ask(self, n, status=200, step=4096, client=None, total=None):
        client = client or self.clients[n]
        client.sendall(get())
        self.do(f"request {n} {step}", f"answer {n} {status} 10")
        assert answered(client) == status
        if total is not None:
            total[status] = total.get(status, 0) + 1

    def close(self, *numbers):
        """Of connections: the server's objects and sockets first."""
        for n in numbers:
            self.do(f"free {n}", f"close {n}")
            self.clients.pop(n).close()

    def stop(self):
        for client in self.clients.values():
            with contextlib.suppress(OSError):
                client.close()
        self.lines.close()
        self.control.close()
        self.server.stop()


def answered(client, count=1):
    """The status of so many answers, read to their ends: the last one's."""
    got = b""
    while True:
        head = re.match(rb"HTTP/1.1 (\d+)(?s:.)*?Content-Length: (\d+)\r\n\r\n", got)
        if head and len(got) >= head.end() + int(head[2]):
            got, count = got[head.end() + int(head[2]):], count - 1
            if not count:
                assert not got
                return int(head[1])
            continue
        more = client.recv(65536)
        assert more, got[:300]
        got += more


def blind(agent, port):
    """{reason: connections} of the port."""
    if not agent.real:
        return {}
    return {row["reason"]: row["connections"] for row in agent.status()["coverage"]["blind"]
            if row["port"] == port}


def probed(agent, scripted):
    """Until what the server speaks TLS with is probed: both libraries. A watch from then on."""
    if not agent.real:
        return agent.watch(scripted.port)
    for kind in ("fd", "gnutls"):
        def counted(kind=kind):
            watch = agent.watch(scripted.port)
            scripted.connect(9, kind)
            scripted.ask(9)
            scripted.close(9)
            return wait_until(lambda: watch.delta()["requests"] == 1, 0.3)

        assert wait_until(counted, 15, 0.1), agent.status()
    return agent.watch(scripted.port)
