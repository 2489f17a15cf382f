# SPDX-License-Identifier: GPL-2.0-only
"""What is attached while something is measured: nothing, empty programs, the agent, the usual."""
import http.client
import json
import pathlib
import shutil
import signal
import socket
import subprocess
import time

import host
from host import BUILD, PROGRAMS, Failed, Process

SETTLE_SECONDS = 0.05  # what the kernel does late
EXIT_SKIP = 77


class Variant:
    """name is what samples are told apart by, title what the table says."""

    name, title = "bare", "nothing attached"

    def __init__(self, directory):
        self.directory = directory
        self.process = None

    def attach(self):
        pass

    def detach(self):
        """Requests it has counted since it was attached, and those it knows to have lost."""
        return None

    def cpu_ns(self):
        """Of its user-space part."""
        return host.cpu_ns(self.process.pid) if self.process else 0

    def check_counted(self, requests, unread=0):
        """For those that must be exact at any time: fails unless so many were counted.

        unread: so many at most may have been read behind the client's reset, and are no events.
        """


class Attached(Variant):
    """Programs of an object of this directory; none named: all."""

    def __init__(self, directory, name, title, of, programs=()):
        super().__init__(directory)
        self.name, self.title, self.of, self.programs = name, title, of, programs

    def attach(self):
        self.process = Process([PROGRAMS / "attach", PROGRAMS / f"{self.of}.bpf.o",
                                *self.programs], self.directory, "attach")
        self.process.await_true(lambda: "attached" in self.process.output())
        time.sleep(SETTLE_SECONDS)

    def detach(self):
        self.process.stop()
        self.process = None
        time.sleep(SETTLE_SECONDS)

    def missing(self):
        """Why it cannot run here, or None."""
        try:
            self.attach()
        except Failed as failed:
            if self.process.popen.poll() == EXIT_SKIP:
                return str(failed)
            raise
        self.detach()
        return None


class Ring(Variant):
    name, title = "ring", "an event a request"

    def attach(self):
        self.process = Process([PROGRAMS / "ring", PROGRAMS / "ring.bpf.o", "pingpong"],
                               self.directory, "ring")
        self.process.await_true(lambda: "attached" in self.process.output())
        time.sleep(SETTLE_SECONDS)

    def detach(self):
        self.process.stop()
        counted, lost, _ = map(int, self.process.output().split("\n")[1].split())
        self.process = None
        time.sleep(SETTLE_SECONDS)
        return counted, lost


class Bpftrace(Variant):
    """Has tracefs mounted for itself, whether the host has it or not."""

    name, title = "bpftrace", "bpftrace script"
    shell = "mount -t tracefs tracefs /sys/kernel/tracing && exec bpftrace -B line -f json \"$0\""

    def attach(self):
        self.process = Process(["unshare", "-m", "sh", "-c", self.shell,
                                pathlib.Path(__file__).parent / "usual.bt"],
                               self.directory, "bpftrace")
        # it says so from one of its probes, when others may not be attached yet
        self.process.await_true(lambda: self.process.output().count('"attached') > 1)
        time.sleep(0.2)

    def detach(self):
        self.process.stop(signal.SIGINT)
        counted = 0
        for line in self.process.output().splitlines():
            entry = json.loads(line) if line.startswith("{") else {}
            if entry.get("type") == "map" and "@requests" in entry["data"]:
                counted += sum(n for key, n in entry["data"]["@requests"].items()
                               if key.startswith("pingpong,"))
        self.process = None
        time.sleep(SETTLE_SECONDS)
        return counted, None

    @staticmethod
    def missing():
        if host.tool("bpftrace"):
            return None
        return "it is not installed: scripts/setup.sh bench"


class UnixHTTP(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=10)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


class Agent(Variant):
    """The agent with a configuration and files of its own."""

    def __init__(self, directory, config, name="agent", title="agent"):
        super().__init__(directory)
        self.name, self.title = name, title
        self.config = directory / f"{name}.yaml"
        self.config.write_text(config)
        self.state = directory / "state"
        self.socket = directory / "status.sock"

    def spawn(self):
        """Does not wait until it counts."""
        shutil.rmtree(self.state, ignore_errors=True)
        self.process = Process([self.directory / "sliprobed", "--foreground", "--config",
                                self.config, "--socket", self.socket, "--state-dir", self.state],
                               self.directory, "sliprobed")

    def get(self, path):
        """The body, or None while it does not answer."""
        connection = UnixHTTP(self.socket)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            return body if answer.status == 200 else None
        except OSError:
            return None
        finally:
            connection.close()

    def attach(self):
        self.spawn()
        self.process.await_true(lambda: self.get("/readyz"))
        time.sleep(SETTLE_SECONDS)

    def detach(self):
        code = self.process.stop()
        if code:
            subprocess.run([BUILD / "sliprobed", "--remove", "--state-dir", self.state],
                           check=False, capture_output=True)
            raise Failed(f"the agent ended with {code}: {self.process.log_path.read_text()}")
        self.process = None
        time.sleep(SETTLE_SECONDS)

    def status(self):
        return json.loads(self.get("/v1/status") or "{}")

    def counted(self, service="bench"):
        return sum(s["requests"] for s in self.status().get("services", ())
                   if s["name"] == service and s["role"] == "server")

    def check_counted(self, requests, unread=0, service="bench"):
        status = self.status()
        counted = sum(s["requests"] for s in status["services"]
                      if s["name"] == service and s["role"] == "server")
        if not requests - unread <= counted <= requests:
            raise Failed(f"the agent counted {counted} of {requests} requests: "
                         f"{status['coverage']}")
