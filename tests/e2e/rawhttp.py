# SPDX-License-Identifier: GPL-2.0-only
"""A plain HTTP/1.x client over one socket, that sends exactly what it is told to."""
import socket


class Client:
    def __init__(self, port, address="127.0.0.1", timeout=60):
        self.sock = socket.create_connection((address, port), timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, data, step=None):
        for i in range(0, len(data), step or len(data)):
            self.sock.sendall(data[i:i + step] if step else data)

    def _more(self):
        data = self.sock.recv(65536)
        self.buffer += data
        return bool(data)

    def _take(self, n):
        while len(self.buffer) < n:
            if not self._more():
                raise ConnectionError("closed in an answer")
        data, self.buffer = self.buffer[:n], self.buffer[n:]
        return data

    def _until(self, mark):
        while mark not in self.buffer:
            if not self._more():
                raise ConnectionError("closed in an answer")
        return self._take(self.buffer.index(mark) + len(mark))

    def answer(self, method="GET"):
        """(status, body) of the next final response."""
        while True:
            head = self._until(b"\r\n\r\n").decode("latin-1")
            status = int(head.split()[1])
            if status >= 200 or status == 101:
                break
        fields = {}
        for line in head.split("\r\n")[1:]:
            name, _, value = line.partition(":")
            fields[name.lower()] = value.strip()
        if method == "HEAD" or status in (101, 204, 304):
            return status, b""
        if fields.get("transfer-encoding", "").lower() == "chunked":
            body = b""
            while True:
                size = int(self._until(b"\r\n").split(b";")[0], 16)
                if size == 0:
                    self._until(b"\r\n")
                    return status, body
                body += self._take(size)
                self._take(2)
        if "content-length" in fields:
            return status, self._take(int(fields["content-length"]))
        while self._more():
            pass
        body, self.buffer = self.buffer, b""
        return status, body

    def ask(self, path="/", method="GET", body=None, headers=(), step=None):
        head = f"{method} {path} HTTP/1.1\r\nHost: test\r\n"
        head += "".join(f"{h}\r\n" for h in headers)
        if body is not None:
            head += f"Content-Length: {len(body)}\r\n"
        self.send((head + "\r\n").encode("latin-1") + (body or b""), step)
        return self.answer(method)


def ask(port, path="/", **how):
    """One request on a connection of its own: the status."""
    with Client(port) as client:
        return client.ask(path, **how)[0]
