# SPDX-License-Identifier: GPL-2.0-only
"""Malformed, early, oversized and refused requests: what servers answer, and log with a status, is counted with it."""
import collections
import re
import socket

import pytest

from framing_cases import FAKE
from harness import Process, free_port, listens, tool, user_space, wait_until
from test_not_accepted import SERVERS
from test_nonhttp import client_hello
from wire import get

BAD = {
    "not-a-request": b"hello, world\r\n\r\n",
    "binary": b"\x00\x01\x02\x03\r\n\r\n",
    "tls": None,  # a client hello, made for each
    "control-character": b"GET /\x01 HTTP/1.1\r\nHost: h\r\n\r\n",
    "no-host": b"GET / HTTP/1.1\r\n\r\n",
    "version": b"GET / HTTP/7.3\r\nHost: h\r\n\r\n",
    "http2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "space-in-name": b"GET / HTTP/1.1\r\nHost : h\r\n\r\n",
    "lengths-differ": get("/", "Content-Length: 31", "Content-Length: 3", method="POST") + FAKE,
    "length-is-no-number": get("/", "Content-Length: x", method="POST"),
    "negative-length": get("/", "Content-Length: -5", method="POST"),
    "length-and-chunks": get("/", "Content-Length: 3", "Transfer-Encoding: chunked",
                             method="POST") + b"0\r\n\r\n",
    "chunked-not-last": get("/", "Transfer-Encoding: chunked, identity", method="POST")
    + b"0\r\n\r\n",
    "bad-chunk": get("/", "Transfer-Encoding: chunked", method="POST") + b"zz\r\nhello\r\n",
    "long-uri": get("/" + "u" * 20000),
    "long-field": get("/", "X: " + "x" * 40000),
    "many-fields": get("/", *[f"X-{i}: {i}" for i in range(3000)]),
    "too-large": get("/index.html", "Content-Length: 90000000000", method="POST"),
    "expectation": get("/", "Expect: the unexpected", "Content-Length: 5", method="POST"),
    "unknown-method": get("/", method="BREW"),
    "no-such-path": get("/nothing/here"),
    "not-allowed": get("/../../etc/passwd"),
    "good": get("/index.html"),
}


def talk(port, data):
    """The statuses of what comes back until the server closes, or has nothing to say for a second."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), 5) as sock:
        sock.settimeout(1)
        try:
            sock.sendall(data)
        except OSError:
            pass
        try:
            while part := sock.recv(65536):
                got += part
        except OSError:
            pass
    return [code for code in re.findall(rb"^HTTP/1\.[01] (\d{3})", got, re.M) if code > b"199"]


@pytest.fixture
def server(request, tmp_path):
    name = request.param
    text, argv, _ = SERVERS[name]
    port, conf = free_port(), tmp_path / "conf"
    (tmp_path / "files").mkdir(mode=0o755)
    (tmp_path / "files" / "index.html").write_text("hello")
    tmp_path.chmod(0o755)
    conf.write_text(text.format(dir=tmp_path, port=port, most=100, idle_ms=5000, close=""))
    process = Process([tool(name)] + [a.format(dir=tmp_path, conf=conf) for a in argv])
    assert wait_until(lambda: listens(port)), process.output()
    process.port = port
    log = tmp_path / "access.log"

    def logged():
        lines = (log.read_text(errors="replace") if log.exists() else process.output()).splitlines()
        return collections.Counter(m[1] for m in (re.search(r'" (\d{3})\b', x) for x in lines) if m)
    process.logged = logged
    yield process
    process.stop()


@user_space
@pytest.mark.parametrize("server", SERVERS, indirect=True)
def test_what_is_refused_is_counted_as_it_is_logged(agent, server):
    watch, answered = agent.watch(server.port), collections.Counter()
    for name, data in BAD.items():
        before = dict(answered)
        answered.update(code.decode() for code in talk(server.port, data or client_hello()))
        if agent.real:
            got = watch.delta()
            assert got["status"] == dict(sorted(answered.items())), (name, before)
    assert wait_until(lambda: not answered - server.logged()), (answered, server.logged())
    if agent.real:
        watch.expect(answered, **{k: n for k, n in watch.delta()["outcomes"].items()
                                  if k != "complete"})
        assert watch.delta()["requests"] - watch.delta()["outcomes"]["complete"] <= 1
