# SPDX-License-Identifier: GPL-2.0-only
"""One process that fills tables: crowd.py KIND N. It is server and client at once.

  ports N      opens N ports, under another name each, and answers a request on each
  statuses N   answers each status from 200 to 999 on each of N ports, to requests of several methods
  tls N        opens N ports, and answers a TLS handshake on each
  pipeline N   reads N requests that are sent at once, and answers none

Says "done", and goes when its standard input ends.
"""
import ctypes
import resource
import socket
import sys

METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "QUERY", "ODD")
HELLO = bytes.fromhex("160301002f0100002b0303") + bytes(32) + bytes.fromhex("000002002f0100")
ANSWER = bytes.fromhex("160303002a020000260303") + bytes(32) + bytes.fromhex("00002f00")
LIBC = ctypes.CDLL(None)
opened = []


def listen():
    listener = socket.create_server(("127.0.0.1", 0), backlog=8)
    opened.append(listener)
    return listener


def pair(listener):
    client = socket.create_connection(listener.getsockname())
    server, _ = listener.accept()
    return client, server


def request(method="GET"):
    return f"{method} / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode()


def reply(status=200):
    return f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode()


def exchange(client, server, sent, answer):
    client.sendall(sent)
    server.recv(4096)
    server.sendall(answer)
    client.recv(4096)


def ports(n):
    for i in range(n):
        LIBC.prctl(15, f"crowd{i}".encode(), 0, 0, 0)  # PR_SET_NAME
        client, server = pair(listen())
        exchange(client, server, request(), reply())
        client.close()
        server.close()


def statuses(n):
    for _ in range(n):
        client, server = pair(listen())
        for method in METHODS:
            for status in range(200, 1000):
                exchange(client, server, request(method), reply(status))
        client.close()
        server.close()


def tls(n):
    for _ in range(n):
        client, server = pair(listen())
        exchange(client, server, HELLO, ANSWER)
        client.close()
        server.close()


def pipeline(n):
    client, server = pair(listen())
    opened.extend((client, server))
    for at in range(0, n, 100):
        part = request() * min(100, n - at)
        client.sendall(part)
        left = len(part)
        while left:
            left -= len(server.recv(left))


def main():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    {"ports": ports, "statuses": statuses, "tls": tls,
     "pipeline": pipeline}[sys.argv[1]](int(sys.argv[2]))
    print("done", flush=True)
    sys.stdin.read()


main()
