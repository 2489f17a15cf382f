# SPDX-License-Identifier: GPL-2.0-only
"""A browser: tables of 64 KiB, large cookies, hundreds of streams at once, and resets of what it no longer wants."""
import collections
import subprocess

import pytest

from conftest import shared_agent
from counted import Books
from harness import SLOW, free_port, if_long, tool, user_space, wait_until
from http2_clients import Http2Client
from http2_servers import Http2Server

pytestmark = [user_space, if_long]
IMAGES = 200
CONFIG = """
agent: {{interval: 1s}}
tls: servers
services: [{{name: shop, match: {{port: {port}}}, routes: ["/files/page.html", "/files/i/*"]}}]
"""
PAGE = """<!doctype html><title>loading</title><script>
for (let i = 0; i < 12; i++) document.cookie = `c${i}=` + "v".repeat(300 + i);
let left = 2 * %d;
const done = () => { if (!--left) document.title = "all are there"; };
for (let i = 0; i < left; i++) {
    const image = new Image();
    image.onload = image.onerror = done;
    image.src = `i/${i %% 10 ? i : "none" + i}.svg?` + "q".repeat(i);
}
</script>""" % (IMAGES // 2)
IMAGE = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'


@pytest.fixture(scope="module")
def port():
    return free_port()


@pytest.fixture(scope="module")
def agent(port):
    yield from shared_agent(CONFIG.format(port=port))


def visit(port, profile):
    argv = [tool("chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--ignore-certificate-errors",
            f"--user-data-dir={profile}", "--no-first-run", "--virtual-time-budget=20000", "--dump-dom",
            f"https://127.0.0.1:{port}/files/page.html"]
    return subprocess.run(argv, capture_output=True, text=True, timeout=120 * SLOW, check=True).stdout


def test_pages_of_many_images(agent, helpers, tmp_path, stopping, port):
    server = stopping(Http2Server("nginx", True, helpers, tmp_path / "server", port=port))
    images = server.dir / "files" / "i"
    images.mkdir()
    (server.dir / "files" / "page.html").write_text(PAGE)
    for i in range(IMAGES):
        (images / f"{i}.svg").write_text(IMAGE)

    def counted():
        books, clients = Books(agent), [Http2Client(port, True) for _ in range(20)]
        for client in clients:
            client.wait(client.ask())
        for client in clients:
            client.close()
        return wait_until(lambda: books.watch.delta()["requests"] == 20, 0.3)

    assert wait_until(counted, 15, 0.05), agent.status()["coverage"]
    books, before = Books(agent), len(server.logged())
    for i in range(3):
        assert "all are there" in visit(port, tmp_path / f"profile{i}")
    server.stop()
    logged = collections.Counter(map(int, server.logged()[before:]))
    assert logged[200] >= 3 * (1 + IMAGES * 9 // 10) and logged[404] >= 3 * IMAGES // 10, logged
    books.expect(logged)
