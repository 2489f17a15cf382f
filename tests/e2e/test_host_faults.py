# SPDX-License-Identifier: GPL-2.0-only
"""Parts of the host fail or are taken away: rows of docs/security.md, "Faults"."""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

import pytest

import alerting
from alerting import Hook, ctl, ctl_json
from harness import long_one, user_space, wait_until
from history import SlowDisk, config, left_behind

pytestmark = pytest.mark.usefixtures("nothing_left")

APART = ["unshare", "-m", "sh", "-c"]  # in a mount namespace of its own


def in_time(ask, seconds):
    """What it answers, within that."""
    start = time.monotonic()
    answer = ask()
    took = time.monotonic() - start
    assert took < seconds, f"{took:.2f} s"
    return answer


# ---- disk ----


@user_space
@pytest.mark.parametrize("takes", [1, long_one(3)])
def test_a_slow_disk(agents, shop, helpers, tmp_path, takes):
    """Seconds of an fsync: an answer waits for two commits at most, steps are late, nothing is lost."""
    disk = SlowDisk(helpers, tmp_path / "slow")
    agent = agents(config(shop.port), env=disk.env).start()
    shop.ask()
    shop.wait_for_disk(agent.state)
    disk.set(takes)
    delays = []
    for _ in range(3):
        shop.ask()
        time.sleep(1)
        start = time.monotonic()
        assert agent.get("/healthz")[0] == 200
        delays.append(time.monotonic() - start)
    disk.set(0)
    late = agent.status()["agent"]["steps"]["late_max_seconds"]
    print(f"health after {delays} s, steps late by {late} s")
    assert takes / 2 < max(delays) < 2 * takes + 1, delays
    assert late < takes + 1
    shop.check(agent)
    shop.wait_for_disk(agent.state)
    assert agent.status()["store"]["state"] == "ok"
    agent.kill()
    shop.ask()
    agent.start()
    shop.check(agent)
    agent.stop()
    assert "is lost" not in agent.said(), agent.said()
    shop.check_disk(agent.state)


@user_space
@pytest.mark.parametrize("end", ["kill", long_one("stop")])
def test_the_state_directory_is_removed(agents, shop, end):
    """Under it: it counts on, and says that nothing is written. The next agent makes it anew."""
    agent = agents(config(shop.port)).start()
    shop.ask()
    shop.wait_for_disk(agent.state)
    shutil.rmtree(agent.state)
    shop.ask(60)
    assert wait_until(lambda: agent.status()["store"]["state"] == "failing", 5), agent.said()
    reason = agent.status()["store"]["reason"]
    told = [line for line in agent.said().splitlines() if reason in line]
    assert str(agent.state) in reason and len(told) == 1, agent.said()
    shop.check(agent)
    if end == "stop":
        agent.stop()
        assert "lost with this stop" in agent.said(), agent.said()
        shop.good = shop.bad = 0
    else:
        agent.kill()
    agent.start()
    shop.ask()
    shop.check(agent)
    assert agent.status()["store"]["state"] == "ok"
    assert agent.state.stat().st_mode & 0o7777 == 0o750
    agent.stop()
    shop.check_disk(agent.state)


# ---- configuration ----


@user_space
@pytest.mark.parametrize("by", ["SIGHUP", long_one("slictl")])
def test_the_configuration_is_gone_at_a_reload(agents, shop, by):
    text = config(shop.port)
    agent = agents(text).start()
    shop.ask()
    agent.config.unlink()
    reason = f"{agent.config}: cannot be opened: No such file or directory"
    if by == "slictl":
        assert ctl(agent, "reload", code=1)[1] == \
            f"slictl: {reason}\nThe configuration before stays in force.\n"
    else:
        os.kill(agent.process.pid, signal.SIGHUP)
    assert wait_until(lambda: agent.status()["agent"]["reload_refused"])
    assert agent.status()["agent"]["reload_refused"]["reason"] == reason
    assert "reload refused, the configuration before stays in force: " + reason in agent.said()
    shop.ask()
    shop.check(agent)
    assert agent.reload(text)[0] == 200
    assert agent.status()["agent"]["reload_refused"] is None
    shop.ask()
    shop.check(agent)
    agent.stop()


# ---- names ----


@pytest.fixture
def deaf():
    """A name server that never answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind(("127.0.0.77", 53))
        except OSError as error:
            pytest.skip(f"127.0.0.77:53: {error}")
        yield sock


@user_space
def test_the_name_server_hangs(wrapped, stopping, deaf, tmp_path):
    """The others are told in time, and the agent waits for it in nothing: steps, health, its end."""
    resolver = tmp_path / "resolv.conf"
    resolver.write_text("nameserver 127.0.0.77\n")
    resolver.chmod(0o644)
    hook = stopping(Hook())
    agent = wrapped(*APART, f'mount --bind {resolver} /etc/resolv.conf && exec "$@"', "sh",
                    text=alerting.config({}, [], notify=[
                        {"webhook": {"url": "http://hangs.example.com/hook"}},
                        {"webhook": {"url": hook.url}}])).start()
    assert in_time(lambda: agent.request("POST", "/v1/notify-test")[0], 1) == 200
    hook.expect(("test", "page"), seconds=2)
    deaf.settimeout(5)
    assert b"\x05hangs\x07example\x03com" in deaf.recv(512)
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        assert in_time(lambda: agent.get("/healthz")[0], 0.5) == 200
        time.sleep(0.1)
    assert agent.status()["agent"]["steps"]["late_max_seconds"] < 0.5
    first, second = ctl_json(agent, "alerts")["receivers"]
    assert (first["sent"], first["waiting"], second["sent"]) == (0, 1, 1)
    in_time(agent.stop, 3)


# ---- memory ----


def end_of(agent):
    """Its exit code, or None as long as it runs."""
    return agent.process.popen.poll()


@user_space
def test_no_memory_while_it_runs(agents, shop):
    """RLIMIT_DATA: it may grow no more. It answers 503, and goes on afterwards; the kernel counts on."""
    agent = agents(config(shop.port)).start()
    shop.ask()
    shop.check(agent)
    # as its own user: root's right to it is a capability that a container may lack
    lines = pathlib.Path(f"/proc/{agent.process.pid}/status").read_text().splitlines()
    uid, gid = (line.split()[1] for key in ("Uid:", "Gid:") for line in lines if line.startswith(key))
    limit = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups",
             "prlimit", "--pid", str(agent.process.pid)]
    subprocess.run([*limit, "--data=4096:"], check=True)
    shop.ask(60)
    codes = set()
    for path in ("/v1/status", "/metrics", "/v1/history/plain", "/v1/nothing") * 8:
        codes.add((path, agent.request("GET", path, timeout=2)[0]))
    print(f"answers {codes}")
    time.sleep(2.2)
    assert end_of(agent) is None, agent.said()
    assert {code for _, code in codes} <= {200, 404, 503}, codes
    subprocess.run([*limit, "--data=unlimited:"], check=True)
    shop.check(agent)
    assert agent.get("/healthz")[0] == 200
    agent.kill()
    shop.ask()
    agent.start()
    assert agent.status()["agent"]["taken_over"] is True
    shop.check(agent)
    agent.stop()
    assert "is lost" not in agent.said(), agent.said()
    shop.check_disk(agent.state)


@user_space
@pytest.mark.parametrize("kib", [3072, 8192, 32768])
def test_no_memory_at_the_start(wrapped, kib):
    agent = wrapped("prlimit", f"--data={kib * 1024}")
    agent.spawn()
    state = wait_until(lambda: end_of(agent) is not None or agent.socket.exists()
                       and "counting (" in agent.said(), 10)
    assert state, agent.said()
    print(agent.said())
    if end_of(agent) is not None:
        last = agent.said().splitlines()[-1]
        assert end_of(agent) == 1 and "emory" in last, agent.said()
        agent.process.stop()
        agent.process = None
        assert not left_behind()
    else:
        assert agent.get("/healthz")[0] == 200
        agent.stop()


@pytest.fixture
def limited(tmp_path):
    """A cgroup of version 2 whose memory can be limited."""
    top = tmp_path / "cgroups"
    top.mkdir()
    group = top / "sliprobe-e2e"
    subprocess.run(["mount", "-t", "cgroup2", "sliprobe-test", top], check=True)
    try:
        if "memory" not in (top / "cgroup.controllers").read_text().split():
            pytest.skip("the memory of cgroups of version 2 cannot be limited on this host")
        (top / "cgroup.subtree_control").write_text("+memory")
        group.mkdir()
        yield group
    finally:
        if group.exists():
            wait_until(lambda: not (group / "cgroup.procs").read_text(), 5)
            group.rmdir()
        subprocess.run(["umount", "-l", top], check=True)


def test_the_limit_of_its_cgroup(wrapped, shop, limited):
    """Killed by it: the kernel counts on, and the next agent takes over."""
    agent = wrapped("sh", "-c", f'echo $$ >{limited}/cgroup.procs && exec "$@"', "sh",
                    text=config(shop.port)).start()
    shop.ask()
    shop.check(agent)
    for _ in range(100):
        # what the kernel can take from it without killing it goes first
        held = int((limited / "memory.current").read_text())
        (limited / "memory.max").write_text(str(max(held - (1 << 20), 0)))
        time.sleep(0.05)
        if end_of(agent) is not None:
            break
    assert end_of(agent) == -signal.SIGKILL, (limited / "memory.stat").read_text() + agent.said()
    assert "oom_kill 0" not in (limited / "memory.events").read_text()
    agent.kill()
    shop.ask(60)
    agent.wrapper = []
    agent.start()
    assert agent.status()["agent"]["taken_over"] is True
    shop.ask()
    shop.check(agent)
    agent.check_sums()
    agent.stop()
    assert "is lost" not in agent.said(), agent.said()
    shop.check_disk(agent.state)


# ---- kernel and processors ----


@pytest.mark.parametrize("hook, words", [
    ("tracepoint", "the kernel refuses the tracepoint programs: "),
    ("fexit", "the kernel refuses both hook families: tracepoint: not tried; fexit: "),
])
def test_a_kernel_that_refuses_a_family_of_hooks(agents, hook, words):
    """Asked for alone: it counts by it, or ends with the kernel's words."""
    agent = agents(config(1), options=["--hook", hook])
    agent.spawn()
    assert wait_until(lambda: end_of(agent) is not None or "counting (" in agent.said(), 30)
    if end_of(agent) is None:
        assert agent.status()["agent"]["hook"] == hook
        agent.stop()
        return
    last = agent.said().splitlines()[-1]
    assert end_of(agent) == 1 and words in last and len(last.split(words)[1]) > 10, agent.said()
    agent.process.stop()
    agent.process = None
    assert not left_behind() and not agent.socket.exists()


def test_a_processor_goes_offline(agents, shop):
    switch = pathlib.Path("/sys/devices/system/cpu/cpu1/online")
    if not switch.exists() or not os.access(switch, os.W_OK):
        pytest.skip("no processor can be taken offline here: there is no " + str(switch))
    agent = agents(config(shop.port)).start()
    try:
        switch.write_text("1")
    except OSError as error:
        pytest.skip(f"{switch}: {error}")
    try:
        with shop.under_load(4):
            for on in "0101":
                time.sleep(0.6)
                switch.write_text(on)
            time.sleep(0.6)
            switch.write_text("0")
        shop.check(agent)
        agent.kill()
        shop.ask()
        agent.start()
        assert agent.status()["agent"]["taken_over"] is True
        shop.check(agent)
        switch.write_text("1")
        shop.ask()
        shop.check(agent)
    finally:
        switch.write_text("1")
    agent.check_sums()
    agent.stop()
    shop.check_disk(agent.state)


# ---- directories of the system ----


@user_space
@pytest.mark.parametrize("run, why", [
    ("mount -t tmpfs -o ro,mode=755 none /run", "Read-only file system"),
    ("mount -t tmpfs -o size=4k,mode=755 none /run && head -c 4096 /dev/zero >/run/full",
     "No space left on device"),
], ids=["read-only", "full"])
def test_run_cannot_be_written(wrapped, shop, run, why):
    """Where the notes are: said, and it counts, as long as its process lives."""
    agent = wrapped(*APART, run + ' && exec "$@"', "sh", text=config(shop.port)).start()
    told = [line for line in agent.said().splitlines() if why in line]
    assert len(told) == 1 and "counting ends with this process" in told[0], agent.said()
    status = agent.status()["agent"]
    assert status["pinned"] is False
    shop.ask()
    shop.check(agent)
    agent.stop()
    assert "is lost" not in agent.said(), agent.said()
    shop.check_disk(agent.state)
    assert not left_behind()


@user_space
def test_run_is_full_at_a_reload(wrapped, shop):
    agent = wrapped(*APART, 'mount -t tmpfs -o size=1m,mode=755 none /run && exec "$@"', "sh",
                    text=config(shop.port)).start()
    assert agent.status()["agent"]["pinned"] is True
    shop.ask()
    filler = pathlib.Path(f"/proc/{agent.process.pid}/root/run/full")
    with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    assert agent.reload(config(shop.port, objective=60))[0] == 200
    told = [line for line in agent.said().splitlines() if "No space left on device" in line]
    assert len(told) == 1 and "counting ends with this process" in told[0], agent.said()
    assert agent.status()["agent"]["pinned"] is False
    shop.ask()
    assert agent.service("shop")["requests"] == sum(shop.sums)
    agent.stop()
    assert not left_behind()


@user_space
def test_no_time_zones(agents, shop, tmp_path):
    """TZ names none that is there, and there is no database: a zone in the configuration is refused."""
    agent = agents(config(shop.port), env={"TZ": "No/Such_Zone", "TZDIR": str(tmp_path)}).start()
    shop.ask()
    shop.check(agent)
    months = {"slos": [{"name": "plain", "service": "shop", "objective": 50, "calendar": "month",
                        "time_zone": "Europe/Berlin"}]}
    code, body = agent.reload(json.dumps(months))
    assert 400 <= code < 500 and "expected a time zone the system knows" in body, body
    shop.ask()
    shop.check(agent)
    agent.stop()
    shop.check_disk(agent.state)


ID = "5e" * 32  # of a container


@pytest.fixture
def contained(tmp_path, shop):
    """The shop is in the cgroup of a container."""
    top = tmp_path / "cgroups"
    top.mkdir()
    subprocess.run(["mount", "-t", "cgroup2", "sliprobe-test", top], check=True)
    group = top / f"docker-{ID}.scope"
    group.mkdir()
    (group / "cgroup.procs").write_text(str(shop.server.pid))
    yield
    (top / "cgroup.procs").write_text(str(shop.server.pid))
    group.rmdir()
    subprocess.run(["umount", "-l", top], check=True)


@user_space
@pytest.mark.parametrize("hidden", [True, long_one(False)])
def test_processes_of_others_are_hidden(wrapped, shop, contained, hidden):
    """/proc with hidepid=2: what only it tells is missing, such as container ids. Counts are exact."""
    mount = "mount -t proc -o hidepid=2 proc /proc && " if hidden else ""
    agent = wrapped(*APART, mount + 'exec "$@"', "sh", text=config(shop.port)).start()
    shop.ask()
    shop.check(agent)
    assert agent.service("shop")["container"] == (None if hidden else ID)
    time.sleep(1.1)
    shop.ask()
    shop.check(agent)
    agent.check_sums()
    agent.stop()
    shop.check_disk(agent.state)
