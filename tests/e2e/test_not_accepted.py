# SPDX-License-Identifier: GPL-2.0-only
"""Requests behind an announced end of the connection were never accepted (RFC 9112, 9.3.2 and 9.6)."""
import os
import signal
import socket
import time

import pytest

from harness import IN_VM, Process, free_port, listens, tool, user_space, wait_until
from wire import Port, chunked, get, hard_close, head, reply

UNANSWERED_S = 8 if IN_VM else 2
CONFIG = f"""
agent: {{interval: 1s, unanswered_after: {UNANSWERED_S}s}}
slos: [{{name: "{{service}}", service: "*", objective: 99}}]
"""
CLOSE = reply(200, b"hello", "Connection: close")
OLD_GET = b"GET / HTTP/1.0\r\n\r\n"


@pytest.fixture
def port(agent):
    listening = Port()
    listening.watch = agent.watch(listening.port)
    yield listening
    listening.close()


def eligible(agent, port):
    slo = agent.slo(agent.service(port)["name"])
    return slo["eligible"], slo["bad"]


def shut(wire):
    wire.server.shutdown(socket.SHUT_WR)
    assert wire.client.recv(1) == b""


def client_first(wire):
    wire.client.close()
    assert wire.server.recv(1) == b""
    wire.server.close()


ENDS = {"server": lambda w: w.server.close(), "server-resets": lambda w: hard_close(w.server),
        "server-shuts": shut, "client": client_first,
        "client-resets": lambda w: hard_close(w.client)}


@pytest.mark.parametrize("how", ENDS)
def test_whoever_closes(agent, port, how):
    wire = port.dial().c(get() * 5).s(CLOSE)
    port.watch.expect({200: 1})
    ENDS[how](wire)
    port.watch.expect({200: 1}, not_accepted=4)
    assert eligible(agent, port.port) == (1, 0)


@pytest.mark.parametrize("answer", [
    reply(200, b"a", "Connection: Keep-Alive, CLOSE"),
    reply(200, b"a", "Connection: upgrade", "Connection: close"),
    head(200, "Transfer-Encoding: chunked", "connection:close") + chunked(b"a"),
    b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na",
    b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\na",
    head(200, "Connection: close") + b"until the close", head(200) + b"until the close",
    head(103) + CLOSE],
    ids=["option", "second-line", "chunked", "1.0", "1.0-close", "until-close", "until-close-unsaid",
         "behind-103"])
def test_ways_to_announce(port, answer):
    wire = port.dial().c(get() * 3)
    for piece in (answer[:30], answer[30:]):
        wire.s(piece)
    wire.server.close()
    port.watch.expect({200: 1}, not_accepted=2)


@pytest.mark.parametrize("answer", [
    reply(200, b"a"), reply(200, b"a", "Connection: keep-alive"),
    reply(200, b"a", "Connection: closed", "Proxy-Connection: close"),
    b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\na",
    head(103, "Connection: close") + reply(200)],
    ids=["nothing", "keep-alive", "no-option", "1.0-keep-alive", "interim"])
def test_a_server_that_has_not_announced_it_aborts(agent, port, answer):
    wire = port.dial().c(get() * 3).s(answer)
    wire.server.close()
    port.watch.expect({200: 1}, server_abort=2)
    assert eligible(agent, port.port) == (3, 2)


def test_the_answer_that_announces_it_must_be_whole(agent, port):
    wire = port.dial().c(get() * 3).s(CLOSE[:-1])
    wire.server.close()
    port.watch.expect(server_abort=1, not_accepted=2)
    wire = port.dial().c(get() * 3).s(CLOSE[:-1])
    hard_close(wire.client)
    port.watch.expect(server_abort=1, client_abort=1, not_accepted=4)


@pytest.mark.parametrize("last", [get("/", "Connection: close"), OLD_GET,
                                  get("/", "Connection: TE, close", method="POST", body=b"abc")],
                         ids=["close", "1.0", "post"])
def test_what_a_client_sends_behind_its_own_close(port, last):
    wire = port.dial().c(get() + last + get() * 3).s(reply(200) * 2)
    wire.server.close()
    port.watch.expect({200: 2}, not_accepted=3)
    # the server owed an answer to that one itself
    wire = port.dial().c(get() + last + get() * 3).s(reply(200))
    wire.server.close()
    port.watch.expect({200: 3}, not_accepted=6, server_abort=1)
    wire = port.dial().c(last + get() * 3)
    wire.server.close()
    port.watch.expect({200: 3}, not_accepted=9, server_abort=2)


def test_a_client_of_1_0_that_keeps_the_connection(port):
    keeps = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    wire = port.dial().c(keeps * 3).s(reply(200, b"a", "Connection: keep-alive"))
    wire.server.close()
    port.watch.expect({200: 1}, server_abort=2)


def test_what_is_answered_all_the_same_is_a_request(port):
    wire = port.dial().c(get() * 5).s(CLOSE)
    time.sleep(0.1)
    wire.s(CLOSE + CLOSE)
    wire.server.close()
    port.watch.expect({200: 3}, not_accepted=2)
    # the last word counts
    wire = port.dial().c(get() * 5).s(CLOSE + reply(201))
    wire.server.close()
    port.watch.expect({200: 4, 201: 1}, not_accepted=2, server_abort=3)
    wire = port.dial().c(OLD_GET * 2).s(reply(202) * 2).c(get() * 2)
    wire.server.close()
    port.watch.expect({200: 4, 201: 1, 202: 2}, not_accepted=2, server_abort=5)
    # one that has begun to answer it has accepted it
    wire = port.dial().c(get() * 3).s(CLOSE + head(200)[:12])
    wire.server.close()
    port.watch.expect({200: 5, 201: 1, 202: 2}, not_accepted=2, server_abort=7)


def test_the_sweep_waits_before_it_says_so(agent, port):
    in_flight = agent.status()["coverage"]["in_flight"]
    wires = [port.dial().c(get() * 3).s(CLOSE) for _ in range(2)]
    time.sleep(UNANSWERED_S / 2)
    port.watch.expect({200: 2})
    wires[0].s(CLOSE)
    port.watch.expect({200: 3})
    assert wait_until(lambda: port.watch.delta()["requests"] == 6, UNANSWERED_S + 4)
    port.watch.expect({200: 3}, not_accepted=3)
    wires[1].s(reply(201))  # too late to be counted
    wires[1].server.close()
    port.watch.expect({200: 3}, not_accepted=3)
    assert agent.status()["coverage"]["in_flight"] == in_flight
    assert eligible(agent, port.port) == (3, 0)


def test_an_upgrade_ends_http(port):
    wire = port.dial().c(get("/", "Connection: Upgrade", "Upgrade: x") + get() * 2)
    wire.s(head(101, "Connection: Upgrade", "Upgrade: x")).s(b"something else")
    wire.server.close()
    port.watch.expect({101: 1}, not_accepted=2)


def test_it_is_no_time_and_no_error(agent, port):
    port.dial().c(get() * 5).s(CLOSE).server.close()
    port.watch.expect({200: 1}, not_accepted=4)
    name = agent.service(port.port)["name"]
    lines = [line for line in agent.get("/metrics")[2].decode().splitlines()
             if f'service="{name}"' in line]
    counts = {"not_accepted" in line: int(line.rpartition(" ")[2]) for line in lines
              if line.startswith("http_server_request_duration_seconds_count")}
    assert counts == {False: 1, True: 4}
    sums = [line.rpartition(" ")[2] for line in lines if "not_accepted" in line
            if line.startswith("http_server_request_duration_seconds_sum")]
    assert sums == ["0.000000000"]
    queue = [line.rpartition(" ")[2] for line in lines
             if line.startswith("sliprobe_http_request_queue_duration_seconds_count")]
    assert queue == ["1"]


# ---- beside access logs ----

NGINX = """
daemon off; user root; worker_processes 1; pid {dir}/pid; error_log {dir}/error.log;
events {{ worker_connections 512; }}
http {{
    access_log {dir}/access.log; keepalive_requests {most}; keepalive_timeout {idle_ms}ms;
    client_body_temp_path {dir}/t1; proxy_temp_path {dir}/t2; fastcgi_temp_path {dir}/t3;
    uwsgi_temp_path {dir}/t4; scgi_temp_path {dir}/t5;
    server {{ listen 127.0.0.1:{port}; location / {{ return 200 "hello"; }} }}
}}
"""
APACHE = """
ServerRoot {dir}
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {dir}/pid
ErrorLog {dir}/error.log
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LogFormat "\\"%r\\" %>s" short
CustomLog {dir}/access.log short
DocumentRoot {dir}/files
MaxKeepAliveRequests {most}
KeepAliveTimeout {idle_ms}ms
"""
LIGHTTPD = """
server.document-root = "{dir}/files"
server.bind = "127.0.0.1"
server.port = {port}
server.modules = ("mod_accesslog")
server.errorlog = "{dir}/error.log"
accesslog.filename = "{dir}/access.log"
server.max-keep-alive-requests = {most}
"""
HAPROXY = """
global
    log stdout format raw local0
defaults
    mode http
    timeout client 5s
    timeout http-keep-alive {idle_ms}ms
    {close}
frontend f
    bind 127.0.0.1:{port}
    log global
    log-format '"%r" %ST'
    http-request return status 200 content-type text/plain string hello
"""
MOST = 10
# configuration, arguments, and what each makes of MOST
SERVERS = {"nginx": (NGINX, ["-p", "{dir}", "-c", "{conf}"], MOST),
           "apache2": (APACHE, ["-X", "-f", "{conf}"], MOST + 1),
           "lighttpd": (LIGHTTPD, ["-D", "-f", "{conf}"], MOST + 1),
           "haproxy": (HAPROXY, ["-db", "-f", "{conf}"], 1)}


@pytest.fixture
def limited(tmp_path):
    """A function that starts a server which takes MOST requests a connection."""
    started = []

    def start(name, most=MOST, idle_ms=5000):
        text, argv, _ = SERVERS[name]
        port, conf = free_port(), tmp_path / "conf"
        (tmp_path / "files").mkdir(mode=0o755)
        (tmp_path / "files" / "index.html").write_text("hello")
        tmp_path.chmod(0o755)
        conf.write_text(text.format(dir=tmp_path, port=port, most=most, idle_ms=idle_ms,
                                    close="option httpclose" if most == MOST else ""))
        process = Process([tool(name)] + [a.format(dir=tmp_path, conf=conf) for a in argv])
        started.append(process)
        assert wait_until(lambda: listens(port)), process.output()
        process.port = port
        log = tmp_path / "access.log"
        process.logged = lambda: [line.split('" ')[1].split()[0] for line in (
            log.read_text() if log.exists() else process.output()).splitlines() if '" ' in line]
        return process
    yield start
    for process in started:
        process.stop()


def pipeline(port, n, size=0, pause=0):
    """One connection: sends n requests, reads to the end."""
    one = get("/index.html", "X: " + "x" * size)
    with socket.create_connection(("127.0.0.1", port), 30) as sock:
        try:
            if pause:
                sock.sendall(one * (MOST // 2))
                time.sleep(pause)
                n -= MOST // 2
            sock.sendall(one * n)
            while sock.recv(65536):
                pass
        except ConnectionError:
            pass


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize("size", [0, 2000], ids=["small", "large"])
def test_servers_that_take_so_many_requests_a_connection(agent, limited, name, size):
    server = limited(name)
    answered, sent = 6 * SERVERS[name][2], 6 * 25
    watch = agent.watch(server.port)
    for i in range(6):
        pipeline(server.port, 25, size, pause=0.05 * (i % 2))
    assert wait_until(lambda: watch.delta()["outcomes"]["complete"] == answered), watch.delta()
    time.sleep(0.1)
    refused = watch.delta()["outcomes"]["not_accepted"]
    assert (0 if size else 1) <= refused <= sent - answered  # how much of it was read
    server.stop(signal.SIGQUIT if name == "nginx" else signal.SIGTERM)  # writes its log
    watch.expect({200: answered}, not_accepted=refused)
    assert server.logged() == ["200"] * answered
    assert eligible(agent, server.port) == (answered, 0)


NODE = """
const server = require('http').createServer((q, a) => a.end('hello'));
server.maxRequestsPerSocket = 10;
server.listen(0, '127.0.0.1', () => console.log('listening ' + server.address().port));
"""
PYTHON = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = sys.argv[1]
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")
        self.close_connection |= self.path == "/stop"
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print("listening", server.server_address[1], flush=True)
server.serve_forever()
"""


@pytest.mark.parametrize("argv, statuses, aborts", [
    (["node", "-e", NODE], {"200": 10, "503": 15}, 0),
    (["/usr/bin/python3", "-c", PYTHON, "HTTP/1.0"], {"200": 1}, 0),
    (["/usr/bin/python3", "-c", PYTHON, "HTTP/1.1"], {"200": 25}, 0),
    (["/usr/bin/python3", "-c", PYTHON, "HTTP/1.1", "stop"], {"200": 3}, 22)],
    ids=["node", "python-1.0", "python-1.1", "python-unannounced"])
def test_servers_in_other_languages(agent, run_server, argv, statuses, aborts):
    server = run_server([tool(argv[0]), *argv[1:]])
    watch, got = agent.watch(server.port), b""
    third = get("/stop" if "stop" in argv else "/")
    with socket.create_connection(("127.0.0.1", server.port), 30) as sock:
        sock.sendall(get() * 2 + third + get() * 21 + get("/", "Connection: close"))
        try:
            while more := sock.recv(65536):
                got += more
        except ConnectionError:
            pass
    answers = [line.split()[1].decode() for line in got.replace(b"hello", b"\r\n").split(b"\r\n")
               if line.startswith(b"HTTP/1.")]
    assert {code: answers.count(code) for code in set(answers)} == statuses
    assert wait_until(lambda: agent.status()["coverage"]["in_flight"] == 0)
    refused = 25 - len(answers) - aborts
    watch.expect(statuses, not_accepted=refused, **({"server_abort": aborts} if aborts else {}))


@user_space
@pytest.mark.parametrize("name", ["nginx", "apache2", "haproxy"])
def test_requests_that_meet_the_end_of_an_idle_connection(agent, limited, name):
    """They are read and answered, or never read."""
    idle_s = 0.05
    server = limited(name, most=100000, idle_ms=round(idle_s * 1000))
    watch = agent.watch(server.port)
    for i in range(60):
        with socket.create_connection(("127.0.0.1", server.port), 30) as sock:
            try:
                sock.sendall(get("/index.html"))
                assert sock.recv(65536).startswith(b"HTTP/1.1 200")
                time.sleep(idle_s + (i % 20 - 10) / 4000)
                sock.sendall(get("/index.html") * (1 + i % 3))
                while sock.recv(65536):
                    pass
            except ConnectionError:
                pass
    server.stop(signal.SIGQUIT if name == "nginx" else signal.SIGTERM)
    logged = server.logged().count("200")
    assert logged > 60
    watch.expect({200: logged})


@user_space
def test_reloads_of_nginx_under_pipelines(agent, limited):
    server = limited("nginx")
    watch = agent.watch(server.port)
    for i in range(20):
        with socket.create_connection(("127.0.0.1", server.port), 30) as sock:
            sock.sendall(get() * 3)
            time.sleep(0.01)
            os.kill(server.pid, signal.SIGHUP)
            for _ in range(i % 4):
                time.sleep(0.005)
                try:
                    sock.sendall(get() * 5)
                except ConnectionError:
                    break
            try:
                while sock.recv(65536):
                    pass
            except ConnectionError:
                pass
    time.sleep(0.3)
    server.stop(signal.SIGQUIT)
    counted = watch.delta()["outcomes"]
    logged = server.logged()
    assert set(logged) == {"200"}
    watch.expect({200: len(logged)}, not_accepted=counted["not_accepted"])
