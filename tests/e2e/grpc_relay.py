# SPDX-License-Identifier: GPL-2.0-only
"""Between a client and a server of gRPC: the client's resets are kept back, and what the server sent is written down."""
import collections
import contextlib
import socket
import threading

import hpack

from frames import CONTINUATION, END_HEADERS, HEADERS, PADDED, PREFACE, PRIORITIZED, RST_STREAM
from grpc_servers import CODES


def exactly(sock, n):
    data = b""
    while len(data) < n:
        piece = sock.recv(n - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def frames_of(sock):
    """(kind, flags, stream, payload, the frame's bytes), until the connection ends."""
    try:
        while True:
            head = exactly(sock, 9)
            payload = exactly(sock, int.from_bytes(head[:3], "big"))
            yield head[3], head[4], int.from_bytes(head[5:], "big"), payload, head + payload
    except (EOFError, OSError):
        return


def bare(flags, payload):
    """A header block without what HEADERS may have around it."""
    if flags & PADDED:
        payload = payload[1:len(payload) - payload[0]]
    return payload[5:] if flags & PRIORITIZED else payload


class Relay:
    def __init__(self, port):
        """`sent`: by name of a status, how many calls the server ended with it."""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.to = self.listener.getsockname()[1], port
        self.sent = collections.Counter()
        self.socks, self.threads = [self.listener], []
        self.begin(self.accept)

    def begin(self, work, *arguments):
        self.threads.append(threading.Thread(target=work, args=arguments))
        self.threads[-1].start()

    def accept(self):
        try:
            client, _ = self.listener.accept()
        except OSError:
            return
        server = socket.create_connection(("127.0.0.1", self.to))
        self.socks += [client, server]
        self.begin(self.pass_requests, client, server)
        self.begin(self.pass_answers, server, client)

    def pass_requests(self, client, server):
        with contextlib.suppress(OSError):
            server.sendall(exactly(client, len(PREFACE)))
            for kind, _, _, _, whole in frames_of(client):
                if kind != RST_STREAM:
                    server.sendall(whole)
            server.shutdown(socket.SHUT_WR)

    def pass_answers(self, server, client):
        decoder, block = hpack.Decoder(), b""
        for kind, flags, _, payload, whole in frames_of(server):
            if kind in (HEADERS, CONTINUATION):
                block += bare(flags, payload) if kind == HEADERS else payload
                if flags & END_HEADERS:
                    fields, block = dict(decoder.decode(block)), b""
                    if "grpc-status" in fields:
                        self.sent[CODES[int(fields["grpc-status"])]] += 1
            with contextlib.suppress(OSError):  # the client may have gone
                client.sendall(whole)

    def stop(self):
        for sock in self.socks:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join()
        for sock in self.socks:
            sock.close()
