#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A server that treats some requests ill. Arguments: PORT FAULT.

FAULT is JSON: "field" ("user-agent", "path", "client", "any"), "is" (what begins so is ill), "status", "sleep" (seconds),
"spin" (CPU seconds), "one" (true: one request at a time). Several processes may share a port.
"""
import json
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer

FAULT = json.loads(sys.argv[2])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def is_ill(self):
        field = FAULT.get("field")
        value = {"path": self.path, "client": self.client_address[0], "any": ""}.get(
            field, self.headers.get(field or "", ""))
        return field and value.startswith(FAULT.get("is", ""))

    def do_GET(self):
        status = 200
        if self.is_ill():
            status = FAULT.get("status", 200)
            time.sleep(FAULT.get("sleep", 0))
            end = time.thread_time() + FAULT.get("spin", 0)
            while time.thread_time() < end:
                pass
        self.send_response(status)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_):
        pass


class Shared:
    request_queue_size = 1024
    daemon_threads = True

    def server_bind(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        super().server_bind()


class One(Shared, HTTPServer):
    pass


class Many(Shared, ThreadingHTTPServer):
    pass


if __name__ == "__main__":
    server = (One if FAULT.get("one") else Many)(("0.0.0.0", int(sys.argv[1])), Handler)
    threading.stack_size(256 << 10)
    print("listening", server.server_address[1], flush=True)
    server.serve_forever()
