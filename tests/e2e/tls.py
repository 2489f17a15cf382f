# SPDX-License-Identifier: GPL-2.0-only
"""Certificates for servers and clients of tests; and a client of TLS."""
import pathlib
import re
import socket
import ssl
import subprocess

import pytest

from harness import SLOW, wait_until
from wire import get

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def certificate(directory, name="localhost"):
    """Paths of a new certificate, which signs itself, and of its key."""
    cert, key = pathlib.Path(directory) / f"{name}.pem", pathlib.Path(directory) / f"{name}.key"
    if not cert.exists():
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                        "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1", "-keyout", key,
                        "-out", cert], check=True, capture_output=True)
    return cert, key


def client_context(version=None):
    """Trusts everybody, so it reads no certificates. version: an ssl.TLSVersion; None: what both ends can."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if version:
        context.minimum_version = context.maximum_version = version
    return context


def dial(port, version=None, session=None, context=None):
    """version: "1.2" or "1.3"; None: what both ends can."""
    context = context or client_context(VERSIONS.get(version))
    sock = socket.create_connection(("127.0.0.1", port), 10 * SLOW)
    return context.wrap_socket(sock, server_hostname="localhost", session=session)


def answers(sock, n):
    """Statuses of n answers, read to their ends."""
    got, statuses = b"", []
    while len(statuses) < n:
        head = re.match(rb"HTTP/1.1 (\d+)(?s:.)*?\r\n\r\n", got)
        length = head and re.search(rb"(?i)content-length: *(\d+)", head[0])
        chunked = head and b"chunked" in head[0].lower()
        end = got.find(b"0\r\n\r\n") + 5 if chunked else head and head.end() + int(length[1])
        if head and (not chunked or end > 4) and len(got) >= end:
            statuses.append(int(head[1]))
            got = got[end:]
            continue
        more = sock.recv(65536)
        assert more, got[:300]
        got += more
    assert not got
    return statuses


def blind(agent, port):
    """Connections to the port that were not followed, by reason."""
    if not agent.real:
        return {}
    return {b["reason"]: b["connections"] for b in agent.status()["coverage"]["blind"]
            if b["port"] == port}


def counted_from(agent, port):
    """A watch from when connections to the port are counted: a library is probed while its process already serves."""
    if not agent.real:
        return agent.watch(port)
    if agent.status()["tls"]["state"] != "on":
        pytest.skip("this agent does not look inside of TLS")

    def counted():
        watch = agent.watch(port)
        with dial(port) as sock:
            sock.sendall(get())
            answers(sock, 1)
        counted.asked += 1
        return wait_until(lambda: watch.delta()["requests"] == 1, 0.3)

    counted.asked = 0
    assert wait_until(counted, 15, 0.05), agent.status()["coverage"]
    watch = agent.watch(port)
    watch.asked = counted.asked
    return watch
