# SPDX-License-Identifier: GPL-2.0-only
"""Every server that TLS is counted on: start(name, helpers, directory) gives it, with its port and its log's statuses."""
import pathlib

import pytest

from harness import IN_VM, Process, Server, free_port, listens, tool, wait_until
from nginx import Nginx
from tls import certificate

APACHE = """
ServerRoot {dir}
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {dir}/pid
ErrorLog {dir}/error.log
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
SSLEngine on
SSLCertificateFile {cert}
SSLCertificateKeyFile {key}
LogFormat "\\"%r\\" %>s" short
CustomLog {dir}/access.log short
DocumentRoot {dir}/files
MaxKeepAliveRequests 0
KeepAliveTimeout 60
"""
LIGHTTPD = """
server.document-root = "{dir}/files"
server.bind = "127.0.0.1"
server.port = {port}
server.modules = ("mod_openssl", "mod_accesslog")
ssl.engine = "enable"
ssl.pemfile = "{both}"
server.errorlog = "{dir}/error.log"
accesslog.filename = "{dir}/access.log"
server.max-keep-alive-requests = 100000
server.max-keep-alive-idle = 60
"""
HAPROXY = """
global
    log stdout format raw local0
defaults
    mode http
    timeout client 60s
frontend f
    bind 127.0.0.1:{port} ssl crt {both}
    log global
    log-format '"%r" %ST'
    http-request return status 404 content-type text/plain string no if {{ path /missing }}
    http-request return status 200 content-type text/plain string hello
"""
STUNNEL = """
foreground = yes
pid =
[web]
accept = 127.0.0.1:{port}
connect = 127.0.0.1:{backend}
cert = {cert}
key = {key}
"""
NODE = """
const fs = require('fs');
const server = require('https').createServer(
    {cert: fs.readFileSync(process.argv[1]), key: fs.readFileSync(process.argv[2])}, (q, a) => {
  q.resume();
  q.on('end', () => { a.statusCode = q.url == '/missing' ? 404 : 200; a.end('hello'); });
});
server.keepAliveTimeout = 60000;
server.listen(0, '127.0.0.1', () => console.log('listening ' + server.address().port));
"""
PYTHON = """
import http.server, ssl, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")
    do_POST = do_GET
    def log_message(self, *_):
        pass
class Threads(http.server.ThreadingHTTPServer):
    daemon_threads = True
    def finish_request(self, sock, address):
        with context.wrap_socket(sock, server_side=True) as wrapped:
            self.RequestHandlerClass(wrapped, address, self)
    def handle_error(self, *_):
        pass
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server = Threads(("127.0.0.1", 0), Handler)
print("listening", server.server_address[1], flush=True)
server.serve_forever()
"""
ASYNCIO = """
import asyncio, ssl, sys
async def serve(reader, writer):
    try:
        while True:
            head = (await reader.readuntil(b"\\r\\n\\r\\n")).lower()
            if b"content-length:" in head:
                await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\\r")[0]))
            status = b"404" if head.split()[1] == b"/missing" else b"200"
            writer.write(b"HTTP/1.1 " + status + b" Said\\r\\nContent-Length: 5\\r\\n\\r\\nhello")
            await writer.drain()
            if b"connection: close" in head:
                break
    except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
        pass
    writer.close()
async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    print("listening", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
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
CONFIGURED = {
    "apache2": (APACHE, "apache2 -X -f {conf}"), "lighttpd": (LIGHTTPD, "lighttpd -D -f {conf}"),
    "haproxy": (HAPROXY, "haproxy -db -f {conf}"), "stunnel": (STUNNEL, "stunnel {conf}"),
    "uvicorn": (ASGI, "/usr/bin/python3 -m uvicorn --app-dir {dir} --port {port} --no-use-colors --timeout-keep-alive 60"
                      " --ssl-certfile {cert} --ssl-keyfile {key} conf:app"),
    "hypercorn": (ASGI, "/usr/bin/python3 -m hypercorn -b 127.0.0.1:{port} --keep-alive 60 --access-logfile -"
                        " --certfile {cert} --keyfile {key} {dir}/conf:app")}
SCRIPTS = {"node": ["node", "-e", NODE], "python": ["/usr/bin/python3", "-c", PYTHON],
           "asyncio": ["/usr/bin/python3", "-c", ASYNCIO]}
PROGRAMS = {"openssl": ("tlsd", "fd"), "bio": ("tlsd", "bio"), "static-bio": ("tlsd-static", "bio"),
            "openssl-1.1": ("tlsd-1.1", "fd"), "bio-1.1": ("tlsd-1.1", "bio"),
            "gnutls": ("tlsd", "gnutls"), "boring": ("tlsd-boring", "fd"), "boring-bio": ("tlsd-boring", "bio")}
NAMES = ["nginx", *CONFIGURED, *SCRIPTS, *PROGRAMS]


class TlsServer:
    """`missing`: a path that is answered by 404; None: there is none. logged(): None where it keeps no log."""

    missing, backend = "/missing", None

    def __init__(self, name, helpers, directory):
        self.name, self.dir, self.helpers = name, pathlib.Path(directory), helpers
        self.dir.mkdir(parents=True, exist_ok=True)
        self.dir.chmod(0o755)
        self.cert, self.key = certificate(self.dir)
        self.processes = []
        if name == "nginx":
            self.start_nginx()
        elif name in CONFIGURED:
            self.start_configured()
        elif name in SCRIPTS:
            self.start_server([tool(SCRIPTS[name][0]), *SCRIPTS[name][1:], self.cert, self.key])
        else:
            program, how = PROGRAMS[name]
            if not (helpers / program).exists():
                pytest.skip(f"{program} was not built")
            self.start_server([helpers / program, 0, how, self.cert, self.key])
            self.missing = "/status/404"

    def start_server(self, argv):
        server = Server(argv)
        self.processes.append(server)
        self.port = server.port

    def start_nginx(self):
        server = Nginx(self.dir / "nginx", tls="ssl_protocols TLSv1.2 TLSv1.3;")
        self.processes.append(server)
        self.port, self.missing = server.port, "/status/404"

    def start_configured(self):
        text, argv = CONFIGURED[self.name]
        if self.name == "stunnel":
            backend = Server([self.helpers / "httpd", 0, "epoll", "read", "write"])
            self.processes.append(backend)
            self.backend, self.missing = backend.port, "/status/404"
        self.port = free_port()
        both, conf = self.dir / "both.pem", self.dir / "conf.py"
        both.write_bytes(self.cert.read_bytes() + self.key.read_bytes())
        (self.dir / "files").mkdir()
        (self.dir / "files" / "index.html").write_text("hello")
        words = {"dir": self.dir, "port": self.port, "cert": self.cert, "key": self.key,
                 "both": both, "backend": self.backend, "conf": conf}
        conf.write_text(text.format(**words))
        program, *argv = argv.format(**words).split()
        process = Process([tool(program), *argv])
        self.processes.append(process)
        assert wait_until(lambda: listens(self.port)), process.output()

    def logged(self):
        """
        Statuses, once it is stopped. haproxy logs connections without a request, too: BADREQ. Its threads do not wait
        long for each other to write a line, and leave it out then, as they do in an emulated machine.
        """
        if self.name == "nginx":
            return self.processes[0].logged()
        if self.name == "haproxy" and IN_VM:
            return None
        if self.name not in ("apache2", "lighttpd", "haproxy", "uvicorn", "hypercorn"):
            return None
        log = self.dir / "access.log"
        text = log.read_text() if log.exists() else self.processes[0].output()
        return [line.split('" ')[1].split()[0] for line in text.splitlines()
                if '" ' in line and "BADREQ" not in line]

    def stop(self):
        for process in self.processes:
            process.stop()
