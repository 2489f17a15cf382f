# SPDX-License-Identifier: GPL-2.0-only
"""The agent under test, servers, ports, and the one way to assert counts."""
import contextlib
import ctypes
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = pathlib.Path(os.environ.get("SLIPROBE_BUILD", ROOT / "build")).resolve()
SCALE = float(os.environ.get("SLIPROBE_SCALE", "1"))
IN_VM = os.environ.get("SLIPROBE_IN_VM") == "1"
LONG = os.environ.get("SLIPROBE_LONG") == "1"
# Waiting is bounded, and longer where the machine is emulated. Counts are never given slack.
SLOW = 20 if IN_VM else 1
# For tests that run on this host alone.
user_space = pytest.mark.skipif(IN_VM, reason="nothing in it depends on the kernel")
if_long = pytest.mark.skipif(not LONG, reason="SLIPROBE_LONG=1 asks for it")


def long_one(*values):
    """Of a test's parameters: those that are slow, and show little that the others do not."""
    return pytest.param(*values, marks=if_long)


# For tests of which an emulated machine runs others that show as much of the kernel.
if_long_in_vm = pytest.mark.skipif(IN_VM and not LONG, reason="SLIPROBE_LONG=1 asks for it here")
OUTCOMES = ("complete", "server_abort", "client_abort", "unanswered", "not_accepted")
LIBC = ctypes.CDLL(None)
LATE = []  # (test, seconds): counts that were right, but not at the first read
PORTS_GIVEN = set()
AGENTS = set()  # processes of agents that were started
EPOLL_WAITS = ("232", "281", "22")  # numbers of epoll_wait and epoll_pwait: x86-64, arm64


def scaled(n, least=20):
    """How many of n requests to send on this machine."""
    return max(least, int(n * SCALE))


def wait_until(check, seconds=30, step=0.01):
    """The first true value of check(), or its last value when time is up."""
    deadline = time.monotonic() + seconds * SLOW
    while True:
        value = check()
        if value or time.monotonic() > deadline:
            return value
        time.sleep(step)


def tool(name):
    path = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if not path:
        pytest.skip(f"{name} is not installed")
    return path


def free_ports(n):
    """Below those that clients get. None is given twice: an agent may have counts of its earlier service."""
    first = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    ports = []
    while len(ports) < n:
        port = random.randrange(first // 2, first)
        if port in PORTS_GIVEN:
            continue
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("0.0.0.0", port))
            PORTS_GIVEN.add(port)
            ports.append(port)
    return ports


def free_port():
    return free_ports(1)[0]


def listens(port):
    # Reads the table instead of connecting: the server under test sees only the test's traffic.
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        local, state = line.split()[1], line.split()[3]
        if state == "0A" and int(local.split(":")[1], 16) == port:
            return True
    return False


def end_with_parent():
    LIBC.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


class Process:
    """A child in a group of its own, so that nothing of it outlives the test."""

    def __init__(self, argv, log=None, **popen):
        self.argv = [str(a) for a in argv]
        self.log = log or tempfile.TemporaryFile()
        self.popen = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stderr=self.log,
                                      stdout=popen.pop("stdout", self.log),
                                      start_new_session=True, preexec_fn=end_with_parent,
                                      **popen)
        self.pid = self.popen.pid

    def output(self):
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def stop(self, sig=signal.SIGTERM, seconds=20):
        """Returns the exit code. An agent takes its probes off one by one."""
        if self.popen.poll() is None:
            self.popen.send_signal(sig)
        try:
            return self.popen.wait(seconds * SLOW)
        finally:
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.popen.wait()
            if self.popen.stdout:
                self.popen.stdout.close()


class Server(Process):
    """A server program that says "listening PORT" once it does. One that picks its port gets a port of its own, too."""

    def __init__(self, argv, **popen):
        self.begin(argv, popen)
        while self.port in PORTS_GIVEN and str(self.port) not in self.argv:
            self.stop(signal.SIGKILL)
            self.begin(argv, popen)
        PORTS_GIVEN.add(self.port)

    def begin(self, argv, popen):
        super().__init__(argv, **popen, stdout=subprocess.PIPE)
        line = self.popen.stdout.readline().decode()
        if not line.startswith("listening "):
            self.stop(signal.SIGKILL)
            raise RuntimeError(f"{self.argv} did not start: {line}{self.output()}")
        self.port = int(line.split()[1])


def run_load(helpers, port, n, conns=64, depth=1, mode="keep", paths="/", address=None,
             timeout=120):
    """Our own C client: {"requests": N, "status": {code: count}}, every answer read."""
    env = dict(os.environ, LOAD_ADDRESS=address or "127.0.0.1")
    out = subprocess.run([helpers / "load", str(port), str(conns), str(depth), mode, str(n), paths],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env,
                         timeout=timeout * SLOW, check=False)
    assert out.returncode == 0, out.stderr.decode()
    return json.loads(out.stdout)


def unix_connect(path, timeout):
    """Waits for its turn when the backlog is full, which a socket with a timeout would not."""
    sock = socket.socket(socket.AF_UNIX)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", int(timeout), 0))
    try:
        sock.connect(str(path))
    except OSError:
        sock.close()
        raise
    sock.settimeout(timeout)
    return sock


class UnixHTTP(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = unix_connect(self.path, self.timeout)


# A configuration that ends with it measures TLS as one does that says nothing of it.
DEFAULT_TLS = "# tls: the default\n"


class ConfigFile(type(pathlib.Path())):
    """Agents start the sooner with `tls: off`: it is added where a test's configuration says nothing of TLS."""

    def write_text(self, text, **options):
        if "tls:" not in text and '"tls"' not in text:
            text = text.replace("{", '{"tls": "off", ', 1) if text.startswith("{") else \
                f"{text.rstrip()}\ntls: off\n"
        return super().write_text(text, **options)


EMPTY = {"requests": 0, "status": {}, "outcomes": {o: 0 for o in OUTCOMES}, "routes": []}


def stand_still(pid):
    """All threads of the process."""
    os.kill(pid, signal.SIGSTOP)
    assert wait_until(lambda: all(stat.read_text().rsplit(")", 1)[1].split()[0] == "T"
                                  for stat in pathlib.Path(f"/proc/{pid}/task").glob("*/stat")))


def waits(process):
    """It is stopped, and was not at work."""
    stand_still(process.pid)
    return pathlib.Path(f"/proc/{process.pid}/syscall").read_text().split()[0] in EPOLL_WAITS


@contextlib.contextmanager
def between_steps():
    """What is sent meanwhile is counted, and comes into one step of every agent."""
    running = [process for process in AGENTS if process.popen.poll() is None]
    try:
        for process in running:
            while not waits(process):
                os.kill(process.pid, signal.SIGCONT)
                time.sleep(0.005)
        yield
    finally:
        for process in running:
            os.kill(process.pid, signal.SIGCONT)


def status_of(task):
    """Of a process or a thread: a directory in /proc."""
    lines = (pathlib.Path(task) / "status").read_text().splitlines()
    return {key: value.split() for key, value in (line.split(":", 1) for line in lines)}


def children(pid):
    """Processes that its first thread has started, by name: none, once it has ended."""
    named = {}
    with contextlib.suppress(OSError):
        for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            with contextlib.suppress(OSError):
                named[status_of(f"/proc/{child}")["Name"][0]] = int(child)
    return named


def descendants(pid):
    return [each for child in children(pid).values() for each in (child, *descendants(child))]


class Agent:
    """One sliprobed with files of its own. config None: started without a file."""

    real = True

    def __init__(self, config="agent: {interval: 1s}\n", options=(), env=None,
                 program=BUILD / "sliprobed"):
        self.options, self.env, self.program = list(options), env, program
        self.said_from = 0  # in the log, which goes on over restarts
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="sliprobe-"))
        self.socket = self.dir / "s.sock"
        self.state = self.dir / "state"
        self.config = ConfigFile(self.dir / "sliprobe.yaml")
        self.has_config = config is not None
        self.config.write_text(config or "")
        self.process = None

    def argv(self):
        config = ["--config", self.config] if self.has_config else []
        return [self.program, "--foreground", *config,
                "--socket", self.socket, "--state-dir", self.state, *self.options]

    def spawn(self):
        """Does not wait until it is ready."""
        env = dict(os.environ, **self.env) if self.env else None
        log = open(self.dir / "log", "a+b")
        self.said_from = log.tell()
        self.process = Process(self.argv(), log=log, env=env)
        AGENTS.add(self.process)
        return self

    def start(self):
        self.spawn()

        def ready():
            if self.process.popen.poll() is not None:
                return "exited"
            try:
                return self.get("/readyz")[0] == 200
            except OSError:
                return False

        state = wait_until(ready, seconds=30)
        if state is not True:
            self.process.stop(signal.SIGKILL)
            pytest.fail(f"agent did not become ready ({state}):\n{self.process.output()}")
        return self

    def stop(self):
        if self.process:
            code = self.process.stop()
            assert code == 0, f"agent ended with {code}:\n{self.process.output()}"
            assert not self.socket.exists(), "the socket file was left behind"
            self.process = None

    def kill(self):
        """As the kernel would when memory runs out. What it had said."""
        process, self.process = self.process, None
        process.stop(signal.SIGKILL)
        return self.said()

    def kill_alone(self):
        """As a host does that is out of memory: its helpers have the time to write what they have, and end."""
        helpers = descendants(self.process.pid)
        os.kill(self.process.pid, signal.SIGKILL)
        assert wait_until(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in helpers))
        return self.kill()

    def said(self):
        """By the one that was started last."""
        return (self.dir / "log").read_bytes()[self.said_from:].decode(errors="replace")

    def remove(self):
        if self.process:
            self.kill()
        # a killed one leaves the kernel counting, for the next one with this state
        subprocess.run([BUILD / "sliprobed", "--remove", "--state-dir", self.state], check=False,
                       capture_output=True, timeout=30 * SLOW)
        shutil.rmtree(self.dir, ignore_errors=True)

    def request(self, method, path, headers=(), timeout=10):
        conn = UnixHTTP(self.socket, timeout * SLOW)
        try:
            conn.request(method, path, headers=dict(headers))
            answer = conn.getresponse()
            fields = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, fields, answer.read()
        finally:
            conn.close()

    def get(self, path):
        return self.request("GET", path)

    def reload(self, config):
        """Writes the file and asks for it: (status, body)."""
        self.config.write_text(config)
        status, _, body = self.request("POST", "/v1/reload")
        return status, body.decode()

    def status(self, services=True):
        code, _, body = self.get("/v1/status" if services else "/v1/status?services=no")
        assert code == 200, body
        return json.loads(body)

    def service(self, key):
        """By name (str) or port (int): the server side's entry, or an empty one."""
        field = "name" if isinstance(key, str) else "port"
        found = [s for s in self.status()["services"]
                 if s.get(field) == key and s.get("role", "server") == "server"]
        assert len(found) <= 1, f"more than one service for {key}: {found}"
        return found[0] if found else EMPTY

    def slo(self, name):
        found = [s for s in self.status()["slos"] if s["name"] == name]
        assert len(found) == 1, f"{len(found)} SLOs named {name}"
        return found[0]

    def lost(self):
        return self.status(services=False)["coverage"]["lost"] if self.real else 0

    def check_sums(self, lost=0):
        """What must hold in every reply once traffic has stopped."""
        status = self.status()
        coverage = status["coverage"]
        assert coverage["lost"] == lost == sum(coverage["lost_by_reason"].values()), coverage
        ended = coverage["counted"] + coverage["lost"]
        assert coverage["seen"] == ended + coverage["in_flight"], coverage
        for service in status["services"]:
            outcomes = service["outcomes"]
            assert sum(outcomes.values()) == service["requests"], service
            assert sum(service["status"].values()) == outcomes["complete"], service
            for code in service["status"]:
                routes = sum(r["status"].get(code, 0) for r in service["routes"])
                assert routes == service["status"][code], service
            assert sum(r["requests"] for r in service["routes"]) == service["requests"], service
        for slo in status["slos"]:
            assert slo["good"] + slo["bad"] == slo["eligible"], slo

    def watch(self, key):
        return Watch(self, key)

    def rss_kib(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        raise AssertionError("no VmRSS")

    def series(self, service):
        """The names and labels /metrics has for one service."""
        lines = self.get("/metrics")[2].decode().splitlines()
        return {line.rpartition(" ")[0] for line in lines if f'service="{service}"' in line}


class Wrapped(Agent):
    """Started by a command: its words come first, and the last runs the rest."""

    wrapper = []

    def argv(self):
        return [*self.wrapper, *super().argv()]


class NoAgent(Agent):
    """Stands in with --selftest: runs servers and clients, skips what only the agent can say."""

    real = False

    def start(self):
        return self

    def stop(self):
        pass

    def request(self, *_, **__):
        pytest.skip("selftest: servers and clients ran, no agent to ask")


class Watch:
    """What one service counted since this object was made."""

    def __init__(self, agent, key):
        self.agent, self.key = agent, key
        self.before = agent.service(key) if agent.real else EMPTY
        self.lost = agent.lost()

    def delta(self):
        now = self.agent.service(self.key)
        codes = set(now["status"]) | set(self.before["status"])
        by_code = {c: now["status"].get(c, 0) - self.before["status"].get(c, 0) for c in codes}
        return {"requests": now["requests"] - self.before["requests"],
                "status": {c: n for c, n in sorted(by_code.items()) if n},
                "outcomes": {o: now["outcomes"][o] - self.before["outcomes"][o] for o in OUTCOMES}}

    def expect(self, status=None, **outcomes):
        """Exactly these complete requests by status code, these other outcomes, and no more.

        The first read should show it. A server may be preempted between handing its last byte
        to the kernel and the end of that call, so a short count is read again for a second, and
        the terminal summary names who needed that. A count too high fails at once.
        """
        if not self.agent.real:
            return
        codes = {str(c): n for c, n in (status or {}).items() if n}
        ended = dict({o: 0 for o in OUTCOMES}, complete=sum(codes.values()), **outcomes)
        want = {"requests": sum(ended.values()), "status": dict(sorted(codes.items())),
                "outcomes": ended}
        start = time.monotonic()
        got = self.delta()
        while got != want and got["requests"] < want["requests"] \
                and time.monotonic() < start + 1 * SLOW:
            time.sleep(0.002)
            got = self.delta()
            if got == want:
                LATE.append((os.environ.get("PYTEST_CURRENT_TEST", "?"), time.monotonic() - start))
        assert got == want, (got, want, self.agent.status()["coverage"])
        self.agent.check_sums(self.lost)
