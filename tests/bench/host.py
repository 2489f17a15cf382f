# SPDX-License-Identifier: GPL-2.0-only
"""The machine a benchmark runs on: processes, what they use, ports, and having it to oneself."""
import fcntl
import os
import pathlib
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("SLIPROBE_BUILD", ROOT / "build")).resolve()
PROGRAMS = BUILD / "tests" / "bench"
RUNNING = []
LEFT_OUT = []  # what could not be measured here, and why


class Failed(Exception):
    """Something does not run, or a count is wrong: then the times say nothing."""


def leave_out(what):
    LEFT_OUT.append(what)
    print(f"bench: leaving out {what}", file=sys.stderr)


def progress(text):
    if sys.stderr.isatty():
        print(f"\r{text:70}\r", end="", file=sys.stderr, flush=True)


def tool(name):
    return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


class Process:
    """A child whose output goes to files, ended with the benchmark at the latest."""

    def __init__(self, argv, directory, name, stdin=subprocess.DEVNULL, **popen):
        self.name = name
        self.out_path = directory / f"{name}.out"
        self.log_path = directory / f"{name}.log"
        with open(self.out_path, "wb") as out, open(self.log_path, "wb") as log:
            self.popen = subprocess.Popen([str(a) for a in argv], stdin=stdin, stdout=out,
                                          stderr=log, **popen)
        self.pid = self.popen.pid
        RUNNING.append(self)

    def output(self):
        return self.out_path.read_text(errors="replace")

    def await_true(self, check, seconds=20):
        """The first true value of check(), tried while the process lives."""
        deadline = time.monotonic() + seconds
        while True:
            value = check()
            if value:
                return value
            if self.popen.poll() is not None or time.monotonic() > deadline:
                log = self.log_path.read_text(errors="replace")
                raise Failed(f"{self.name} does not start: {log or self.output()}")
            time.sleep(0.005)

    def stop(self, sig=signal.SIGTERM):
        """The exit code; it is killed if it takes more than 10 s."""
        if self in RUNNING:
            RUNNING.remove(self)
        if self.popen.poll() is None:
            self.popen.send_signal(sig)
        try:
            return self.popen.wait(10)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            return self.popen.wait()


def stop_all():
    for process in reversed(RUNNING[:]):
        process.stop()


def run(argv, **options):
    """Standard output of a command that must succeed."""
    done = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False, **options)
    if done.returncode:
        raise Failed(f"{' '.join(str(a) for a in argv)}: {done.stderr or done.stdout}")
    return done.stdout


def cpu_ns(pid):
    """That the threads of a process have used, its children's not included."""
    return sum(int((task / "schedstat").read_text().split()[0])
               for task in pathlib.Path(f"/proc/{pid}/task").iterdir())


def memory_bytes(pid, field="VmRSS"):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise Failed(f"no {field} of process {pid}")


def available_bytes():
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0


def slabs_bytes():
    """Of objects in use, by the name of their cache."""
    rows = pathlib.Path("/proc/slabinfo").read_text().splitlines()[2:]
    return {fields[0]: int(fields[1]) * int(fields[3]) for fields in map(str.split, rows)}


def end_cpus():
    """The first CPU this process may use, and the last, where pingpong and paced run."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


def free_ports(n):
    """Below the ephemeral ones, so that no connection takes them meanwhile."""
    found = []
    for port in range(20000 + os.getpid() % 4000, 32000):
        with socket.socket() as probe:
            if len(found) < n and probe.connect_ex(("127.0.0.1", port)):
                found.append(port)
        if len(found) == n:
            return found
    raise Failed("no free ports")


def agents_running():
    names = (p / "comm" for p in pathlib.Path("/proc").iterdir() if p.name.isdigit())
    n = 0
    for name in names:
        try:
            n += name.read_text().strip() == "sliprobed"
        except OSError:
            pass
    return n


def take_lock():
    """The end-to-end tests hold the same one: neither is measured beside the other's agent."""
    lock = open(pathlib.Path(tempfile.gettempdir()) / "sliprobe-e2e.lock", "w", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("bench: waiting for the end-to-end tests to end", file=sys.stderr)
        fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def describe():
    model = None
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
    return {"kernel": platform.release(), "arch": platform.machine(), "cpu": model,
            "cpus": os.cpu_count(), "load": os.getloadavg()[0]}
