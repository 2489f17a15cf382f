#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A server that is no HTTP server: `blob.py ping|bulk|tls`. Loads no TLS library."""
import socket
import sys
import threading


def ping(sock):
    while data := sock.recv(65536):
        sock.sendall(b"+PONG\r\n" * data.count(b"PING"))


def bulk(sock):
    while data := sock.recv(65536):
        sock.sendall(data)


def tls(sock):
    # ServerHello, then what looks like encrypted records
    while sock.recv(65536):
        sock.sendall(bytes.fromhex("160303002c0200002803030000") + bytes(36))
        sock.sendall(bytes.fromhex("1703030010") + bytes(range(16)))


listener = socket.create_server(("127.0.0.1", 0), backlog=128)
print("listening", listener.getsockname()[1], flush=True)
while True:
    connection, _ = listener.accept()
    threading.Thread(target=globals()[sys.argv[1]], args=(connection,), daemon=True).start()
