# SPDX-License-Identifier: GPL-2.0-only
"""nginx with a configuration of its own in a directory of its own."""
import pathlib
import signal

from harness import Process, free_port, listens, tool, wait_until
from tls import certificate

STATIC = """
        location / { return 200 "hello"; }
        location = /status/201 { return 201 "made"; }
        location = /status/204 { return 204; }
        location = /status/304 { return 304; }
        location = /status/404 { return 404 "no"; }
        location = /status/500 { return 500 "HTTP/1.1 200 OK"; }
        location = /status/503 { return 503; }
"""
FILES = """
        sendfile on;
        root {dir}/files;
        location / {{ try_files $uri =404; }}
"""
PROXY = """
        location / {{
            proxy_pass http://backend;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_next_upstream off;
{more}
        }}
"""
CONF = """
daemon off;
user root;
worker_processes 2;
pid {dir}/pid;
error_log {dir}/error.log;
events {{ worker_connections 16384; }}
http {{
    access_log {dir}/access.log;
    default_type text/plain;
    keepalive_requests 1000000000;
    large_client_header_buffers 8 128k;
    client_body_temp_path {dir}/t1;
    proxy_temp_path {dir}/t2;
    fastcgi_temp_path {dir}/t3;
    uwsgi_temp_path {dir}/t4;
    scgi_temp_path {dir}/t5;
    {upstream}
    {tls}
    server {{
        listen 127.0.0.1:{port}{ssl} backlog=4096;
{locations}
    }}
}}
"""


class Nginx:
    """`more`: lines for the location of a proxy. `tls`: lines about it; None: there is none."""

    def __init__(self, directory, kind="static", backend=None, more="", tls=None):
        self.dir = pathlib.Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        upstream = ""
        if backend:
            upstream = f"upstream backend {{ server 127.0.0.1:{backend}; keepalive 64; }}"
        files = self.dir / "files" / "bytes"
        files.mkdir(parents=True)
        for size in (5, 3000, 100000):
            (files / str(size)).write_bytes(b"HTTP/1.1 500 no\r\n\r\n"[:5] * (size // 5))
        locations = {"static": STATIC, "files": FILES.format(dir=self.dir),
                     "proxy": PROXY.format(more=more)}[kind]
        ssl = ""
        if tls is not None:
            cert, key = certificate(self.dir)
            ssl, tls = " ssl", f"ssl_certificate {cert}; ssl_certificate_key {key}; {tls}"
        conf = self.dir / "nginx.conf"
        conf.write_text(CONF.format(dir=self.dir, port=self.port, upstream=upstream,
                                    locations=locations, ssl=ssl, tls=tls or ""))
        self.process = Process([tool("nginx"), "-p", self.dir, "-c", conf])
        assert wait_until(lambda: listens(self.port)), self.process.output()

    def logged(self):
        """Status codes in the order nginx logged them."""
        return [line.split('" ')[1].split()[0]
                for line in (self.dir / "access.log").read_text().splitlines()]

    def stop(self, sig=signal.SIGTERM):
        return self.process.stop(sig)
