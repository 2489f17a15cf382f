# SPDX-License-Identifier: GPL-2.0-only
"""Who may change what the agent does, and what of its secrets is to be seen: nothing."""
import ctypes
import http.server
import json
import os
import pathlib
import signal
import subprocess
import threading

import pytest

from alerting import config, slo
from harness import BUILD, free_port, tool, user_space, wait_until

pytestmark = [user_space, pytest.mark.usefixtures("agent_only")]

ADMINS = 1  # daemon's group
# Asks for silences that do not touch each other, on one connection: their statuses, and the last answer.
ASK_FOR_MANY = """
import http.client, json, socket, sys
conn = http.client.HTTPConnection("localhost")
conn.sock = socket.socket(socket.AF_UNIX)
conn.sock.connect(sys.argv[1])
codes = []
for i in range(int(sys.argv[2])):
    conn.request("POST", "/v1/silences", json.dumps(
        {"slo": "checkout", "for_seconds": 60, "in_seconds": 1000 * (i + 1)}))
    answer = conn.getresponse()
    codes.append(answer.status)
    last = answer.read().decode()
print(json.dumps([codes, last]))
"""


def as_user(agent, uid, *argv, groups=()):
    has = f"--groups={','.join(map(str, groups))}" if groups else "--clear-groups"
    return subprocess.run(
        [tool("setpriv"), f"--reuid={uid}", f"--regid={os.stat(agent.socket).st_gid}", has, *argv],
        capture_output=True, text=True, check=False)


def slictl(agent, uid, *command, groups=()):
    return as_user(agent, uid, BUILD / "slictl", "--socket", agent.socket, *command, groups=groups)


def test_who_asks_for_a_change_is_known_and_kept_within_limits(start_agent, service):
    agent = start_agent(config({"shop": service()}, [slo("checkout", "shop", alerts="default")])
                        .replace('"interval": "1s"', '"interval": "1s", "admin_group": "daemon"'))
    agent.dir.chmod(0o755)
    assert "admin_group" in agent.config.read_text()
    changes = {"reload": ["reload"], "silence": ["silence", "add", "--all", "--for", "1h"],
               "end of a silence": ["silence", "remove", "x"], "test message": ["notify-test"]}
    for what, command in changes.items():
        assert slictl(agent, 65534, *command).returncode == 2
        assert any(line.endswith(f", and refused: {what}: not permitted")
                   and "asked for by uid 65534 (nobody), process " in line
                   for line in agent.said().splitlines()), (what, agent.said())

    def add(*options, uid=65534, code=2):
        done = slictl(agent, uid, "silence", "add", *options, groups=[ADMINS])
        assert done.returncode == code, done
        return done.stdout or done.stderr

    # through the socket itself no flag of slictl stands between
    code, why = json.loads(as_user(agent, 65534, "/usr/bin/python3", "-c", ASK_FOR_MANY.replace(
        '"slo": "checkout", "for_seconds": 60', '"severity": "page", "for_seconds": 60'),
        agent.socket, "1", groups=[ADMINS]).stdout)
    assert code == [400] and "slictl silence add --all" in why
    assert "--force" in add("--all", "--for", "5h")
    assert "--force" in add("--slo", "checkout", "--for", "4d")
    assert "--all --force" in add("--all", "--for", "1h", "--exclude", "eligible")
    first = add("--all", "--for", "4h", code=0).split()[-1]
    assert f"silence {first} of everything, until 20" in agent.said()
    assert add("--all", "--for", "1h", code=0).startswith("The same silence was there already")
    codes, why = json.loads(as_user(agent, 65534, "/usr/bin/python3", "-c", ASK_FOR_MANY,
                                    agent.socket, "300", groups=[ADMINS]).stdout)
    assert codes == [200] * 63 + [409] * 237
    assert why == json.dumps({"error": "uid 65534 holds 64 silences, and may hold no more: slictl "
                              "silence list shows them, slictl silence remove ID ends one"}) + "\n"
    add("--slo", "checkout", "--for", "1h", uid=65533, code=0)
    assert slictl(agent, 0, "silence", "add", "--slo", "checkout", "--for", "1h").returncode == 0
    assert slictl(agent, 65533, "silence", "remove", first, groups=[ADMINS]).returncode == 0
    assert f"end of silence {first} of everything, which uid 65534 had set" in agent.said()
    # what was refused is not a line each
    assert agent.said().count("may hold no more") < 30


def test_a_signal_reloads_only_for_who_may(start_agent):
    agent = start_agent()
    pid = agent.process.pid

    def heard(text):
        assert wait_until(lambda: text in agent.said()), agent.said()

    os.kill(pid, signal.SIGHUP)
    heard(f"asked for by uid 0 (root), process {os.getpid()}: reload\n")
    heard("reloaded ")
    # one that is queued with a value can have any sender in it
    assert ctypes.CDLL(None).sigqueue(pid, int(signal.SIGHUP), None) == 0
    heard("asked for by somebody unknown, and refused: reload by a signal: not permitted")
    # as the commands that the agent runs
    own = int(pathlib.Path(f"/proc/{pid}/status").read_text().split("Uid:")[1].split()[0])
    if own:
        as_user(agent, own, "/bin/kill", "-HUP", str(pid))
        heard(f"asked for by uid {own}")
        agent.dir.chmod(0o755)
        assert slictl(agent, own, "reload", groups=[ADMINS]).returncode == 2
    assert agent.said().count("reloaded ") == 1


SECRETS = ("T0SECRETPATH", "T1SECRETFILE", "T2SECRETHEAD", "T3SECRETUSER", "T4SECRETWORD",
           "T5SECRETGIVEN", "T6SECRETMOVED")


class Echo:
    """Repeats what it was asked for, as many a server that does not know a path."""

    def __init__(self):
        self.paths = paths = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                paths.append(self.path)
                said = f"Cannot POST {self.path} with {dict(self.headers)}".encode()
                self.send_response(500)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def test_no_secret_is_to_be_seen(start_agent, stopping, tmp_path):
    echo, dead = stopping(Echo()), free_port()
    url, headers = tmp_path / "url", tmp_path / "headers"
    url.write_text(f"http://127.0.0.1:{echo.port}/services/T1SECRETFILE\n")
    headers.write_text("Authorization: Bearer T2SECRETHEAD\n")
    url.chmod(0o600)
    headers.chmod(0o600)
    notify = [
        {"webhook": {"url": f"http://127.0.0.1:{echo.port}/services/T0SECRETPATH?k=1"}},
        {"webhook": {"name": "ops", "url_file": str(url), "header_file": str(headers)}},
        {"webhook": {"url": f"http://127.0.0.1:{dead}/T0SECRETPATH"}},
        {"alertmanager": {"url": f"http://me:T3SECRETUSER@127.0.0.1:{echo.port}",
                          "headers": ["X-Token: T5SECRETGIVEN"]}},
        {"command": {"argv": ["/bin/sh", "-c", "exit 3 # T4SECRETWORD"]}},
    ]
    agent = start_agent(config({}, [], notify=notify))
    agent.request("POST", "/v1/notify-test")

    def receivers():
        return json.loads(agent.get("/v1/alerts")[2])["receivers"]

    assert wait_until(lambda: all(r["failed"] for r in receivers())), receivers()
    echoed = f"http://127.0.0.1:{echo.port}"
    assert [r["receiver"] for r in receivers()] == [
        f"webhook {echoed}", f"webhook {echoed} (ops)", f"webhook http://127.0.0.1:{dead}",
        f"alertmanager {echoed}", "command /bin/sh"]
    assert receivers()[0]["last_error"].startswith("HTTP 500: Cannot POST *** with ")
    # another secret in the file is used from the next reload on, and what waits goes there
    url.write_text(f"http://127.0.0.1:{echo.port}/services/T6SECRETMOVED\n")
    assert agent.request("POST", "/v1/reload")[0] == 200
    assert wait_until(lambda: "/services/T6SECRETMOVED" in echo.paths, 20), echo.paths

    seen = [agent.get(path)[2].decode() for path in (
        "/v1/status", "/v1/alerts", "/v1/services", "/metrics")]
    seen.append(agent.request("POST", "/v1/reload")[2].decode())
    # the file may be read by all
    assert "notify[0].webhook.url: a secret that others than root" in seen[-1]
    for command in (["status"], ["alerts"], ["notify-test"], ["reload"], ["check", agent.config],
                    ["export", "openslo", "--config", agent.config]):
        done = subprocess.run([BUILD / "slictl", "--socket", agent.socket, *command],
                              capture_output=True, text=True, check=False)
        # an export is a configuration: a command without its arguments would be another one
        seen += [done.stdout.replace("T4SECRETWORD", "") if command[0] == "export" else done.stdout,
                 done.stderr]
    for wrong in ({"url": "htps://x/T0SECRETPATH"}, {"url": "http://x", "headers": ["T0SECRETPATH"]},
                  {"url": "http://x", "body": '{"key": T0SECRETPATH}'}, "http://x/T0SECRETPATH"):
        code, said = agent.reload(config({}, [], notify=[{"webhook": wrong}]))
        assert code == 422, said
        seen.append(said)
    seen.append(agent.said())
    assert agent.said().count("asked for by uid 0") >= 6
    for path in [*agent.state.rglob("*"), *pathlib.Path("/run/sliprobe").glob("kernel-*")]:
        if path.is_file():
            assert path.stat().st_mode & 0o137 == 0, path
            seen.append(path.read_bytes().decode(errors="replace"))
    found = [(secret, text[max(0, text.find(secret) - 200):][:300])
             for text in seen for secret in SECRETS if secret in text]
    assert not found, found
