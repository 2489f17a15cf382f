# SPDX-License-Identifier: GPL-2.0-only
"""What goes on around the agent: services with their books, hostile peers, receivers, a disk that fills."""
import collections
import contextlib
import os
import random
import select
import socket
import subprocess
import threading
import time

from alerting import Hook
from harness import Server, run_load
from nginx import Nginx
from wire import Port, get, hard_close, reply

PATHS = "/status/200,/sleep/2,/status/503,/bytes/3000,/status/404"
SEGMENT_S = 4  # a load client runs for so long, then another one does


class Worker:
    """A thread that goes on until it is told to stop. Its first failure is kept."""

    def __init__(self, name, turn):
        self.name, self.turn, self.over, self.error = name, turn, threading.Event(), None
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.turns = 0

    def work(self):
        while not self.over.is_set():
            try:
                self.turn(self)
                self.turns += 1
            except Exception as error:  # it is told at the end, as what fails
                self.error = f"{type(error).__name__}: {error}"
                return

    def start(self):
        self.thread.start()
        return self

    def stop(self):
        self.over.set()
        self.thread.join(120)
        if self.thread.is_alive():
            self.error = self.error or "does not stop"

    def sleep(self, seconds):
        self.over.wait(seconds)


class Service:
    """A configured service: what its clients were answered, and what it has ended without an answer."""

    def __init__(self, name, port):
        self.name, self.port = name, port
        self.status, self.outcomes = collections.Counter(), collections.Counter()
        self.lock = threading.Lock()

    def enter(self, result):
        with self.lock:
            self.status.update({int(code): n for code, n in result["status"].items()})
            self.outcomes["complete"] += result["requests"]

    @property
    def requests(self):
        return sum(self.outcomes.values())

    def good_and_bad(self):
        """By the definition of the soak's SLOs: status below 500, and no abort by the server."""
        bad = sum(n for code, n in self.status.items() if code >= 500)
        good = sum(self.status.values()) - bad
        return good, bad + self.outcomes["server_abort"]


def reset_has_come(sock):
    """Waits for it: where a machine is busy, a reset takes a while even from one socket to the next."""
    poll = select.poll()
    poll.register(sock, 0)
    assert poll.poll(10000), "no reset in 10 s"


class Aborting:
    """Both ends of connections that end early, in one thread: which end went first is known."""

    def __init__(self):
        self.listening = Port()
        self.service = Service("aborted", self.listening.port)
        self.rng = random.Random(7)

    def turn(self, worker):
        wire = self.listening.dial().c(get("/a"))
        self.listening.wires.pop()
        how = self.rng.choice(["complete", "client_abort", "server_abort", "kept"])
        if how in ("complete", "kept"):
            for _ in range(3 if how == "kept" else 0):
                wire.s(reply(200)).c(get("/b"))
                self.service.enter({"requests": 1, "status": {200: 1}})
            wire.s(reply(503)).close()
            self.service.enter({"requests": 1, "status": {503: 1}})
        else:
            first, other = (wire.client, wire.server) if how == "client_abort" else \
                (wire.server, wire.client)
            hard_close(first)
            reset_has_come(other)
            other.close()
            self.service.outcomes[how] += 1
        worker.sleep(0.01)

    def close(self):
        self.listening.close()


class Mortal:
    """Servers that begin, are asked, and are killed: each is a found service of its own."""

    def __init__(self, helpers):
        self.helpers, self.asked, self.n = helpers, 0, 0

    def turn(self, worker):
        server = Server([self.helpers / "httpd", 0, "epoll", "read", "write"])
        try:
            result = run_load(self.helpers, server.port, 50, conns=4, paths=PATHS)
            self.asked += result["requests"]
            self.n += 1
        finally:
            server.stop(9)
        worker.sleep(1.5)


class HostilePeers:
    """On a server that no count is compared of."""

    def __init__(self, helpers):
        self.server = Server([helpers / "httpd", 0, "epoll", "read", "write"])
        self.rng = random.Random(11)
        self.connections = 0

    def dial(self):
        self.connections += 1
        return socket.create_connection(("127.0.0.1", self.server.port), 10)

    def storm_of_resets(self):
        for i in range(200):
            sock = self.dial()
            sock.sendall(get()[:None if i % 2 else 12])
            hard_close(sock)

    def half_heads(self):
        held = [self.dial() for _ in range(100)]
        for i, sock in enumerate(held):
            sock.sendall(get()[:10 + i % 20])
        time.sleep(0.3)
        for sock in held:
            sock.close()

    def random_bytes(self):
        for _ in range(100):
            with contextlib.suppress(OSError), self.dial() as sock:
                sock.sendall(self.rng.randbytes(self.rng.randrange(1, 3000)))

    def smuggling(self):
        bytes_of = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n" \
                   b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n"
        for _ in range(20):
            with contextlib.suppress(OSError), self.dial() as sock:
                sock.sendall(bytes_of)
                sock.settimeout(0.1)
                sock.recv(4096)

    def turn(self, worker):
        with contextlib.suppress(OSError):
            self.rng.choice([self.storm_of_resets, self.half_heads, self.random_bytes,
                             self.smuggling])()
        worker.sleep(0.5)

    def close(self):
        self.server.stop(9)


class Receivers:
    """One that takes messages, one that never answers, one that always refuses."""

    def __init__(self):
        self.good, self.refusing = Hook(), Hook(code=500)
        self.silent = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.held, self.over = [], False
        self.thread = threading.Thread(target=self.hold, daemon=True)
        self.thread.start()

    def hold(self):
        while not self.over:
            with contextlib.suppress(OSError):
                self.held.append(self.silent.accept()[0])

    def config(self):
        silent = f"http://127.0.0.1:{self.silent.getsockname()[1]}/hook"
        return [{"webhook": {"url": self.good.url, "timeout": "5s"}},
                {"webhook": {"url": silent, "timeout": "3s"}},
                {"webhook": {"url": self.refusing.url}}]

    def close(self):
        self.over = True
        self.silent.close()
        for sock in self.held:
            sock.close()
        self.good.stop()
        self.refusing.stop()


class World:
    def __init__(self, helpers, directory):
        self.helpers, self.directory = helpers, directory
        self.stack = contextlib.ExitStack()
        self.workers = []

    def __enter__(self):
        shop = Server([self.helpers / "httpd", 0, "epoll", "read", "write"])
        self.stack.callback(shop.stop, 9)
        self.web = Nginx(self.directory / "nginx")
        self.stack.callback(self.web.stop)
        self.aborting, self.mortal = Aborting(), Mortal(self.helpers)
        self.stack.callback(self.aborting.close)
        self.peers, self.receivers = HostilePeers(self.helpers), Receivers()
        self.stack.callback(self.peers.close)
        self.stack.callback(self.receivers.close)
        self.services = [Service("shop", shop.port), Service("web", self.web.port),
                         self.aborting.service]
        return self

    def __exit__(self, *_):
        self.stop()
        self.stack.close()

    def load(self, service, conns, depth, mode, paths, n=f"{SEGMENT_S}s", rest=0):
        def turn(worker):
            service.enter(run_load(self.helpers, service.port, n, conns=conns, depth=depth,
                                   mode=mode, paths=paths))
            worker.sleep(rest)
        return turn

    def start(self, agent_socket, hostile):
        shop, web = self.services[:2]
        turns = {
            "keep-alive": self.load(shop, 6, 1, "keep", PATHS),
            "pipelining": self.load(shop, 2, 8, "keep", PATHS),
            "nginx": self.load(web, 4, 1, "keep", "/,/status/404,/status/503,/status/204"),
            # no more than there are ports in a minute, for which they cannot be used again
            "closing": self.load(web, 2, 1, "close", "/,/status/500", n=500, rest=1.5),
            "aborts": self.aborting.turn,
            "mortal": self.mortal.turn,
            "peers": self.peers.turn,
        }
        self.workers = [Worker(name, turn).start() for name, turn in turns.items()]
        argv = ["setpriv", "--reuid=65534", f"--regid={os.stat(agent_socket).st_gid}",
                "--clear-groups", "/usr/bin/python3", "-B", hostile, agent_socket]
        self.socket_clients = subprocess.Popen([str(a) for a in argv], stdin=subprocess.PIPE,
                                               stdout=subprocess.PIPE)

    def stop(self):
        """Returns the failures of those that should not have failed."""
        for worker in self.workers:
            worker.over.set()
        for worker in self.workers:
            worker.stop()
        failures = [f"{w.name}: {w.error}" for w in self.workers if w.error]
        self.workers = []
        if getattr(self, "socket_clients", None):
            self.socket_clients.stdin.close()  # it ends
            self.hostile_said = self.socket_clients.stdout.read().decode().strip()
            self.socket_clients.wait(30)
            self.socket_clients = None
        return failures
