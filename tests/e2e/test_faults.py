# SPDX-License-Identifier: GPL-2.0-only
"""What whoever starts the agent, or the host, can do to it: each row of docs/security.md, "Faults"."""
import os
import pathlib
import signal
import subprocess
import time

import pytest

from harness import Process, long_one, user_space, wait_until
from history import PINS, config, left_behind

pytestmark = [user_space, pytest.mark.usefixtures("nothing_left")]

# SIGQUIT and those of faults keep their meaning
STRAY = [signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGIO,
         signal.SIGPIPE, signal.SIGXFSZ, signal.SIGXCPU, signal.SIGPWR, signal.SIGSTKFLT, signal.SIGURG,
         signal.SIGWINCH, signal.SIGCHLD, signal.SIGCONT, signal.SIGRTMIN, signal.SIGRTMAX]


def refused(agent):
    """Starts it: what it said when it ended with 1."""
    agent.spawn()
    assert agent.process.popen.wait(30) == 1, agent.said()
    agent.process.stop()
    agent.process = None
    assert not left_behind()
    return agent.said()


# ---- signals ----


def test_stray_signals_end_nothing(agents, shop):
    agent = agents(config(shop.port)).start()
    shop.ask()
    for number in STRAY:
        os.kill(agent.process.pid, number)
    shop.ask()
    shop.check(agent)
    told = [line for line in agent.said().splitlines() if "means nothing here" in line]
    assert len(told) == 1 and f"of process {os.getpid()}, user 0" in told[0], agent.said()
    os.kill(agent.process.pid, signal.SIGHUP)
    assert wait_until(lambda: "reloaded" in agent.said(), 5), agent.said()
    agent.stop()


def test_stray_signals_before_it_counts(agents):
    """A reload that is asked for then is made when it does."""
    agent = agents(config(1))
    agent.spawn()
    assert wait_until(lambda: blocks(agent.process.pid, signal.SIGHUP), 5)
    for number in [*STRAY, signal.SIGHUP]:
        os.kill(agent.process.pid, number)
    assert wait_until(lambda: "reloaded" in agent.said(), 10), agent.said()
    assert "counting (" in agent.said()
    agent.stop()


def blocks(pid, number):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        mask = [line for line in file if line.startswith("SigBlk:")][0]
    return int(mask.split()[1], 16) >> (number - 1) & 1


@pytest.mark.parametrize("after_ms", [30, *map(long_one, (0, 120))])
def test_a_stop_during_the_start(agents, after_ms):
    agent = agents(config(1))
    agent.spawn()
    assert wait_until(lambda: blocks(agent.process.pid, signal.SIGHUP), 5)
    time.sleep(after_ms / 1000)
    # what the kernel verifies meanwhile is verified to its end: seconds, on a busy host
    assert agent.process.stop() == 0, agent.said()
    agent.process = None
    assert "asks" in agent.said(), agent.said()
    assert not left_behind() and not agent.socket.exists()


def test_quit_keeps_its_meaning(agents):
    agent = agents(config(1)).start()
    process, agent.process = agent.process, None
    assert process.stop(signal.SIGQUIT) == -signal.SIGQUIT


# ---- descriptors and limits ----


def test_too_few_descriptors(wrapped):
    said = refused(wrapped("prlimit", "--nofile=64:64"))
    assert "only 64 files may be open" in said and "LimitNOFILE" in said, said
    agent = wrapped("prlimit", "--nofile=64:4096").start()
    assert agent.get("/healthz")[0] == 200
    agent.stop()


def test_without_standard_descriptors(wrapped):
    """They become nobody else's: a line must not go into the database."""
    agent = wrapped("sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh").start()
    for fd in range(3):
        assert os.readlink(f"/proc/{agent.process.pid}/fd/{fd}") == "/dev/null"
    os.kill(agent.process.pid, signal.SIGUSR1)
    assert agent.get("/healthz")[0] == 200
    agent.stop()


@pytest.mark.parametrize("reader", ["does not read", "is gone"])
def test_nobody_reads_standard_error(agents, shop, reader):
    agent = agents(config(shop.port))
    (agent.dir / "log").touch()
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    if reader == "does not read":
        with pytest.raises(BlockingIOError):
            while True:
                os.write(write_end, b"x" * 4096)
    else:
        os.close(read_end)
    os.set_blocking(write_end, True)
    with open(write_end, "wb", buffering=0) as log:
        agent.process = Process(agent.argv(), log=log)
        assert wait_until(lambda: agent.socket.exists() and agent.get("/readyz")[0] == 200, 10)
    for _ in range(3):
        os.kill(agent.process.pid, signal.SIGHUP)
    shop.ask()
    shop.check(agent)
    if reader == "does not read":
        assert len(os.read(read_end, 1 << 16)) == 1 << 16
        os.kill(agent.process.pid, signal.SIGHUP)
        assert b" left out here, as nobody read" in os.read(read_end, 1 << 16)
        os.close(read_end)
    agent.stop()


def test_a_limit_of_file_sizes(wrapped, shop):
    """As a full disk: SIGXFSZ would end it."""
    agent = wrapped("prlimit", "--fsize=65536:65536", text=config(shop.port)).start()
    shop.ask()
    shop.check(agent)
    assert wait_until(lambda: agent.status()["store"]["state"] == "failing", 10)
    assert "no file may grow beyond 65536 bytes" in agent.said()
    agent.kill()
    agent.wrapper = []
    agent.start()
    assert agent.status()["store"]["state"] == "ok"
    shop.check(agent)
    agent.stop()
    assert "is lost" not in agent.said(), agent.said()
    shop.check_disk(agent.state)


# ---- the state directory ----


def put_fifo(path):
    os.mkfifo(path)


def put_dangling_link(path):
    path.symlink_to(path.parent.parent / "elsewhere")


@pytest.mark.parametrize("name, put", [("sliprobe.db-wal", put_fifo), ("sliprobe.db", put_dangling_link)])
def test_something_else_in_the_place_of_a_file(agents, put, name):
    """tests/unit/store/test_aliens.c has all the others."""
    agent = agents(config(1))
    agent.state.mkdir(mode=0o700)
    put(agent.state / name)
    agent.start()
    assert not (agent.dir / "elsewhere").exists()
    what = "a FIFO" if put is put_fifo else "a symbolic link"
    told = [line for line in agent.said().splitlines() if name in line and "counting (" not in line]
    assert len(told) == 1 and what in told[0], agent.said()
    assert agent.status()["store"]["state"] == ("ok" if put is put_fifo else "not kept")
    agent.stop()


def test_a_state_directory_of_others(agents):
    agent = agents(config(1))
    agent.state.mkdir()
    os.chown(agent.state, 12345, 12345)
    agent.state.chmod(0o777)
    said = refused(agent)
    assert "belongs to user 12345" in said and "chown" in said and len(said.splitlines()) == 1, said
    os.chown(agent.state, 0, 0)
    (agent.state / "theirs").touch()
    assert "has other files in it" in refused(agent)
    (agent.state / "theirs").unlink()
    agent.start()
    assert "could be written to by others (mode 0777): its mode is 0755 now" in agent.said()
    assert agent.state.stat().st_mode & 0o7777 == 0o755
    agent.stop()


# ---- pins ----


def remove_pins():
    for path in sorted(PINS.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


@pytest.mark.parametrize("what", ["pins", long_one("one pin"),
                                  long_one("note")])
def test_pins_are_made_again(agents, shop, what):
    agent = agents(config(shop.port)).start()
    shop.ask()
    kept = left_behind()
    if what == "pins":
        remove_pins()
    else:
        pathlib.Path([name for name in kept if (what == "note") == name.endswith(".json")][0]).unlink()
    assert wait_until(lambda: "are made again, and nothing is lost" in agent.said(), 5), agent.said()
    assert left_behind() == kept
    assert agent.status()["agent"]["pinned"] is True
    agent.kill()
    shop.ask(60)
    agent.start()
    assert agent.status()["agent"]["taken_over"] is True
    shop.ask()
    shop.check(agent)
    agent.stop()
    shop.check_disk(agent.state)


@pytest.mark.parametrize("also", ["", long_one("the note")])
def test_pins_are_removed_and_it_is_killed(agents, shop, also):
    """Before it could make them again: the next one says that something is lost."""
    agent = agents(config(shop.port)).start()
    os.kill(agent.process.pid, signal.SIGSTOP)
    remove_pins()
    for note in left_behind() if also else []:
        pathlib.Path(note).unlink()
    agent.kill()
    agent.start()
    told = [line for line in agent.said().splitlines() if "is lost" in line]
    assert len(told) == 1 and "did not end in order" in told[0] and str(PINS) in told[0], agent.said()
    agent.stop()
    agent.start()
    assert "is lost" not in agent.said()
    agent.stop()


def test_the_bpf_file_system_is_unmounted(wrapped):
    """In a mount namespace of its own. The lock file goes with the agent."""
    agent = wrapped("unshare", "-m", "sh", "-c", 'mount -t bpf bpf /sys/fs/bpf && exec "$@"', "sh").start()
    status = agent.status()["agent"]
    assert status["pinned"] is True
    subprocess.run(["nsenter", "-t", str(agent.process.pid), "-m", "umount", "-l", "/sys/fs/bpf"],
                   check=True)
    assert wait_until(lambda: "was unmounted" in agent.said(), 5), agent.said()
    status = agent.status()["agent"]
    assert status["pinned"] is False and "was unmounted" in status["warnings"][-1], status
    time.sleep(1.2)
    assert agent.said().count("unmounted") == 1
    agent.stop()
    assert not left_behind()
