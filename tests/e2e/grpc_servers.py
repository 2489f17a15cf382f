# SPDX-License-Identifier: GPL-2.0-only
"""Servers of gRPC that do what a call's messages say (servers/grpcd.py), and what grpcio got from them."""
import collections
import json
import pathlib
import subprocess

import pytest

from harness import HERE, SLOW, Server
from tls import certificate

PYTHON = "/usr/bin/python3"
PROGRAMS = {"grpcio": [PYTHON, HERE / "servers" / "grpcd.py"], "cc": ["grpcd-cc"], "go": ["grpcd-go"]}
NAMES = list(PROGRAMS)
CODES = ("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
         "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
         "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED")


class GrpcServer:
    def __init__(self, name, secure, helpers, directory, port=0):
        self.name, self.secure = name, secure
        pathlib.Path(directory).mkdir(parents=True, exist_ok=True)
        self.cert, key = certificate(directory)
        program, *words = PROGRAMS[name]
        argv = [program, *words] if program == PYTHON else [helpers / program]
        if program != PYTHON and not argv[0].exists():
            pytest.skip(f"{program} was not built")
        self.server = Server([*argv, port, *([self.cert, key] if secure else [])])
        self.port, self.pid = self.server.port, self.server.pid

    def ask(self, *plan):
        return ask(self.port, self.cert if self.secure else None, *plan)

    def stop(self):
        self.server.stop()


class GrpcClient:
    """A channel by grpcio that works through its plan, step() by step: those with `wait` in them one at a time."""

    def __init__(self, port, cert, *plan):
        self.process = subprocess.Popen([PYTHON, HERE / "servers" / "grpc_client.py", str(port), str(cert or "-"),
                                         json.dumps(plan)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.plan = list(plan)

    def step(self):
        """What came of the next of the plan."""
        if self.plan.pop(0).get("wait"):
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the client has failed"
        return collections.Counter(json.loads(line))

    def stop(self):
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait(60 * SLOW) == 0


def ask(port, cert, *plan):
    """What came of each of the plan, over one channel."""
    client = GrpcClient(port, cert, *plan)
    got = [client.step() for _ in plan]
    client.stop()
    return got
