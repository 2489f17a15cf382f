# SPDX-License-Identifier: GPL-2.0-only
"""TLS that the kernel does (kTLS): how much of it there was, and both ends of connections of it in one process."""
import contextlib
import hmac
import os
import pathlib
import select
import shutil
import socket
import ssl
import struct
import subprocess
import threading

import pytest

from tls import VERSIONS, client_context
from wire import Port, Wire, cut, read_exactly

STAT = pathlib.Path("/proc/net/tls_stat")
OPTIONS = "ssl_conf_command Options KTLS;"  # for nginx
OP_ENABLE_KTLS = 1 << 3  # of OpenSSL; its name in Python is of 3.12
SOL_TLS, SET_RECORD_TYPE, ALERT = 282, 1, 21
TCP_ULP, TLS_TX, AES_GCM_128 = 31, 1, 51
RECORD_BYTES = 1 << 14


def modprobe(*arguments):
    if shutil.which("modprobe"):
        subprocess.run(["modprobe", *arguments, "tls"], check=False, capture_output=True)


@contextlib.contextmanager
def module():
    """
    Around the life of an agent: the programs of some kernels need the module to be there. It goes if it was not there before:
    before 6.3 an agent takes twice the time to start beside it.
    """
    was_there = STAT.exists()
    modprobe()
    if not STAT.exists():
        pytest.skip("this kernel has no TLS of its own (CONFIG_TLS)")
    yield
    if not was_there:
        modprobe("-r")


def handed_over():
    """Connections so far, by direction: (sent, received)."""
    counts = dict(line.split() for line in STAT.read_text().splitlines())
    return int(counts["TlsTxSw"]), int(counts["TlsRxSw"])


class Handed:
    """Inside, what connections do goes through the kernel: their receiving side, too, with TLS 1.2."""

    def __init__(self, version):
        self.version = version

    def __enter__(self):
        self.before = handed_over()

    def __exit__(self, failed, *_):
        sent, received = (now - then for now, then in zip(handed_over(), self.before))
        assert failed or sent
        assert failed or (received > 0) == (self.version == "1.2")


class KtlsPort(Port):
    """As wire.Port, of connections whose server hands to the kernel what it can."""

    def __init__(self, version, cert, key):
        super().__init__()
        self.client = client_context(VERSIONS[version])
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(cert, key)
        self.server.options |= OP_ENABLE_KTLS

    def dial(self):
        wire = KtlsWire(self)
        self.wires.append(wire)
        return wire


class KtlsWire(Wire):
    """`raw` is the server's socket, past the library: it takes and gives plaintext, too."""

    def __init__(self, port):
        super().__init__(port)
        shaken = threading.Thread(target=self.shake, args=(port,))
        shaken.start()
        self.client = port.client.wrap_socket(self.client, server_hostname="localhost")
        shaken.join()
        self.raw = socket.socket(fileno=os.dup(self.server.fileno()))

    def shake(self, port):
        self.server = port.server.wrap_socket(self.server, server_side=True)

    def s_file(self, data):
        """As s(), by sendfile()."""
        with open(os.memfd_create("file"), "r+b", buffering=0) as file:
            file.write(data)
            sent = 0
            while sent < len(data):
                sent += os.sendfile(self.server.fileno(), file.fileno(), sent, len(data) - sent)
        assert read_exactly(self.client, len(data)) == data
        return self

    def s_splice(self, data):
        """As s(), through a pipe."""
        with pipe() as (out, into):
            while data:
                piece, data = data[:65536], data[65536:]
                assert os.write(into, piece) == len(piece)
                left = len(piece)
                while left:
                    left -= os.splice(out, self.server.fileno(), left)
                assert read_exactly(self.client, len(piece)) == piece
        return self

    def s_alert(self, code):
        """A warning, in a record of its own type. The client takes no notice of it."""
        self.raw.sendmsg([bytes([1, code])], [(SOL_TLS, SET_RECORD_TYPE, bytes([ALERT]))])
        return self

    def c_splice(self, data):
        """As c(), with what the kernel decrypts spliced to a pipe."""
        with pipe() as (out, into):
            while data:
                piece, data = data[:16384], data[16384:]  # a record each
                self.client.sendall(piece)
                left, got = len(piece), b""
                while left:
                    n = os.splice(self.server.fileno(), into, left)
                    got += os.read(out, n)
                    left -= n
                assert got == piece
        return self

    def close(self):
        self.raw.close()
        super().close()


class LatePort(Port):
    """As wire.Port, of connections whose server may leave sending to the kernel at any time: LateWire.hand_over()."""

    def __init__(self, cert, key, secrets):
        super().__init__()
        self.client = client_context(ssl.TLSVersion.TLSv1_2)
        self.client.set_ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")
        self.client.keylog_filename = self.secrets = secrets
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(cert, key)

    def dial(self):
        wire = LateWire(self)
        self.wires.append(wire)
        return wire


class LateWire(Wire):
    def __init__(self, port):
        super().__init__(port)
        peeked = socket.socket(fileno=os.dup(self.client.fileno()))
        shaken = threading.Thread(target=self.shake, args=(port,))
        shaken.start()
        self.client = port.client.wrap_socket(self.client, server_hostname="localhost", do_handshake_on_connect=False)
        timeout = self.client.gettimeout()
        self.client.settimeout(0)
        with contextlib.suppress(ssl.SSLWantReadError):
            self.client.do_handshake()
        select.select([peeked], [], [])
        self.random = peeked.recv(43, socket.MSG_PEEK)[11:]  # of the ServerHello
        peeked.close()
        self.client.settimeout(timeout)
        self.client.do_handshake()
        shaken.join()
        self.secret = pathlib.Path(port.secrets).read_text().splitlines()[-1].split()[1:]
        self.records = 1  # Finished
        self.raw = None

    def shake(self, port):
        self.server = port.server.wrap_socket(self.server, server_side=True)

    def s(self, data, how=None):
        for piece in cut(data, how):
            self.records += -(-len(piece) // RECORD_BYTES)
            (self.raw or self.server).sendall(piece)
            assert read_exactly(self.client, len(piece)) == piece
        return self

    def hand_over(self):
        """What the server sends from here on the kernel encrypts: RFC 5246, section 6.3."""
        client_random, master = map(bytes.fromhex, self.secret)
        keys = expand(master, b"key expansion" + self.random + client_random, 40)
        number = struct.pack(">Q", self.records)
        self.raw = socket.socket(fileno=os.dup(self.server.fileno()))
        self.raw.settimeout(self.client.gettimeout())
        self.raw.setsockopt(socket.IPPROTO_TCP, TCP_ULP, b"tls")
        self.raw.setsockopt(SOL_TLS, TLS_TX, struct.pack("<HH", 0x303, AES_GCM_128) + number + keys[16:32] + keys[36:40]
                            + number)
        return self

    def close(self):
        if self.raw:
            self.raw.close()
        super().close()


def expand(secret, seed, n):
    """RFC 5246, section 5."""
    some, a = b"", seed
    while len(some) < n:
        a = hmac.digest(secret, a, "sha256")
        some += hmac.digest(secret, a + seed, "sha256")
    return some[:n]


@contextlib.contextmanager
def pipe():
    ends = os.pipe()
    try:
        yield ends
    finally:
        for end in ends:
            os.close(end)
