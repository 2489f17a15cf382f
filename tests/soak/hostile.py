#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Hostile clients of the status socket, as a user who may read: silent ones, slow ones, ones that pipeline, more
than may be connected, changes that are refused. Runs until its standard input ends.

    hostile.py SOCKET
"""
import contextlib
import random
import select
import socket
import sys
import time

PATH = sys.argv[1]
GET = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"


def dial():
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(2)
    sock.connect(PATH)
    return sock


def crowd():
    """More than may be connected, all silent."""
    held = []
    with contextlib.suppress(OSError):
        for _ in range(700):
            held.append(dial())
    time.sleep(1)
    return held


def pipeline():
    """Hundreds of expensive requests, of which no answer is read."""
    held = []
    for _ in range(20):
        sock = dial()
        sock.setblocking(False)
        with contextlib.suppress(OSError):
            sock.send(GET % b"/v1/status" * 100)
        held.append(sock)
    time.sleep(1)
    return held


def slow():
    held = [dial() for _ in range(20)]
    for byte in GET[:20]:
        for sock in held:
            sock.send(bytes([byte]))
        time.sleep(0.05)
    return held


def changes():
    held = []
    for method, path in ((b"POST", b"/v1/reload"), (b"POST", b"/v1/notify-test"),
                         (b"POST", b"/v1/silences"), (b"DELETE", b"/v1/silences/x")):
        sock = dial()
        sock.send(method + b" " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        got = sock.recv(64)
        if got and b" 403 " not in got and b" 503 " not in got and b" 429 " not in got:
            print("a change was not refused:", method, path, got)
        held.append(sock)
    return held


def garbage():
    held = []
    for _ in range(50):
        sock = dial()
        sock.send(random.randbytes(random.randrange(1, 2000)))
        held.append(sock)
    return held


def main():
    turns = 0
    while not select.select([sys.stdin], [], [], 0.2)[0]:
        held = []
        # while no agent runs there is nobody to connect to
        with contextlib.suppress(OSError):
            held = random.choice([crowd, pipeline, slow, changes, garbage])()
            turns += 1
        for sock in held:
            sock.close()
    print(f"{turns} turns")


main()
