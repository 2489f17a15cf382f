# SPDX-License-Identifier: GPL-2.0-only
"""
Nobody is counted as a configured service who is not it: not a user with namespaces and mounts of their own, not by a
path too deep to be followed, not through another's descriptor. Who is, is counted exactly beside all of them.
"""
import os
import pathlib
import shutil
import subprocess
import time

import pytest

from harness import free_port, listens, run_load, tool, wait_until

NOBODY = 65534
ID = "3f" * 32  # of a container
CONFIG = """
agent: {{interval: 1s}}
services:
  - {{name: shop, match: {{exe: {dir}/shop}}}}
  - {{name: linked, match: {{exe: {dir}/link}}}}
  - {{name: globbed, match: {{exe: "{dir}/glob*"}}}}
  - {{name: deep, match: {{exe: "/opt/*"}}}}
  - {{name: roots, match: {{process: owned, user: root}}}}
  - {{name: nobodys, match: {{process: owned, user: 65534}}}}
  - {{name: unit, match: {{unit: "shop-*.service", process: placed}}}}
  - {{name: container, match: {{container: {id}, process: placed}}}}
  - {{name: below, match: {{cgroup: "/e2e.slice/*", process: placed}}}}
  - {{name: blue, match: {{process: named, netns: /run/netns/{netns}}}}}
  - {{name: anywhere, match: {{process: roaming, netns: any}}}}
  - {{name: at home, match: {{process: homely}}}}
"""


def shell(script, uid=0, **popen):
    """A shell as that user, in a session of its own."""
    user = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"] if uid else []
    return subprocess.Popen([*user, "sh", "-euc", script], start_new_session=True,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **popen)


def unified():
    for line in pathlib.Path("/proc/self/mounts").read_text().splitlines():
        if line.split()[2] == "cgroup2":
            return pathlib.Path(line.split()[1])
    return None


class Place:
    """Programs where every user may run them."""

    def __init__(self, helpers):
        self.dir = pathlib.Path(f"/srv/sliprobe-e2e-{os.getpid()}")
        self.netns = f"sli{os.getpid()}"
        self.dir.mkdir(parents=True)
        self.helpers = helpers
        for name in ("shop", "evil", "globbed", "owned", "placed", "named", "roaming", "homely", "load"):
            shutil.copy(helpers / ("load" if name == "load" else "httpd"), self.dir / name)
        shutil.copy(helpers / "httpd", self.dir / "target")
        (self.dir / "link").symlink_to("target")
        self.theirs = self.dir / "theirs"
        self.theirs.mkdir()
        os.chown(self.theirs, NOBODY, NOBODY)
        self.running = []

    def remove(self):
        for process in self.running:
            self.end(process)
        shutil.rmtree(self.dir)

    @staticmethod
    def end(process):
        if process.poll() is None:
            os.killpg(process.pid, 9)
            process.wait()
        process.stderr.close()

    def serve(self, program, before="", uid=0, wrap="", port=None):
        """Runs the program, and returns its port when it listens on it, in the host's network."""
        port = port or free_port()
        script = f"{before}\nexec {self.dir / program} {port} epoll read write"
        process = shell(f"exec {wrap} sh -euc '{script}'" if wrap else script, uid)
        self.running.append(process)
        assert wait_until(lambda: listens(port) or process.poll() is not None, 5)
        assert process.poll() is None, process.stderr.read().decode()
        return port

    def serve_apart(self, program, before="", uid=0, wrap="", n=10):
        """Likewise in a network namespace of its own, from where it is asked n times."""
        port = free_port()
        script = (f"ip link set lo up\n{before}\n{self.dir / program} {port} epoll read write & sleep 0.3\n"
                  f"LOAD_ADDRESS=127.0.0.1 {self.dir}/load {port} 1 1 keep {n} /status/503; sleep 60")
        process = shell(f"exec {wrap} sh -euc '{script}'", uid)
        self.running.append(process)
        return port

    def ask(self, port, n=10):
        run_load(self.helpers, port, n, conns=2, paths="/status/503")


@pytest.fixture(scope="module")
def place(helpers):
    place = Place(helpers)
    try:
        yield place
    finally:
        place.remove()


@pytest.fixture(scope="module")
def agent(place):
    import harness
    agent = harness.AGENT(CONFIG.format(dir=place.dir, id=ID, netns=place.netns))
    try:
        yield agent.start()
        agent.stop()
    finally:
        agent.remove()


def counted(agent):
    return {s["name"]: s["requests"] for s in agent.status()["services"] if s["configured"]}


def found(agent, port):
    """The one service on that port."""
    of_port = [s for s in agent.status()["services"] if s["port"] == port]
    assert len(of_port) == 1, of_port
    return of_port[0]


def expect_found(agent, port, before, near=None, lacks=None, n=10):
    """All went to a found service, and none to a configured one."""
    assert wait_until(lambda: any(s["port"] == port and s["requests"] >= n
                                  for s in agent.status()["services"]), 5)
    service = found(agent, port)
    assert not service["configured"] and service["requests"] == n
    assert counted(agent) == before
    assert service["near"] == (near and {"service": near, "lacks": lacks}), service
    return service


def expect_counted(agent, name, before, n=10):
    after = dict(before, **{name: before[name] + n})
    assert wait_until(lambda: counted(agent) == after, 3) or counted(agent) == after


def test_a_users_namespaces_prove_nothing(agent, place):
    """As uid 65534: other mounts over the path, with and without a network namespace."""
    over = f"mount --bind {place.dir}/evil {place.dir}/shop"
    before = counted(agent)
    port = place.serve("shop", over, NOBODY, "unshare -Urm")
    place.ask(port)
    service = expect_found(agent, port, before, "shop", ["mount_namespace"])
    assert service["uid"] == NOBODY and service["mount_namespace"] == "other"
    assert service["network_namespace"] == "host" and service["exe"] == f"{place.dir}/shop"

    port = place.serve_apart("shop", over, NOBODY, "unshare -Urmn")
    service = expect_found(agent, port, before, "shop", ["network_namespace", "mount_namespace"])
    assert service["uid"] == NOBODY and service["network_namespace"] == "other"
    shown = subprocess.run([tool_slictl(), "--socket", agent.socket, "services"], check=True,
                           capture_output=True, text=True).stdout
    assert f"(uid 65534), netns {service['netns']} (not the host's), mounts not the host's" in shown
    assert "it would be service shop but for its network namespace and its mount namespace" in shown

    port = place.serve("globbed", f"mount --bind {place.dir}/evil {place.dir}/globbed", NOBODY,
                       "unshare -Urm")
    place.ask(port)
    expect_found(agent, port, before, "globbed", ["mount_namespace"])
    # and the real one beside them, exactly
    port = place.serve("shop")
    place.ask(port, 25)
    expect_counted(agent, "shop", before, 25)


def tool_slictl():
    from harness import BUILD
    return BUILD / "slictl"


@pytest.mark.parametrize("part, n", [("d", 126), ("n" * 240, 16)], ids=["steps", "bytes"])
def test_a_path_that_cannot_be_followed_matches_nothing(agent, place, part, n):
    port = free_port()
    make = (f"import os, shutil\nos.chdir('{place.theirs}')\n"
            f"for part in ['x'] * 30 + ['opt'] + ['{part}'] * {n}:\n"
            "    os.makedirs(part, exist_ok=True)\n    os.chdir(part)\n"
            f"shutil.copy('{place.dir}/evil', 'app')\n"
            f"os.execv('./app', ['app', '{port}', 'epoll', 'read', 'write'])\n")
    before = counted(agent)
    process = shell(f'exec /usr/bin/python3 -c "{make}"', NOBODY)
    place.running.append(process)
    assert wait_until(lambda: listens(port) or process.poll() is not None)
    assert process.poll() is None, process.stderr.read().decode()
    place.ask(port)
    service = expect_found(agent, port, before)
    assert service["exe"].startswith("...") and service["exe"].endswith(f"{part[:200]}/app")


def test_another_namespaces_file_is_not_the_hosts(agent, place):
    """Run by a process in the host's namespaces, found through /proc/PID/root: the path is that of other mounts."""
    before = counted(agent)
    holder = shell(f"exec unshare -Urm sh -euc 'mount --bind {place.dir}/evil {place.dir}/shop; "
                   "exec sleep 60'", NOBODY)
    place.running.append(holder)
    exe = f"/proc/{holder.pid}/root{place.dir}/shop"
    assert wait_until(lambda: pathlib.Path(f"/proc/{holder.pid}/comm").read_text() == "sleep\n", 5)
    port = free_port()
    process = shell(f"exec {exe} {port} epoll read write", NOBODY)
    place.running.append(process)
    assert wait_until(lambda: listens(port) or process.poll() is not None)
    assert process.poll() is None, process.stderr.read().decode()
    place.ask(port)
    service = expect_found(agent, port, before, "shop", ["mount_namespace"])
    assert service["mount_namespace"] == "host"


def test_a_mount_that_is_gone_proves_nothing(agent, place):
    before = counted(agent)
    (place.dir / "mnt").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", place.dir / "mnt"], check=True)
    shutil.copy(place.dir / "evil", place.dir / "mnt" / "opt")
    port = place.serve("mnt/opt")
    subprocess.run(["umount", "-l", place.dir / "mnt"], check=True)
    place.ask(port)
    expect_found(agent, port, before)


def test_mounts_that_root_has_made_for_a_service(agent, place):
    """As systemd does for PrivateTmp=. But what lies over the path there is not what lies there on the host."""
    private = "mount -t tmpfs none /tmp"
    before = counted(agent)
    for program, name in (("shop", "shop"), ("globbed", "globbed"), ("link", "linked")):
        port = place.serve(program, private, 0, "unshare -m")
        place.ask(port)
        expect_counted(agent, name, before)
        before = counted(agent)
    # the first one to serve it: others of `shop` live still
    assert agent.service("globbed")["mount_namespace"] == "private"
    port = place.serve("shop", f"mount --bind {place.dir}/evil {place.dir}/shop", 0, "unshare -m")
    place.ask(port)
    expect_found(agent, port, before)


def test_a_containers_paths_are_its_own(agent, place):
    """Root has made its mounts, but its root directory is another one."""
    if not pathlib.Path("/lib").is_symlink():
        pytest.skip("needs /lib in /usr")
    root = place.dir / "root"
    root.mkdir()
    before = counted(agent)
    port = place.serve("shop", f"""
        mount -t tmpfs none {root}
        mkdir -p {root}/usr {root}/old {root}{place.dir}
        mount --rbind /usr {root}/usr
        for l in /lib*; do cp -d $l {root}/; done
        cp {place.dir}/evil {root}{place.dir}/shop
        cd {root}
        /usr/sbin/pivot_root . old""", 0, "unshare -m")
    place.ask(port)
    expect_found(agent, port, before, "shop", ["mount_namespace"])


def test_literal_paths_name_files(agent, place):
    before = counted(agent)
    for program in ("link", "target"):
        port = place.serve(program)
        place.ask(port)
        expect_counted(agent, "linked", before)
        before = counted(agent)
    # an upgrade: the old process goes on, the new one is known by the next step at the latest
    running = place.serve("shop")
    shutil.copy(place.dir / "evil", place.dir / "shop.new")
    os.rename(place.dir / "shop.new", place.dir / "shop")
    place.ask(running)
    expect_counted(agent, "shop", before)
    before = counted(agent)
    time.sleep(1.5)
    new = place.serve("shop", "mount -t tmpfs none /tmp", 0, "unshare -m")
    place.ask(new)
    expect_counted(agent, "shop", before)
    # the old one in a private namespace has no file any more: its path decides
    before = counted(agent)
    place.ask(running, 5)
    expect_counted(agent, "shop", before, 5)


def test_the_user(agent, place):
    before = counted(agent)
    place.ask(place.serve("owned"))
    expect_counted(agent, "roots", before)
    before = counted(agent)
    place.ask(place.serve("owned", uid=NOBODY))
    expect_counted(agent, "nobodys", before)
    before = counted(agent)
    # root in a user namespace is not the host's
    port = place.serve("owned", uid=NOBODY, wrap="unshare -Ur")
    place.ask(port)
    expect_counted(agent, "nobodys", before)
    assert agent.service("nobodys")["user"] == "nobody"


@pytest.mark.parametrize("path, name", [
    ("system.slice/shop-1.service", "unit"),
    ("system.slice/shop-1.service/below", "unit"),
    ("e2e.slice/e2e-a.slice/shop-1.service", "unit"),
    ("user.slice/user-7.slice/user@7.service/app.slice/shop-1.service", None),
    ("user.slice/shop-1.service", None),
    ("system.slice/other.service/shop-1.service", None),
    ("e2e.slice/shop", "below"),
    (f"system.slice/docker-{ID}.scope", "container"),
    (f"kubepods/burstable/pod7/{ID}", "container"),
    (f"system.slice/docker-{'a1' * 32}.scope/docker-{ID}.scope", None),
    (f"user.slice/user-7.slice/docker-{ID}.scope", None),
])
def test_the_cgroup(agent, place, path, name):
    """Wherever its network and mounts are."""
    root = unified()
    if not root:
        pytest.skip("no cgroup v2 here")
    made, at = [], root
    for part in path.split("/"):
        at = at / part
        if not at.exists():
            at.mkdir()
            made.append(at)
    before = counted(agent)
    try:
        port = place.serve_apart("placed", f"echo $$ >{at}/cgroup.procs", 0, "unshare -mn")
        if name:
            expect_counted(agent, name, before)
        else:
            expect_found(agent, port, before)
        place.end(place.running[-1])
    finally:
        for group in reversed(made):
            wait_until(lambda: not (group / "cgroup.procs").read_text(), 5)
            group.rmdir()


def test_the_network_namespace(agent, place):
    before = counted(agent)
    port = place.serve_apart("named", wrap="unshare -n")
    expect_found(agent, port, before, "blue", ["network_namespace"])
    port = place.serve_apart("homely", wrap="unshare -n")
    expect_found(agent, port, before, "at home", ["network_namespace"])
    place.serve_apart("roaming", wrap="unshare -n")
    expect_counted(agent, "anywhere", before)
    before = counted(agent)
    ip = tool("ip")
    for _ in range(2):  # made anew under its name: looked up at each step
        subprocess.run([ip, "netns", "add", place.netns], check=True)
        try:
            time.sleep(1.5)
            place.serve_apart("named", wrap=f"ip netns exec {place.netns}")
            expect_counted(agent, "blue", before)
            before = counted(agent)
            place.end(place.running[-1])
        finally:
            subprocess.run([ip, "netns", "del", place.netns], check=True)


def test_two_users_are_two_services(agent, place):
    """Though they call themselves the same."""
    port = free_port()
    before = counted(agent)
    place.serve("evil", uid=NOBODY, port=port)
    place.ask(port)
    one = expect_found(agent, port, before)
    place.end(place.running[-1])
    place.serve("evil", port=port)
    place.ask(port, 7)
    named = {s["name"]: (s["requests"], s["uid"]) for s in agent.status()["services"]
             if s["port"] == port}
    assert named == {one["name"]: (10, NOBODY), f"evil:{port}@{one['netns']}": (7, 0)}
