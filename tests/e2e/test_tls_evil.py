# SPDX-License-Identifier: GPL-2.0-only
"""Wrong evidence on purpose: whatever a process does with TLS, requests are counted right, or their connection is blind."""
import random
import socket
import ssl
import threading
import time

import pytest

from harness import long_one, user_space, wait_until
from tls import certificate, client_context
from tls_scripted import Inner, Scripted, answered, blind, probed
from wire import get, hard_close

pytestmark = user_space
CONFIG = "agent: {interval: 1s}\ntls: servers\n"
KINDS = ["fd", "mem", "pair", "gnutls"]
VERSIONS = [ssl.TLSVersion.TLSv1_3, long_one(ssl.TLSVersion.TLSv1_2)]
PAIRS = [("fd", "mem"), ("mem", "fd"), long_one("fd", "fd"), long_one("mem", "mem")]
N = 7


@pytest.fixture(autouse=True)
def measures_tls(agent):
    if agent.real and agent.status()["tls"]["state"] != "on":
        pytest.skip("this agent does not look inside of TLS")


@pytest.fixture
def server(helpers, tmp_path):
    scripted = Scripted(helpers, tmp_path)
    yield scripted
    scripted.stop()


class Books:
    """What was asked of a server since its libraries are probed, and which of its connections were blind by then."""

    def __init__(self, agent, server):
        self.agent, self.server = agent, server
        self.watch = probed(agent, server)
        self.before = blind(agent, server.port)
        self.total = {}

    def ask(self, n, status=200, **options):
        self.server.ask(n, status, total=self.total, **options)

    def blind(self):
        now = blind(self.agent, self.server.port)
        return {r: n - self.before.get(r, 0) for r, n in now.items() if n != self.before.get(r, 0)}

    def expect(self, blind=None, **outcomes):
        self.watch.expect(self.total, **outcomes)
        if self.agent.real:
            assert wait_until(lambda: self.blind() == (blind or {}), 1), self.blind()


@pytest.fixture
def books(agent, server):
    return Books(agent, server)


# ---- objects ----


@pytest.mark.parametrize("first,second", PAIRS)
def test_an_object_at_the_address_of_another(books, server, first, second):
    """The socket of the one that was freed stays open meanwhile."""
    same = 0
    for _ in range(N):
        server.connect(0, first)
        books.ask(0, 210)
        was = server.do("address 0")
        server.do("free 0")
        server.connect(1, second)
        same += server.do("address 1") == was
        books.ask(1, 220)
        books.ask(1, 221)
        server.close(1)
        server.do("close 0")
        server.clients.pop(0).close()
    assert same
    books.expect()


@pytest.mark.parametrize("first,second", PAIRS)
def test_an_object_that_is_cleared(books, server, first, second):
    for _ in range(N):
        server.connect(0, first)
        books.ask(0, 210)
        server.connect(1, first)
        books.ask(1, 211)
        sock, older = server.dial(2), server.clients.pop(0)
        server.do(f"again 0 {second} 2")
        server.shake(0, sock)
        books.ask(0, 220)
        books.ask(1, 212)
        server.do("close 0", "free 0", "close 2")
        server.clients.pop(0).close()
        server.close(1)
        older.close()
    books.expect()


# ---- threads ----


@pytest.mark.parametrize("version", VERSIONS)
def test_one_thread_reads_sockets_and_others_decrypt(books, server, version):
    for n in (0, 1):
        sock = server.dial(n)
        server.do(f"object {n} mem {n}")
        server.shake(n, sock, version, thread="@1 ")
    for i in range(N):
        for n in (0, 1):
            server.clients[n].sendall(get())
            server.do(f"@1 feed {n} {n}")
        server.do("@3 request 1 7", "@2 request 0 4096")  # the later one first
        for n in (0, 1):
            server.do(f"@{3 - n} held {n} {210 + 10 * n} {i}")
        server.do("@1 drain 1 1", "@1 drain 0 0")
        for n in (0, 1):
            assert answered(server.clients[n]) == 210 + 10 * n
            books.total[210 + 10 * n] = i + 1
    server.close(0, 1)
    books.expect()


@pytest.mark.parametrize("kind", KINDS)
def test_objects_that_go_from_thread_to_thread_within_a_request(books, server, kind):
    request = get()
    for n in (0, 1):
        server.connect(n, kind)
    for i in range(N):
        for n in (0, 1):
            server.clients[n].sendall(request[:20])
            server.do(f"@{1 + n} read {n} 20 {1 + i}")
        for n in (0, 1):
            server.clients[n].sendall(request[20:])
            server.do(f"@{2 - n} read {n} {len(request) - 20} 3", f"@3 answer {n} {210 + n} 40000")
            assert answered(server.clients[n]) == 210 + n
            books.total[210 + n] = i + 1
    server.close(0, 1)
    books.expect()


# ---- libraries ----


def test_two_libraries_at_once(books, server):
    kinds = ["fd", "gnutls", "mem", "gnutls", "hand"]
    for n, kind in enumerate(kinds[:4]):
        server.connect(n, kind)
    for _ in range(N):
        for n in (3, 0, 1, 2):
            server.clients[n].sendall(get())
        for n in (2, 1, 0, 3):
            server.do(f"request {n} {n * 5 + 1}")
        for n in range(4):
            server.do(f"answer {n} {210 + n} {n * 9000}")
            assert answered(server.clients[n]) == 210 + n
            books.total[210 + n] = books.total.get(210 + n, 0) + 1
    server.close(0, 1, 2, 3)
    books.expect()


TUNNELS = [("fd", "over"), ("mem", "over"), ("fd", "gnutls-over"), ("gnutls", "over"),
           long_one("gnutls", "gnutls-over")]


@pytest.mark.parametrize("outer,inner", TUNNELS)
def test_requests_in_a_tunnel_are_nobodys(books, server, outer, inner):
    """Beside them are those of the tunnel's own connection, and of others."""
    server.connect(0, outer)
    server.connect(1, "fd")
    books.ask(0, 210)
    server.clients[0].sendall(get("test:443", method="CONNECT"))
    server.do("request 0 4096", "answer 0 200 0")
    assert answered(server.clients[0]) == 200
    books.total[200] = 1
    server.do(f"object 2 {inner} 0")
    server.tell("shake 2")
    tunnel = Inner(server.clients[0])
    server.said()
    for _ in range(N):
        server.ask(2, 220, client=tunnel)
        books.ask(1, 211)
    server.do("free 2")
    server.close(0, 1)
    books.expect()


# ---- plaintext and records ----


@pytest.mark.parametrize("kind", ["fd", "mem", "pair"])
@pytest.mark.parametrize("other", KINDS)
def test_a_request_that_is_read_inside_of_anothers_read(books, server, kind, other):
    server.connect(0, kind)
    server.connect(1, other)
    for _ in range(N):
        for n in (1, 0):
            server.clients[n].sendall(get())
        server.do("within 0 1 5", "request 0 4096", "answer 1 221 10", "answer 0 210 10")
        for n in (0, 1):
            assert answered(server.clients[n]) == 210 + 11 * n
            books.total[210 + 11 * n] = books.total.get(210 + 11 * n, 0) + 1
    server.close(0, 1)
    books.expect()


def test_records_that_another_connections_object_is_given(books, server):
    """It cannot read them, nor anything behind them."""
    server.connect(0, "mem")
    server.connect(1, "mem")
    books.ask(0)
    books.ask(1)
    server.clients[0].sendall(get())
    server.do("feed 1 0")
    assert server.fails("request 1 4096")
    server.close(0, 1)
    books.expect(blind={"tls_differs": 1})


@pytest.mark.parametrize("kind,blind", [("fd", {"tls_unbound": 1}), ("mem", {"tls_unbound": 2}),
                                        ("gnutls", {"tls_unbound": 1})])
def test_records_that_are_passed_on_to_another_socket(books, server, kind, blind):
    """Both had the same ClientHello. One that is read by a descriptor's object is counted, once."""
    sock = server.dial(0)
    server.do("dial 2", "accept 1", "relay 0 2", f"object 1 {kind} 1")
    server.shake(1, sock)
    for _ in range(N):
        server.ask(1, 210)
    if kind != "mem":
        books.total[210] = N
    server.do("free 1", "close 1")
    server.clients.pop(1).close()
    books.expect(blind=blind)


@pytest.mark.parametrize("kind", ["fd", "mem", "pair"])
def test_what_is_peeked_at_counts_once(books, server, kind):
    server.connect(0, kind)
    for i in range(N):
        server.clients[0].sendall(get())
        server.do("peek 0", "peek 0", "read 0 5 5", "peek 0", f"request 0 {1 + i}", "answer 0 210 10")
        assert answered(server.clients[0]) == 210
    books.total[210] = N
    server.close(0)
    books.expect()


@pytest.mark.parametrize("kind", ["fd", "mem", "pair"])
@pytest.mark.parametrize("version", VERSIONS)
def test_writes_by_parts_and_reads_by_the_byte(books, server, kind, version):
    server.connect(0, kind, version)
    server.do("slow 0")
    for status in range(210, 214):
        client = server.clients[0]
        client.sendall(get())
        server.do("request 0 1")
        got = []
        reader = threading.Thread(target=lambda: (time.sleep(0.02), got.append(answered(client))))
        reader.start()
        server.do(f"answer 0 {status} 500000")
        reader.join()
        assert got == [status]
        books.total[status] = 1
    server.close(0)
    books.expect()


def test_keys_that_change(books, server):
    server.connect(0, "fd")
    server.connect(1, "mem")
    for _ in range(N):
        for n in (0, 1):
            books.ask(n)
            server.do(f"renew {n}")
            books.ask(n)
    server.close(0, 1)
    books.expect()


# ---- answers ----


@pytest.mark.parametrize("version", VERSIONS)
def test_an_answer_in_memory_ends_when_its_records_are_sent(books, server, version):
    server.connect(0, "mem", version)
    for _ in range(3):
        server.clients[0].sendall(get())
        server.do("request 0 4096", "held 0 210 100000")
        time.sleep(0.2)
        books.expect()
        server.do("drain 0 0")
        assert answered(server.clients[0]) == 210
        books.total[210] = books.total.get(210, 0) + 1
        books.expect()
    server.close(0)
    books.expect()
    if books.agent.real:
        routes = books.agent.service(server.port)["routes"]
        assert max(r["latency_seconds"]["p99"] for r in routes) > 0.15


@pytest.mark.parametrize("part", [0, 3])
def test_a_client_that_leaves_before_the_records_are_sent(books, server, part):
    """The write call had returned. `part`: so many of the answers are sent."""
    server.connect(0, "mem")
    books.ask(0)
    for _ in range(part):
        server.clients[0].sendall(get())
        server.do("request 0 4096", "held 0 210 10")
    if part:
        server.do("drain 0 0")
        books.total[210] = part
        answered(server.clients[0], count=part)
    server.clients[0].sendall(get())
    server.do("request 0 4096", "held 0 210 10")
    hard_close(server.clients.pop(0))
    time.sleep(0.05)
    server.fails("drain 0 0")
    server.do("free 0", "close 0")
    books.expect(client_abort=1)


@pytest.mark.parametrize("kind", ["fd", "mem"])
def test_a_client_that_has_closed_its_side_gets_its_answers(books, server, kind):
    server.connect(0, kind)
    client = server.clients.pop(0)
    client.sendall(get() * 2)
    server.do("request 0 4096")
    raw = socket.socket(fileno=client.detach())
    raw.shutdown(socket.SHUT_WR)
    server.do("held 0 210 10", "held 0 211 10")
    if kind == "mem":
        server.do("drain 0 0")
    server.do("free 0", "close 0")
    with raw:
        while raw.recv(65536):
            pass
    books.total.update({210: 1, 211: 1})
    books.expect()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", [*KINDS, "hand"])
def test_an_answer_to_a_request_that_was_not_read(books, server, kind, version):
    """It waits in the socket, or in the library. Read later, it is not another one."""
    for asked in (0, 2):
        server.connect(0, kind.replace("hand", "mem"), version)
        for _ in range(asked):
            books.ask(0)
        server.clients[0].sendall(get())
        if kind == "hand":
            server.do("feed 0 0")
        time.sleep(0.02)
        server.do("answer 0 503 10")
        assert answered(server.clients[0]) == 503
        books.total[503] = books.total.get(503, 0) + 1
        books.expect()
        server.do("request 0 4096")
        books.ask(0)
        server.close(0)
    books.expect()


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_to_nothing(books, server, kind):
    server.connect(0, kind)
    books.ask(0)
    server.do("answer 0 408 10")
    assert answered(server.clients[0]) == 408
    server.close(0)
    books.expect()


@pytest.mark.parametrize("kind", ["fd", "mem"])
@pytest.mark.parametrize("shows", [False, True])
def test_a_client_certificate_and_no_request(books, server, tmp_path, kind, shows):
    context = client_context()
    if shows:
        context.load_cert_chain(*certificate(tmp_path, "client"))
    for asked in (0, 0, 2):
        sock = server.dial(0)
        server.do(f"object 0 {kind} 0", "certify 0")
        server.shake(0, sock, context=context)
        for _ in range(asked):
            books.ask(0)
        server.close(0)
    books.expect()


# ---- all of it ----


class Walk:
    """Connections of random kinds, and random things that are done to them. Object n is on socket n."""

    def __init__(self, books, seed):
        self.books, self.server, self.random = books, books.server, random.Random(seed)
        self.kinds, self.free = {}, list(range(8))

    def by(self, command):
        self.server.do(self.random.choice(["", "@1 ", "@2 ", "@3 "]) + command)

    def open(self):
        if not self.free:
            return self.close()
        n = self.free.pop(self.random.randrange(len(self.free)))
        self.kinds[n] = self.random.choice(KINDS)
        version = self.random.choice([ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
        return self.server.connect(n, self.kinds[n], version)

    def close(self):
        n = self.random.choice(list(self.kinds))
        del self.kinds[n]
        self.free.append(n)
        if self.random.random() < 0.5:
            return self.server.close(n)
        self.server.do(f"close {n}", f"free {n}")
        return self.server.clients.pop(n).close()

    def renew(self):
        for n, kind in self.kinds.items():
            if kind != "gnutls" and self.server.clients[n].version() == "TLSv1.3":
                self.by(f"renew {n}")

    def read(self, n):
        if self.kinds[n] != "gnutls" and self.random.random() < 0.3:
            self.by(f"peek {n}")
        first = self.random.randrange(1, len(get()) - 4)
        self.by(f"read {n} {first} {self.random.randrange(1, 60)}")
        self.by(f"request {n} {self.random.randrange(1, 60)}")

    def ask(self):
        """Of several at a time, in a random order at each step."""
        asked = self.random.sample(list(self.kinds), self.random.randrange(1, len(self.kinds) + 1))
        for n in asked:
            self.server.clients[n].sendall(get())
        if len(asked) > 1 and self.kinds[asked[0]] != "gnutls" and self.random.random() < 0.3:
            self.by(f"within {asked[0]} {asked[1]} {self.random.randrange(1, 60)}")
            self.by(f"request {asked[0]} 4096")
            read = asked[2:]
        else:
            read = asked
        for step in (self.read, self.answer):
            of = read if step == self.read else asked
            for n in self.random.sample(of, len(of)):
                step(n)

    def answer(self, n):
        status = self.random.randrange(200, 204)
        body = self.random.choice([0, 10, 20000])
        self.by(f"answer {n} {status} {body}")
        assert answered(self.server.clients[n]) == status
        self.books.total[status] = self.books.total.get(status, 0) + 1


@pytest.mark.parametrize("seed", [1, *map(long_one, range(2, 8))])
def test_a_random_walk(books, server, seed):
    walk = Walk(books, seed)
    walk.open()
    for _ in range(80):
        if not walk.kinds:
            walk.open()
        walk.random.choice([walk.open, walk.open, walk.ask, walk.ask, walk.ask, walk.close, walk.renew])()
    if walk.kinds:
        server.close(*walk.kinds)
    books.expect()


# ---- processes ----


@pytest.mark.parametrize("kind", KINDS)
def test_workers_that_inherit_objects(books, server, kind):
    """The child's objects have the addresses of the parent's, and are of other connections."""
    for n in (0, 1):
        server.connect(n, kind)
    books.ask(0, 210)
    server.do("fork")
    books.ask(1, 211)  # what the parent has shaken hands on
    server.do("free 0")
    server.connect(2, "fd")
    books.ask(2, 212)
    books.ask(1, 211)
    server.close(2)
    server.do("exit")
    for _ in range(N):
        books.ask(0, 210)  # the parent's, of which the child has freed its copy
    server.connect(2, "fd")
    books.ask(2, 213)
    server.close(0, 2)
    server.do("close 1")
    server.clients.pop(1).close()
    books.expect()


# ---- connections that are older ----


@pytest.mark.parametrize("kind,outer", [("fd", 0), ("mem", 1), long_one("gnutls", 0), long_one("mem", 0)])
def test_a_connection_older_than_the_agent(start_agent, server, kind, outer):
    """An operation nested in a call of a descriptor's object tells whose that is. Of one on memory nothing does."""
    server.connect(0, kind)
    server.connect(1, "fd")
    server.ask(0)
    if outer:
        server.ask(1)
    agent = start_agent(CONFIG)
    books = Books(agent, server)
    for _ in range(N):
        server.ask(0, 210)
        books.ask(1, 211)
    if kind != "mem":
        books.total[210] = N
    server.close(0, 1)
    books.expect(blind={"tls_joined_late": 1} if kind == "mem" else {})


def test_a_reset_in_the_middle_of_an_answer(books, server):
    for kind in KINDS:
        server.connect(0, kind)
        books.ask(0)
        server.clients[0].sendall(get())
        server.do("request 0 4096")
        hard_close(server.clients.pop(0))
        server.do("close 0", "free 0")
    books.expect(client_abort=len(KINDS))
