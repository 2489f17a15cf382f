# SPDX-License-Identifier: GPL-2.0-only
"""
Calls by grpcio, in a process of its own. Arguments: PORT CERT|- PLAN. The plan is a list of mappings:
`method` (of /e2e.Echo, or a whole path), `messages`, `n` calls (1), `at_once` of them (1), `timeout` in seconds,
`cancel_after` so many messages that were received, `big` bytes of metadata. Prints for each a mapping of the name of a
status to how many calls ended with it, and of `messages` to how many were received. With "wait" in it a line of
standard input is waited for before it.
"""
import collections
import json
import sys
import threading

import grpc

OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.use_local_subchannel_pool", 1),
           ("grpc.enable_retries", 0), ("grpc.max_metadata_size", 1 << 20)]


def call(channel, one, counts):
    path = one["method"] if "/" in one["method"] else f"/e2e.Echo/{one['method']}"
    messages = [message.encode() for message in one.get("messages", ["status=0"])]
    metadata = [("x-big", "m" * one["big"])] if "big" in one else []
    answers = channel.stream_stream(path)(iter(messages), timeout=one.get("timeout"), metadata=metadata)
    received = 0
    try:
        for _ in answers:
            received += 1
            if received == one.get("cancel_after"):
                answers.cancel()
    except grpc.RpcError:
        pass
    counts[answers.code().name] += 1
    counts["messages"] += received


def run(channel, one):
    counts, left = collections.Counter(), [one.get("n", 1)]
    lock = threading.Lock()

    def work():
        mine = collections.Counter()
        while True:
            with lock:
                if not left[0]:
                    counts.update(mine)
                    return
                left[0] -= 1
            call(channel, one, mine)
    threads = [threading.Thread(target=work) for _ in range(one.get("at_once", 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return counts


def main():
    port, cert, plan = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    if cert == "-":
        channel = grpc.insecure_channel(f"127.0.0.1:{port}", OPTIONS)
    else:
        with open(cert, "rb") as file:
            channel = grpc.secure_channel(f"127.0.0.1:{port}", grpc.ssl_channel_credentials(file.read()), OPTIONS)
    for one in plan:
        if one.get("wait"):
            sys.stdin.readline()
        print(json.dumps(run(channel, one)), flush=True)
    channel.close()


main()
