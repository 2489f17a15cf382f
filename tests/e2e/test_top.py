# SPDX-License-Identifier: GPL-2.0-only
"""slictl top in a real terminal (tmux): what it shows, at two sizes, and how it leaves."""
import itertools
import os
import re
import signal
import subprocess

import pytest

from harness import BUILD, long_one, tool, user_space, wait_until
from wire import Port, get, reply

pytestmark = user_space

HOSTILE = "\u202e\x1b[31mred\x1b]0;owned\x07"
_number = itertools.count()


def config(port):
    return f"""
agent: {{interval: 1s}}
services:
  - name: shop
    match: {{port: {port}}}
    routes: ["/checkout", "/items/**"]
slos: [{{name: checkout, service: shop, objective: 99}}, {{name: pages, service: shop, objective: 40}}]
"""


@pytest.fixture
def shop(start_agent, agent_only):
    port = Port()
    agent = start_agent(config(port.port))
    for i in range(40):
        bad = i % 2
        port.dial().c(get(f"/items/{i}" if bad else "/checkout", f"User-Agent: {HOSTILE if bad else 'curl/8.5'}")).s(
            reply(503 if bad else 200)).close()
    assert wait_until(lambda: agent.slo("checkout")["eligible"] == 40)
    yield agent
    port.close()


class Terminal:
    """A shell in a tmux of its own, of a known size."""

    def __init__(self, directory, width=80, height=24):
        self.name = f"sliprobe-{os.getpid()}-{next(_number)}"
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height),
                  "env -i PS1='$ ' PATH=/usr/bin:/bin HOME=/ LC_ALL=C.UTF-8 TERM=screen sh")
        self.out = directory / "ended"

    def tmux(self, *words):
        return subprocess.run([tool("tmux"), "-L", self.name, *words], capture_output=True, text=True,
                              check=True).stdout

    def top(self, agent, env="TERM=screen-256color"):
        pid = self.out.with_name("pid")
        pid.unlink(missing_ok=True)
        self.out.unlink(missing_ok=True)
        script = self.out.with_name("script")
        # a trap: else the shell ends with it, and says nothing
        script.write_text(f"trap : INT\nenv {env} sh -c 'echo $$ >{pid}; exec {BUILD}/slictl --socket "
                          f"{agent.socket} top'\necho $? >{self.out}\n")
        self.type(f"sh {script}")
        assert wait_until(lambda: "burn 1h" in self.screen(), 10), self.screen()
        return int(pid.read_text())

    def type(self, line):
        self.keys(line, "Enter")

    def keys(self, *keys):
        for key in keys:
            self.tmux("send-keys", *(["-l"] if " " in key else []), key)

    def screen(self):
        return self.tmux("capture-pane", "-p")

    def sees(self, text, seconds=10):
        assert wait_until(lambda: text in self.screen(), seconds), (text, self.screen())

    def code(self):
        """Of slictl, when it has ended and the shell has the terminal again."""
        assert wait_until(lambda: self.out.exists() and self.out.read_text().strip(), 10), self.screen()
        return int(self.out.read_text())

    def is_as_before(self):
        """Echo, lines, the cursor, the usual screen."""
        self.type("clear; stty -a")
        self.sees("echoctl")
        text = self.screen()
        assert {"echo", "icanon", "opost", "icrnl", "isig"} <= set(text.split()), text
        assert "burn 1h" not in text, text
        flags = self.tmux("display-message", "-p", "#{cursor_flag} #{alternate_on} #{keypad_flag}").split()
        assert flags == ["1", "0", "0"], flags

    def close(self):
        self.tmux("kill-server")


@pytest.fixture
def terminal(tmp_path):
    made = []

    def make(**size):
        made.append(Terminal(tmp_path, **size))
        return made[-1]
    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("width,height", [(80, 24), (200, 50)])
def test_all_views_at_this_size(shop, terminal, width, height):
    one = terminal(width=width, height=height)
    one.top(shop)
    rows = one.screen().splitlines()
    assert max(len(row) for row in rows) <= width
    assert "> checkout" in one.screen() and "  pages" in one.screen()
    assert one.screen().index("checkout") < one.screen().index("pages"), "worst first"
    assert "50.000%" in one.screen() and "q quit" in rows[-1]
    one.keys("Enter")
    one.sees("GET /items/**")
    one.sees("Latency by the minute")
    one.sees("Versions")
    one.sees("Bad requests")
    one.keys("Tab")
    one.sees("GET /checkout")
    one.keys("Escape", "Escape")
    one.sees("burn 1h")
    one.keys("e")
    one.sees("checkout: what failed")
    one.keys("?")
    one.sees("worst, least budget, fastest burn, name")
    one.keys("Escape")
    one.sees("burn 1h")
    one.keys("/", "p", "a", "g", "Enter")
    assert wait_until(lambda: "checkout" not in one.screen(), 5)
    one.keys("q")
    assert one.code() == 0
    one.is_as_before()


def test_hostile_texts_command_nothing(shop, terminal):
    one = terminal(width=120, height=30)
    one.top(shop)
    one.keys("Enter")
    one.sees("GET /items/**")
    if wait_until(lambda: "\\u001b" in one.screen(), 5):
        assert "\\u202e\\u001b[31mred" in one.screen()
    assert one.tmux("display-message", "-p", "#{pane_title}").strip() != "owned"
    one.keys("q")
    assert one.code() == 0


@pytest.mark.parametrize("env", ["TERM=vt100", "TERM=screen-256color NO_COLOR=1", "TERM=screen LC_ALL=C"])
def test_without_colour(shop, terminal, env):
    one = terminal()
    one.top(shop, env)
    assert "> checkout" in one.screen()
    shown = one.tmux("capture-pane", "-p", "-e")
    if env != "TERM=screen LC_ALL=C":
        assert not re.search(r"\x1b\[(?:\d+;)*3[0-8]", shown), "no colour"
    one.keys("q")
    assert one.code() == 0
    one.is_as_before()


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGSEGV, *(long_one(sig) for sig in (
    signal.SIGINT, signal.SIGHUP, signal.SIGABRT, signal.SIGQUIT))])
def test_the_terminal_is_left_as_it_was(shop, terminal, sig):
    one = terminal()
    pid = one.top(shop)
    os.kill(pid, sig)
    assert one.code() == 128 + sig
    one.is_as_before()


def test_it_follows_the_size_and_the_agent(shop, terminal):
    one = terminal()
    one.top(shop)
    one.tmux("resize-window", "-x", "60", "-y", "10")
    assert wait_until(lambda: "checkout" in one.screen() and len(one.screen().splitlines()) <= 10, 5)
    one.tmux("resize-window", "-x", "20", "-y", "3")
    one.tmux("resize-window", "-x", "1", "-y", "1")
    one.tmux("resize-window", "-x", "150", "-y", "40")
    one.sees("bad, 30 min")
    shop.stop()
    one.sees("no answer since")
    assert "checkout" in one.screen(), "what was known stays"
    shop.start()
    assert wait_until(lambda: "no answer since" not in one.screen(), 15), one.screen()
    one.keys("C-c")
    assert one.code() == 128 + signal.SIGINT
    one.is_as_before()


def test_without_a_terminal_or_an_agent(shop):
    argv = [BUILD / "slictl", "--socket", shop.socket, "top"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout) == (2, "")
    assert "needs a terminal" in done.stderr
