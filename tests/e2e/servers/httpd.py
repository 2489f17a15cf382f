#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The same answers as httpd.c, by Python's own threading server. Arguments: PORT."""
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server(ThreadingHTTPServer):
    request_queue_size = 4096
    daemon_threads = True


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        what, _, value = self.path[1:].partition("/")
        status = int(value) if what == "status" else 200
        if what == "sleep":
            time.sleep(int(value) / 1000)
        body = b"x" * (int(value) if what in ("bytes", "chunked") else 5)
        none = self.command == "HEAD" or status in (204, 304)
        self.send_response(status)
        if what == "chunked":
            self.send_header("Transfer-Encoding", "chunked")
        elif status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if none:
            return
        if what == "chunked":
            self.wfile.write(b"%x\r\n%s\r\n" % (len(body), body))
            self.wfile.write(b"0\r\n\r\n")
        else:
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = answer

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = Server(("127.0.0.1", int(sys.argv[1])), Handler)
    print("listening", server.server_address[1], flush=True)
    server.serve_forever()
