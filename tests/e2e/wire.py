# SPDX-License-Identifier: GPL-2.0-only
"""Both ends of real TCP connections in one thread, so that every call happens in a known order.

`c` says bytes from the client and `s` from the server; the other end has read them all when the
call returns. How a message is cut into calls is up to the test.
"""
import socket
import struct

from harness import SLOW, free_port

TIMEOUT_S = 10 * SLOW


def hard_close(sock):
    """Closes with a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def read_exactly(sock, n, step=None):
    data = b""
    while len(data) < n:
        part = sock.recv(min(step or n, n - len(data)))
        assert part, f"closed after {len(data)} of {n} bytes"
        data += part
    return data


def cut(data, how):
    """Pieces of data: how is None (whole), a size, or a list of places to cut at."""
    if not how:
        return [data]
    places = range(how, len(data), how) if isinstance(how, int) else how
    places = [0, *places, len(data)]
    return [data[a:b] for a, b in zip(places, places[1:]) if b > a]


class Port:
    """A listening server socket, of which connections are made. Its port is its own in this session."""

    def __init__(self, port=None):
        self.listener = socket.create_server(("127.0.0.1", port or free_port()), backlog=1024)
        self.port = self.listener.getsockname()[1]
        self.wires = []

    def dial(self):
        wire = Wire(self)
        self.wires.append(wire)
        return wire

    def close(self):
        for wire in self.wires:
            wire.close()
        self.listener.close()


class Wire:
    def __init__(self, port):
        self.client = socket.create_connection(port.listener.getsockname(), TIMEOUT_S)
        self.server, _ = port.listener.accept()
        self.server.settimeout(TIMEOUT_S)
        for end in (self.client, self.server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def c(self, data, how=None, read=None):
        """Client sends in pieces, each read by the server (in steps of `read`) before the next."""
        for piece in cut(data, how):
            self.client.sendall(piece)
            assert read_exactly(self.server, len(piece), read) == piece
        return self

    def s(self, data, how=None):
        """Server sends in pieces; the client has read all of it in the end."""
        for piece in cut(data, how):
            self.server.sendall(piece)
            assert read_exactly(self.client, len(piece)) == piece
        return self

    def close(self):
        """Server first, then client: what a server does after its last answer."""
        self.server.close()
        self.client.close()


def head(status=200, *fields, version="HTTP/1.1"):
    return "\r\n".join([f"{version} {status} Said", *fields, "", ""]).encode()


def reply(status=200, body=b"hello", *fields):
    return head(status, f"Content-Length: {len(body)}", *fields) + body


def get(path="/", *fields, method="GET", body=None):
    lines = [f"{method} {path} HTTP/1.1", "Host: test", *fields]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


def chunked(*chunks, extension=b"", trailers=b""):
    return b"".join(b"%x%s\r\n%s\r\n" % (len(c), extension, c) for c in chunks if c) \
        + b"0" + extension + b"\r\n" + trailers + b"\r\n"
