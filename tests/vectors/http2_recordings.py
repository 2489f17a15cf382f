#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Header blocks as other encoders make them, with the fields that they were made of, for tests/vectors/http2_recorded.h:

    http2_recordings.py hpack SEED CONNECTIONS    by python-hpack, at random
    http2_recordings.py corpus DIRECTORY          from a checkout of github.com/http2jp/hpack-test-case

A recording is a number of connections: a byte of direction (0: requests), a byte that is 1 if their table may be larger
than 4,096 bytes, and their blocks. Numbers have four bytes, the lowest first; each list and string is behind its length.
"""
import json
import pathlib
import random
import struct
import sys

TABLE_BYTES = 4096

NAMES = """:method :path :status user-agent grpc-status content-type content-length :protocol :authority :scheme accept cookie date
    x-request-id te grpc-timeout grpc-message cache-control server""".split()
VALUES = {
    ":method": ["GET", "POST", "PUT", "DELETE", "PROPFIND", "OPTIONS", "HEAD"],
    ":status": ["200", "204", "404", "500", "503", "418", "100"],
    "grpc-status": ["0", "5", "13", "14", "16", "99", ""],
    "content-type": ["application/grpc", "application/grpc+proto", "application/grpc-web", "text/html"],
    "content-length": ["0", "9", "87", "65536", "4294967294", "4294967296", "", "x"],
    ":protocol": ["websocket"],
    ":path": ["/", "/index.html", "*", "/items?x=1", "/a#b"],
}


def number(n):
    return struct.pack("<I", n)


def string(text):
    text = text if isinstance(text, bytes) else text.encode()
    return number(len(text)) + text


def connection(side, large, blocks):
    out = bytes([side, large]) + number(len(blocks))
    for wire, fields in blocks:
        out += string(wire) + number(len(fields))
        out += b"".join(string(name) + string(value) for name, value in fields)
    return out


def some_value(rng, name, pool):
    if name in VALUES and rng.random() < 0.7:
        return rng.choice(VALUES[name])
    if len(pool) > 20 and rng.random() < 0.6:
        return rng.choice(pool)
    length = rng.choice([0, 3, 10, 20, 60, 60, 200, 1500])
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./%?&=" if rng.random() < 0.8 else \
        "".join(map(chr, range(256)))
    value = ("/" if name == ":path" else "") + "".join(rng.choice(letters) for _ in range(rng.randrange(length + 1)))
    pool.append(value)
    return value


def by_hpack(seed, connections):
    import hpack

    for i in range(connections):
        rng = random.Random(seed * 1000003 + i)
        encoder, pool, blocks = hpack.Encoder(), [], []
        for _ in range(rng.randrange(20, 200)):
            if rng.random() < 0.03:
                encoder.header_table_size = rng.randrange(TABLE_BYTES + 1)
            fields = []
            for name in rng.sample(NAMES, rng.randrange(1, len(NAMES))):
                value = some_value(rng, name, pool).encode("latin-1")
                kind = hpack.NeverIndexedHeaderTuple if rng.random() < 0.1 else hpack.HeaderTuple
                fields.append(kind(name.encode(), value))
            blocks.append((encoder.encode(fields, huffman=rng.random() < 0.7), fields))
        yield connection(i & 1, 0, blocks)


def by_corpus(directory):
    for story in sorted(pathlib.Path(directory).glob("*/story_*.json")):
        cases = json.loads(story.read_text())["cases"]
        blocks = [(bytes.fromhex(case["wire"]), [field for header in case["headers"] for field in header.items()])
                  for case in cases if "wire" in case]
        large = any((case.get("header_table_size") or 0) > TABLE_BYTES for case in cases)
        if blocks:
            yield connection(0, large, blocks)


def main():
    if sys.argv[1] == "hpack":
        recording = by_hpack(int(sys.argv[2]), int(sys.argv[3]))
    else:
        recording = by_corpus(sys.argv[2])
    for one in recording:
        sys.stdout.buffer.write(one)


if __name__ == "__main__":
    main()
