# SPDX-License-Identifier: GPL-2.0-only
"""Clients of HTTP/2: each returns {status: answers}, as they say it themselves."""
import collections
import re
import socket
import subprocess

import h2.config
import h2.connection
import h2.events

from counted import Books
from harness import SLOW, tool, wait_until
from tls import client_context


def url(port, secure, path=""):
    return f"http{'s' if secure else ''}://127.0.0.1:{port}{path}"


def h2load(port, secure, n, clients=1, streams=1, path="/index.html", status=200, seconds=None, more=()):
    """One path. With `seconds` it asks for so long, and `n` does not matter."""
    much = ["-D", str(seconds)] if seconds else ["-n", str(n)]
    out = subprocess.run([tool("h2load"), *much, "-c", str(clients), "-m", str(streams), "-t", str(min(clients, 2)),
                          *more, url(port, secure, path)], capture_output=True, text=True, timeout=300 * SLOW,
                         check=True).stdout
    total, done, failed = map(int, re.search(r"requests: (\d+) total, \d+ started, (\d+) done, \d+ succeeded, (\d+) ",
                                             out).groups())
    by_class = [int(k) for k in re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", out).groups()]
    assert failed == (done if status >= 400 else 0) and (seconds or done == total == n), out
    heads = sum(by_class)  # when its time is up, some may have come whose bodies have not
    assert by_class[status // 100 - 2] == heads and (heads >= done if seconds else heads == done), out
    return {status: done}


def curl(port, secure, paths, how="--http2-prior-knowledge", more=()):
    """
    Many streams on few connections, where `how` is --http2, which asks for it by ALPN or by Upgrade. By prior knowledge
    each has a connection of its own: curl 7.88 cannot use one again then.
    """
    apart = ["--parallel-immediate"] if how == "--http2-prior-knowledge" else []
    # a connection each until one is upgraded: a server may refuse a hundred at once
    most = "100" if secure or apart else "8"
    words = [word for path in paths for word in ("-o", "/dev/null", url(port, secure, path))]
    out = subprocess.run([tool("curl"), "-sk", how, "--parallel", "--parallel-max", most, "-w",
                          "%{http_code} %{http_version}\n", *more, *apart, *words], capture_output=True, text=True,
                         timeout=60 * SLOW, check=True).stdout
    answers = [line.split() for line in out.splitlines()]
    assert len(answers) == len(paths) and all(version == "2" for _, version in answers), out
    return dict(collections.Counter(int(status) for status, _ in answers))


def nghttp(port, secure, paths, more=()):
    out = subprocess.run([tool("nghttp"), "-n", "-s", *more, *(url(port, secure, path) for path in paths)],
                         capture_output=True, text=True, timeout=60 * SLOW, check=True).stdout
    statuses = re.findall(r"^ *\d+ +\+[\d.]+\w+ +\*? *\+[\d.]+\w+ +[\d.]+\w+ +(\d+) +\S+ /", out, re.M)
    assert len(statuses) == len(paths), out
    return dict(collections.Counter(map(int, statuses)))


class Http2Client:
    """A connection by python's h2: many streams at once, each ended as a test wants. `second`: the server has to speak first."""

    def __init__(self, port, secure=False, second=False):
        sock = socket.create_connection(("127.0.0.1", port), 30 * SLOW)
        if secure:
            context = client_context()
            context.set_alpn_protocols(["h2"])
            sock = context.wrap_socket(sock, server_hostname="localhost")
            assert sock.selected_alpn_protocol() == "h2"
        self.sock, self.scheme = sock, "https" if secure else "http"
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        first = self.sock.recv(65536) if second else b""
        self.h2.initiate_connection()
        self.h2.increment_flow_control_window(1 << 30)
        self.answers, self.ended, self.resets, self.bodies = {}, [], {}, collections.Counter()
        self.h2.receive_data(first)
        self.flush()

    def flush(self):
        self.sock.sendall(self.h2.data_to_send())

    def ask(self, path="/index.html", method="GET", body=None, fields=(), end=True):
        stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, [(":method", method), (":scheme", self.scheme), (":authority", "localhost"),
                                      (":path", path), *fields], end_stream=end and body is None)
        if body is not None:
            self.send(stream, body, end)
        self.flush()
        return stream

    def send(self, stream, body, end=True):
        while body:
            room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if not room:
                self.flush()
                self.read()
                continue
            self.h2.send_data(stream, body[:room], end_stream=end and room >= len(body))
            body = body[room:]
        self.flush()

    def reset(self, stream, code=8):
        self.h2.reset_stream(stream, code)
        self.flush()

    def read(self):
        some = self.sock.recv(65536)
        assert some, "the server has closed"
        for event in self.h2.receive_data(some):
            if isinstance(event, h2.events.ResponseReceived):
                self.answers[event.stream_id] = int(dict(event.headers)[":status"])
            elif isinstance(event, h2.events.DataReceived):
                self.bodies[event.stream_id] += len(event.data)
                if event.flow_controlled_length:
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                self.ended.append(event.stream_id)
            elif isinstance(event, h2.events.StreamReset):
                self.resets[event.stream_id] = event.error_code
        self.flush()

    def wait(self, *streams):
        """{status: answers} of the streams, read to their ends."""
        while not set(streams) <= set(self.ended):
            assert not set(streams) & set(self.resets), self.resets
            self.read()
        return dict(collections.Counter(self.answers[stream] for stream in streams))

    def close(self):
        self.sock.close()


def counted_from(agent, service, port, secure):
    """Books from when its connections are counted: a library is probed while its process already serves."""
    def counted():
        books = Books(agent, service)
        client = Http2Client(port, secure)
        client.wait(client.ask())
        client.close()
        return wait_until(lambda: books.watch.delta()["requests"] == 1, 0.3)

    if agent.real and secure:
        assert wait_until(counted, 15, 0.05), agent.status()["coverage"]
    return Books(agent, service)
