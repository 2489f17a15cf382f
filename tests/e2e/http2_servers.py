# SPDX-License-Identifier: GPL-2.0-only
"""Every server that HTTP/2 is counted on, in plain text and over TLS, with its port and its own log's statuses."""
import json
import pathlib

import pytest

from harness import Process, Server, free_port, listens, tool, wait_until
from tls import certificate

NGINX = """
daemon off; user root; worker_processes 2; pid {dir}/pid; error_log {dir}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log {dir}/access.log;
    keepalive_requests 1000000000;
    http2_max_concurrent_streams 1024;
    client_body_temp_path {dir}/t1; proxy_temp_path {dir}/t2; fastcgi_temp_path {dir}/t3;
    uwsgi_temp_path {dir}/t4; scgi_temp_path {dir}/t5;
    server {{
        listen 127.0.0.1:{port} http2 backlog=4096{only_secure: ssl};
        {only_secure:ssl_certificate {cert}; ssl_certificate_key {key}; ssl_protocols {protocols};}
        {more}
        location / {{ return 200 hello; }}
        location = /missing {{ return 404 no; }}
        location /files/ {{ root {dir}; default_type text/html; }}
        location /e2e.Echo/ {{ grpc_pass grpc://127.0.0.1:{backend}; }}
    }}
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
LoadModule http2_module /usr/lib/apache2/modules/mod_http2.so
{only_secure:LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so}
{only_secure:SSLEngine on}
{only_secure:SSLCertificateFile {cert}}
{only_secure:SSLCertificateKeyFile {key}}
Protocols h2 h2c http/1.1
H2MaxSessionStreams 1000
LogFormat "\\"%r\\" %>s" short
CustomLog {dir}/access.log short
DocumentRoot {dir}/files
MaxKeepAliveRequests 0
KeepAliveTimeout 60
H2StreamTimeout 60
"""
LIGHTTPD = """
server.document-root = "{dir}/files"
server.bind = "127.0.0.1"
server.port = {port}
server.modules = ("mod_accesslog"{only_secure:, "mod_openssl"})
{only_secure:ssl.engine = "enable"}
{only_secure:ssl.pemfile = "{both}"}
server.errorlog = "{dir}/error.log"
accesslog.filename = "{dir}/access.log"
server.max-keep-alive-requests = 100000
"""
HAPROXY = """
global
    log stdout format raw local0
    tune.h2.max-concurrent-streams 1000
    nbthread 1  # of several, one leaves a line of the log out where another is writing
defaults
    mode http
    timeout client 60s
    timeout connect 10s
    timeout server 60s
frontend f
    bind 127.0.0.1:{port}{only_secure: ssl crt {both} alpn h2,http/1.1}
    log global
    log-format '"%r" %ST'
    {front}
backend b
    server s 127.0.0.1:{backend} proto h2
"""
ANSWERS = """http-request return status 404 content-type text/plain string no if { path /missing }
    http-request return status 200 content-type text/plain string hello"""
H2O = """
num-threads: 2
http1-request-timeout: 60
http2-idle-timeout: 60
user: root
pid-file: {dir}/pid
error-log: {dir}/error.log
access-log: {{path: {dir}/access.log, format: '"%r" %s'}}
listen: {{host: 127.0.0.1, port: {port}{only_secure:, ssl: {{certificate-file: {cert}, key-file: {key}}}}}}
hosts: {{default: {{paths: {{/: {{file.dir: {dir}/files}}}}}}}}
"""
ASGI = """
async def app(scope, receive, send):
    assert scope["type"] == "http"
    while (await receive()).get("more_body"):
        pass
    await send({{"type": "http.response.start", "headers": [(b"content-length", b"5")],
                "status": 404 if scope["path"] == "/missing" else 200}})
    await send({{"type": "http.response.body", "body": b"hello"}})
"""
CADDY = """
{{
    admin off
    auto_https off
    servers {{
        protocols h1 h2 h2c
    }}
    log {{
        output file {dir}/caddy.log
    }}
}}
http{only_secure:s}://:{port} {{
    bind 127.0.0.1
    {only_secure:tls {cert} {key}}
    log {{
        output file {dir}/access.log
    }}
    respond /missing no 404
    respond hello 200
}}
"""
NGHTTPX = """
frontend=127.0.0.1,{port}{only_plain:;no-tls}
backend=127.0.0.1,{backend}{how}
private-key-file={key}
certificate-file={cert}
accesslog-file={dir}/access.log
accesslog-format="$request" $status
workers=2
"""
VARNISH = """
vcl 4.1;
backend default none;
sub vcl_recv {{
    if (req.url == "/missing") {{
        return (synth(404));
    }}
    return (synth(200));
}}
sub vcl_synth {{
    set resp.body = "hello";
    return (deliver);
}}
"""
HITCH = """
frontend = {{
    host = "127.0.0.1"
    port = "{port}"
}}
backend = "[127.0.0.1]:{backend}"
pem-file = "{both}"
alpn-protos = "h2,http/1.1"
user = "nobody"
workers = 2
"""
# What it reads, and its command.
CONFIGURED = {
    "nginx": (NGINX, "nginx -p {dir} -c {conf}"), "apache2": (APACHE, "apache2 -X -f {conf}"),
    "lighttpd": (LIGHTTPD, "lighttpd -D -f {conf}"), "haproxy": (HAPROXY, "haproxy -db -f {conf}"),
    "haproxy-go": (HAPROXY, "haproxy -db -f {conf}"), "h2o": (H2O, "h2o -c {conf}"),
    "nghttpd": ("", "nghttpd -a 127.0.0.1 -m 1000 -n 2 -d {dir}/files{only_plain: --no-tls} {port}"
                    "{only_secure: {key} {cert}}"),
    "hypercorn": (ASGI, "/usr/bin/python3 -m hypercorn -b 127.0.0.1:{port} --access-logfile -"
                        "{only_secure: --certfile {cert} --keyfile {key}} {dir}/conf:app")}
PROGRAMS = {"go": "h2d-go", "node": "h2d.js"}
NAMES = [*CONFIGURED, *PROGRAMS]
# Fewer have these.
CONFIGURED |= {
    "caddy": (CADDY, "caddy run --adapter caddyfile --config {conf}"),
    "nghttpx-h1": (NGHTTPX, "nghttpx --conf={conf}"), "nghttpx-h2": (NGHTTPX, "nghttpx --conf={conf}"),
    "varnish": (VARNISH, "varnishd -F -j none -n {dir}/work -p feature=+http2 -a 127.0.0.1:{port} -f {conf}"),
    "hitch": (HITCH, "hitch --config={conf}")}
OTHERS = ["caddy", "nghttpx-h1", "nghttpx-h2", "varnish", "hitch"]
# Proxies, and what each stands in front of.
BEHIND = {"haproxy-go": "go", "nghttpx-h1": "go", "nghttpx-h2": "go", "hitch": "varnish"}
# Which speak HTTP/1.1 on the same port in plain text, and which change over when they are asked to by `Upgrade: h2c`.
PLAIN_HTTP1 = {"apache2", "lighttpd", "haproxy", "haproxy-go", "h2o", "hypercorn", "go"}
UPGRADING = {"apache2", "lighttpd", "h2o", "hypercorn", "go"}


def chosen(text, secure):
    """The text with what stands in {only_secure:...} or {only_plain:...} if it is so, and without it if not."""
    for word, wanted in (("{only_secure:", secure), ("{only_plain:", not secure)):
        while word in text:
            before, rest = text.split(word, 1)
            depth = end = 0
            while depth >= 0:
                depth += {"{": 1, "}": -1}.get(rest[end], 0)
                end += 1
            text = before + (rest[:end - 1] if wanted else "") + rest[end:]
    return text


class Http2Server:
    """
    `backend`: where a proxy sends requests on; another server's port. Those of BEHIND start it themselves. `port`: None:
    any. `more` and `protocols`: of nginx, lines for its server, and its versions of TLS.
    """

    def __init__(self, name, secure, helpers, directory, backend=0, port=None, more="",
                 protocols="TLSv1.2 TLSv1.3"):
        self.name, self.secure, self.dir, self.helpers = name, secure, pathlib.Path(directory), helpers
        self.dir.mkdir(parents=True, exist_ok=True)
        self.dir.chmod(0o755)
        self.cert, self.key = certificate(self.dir)
        self.processes, self.backend, self.port = [], backend, port or free_port()
        self.behind, self.more, self.protocols = None, more, protocols
        if name in BEHIND:
            self.behind = Http2Server(BEHIND[name], False, helpers, self.dir / "behind")
            self.processes += self.behind.processes
            self.backend = self.behind.port
        if name in CONFIGURED:
            self.start_configured()
        else:
            self.start_program(name, secure, self.port)

    def start_program(self, name, secure, port):
        program = PROGRAMS[name]
        if program.endswith(".js"):
            argv = [tool("node"), pathlib.Path(__file__).parent / "servers" / program]
        elif (self.helpers / program).exists():
            argv = [self.helpers / program]
        else:
            pytest.skip(f"{program} was not built")
        self.processes.append(Server([*argv, port, *([self.cert, self.key] if secure else [])]))

    def start_configured(self):
        text, argv = (chosen(some, self.secure) for some in CONFIGURED[self.name])
        both, conf = self.dir / "both.pem", self.dir / "conf.py"
        both.write_bytes(self.cert.read_bytes() + self.key.read_bytes())
        (self.dir / "files").mkdir()
        (self.dir / "files" / "index.html").write_text("hello")
        words = {"dir": self.dir, "port": self.port, "cert": self.cert, "key": self.key, "both": both,
                 "backend": self.backend or 9, "conf": conf, "more": self.more, "protocols": self.protocols,
                 "how": ";;proto=h2" if self.name == "nghttpx-h2" else "",
                 "front": "default_backend b" if self.name == "haproxy-go" else ANSWERS}
        conf.write_text(text.format(**words))
        program, *argv = argv.format(**words).split()
        process = Process([tool(program), *argv])
        self.processes.append(process)
        assert wait_until(lambda: listens(self.port)), process.output() + "".join(
            f.read_text() for f in self.dir.glob("error.log"))

    def logged(self):
        """
        Statuses, once it is stopped; None: it keeps no log. haproxy logs connections without a request, too, lighttpd
        each preface, and apache2 what it answers to an upgrade before the answer to the request itself.
        """
        if self.name in ("nghttpd", "varnish", "hitch", *PROGRAMS):
            return None
        log = self.dir / "access.log"
        if self.name == "caddy":
            return [json.loads(line)["status"] for line in log.read_text().splitlines()]
        text = log.read_text() if log.exists() else self.processes[-1].output()
        return [line.split('" ')[1].split()[0] for line in text.splitlines()
                if '" ' in line and "BADREQ" not in line and '"PRI *' not in line and '" 101' not in line]

    def stop(self):
        for process in reversed(self.processes):
            process.stop()
