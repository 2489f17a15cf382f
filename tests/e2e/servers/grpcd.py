# SPDX-License-Identifier: GPL-2.0-only
"""
A gRPC server by grpcio. Arguments: PORT [CERT KEY]. It prints "listening PORT". A message of a call is words, such as
"status=5 delay_ms=100 size=10 count=3 big=2000".

Every path below /e2e.Echo/ is a call; any other is not implemented. /e2e.Echo/Chat does what each message says as it
comes, until one has a status or the client is done. /e2e.Echo/Upload does what the last says, every other what the
first says. To do: wait so long, send `count` messages of `size` bytes, end with the status. A status without a
`count` above 1 comes without a message: in trailers alone. `big` is how much metadata comes with the end.
"""
import sys
import time
from concurrent import futures

import grpc

CODES = {code.value[0]: code for code in grpc.StatusCode}


def words(some):
    said = dict(word.split("=") for word in some.decode().split())
    return {name: int(said.get(name, default)) for name, default in
            (("status", 0), ("delay_ms", 0), ("size", 5), ("count", 1), ("big", 0))}


def do(said, context):
    time.sleep(said["delay_ms"] / 1000)
    if said["big"]:
        context.set_trailing_metadata((("x-big", "m" * said["big"]),))
    for _ in range(said["count"] if not said["status"] or said["count"] > 1 else 0):
        yield b"x" * said["size"]
    if said["status"]:
        context.abort(CODES[said["status"]], "as was said")


def serve(path):
    method = path.rsplit("/", 1)[1]

    def call(messages, context):
        if method == "Chat":
            for message in messages:
                yield from do(words(message), context)
            return
        message = next(messages)
        if method == "Upload":
            for message in messages:
                pass
        yield from do(words(message), context)
    return call


class Echo(grpc.GenericRpcHandler):
    def service(self, details):
        if details.method.startswith("/e2e.Echo/"):
            return grpc.stream_stream_rpc_method_handler(serve(details.method))
        return None


def main():
    server = grpc.server(futures.ThreadPoolExecutor(64), (Echo(),), options=[("grpc.max_receive_message_length", -1)])
    if len(sys.argv) > 2:
        cert, key = (open(name, "rb").read() for name in sys.argv[2:4])
        port = server.add_secure_port(f"127.0.0.1:{sys.argv[1]}", grpc.ssl_server_credentials([(key, cert)]))
    else:
        port = server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
    server.start()
    print("listening", port, flush=True)
    server.wait_for_termination()


main()
