#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Asks the status socket for too much: crowd.py SOCKET CONNECTIONS SECONDS MODE TIMES METHOD PATH

Keeps up so many connections, on each of which it sends the request so often at once; {} in PATH becomes another
number each time. MODE: ask reads the answers; deaf never reads; half leaves out the request's last byte; knock
closes at once. SOCKET may be ADDRESS:PORT@OWN_ADDRESS. Prints what it has got as JSON.
"""
import json
import resource
import select
import socket
import sys
import time


class Crowd:
    def __init__(self, where, n, mode, times, method, path):
        self.where, self.n, self.mode = where, n, mode
        self.times, self.method, self.path = times, method, path
        self.sockets, self.epoll, self.number = {}, select.epoll(), 0
        self.got = dict(opened=0, refused=0, answers=0, too_many=0, closed=0)

    def request(self):
        length = "Content-Length: 0\r\n" if self.method == "POST" else ""
        one = f"{self.method} {self.path} HTTP/1.1\r\nHost: x\r\n{length}\r\n"
        text = ""
        for _ in range(self.times):
            self.number += 1
            text += one.replace("{}", str(self.number))
        return text.encode()[:-1 if self.mode == "half" else None]

    def connect(self):
        if "@" not in self.where:
            sock = socket.socket(socket.AF_UNIX)
            sock.setblocking(False)
            sock.connect(self.where)
            return sock
        there, own = self.where.split("@")
        address, port = there.split(":")
        return socket.create_connection((address, int(port)), 1, (own, 0))

    def dial(self):
        try:
            sock = self.connect()
        except OSError:
            self.got["refused"] += 1
            return False
        self.got["opened"] += 1
        if self.mode == "knock":
            sock.close()
            return True
        sock.setblocking(False)
        try:
            sock.send(self.request())
        except OSError:
            pass
        self.sockets[sock.fileno()] = sock
        self.epoll.register(sock.fileno(), 0 if self.mode == "deaf" else select.EPOLLIN)
        return True

    def hear(self, fd, events):
        data = b""
        try:
            if self.mode != "deaf" or not events & select.EPOLLHUP:
                data = self.sockets[fd].recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            pass
        self.got["answers"] += data.count(b"HTTP/1.1 2")
        self.got["too_many"] += data.count(b"HTTP/1.1 429")
        if not data:
            self.got["closed"] += 1
            self.epoll.unregister(fd)
            self.sockets.pop(fd).close()

    def run(self, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for _ in range(200):
                if len(self.sockets) >= self.n or not self.dial():
                    break
            for fd, events in self.epoll.poll(0.01):
                self.hear(fd, events)
        return self.got


def main():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    where, n, seconds, mode, times, method, path = sys.argv[1:]
    crowd = Crowd(where, int(n), mode, int(times), method, path)
    print(json.dumps(crowd.run(float(seconds))))


if __name__ == "__main__":
    main()
