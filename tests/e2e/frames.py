# SPDX-License-Identifier: GPL-2.0-only
"""HTTP/2 in bytes (RFC 9113, sections 4 and 6), and both ends of connections that speak it, for scripted order."""
import struct

import hpack

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITIZED = 0x1, 0x1, 0x4, 0x8, 0x20
NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, STREAM_CLOSED, REFUSED_STREAM, CANCEL = 0, 1, 2, 5, 7, 8
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, \
    _, _, ENABLE_CONNECT_PROTOCOL = range(1, 9)


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings(*pairs):
    return frame(SETTINGS, payload=b"".join(struct.pack(">HI", *pair) for pair in pairs))


SETTINGS_ACK = frame(SETTINGS, ACK)
PONG = frame(PING, ACK, payload=bytes(8))


def rst(stream, code=CANCEL):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def goaway(last, code=NO_ERROR, debug=b""):
    return frame(GOAWAY, 0, 0, struct.pack(">II", last, code) + debug)


def window_update(stream=0, more=1 << 20):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", more))


def dressed(payload, padding=None, priority=False):
    """(flags, payload) with padding of so many bytes, its length excluded, and a priority."""
    flags = 0
    if priority:
        flags, payload = flags | PRIORITIZED, struct.pack(">IB", 0x80000000, 200) + payload
    if padding is not None:
        flags, payload = flags | PADDED, bytes([padding]) + payload + b"\xff" * padding
    return flags, payload


def data(stream, body=b"", end=True, padding=None):
    flags, payload = dressed(body, padding)
    return frame(DATA, flags | (END_STREAM if end else 0), stream, payload)


def block(stream, fields, end=False, cuts=(), kind=HEADERS, first=b"", **dress):
    """A header block (encoded), its CONTINUATION frames cut at those places of it. `first`: before it in the frame."""
    pieces = [fields[a:b] for a, b in zip([0, *cuts], [*cuts, len(fields)])]
    flags, payload = dressed(first + pieces[0], **dress)
    frames = [frame(kind, flags | (END_STREAM if end else 0) | (0 if cuts else END_HEADERS), stream, payload)]
    frames += [frame(CONTINUATION, 0, stream, piece) for piece in pieces[1:-1]]
    if cuts:
        frames.append(frame(CONTINUATION, END_HEADERS, stream, pieces[-1]))
    return b"".join(frames)


def request(path="/", *fields, method="GET", scheme="http"):
    return [(":method", method), (":scheme", scheme), (":path", path), (":authority", "test"), *fields]


GRPC = (("content-type", "application/grpc"), ("te", "trailers"))


def message(body=b""):
    """Of gRPC, in DATA."""
    return struct.pack(">BI", 0, len(body)) + body


class Talk:
    """
    A connection of wire.Port in HTTP/2, both ends scripted: ask() and answer() say whole messages, c() and s() bytes.
    `cut` is how all bytes of both ends are cut into calls. `table` is what each end announces.
    """

    def __init__(self, port, cut=None, table=None, server_first=False, hello=True):
        self.wire, self.cut, self.stream = port.dial(), cut, -1
        self.client, self.server = hpack.Encoder(), hpack.Encoder()
        announced = settings(*([(HEADER_TABLE_SIZE, table)] if table is not None else []))
        if table is not None:
            self.client.header_table_size = self.server.header_table_size = table
        if not hello:
            return
        if server_first:
            self.s(announced).c(PREFACE + announced + SETTINGS_ACK).s(SETTINGS_ACK)
        else:
            self.c(PREFACE + announced).s(announced + SETTINGS_ACK).c(SETTINGS_ACK)

    def c(self, some):
        self.wire.c(some, self.cut)
        return self

    def s(self, some):
        self.wire.s(some, self.cut)
        return self

    def next_stream(self):
        self.stream += 2
        return self.stream

    def asking(self, path="/", *fields, body=None, stream=None, method="GET", end=True, trailers=None, **how):
        """(stream, bytes) of a request. end=False leaves it open."""
        stream = stream or self.next_stream()
        only = end and body is None and trailers is None
        some = block(stream, self.client.encode(request(path, *fields, method=method)), only, **how)
        if body is not None:
            some += data(stream, body, end and trailers is None)
        if trailers is not None:
            some += block(stream, self.client.encode(trailers), end)
        return stream, some

    def ask(self, *words, **how):
        """The stream of a request that is sent."""
        stream, some = self.asking(*words, **how)
        self.c(some)
        return stream

    def answering(self, stream, status=200, *fields, body=b"hello", end=True, trailers=None, **how):
        """Bytes of an answer. body None: there is no DATA."""
        head = self.server.encode([(":status", str(status)), *fields])
        some = block(stream, head, end and body is None and trailers is None, **how)
        if body is not None:
            some += data(stream, body, end and trailers is None)
        if trailers is not None:
            some += block(stream, self.server.encode(trailers), end)
        return some

    def answer(self, stream, *words, **how):
        return self.s(self.answering(stream, *words, **how))

    def call(self, path, status="0", body=b"x", more=()):
        """A unary gRPC call and its answer. status None: the server says none."""
        stream = self.ask(path, *GRPC, method="POST", body=message(body))
        trailers = [("x-end", "yes"), *([("grpc-status", status)] if status is not None else []), *more]
        return self.answer(stream, 200, ("content-type", "application/grpc"), body=message(body), trailers=trailers)

    def close(self):
        self.wire.close()
