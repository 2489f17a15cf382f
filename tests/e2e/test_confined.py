# SPDX-License-Identifier: GPL-2.0-only
"""What the agent holds while it runs: user, groups, capabilities, system calls, files."""
import os
import pathlib
import pwd
import re
import shutil
import signal
import stat
import subprocess
import time

import pytest

from harness import BUILD, children, status_of, tool, wait_until

pytestmark = pytest.mark.usefixtures("agent_only")

NOBODY_ELSE = 65525  # where there is no user sliprobe
CAPABILITIES = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")


def own_user():
    try:
        return pwd.getpwnam("sliprobe").pw_uid
    except KeyError:
        return NOBODY_ELSE


def tasks_of(pid):
    return [status_of(task) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()]


def check_holds_nothing(task, uid):
    assert set(task["Uid"]) == {str(uid)}, task
    assert task["Groups"] == [], task
    assert task["NoNewPrivs"] == ["1"] and task["Seccomp"] == ["2"], task
    for name in CAPABILITIES:
        assert int(task[name][0], 16) == 0, (name, task)


def test_every_thread_and_process_has_no_capability_and_a_user_of_its_own(start_agent):
    agent = start_agent()
    agent.status()
    helpers = children(agent.process.pid)
    helpers.pop("sliprobe-holder", None)  # test_tls_helper.py
    assert sorted(helpers) == ["sliprobe-keeper", "sliprobe-sample", "sliprobe-start"]
    for task in tasks_of(agent.process.pid) + tasks_of(helpers["sliprobe-start"]):
        check_holds_nothing(task, own_user())
        assert "0" not in task["Uid"] + task["Gid"]
    # it reads root's configuration, and is otherwise as bare
    for task in tasks_of(helpers["sliprobe-keeper"]):
        check_holds_nothing(task, 0)


def test_the_status_says_what_confines_it(start_agent):
    agent = start_agent()
    status = agent.status()["agent"]
    assert status["capabilities"] == []
    held = status["confinement"]
    assert held["uid"] == own_user() and held["seccomp"] is True and held["refused_system_calls"] == 0
    assert (held["landlock"] > 0) != ("not confined by Landlock" in agent.process.output())


def beyond_streams(pid):
    """What it has open behind its three streams and its socket to the agent."""
    fds = sorted(map(int, os.listdir(f"/proc/{pid}/fd")))
    assert fds[:4] == [0, 1, 2, 3]
    try:
        return [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in fds[4:]]
    except FileNotFoundError:
        return None  # one that was open for a moment


def test_helpers_have_no_descriptor_of_the_agents(start_agent):
    agent = start_agent()
    more = {"sliprobe-sample": [str(agent.state / "samples"), "anon_inode:[pidfd]"],  # where it keeps them, whom it waits for
            "sliprobe-holder": ["anon_inode:[pidfd]"]}
    for name, pid in children(agent.process.pid).items():
        wanted = more.get(name, [])
        assert wait_until(lambda: beyond_streams(pid) == wanted), (name, beyond_streams(pid))


def private(path):
    """As an operator hides secrets: root's alone."""
    path.chmod(0o600)
    return path


def openslo_of(agent, names):
    """The SLOs in a file of OpenSLO."""
    config = agent.dir / "for-export.yaml"
    config.write_text("services: [{name: a, match: {port: 1}}]\nslos:\n" + "".join(
        f"  - {{name: {name}, service: a, objective: 99, alerts: []}}\n" for name in names))
    out = subprocess.run([BUILD / "slictl", "export", "openslo", "--config", config], capture_output=True,
                         text=True, check=True)
    config.unlink()
    return out.stdout


def test_a_reload_reads_what_root_alone_may_read(start_agent):
    agent = start_agent()
    slos = agent.dir / "slos"
    slos.mkdir(mode=0o700)
    private(agent.config).write_text(
        "agent: {interval: 1s}\nservices: [{name: a, match: {port: 1}}]\n"
        f"slo_files: ['{slos}/*.yaml']\n")
    for name in ("one", "two"):
        (slos / f"{name}.yaml").write_text(openslo_of(agent, [name]))
        private(slos / f"{name}.yaml")
    code, _, body = agent.request("POST", "/v1/reload")
    assert code == 200, body
    assert sorted(slo["name"] for slo in agent.status()["slos"]) == ["one", "two"]
    agent.config.unlink()
    code, _, body = agent.request("POST", "/v1/reload")
    assert code == 422 and b"No such file" in body


def test_a_stop_leaves_nothing_in_roots_directories(start_agent, nothing_left):
    agent = start_agent()
    assert stat.S_IMODE(agent.dir.stat().st_mode) == 0o700 and agent.dir.stat().st_uid == 0
    pids = [agent.process.pid, *children(agent.process.pid).values()]
    agent.stop()
    assert sorted(path.name for path in agent.dir.iterdir()) == ["log", "sliprobe.yaml", "state"]
    assert sorted(path.name for path in agent.state.iterdir()) == ["lock", "samples", "sliprobe.db"]
    assert [pid for pid in pids if os.path.exists(f"/proc/{pid}")] == []


def test_helpers_end_with_an_agent_that_is_killed(start_agent):
    agent = start_agent()
    pids = list(children(agent.process.pid).values())
    os.kill(agent.process.pid, signal.SIGKILL)
    assert wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), 5)
    agent.process.popen.wait()
    agent.start()


def leave_to_root(agent):
    """What an agent that ran as root to its end has left."""
    where = [agent.state, *pathlib.Path("/sys/fs/bpf").glob("sliprobe"),
             *pathlib.Path("/run").glob("sliprobe")]
    for top in where:
        for path in [top, *top.rglob("*")]:
            os.lchown(path, 0, 0)
    agent.state.chmod(0o750)


def test_what_an_agent_of_root_has_left_is_taken_over(agents, shop):
    agent = agents("agent: {interval: 1s}\n"
                   f"services: [{{name: shop, match: {{port: {shop.port}}}}}]\n"
                   "slos: [{name: plain, service: shop, objective: 99}]\n").start()
    shop.ask()
    time.sleep(2)
    agent.kill()
    shop.ask()
    leave_to_root(agent)
    elsewhere = agent.dir / "elsewhere"
    elsewhere.write_text("root's")
    (agent.state / "sliprobe.db.damaged-1").symlink_to(elsewhere)
    os.link(elsewhere, agent.state / "sliprobe.db.damaged-2")
    agent.start()
    assert agent.status()["agent"]["taken_over"]
    shop.check(agent)
    shop.ask()
    shop.check(agent)
    assert elsewhere.stat().st_uid == 0
    assert (agent.state / "sliprobe.db").stat().st_uid == own_user()
    assert "cannot" not in agent.said()
    agent.stop()


def as_the_unit_does(agent):
    """Never root: the agent's own user, with the capabilities that deploy/sliprobe.service gives it."""
    program = agent.dir / "sliprobed"
    shutil.copy(BUILD / "sliprobed", program)
    pins = pathlib.Path("/sys/fs/bpf/sliprobe")
    notes = pathlib.Path("/run/sliprobe")
    (agent.dir / "run").mkdir()
    agent.state.mkdir()
    for path in (pins, notes):
        path.mkdir(exist_ok=True)
    for path in (pins, notes, agent.state, agent.dir / "run", agent.config):
        os.chown(path, own_user(), own_user())
    agent.dir.chmod(0o755)
    agent.socket = agent.dir / "run" / "s.sock"
    argv = agent.argv()
    capabilities = "-all,+bpf,+perfmon,+sys_ptrace"
    agent.argv = lambda: [
        tool("setpriv"), f"--reuid={own_user()}", f"--regid={own_user()}", "--clear-groups",
        f"--bounding-set={capabilities}", f"--inh-caps={capabilities}",
        f"--ambient-caps={capabilities}", "--no-new-privs", program, *argv[1:]]
    return argv


def test_it_need_not_be_started_as_root(agents, nothing_left):
    agent = agents("agent: {interval: 1s}\n", options=["--keep"])
    as_root = as_the_unit_does(agent)
    where = pathlib.Path("/sys/fs/bpf")
    before = where.stat()
    os.chown(where, -1, own_user())
    where.chmod(stat.S_IMODE(before.st_mode) | stat.S_IXGRP)
    try:
        agent.start()
        task, = tasks_of(agent.process.pid)
        assert set(task["Uid"]) == {str(own_user())} and task["Seccomp"] == ["2"]
        assert [int(task[name][0], 16) for name in CAPABILITIES if name != "CapBnd"] == [0] * 4
        assert agent.request("POST", "/v1/reload")[0] == 200
        assert "counting ends with" not in agent.said()
        agent.stop()
    finally:
        os.chown(where, -1, before.st_gid)
        where.chmod(stat.S_IMODE(before.st_mode))
    # and root's goes on with what it has left
    agent.argv = lambda: [arg for arg in as_root if arg != "--keep"]
    agent.start()
    assert agent.status()["agent"]["taken_over"]
    agent.stop()
    assert list((agent.dir / "run").iterdir()) == []


# ---- what commands may do ----

TRIES = r"""
try() { name=$1; shift; if "$@" 2>/dev/null; then echo "$name did"; else echo "$name refused"; fi; }
write() { echo "$2" >"$1"; }
{
try core_pattern write /proc/sys/kernel/core_pattern '|/tmp/x'
try passwd write /etc/passwd x
try cron write /etc/cron.d/x x
try state ls DIR/state
try agent cat /proc/AGENT/environ
try user unshare -U true
try signal kill -0 AGENT
try mounts unshare -m true
id -u
pwd
env | cut -d= -f1 | sort | tr '\n' ' '
grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status | tr -d '\n\t'
} >OUT.new
mv OUT.new OUT
"""


def run_command(agent, script, out):
    """Its lines, when it has written them."""
    path = out.with_name("script")
    path.write_text(script)
    status, body = agent.reload("agent: {interval: 1s}\nnotify:\n  - command: "
                                f"{{argv: [/bin/sh, {path}], timeout: 5s}}\n")
    assert status == 200, body
    assert agent.request("POST", "/v1/notify-test")[0] == 200
    assert wait_until(out.exists, 10), agent.said()
    return out.read_text().splitlines()


def test_a_command_is_not_root(start_agent, anybodys):
    agent = start_agent()
    out = anybodys / "out"
    script = TRIES.replace("OUT", str(out)).replace("DIR", str(agent.dir)).replace(
        "AGENT", str(agent.process.pid))
    said = run_command(agent, script, out)
    results = dict(line.split() for line in said[:8])
    assert results.pop("signal") in ("did", "refused")  # it has the agent's user
    assert set(results.values()) == {"refused"}, results
    assert said[8:10] == [str(own_user()), "/"]
    names = said[10].split("CapEff")[0].split()
    assert set(names) <= {"PATH", "LANG", "PWD", "OLDPWD", "SHLVL", "_", "SLIPROBE_ID", "SLIPROBE_KIND",
                          "SLIPROBE_STATUS", "SLIPROBE_SEVERITY", "SLIPROBE_SERVICE"}, names
    assert re.search(r"CapEff:0{16}CapBnd:0{16}NoNewPrivs:1$", said[10]), said


def test_a_command_that_forks_without_end_is_bounded(start_agent, anybodys):
    agent = start_agent()
    out = anybodys / "out"
    script = (f"echo >{out}; f() {{ f & f & sleep 3; }}; for i in 1 2 3 4 5 6; do f; done")
    run_command(agent, script, out)
    counts = []

    def between_attempts():
        counts.append(count_at_once(out.with_name("script")))
        return not counts[-1] and max(counts) > 3

    # a busy machine may get to see none of an attempt before its time is up: there is another
    assert wait_until(between_attempts, 20, 0.1), counts
    assert max(counts) <= 64, counts
    assert agent.get("/healthz")[0] == 200


def count_at_once(script):
    """How many processes run it: while they are counted, none of their group can fork."""
    for pid in running(script)[:1]:
        try:
            group = os.getpgid(int(pid))
            os.killpg(group, signal.SIGSTOP)
            count = len(running(script))
            os.killpg(group, signal.SIGCONT)
            return count
        except ProcessLookupError:  # its time is up
            break
    return 0


def running(script):
    """The processes that run it."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if os.fsencode(script) in path.read_bytes():
                found.append(path.parent.name)
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found
