# SPDX-License-Identifier: GPL-2.0-only
"""At the highest rate this machine gives, the counts are still exact."""
import re
import subprocess

import pytest

from harness import IN_VM, LONG, SLOW, Server, run_load, tool, wait_until
from nginx import Nginx

SECONDS = 60 if LONG else 3 if IN_VM else 5


@pytest.fixture(params=["nginx", "epoll"])
def server(request, helpers, tmp_path):
    if request.param == "nginx":
        running = Nginx(tmp_path / "nginx")
    else:
        running = Server([helpers / "httpd", 0, "epoll", "read", "write"])
    yield running
    running.stop(9 if request.param == "epoll" else 15)


@pytest.mark.parametrize("depth", [1, 16])
def test_highest_rate(agent, helpers, server, depth):
    watch = agent.watch(server.port)
    result = run_load(helpers, server.port, f"{SECONDS}s", depth=depth,
                      paths="/status/200,/status/404,/status/503")
    watch.expect(result["status"])


def connections(port):
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [line.split() for line in table][1:]
    return [r for r in rows if int(r[1].split(":")[1], 16) == port and r[3] in ("01", "08")]


def test_wrk_against_the_access_log(agent, tmp_path):
    """wrk hangs up on requests under way, so the server's own log says how many there were."""
    conns = 64
    nginx = Nginx(tmp_path / "nginx")
    watch = agent.watch(nginx.port)
    out = subprocess.run([tool("wrk"), "-t2", f"-c{conns}", f"-d{min(SECONDS, 5)}s",
                          f"http://127.0.0.1:{nginx.port}/"], capture_output=True, text=True,
                         timeout=120 * SLOW, check=True).stdout
    told = int(re.search(r"(\d+) requests in", out).group(1))
    assert "Non-2xx" not in out and "Socket errors" not in out, out
    assert wait_until(lambda: not connections(nginx.port))
    nginx.stop(3)
    logged = nginx.logged()
    assert told <= len(logged) <= told + conns
    if not agent.real:
        return
    got = watch.delta()
    assert got["requests"] == len(logged)
    assert got["outcomes"]["complete"] + got["outcomes"]["client_abort"] == len(logged)
    assert got["status"] == {"200": got["outcomes"]["complete"]}
    assert got["outcomes"]["complete"] >= told
    agent.check_sums()
