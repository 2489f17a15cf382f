# SPDX-License-Identifier: GPL-2.0-only
"""Every server the counts are proved on. One that cannot run here skips, and says why."""
import itertools
import pathlib
import shutil

import pytest

from harness import HERE, Server
from nginx import Nginx

PATHS = "/status/200,/status/404,/bytes/3000,/status/503,/chunked/2500,/status/204,/status/304,/a"
_number = itertools.count()


class Target:
    """A running server: its port, what it can be asked, and a backend if it has one."""

    def __init__(self, port, stop, paths=PATHS, methods=("GET", "HEAD", "POST", "PUT"), n=4000):
        self.port, self.stop, self.paths, self.methods, self.n = port, stop, paths, methods, n
        self.backend = None


def program(argv, **facts):
    server = Server(argv)
    return Target(server.port, lambda: server.stop(9), **facts)


def httpd(model, reads="read", writes="write", **facts):
    return lambda helpers, _: program([helpers / "httpd", 0, model, reads, writes], **facts)


def nginx(kind, **facts):
    def start(_, tmp):
        server = Nginx(tmp / f"nginx{next(_number)}", kind)
        return Target(server.port, server.stop, **facts)
    return start


def nginx_proxy(helpers, tmp):
    backend = Server([helpers / "httpd", 0, "epoll", "read", "write"])
    server = Nginx(tmp / f"nginx{next(_number)}", "proxy", backend.port)

    def stop():
        server.stop()
        backend.stop(9)
    target = Target(server.port, stop)
    target.backend = backend.port
    return target


def python(*_):
    return program(["/usr/bin/python3", HERE / "servers" / "httpd.py", 0], n=2000)


def node(*_):
    if not shutil.which("node"):
        pytest.skip("node is not installed")
    return program(["node", HERE / "servers" / "httpd.js", 0])


def java(helpers, _):
    if not shutil.which("java") or not (helpers / "Httpd.class").exists():
        pytest.skip("no Java here")
    return program(["java", "-Dsun.net.httpserver.nodelay=true", "-cp", helpers, "Httpd", 0],
                   n=2000, methods=("GET", "POST", "PUT"))


def go(helpers, _):
    if not pathlib.Path(helpers / "httpd-go").exists():
        pytest.skip("no Go compiler when the helpers were built")
    return program([helpers / "httpd-go", 0])


TARGETS = {
    "nginx-static": nginx("static", paths="/status/200,/status/201,/status/204,/status/304,"
                          "/status/404,/status/500,/status/503,/a"),
    "nginx-files": nginx("files", paths="/bytes/5,/bytes/3000,/bytes/100000,/missing",
                         methods=("GET", "HEAD")),
    "nginx-proxy": nginx_proxy,
    "epoll": httpd("epoll"),
    "fork": httpd("fork", "recv", "two", n=2000),
    "prefork": httpd("prefork"),
    "thread": httpd("thread"),
    "read-byte": httpd("thread", "byte", n=1000),
    "readv": httpd("thread", "readv"),
    "recvmsg": httpd("thread", "recvmsg"),
    "recvmmsg": httpd("thread", "recvmmsg"),
    "peek": httpd("thread", "peek"),
    "write-two": httpd("thread", "recv", "two"),
    "write-split": httpd("thread", "recv", "split", n=1000),
    "write-bytes": httpd("thread", "byte", "bytes", n=300),
    "writev": httpd("thread", "readv", "writev"),
    "sendmsg": httpd("thread", "recvmsg", "sendmsg"),
    "sendmmsg": httpd("thread", "recvmmsg", "sendmmsg"),
    "sendfile": httpd("thread", "recv", "sendfile"),
    "splice": httpd("thread", "recv", "splice", n=2000),
    "more": httpd("thread", "recv", "more"),
    "python": python,
    "node": node,
    "java": java,
    "go": go,
}
