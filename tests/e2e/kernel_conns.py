# SPDX-License-Identifier: GPL-2.0-only
"""What the kernel side keeps of a connection, read and changed by the names of its members.

For what would take days of traffic to come about.
"""
import ctypes
import json
import os
import struct
import subprocess

from harness import LIBC, tool
from history import left_behind

NR_BPF, LOOKUP, UPDATE, OBJ_GET = 321, 1, 2, 7


def bpf(command, layout, *values):
    attr = struct.pack(layout, *values).ljust(128, b"\0")
    done = LIBC.syscall(NR_BPF, command, ctypes.c_char_p(attr), len(attr))
    assert done >= 0, f"bpf({command}) failed"
    return done


class Conns:
    """The map of connections of the one agent that runs."""

    def __init__(self):
        self.path, = (path for path in left_behind() if path.endswith("/map_conns"))
        name = ctypes.create_string_buffer(self.path.encode())
        self.fd = bpf(OBJ_GET, "QII", ctypes.addressof(name), 0, 0)
        shown = self.ask("map", "show", "pinned", self.path)
        self.size = shown["bytes_value"]
        described = self.ask("btf", "dump", "id", str(shown["btf_id"]))
        self.types = {t["id"]: t for t in described["types"]}
        self.top, = [t for t in self.types.values() if t.get("name") == "tcp_conn"]

    @staticmethod
    def ask(*argv):
        return json.loads(subprocess.run([tool("bpftool"), "-j", *argv], check=True,
                                         capture_output=True).stdout)

    def close(self):
        os.close(self.fd)

    def place(self, name):
        """Of the member conn.open.next, say: (offset, size)."""
        kind, offset = self.top, 0
        for part in name.split("."):
            member, = [m for m in kind["members"] if m["name"] == part]
            offset += member["bits_offset"] // 8
            kind = self.types[member["type_id"]]
            while kind["kind"] in ("TYPEDEF", "CONST", "VOLATILE"):
                kind = self.types[kind["type_id"]]
        return offset, kind["size"]

    def call(self, command, sock, value):
        key = ctypes.c_int(sock.fileno())
        bpf(command, "IIQQQ", self.fd, 0, ctypes.addressof(key), ctypes.addressof(value), 0)

    def value(self, sock):
        value = ctypes.create_string_buffer(self.size)
        self.call(LOOKUP, sock, value)
        return value

    def get(self, sock, name):
        offset, size = self.place(name)
        return int.from_bytes(self.value(sock)[offset:offset + size], "little")

    def set(self, sock, **members):
        """open__next=7 sets conn.open.next."""
        value = self.value(sock)
        for name, number in members.items():
            offset, size = self.place("conn." + name.replace("__", "."))
            value[offset:offset + size] = number.to_bytes(size, "little")
        self.call(UPDATE, sock, value)
