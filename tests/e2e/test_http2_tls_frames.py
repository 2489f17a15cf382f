# SPDX-License-Identifier: GPL-2.0-only
"""HTTP/2 inside of TLS, both ends scripted: how its bytes are cut into calls, each of which is a record, changes nothing."""
import ssl
import threading

import pytest

from conftest import shared_agent
from counted import Books
from frames import Talk
from harness import user_space, wait_until
from tls import certificate, client_context
from wire import Port, Wire

CONFIG = """
agent: {{interval: 1s}}
tls: servers
services: [{{name: shop, match: {{port: {port}}}}}]
"""


class TlsPort(Port):
    def __init__(self, directory):
        super().__init__()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*certificate(directory))

    def dial(self):
        """A connection behind its handshake, of which each end needs the other one."""
        wire = Wire(self)
        self.wires.append(wire)
        client = wire.client

        def shake():
            wire.client = client_context().wrap_socket(client)

        other = threading.Thread(target=shake)
        other.start()
        wire.server = self.context.wrap_socket(wire.server, server_side=True)
        other.join()
        return wire


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    port = TlsPort(tmp_path_factory.mktemp("shop"))
    yield port
    port.close()


@pytest.fixture(scope="module")
def agent(shop):
    yield from shared_agent(CONFIG.format(port=shop.port))


@pytest.fixture
def books(agent, shop):
    """From when the connections of this process are counted: it serves already while its library is probed."""
    if agent.status()["tls"]["state"] != "on":
        pytest.skip(f"this kernel: {agent.status()['tls']['reason']}")

    def counted():
        books = Books(agent)
        talk = Talk(shop)
        talk.answer(talk.ask("/"), 200).close()
        return wait_until(lambda: books.watch.delta()["requests"] == 1, 0.3)

    assert wait_until(counted, 15, 0.05), agent.status()["coverage"]
    return Books(agent)


@user_space
@pytest.mark.parametrize("cut", [None, 1, 2, 8, 9, 10])
@pytest.mark.parametrize("server_first", [False, True], ids=["client-first", "server-first"])
def test_requests_one_after_the_other(shop, books, cut, server_first):
    talk = Talk(shop, cut, server_first=server_first)
    for path, status in (("/", 200), ("/cart/1", 404), ("/cart/2", 500)):
        talk.answer(talk.ask(path), status)
    talk.answer(talk.ask("/items", method="POST", body=b"x" * 300), 201)
    talk.close()
    books.expect({200: 1, 404: 1, 500: 1, 201: 1})


@user_space
@pytest.mark.parametrize("cut", [None, 1])
def test_a_server_of_something_else_that_speaks_first(shop, books, cut):
    """It is neither counted nor named, and hides nothing that comes after."""
    for _ in range(3):
        shop.dial().s(b"220 mail.example ESMTP\r\n", cut).c(b"EHLO x\r\n", cut).s(b"250 mail\r\n", cut).close()
    talk = Talk(shop)
    talk.answer(talk.ask("/"), 404).close()
    books.expect({404: 1})
