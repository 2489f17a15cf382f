# SPDX-License-Identifier: GPL-2.0-only
"""Instructions a request by function and step: profile.py KALLSYMS BLOCKS

A request is one search for its buckets. Only functions that run for the agent's programs
alone are counted, so what is shared with others is missing (readers of the clock, say).
"""
import bisect
import collections
import re
import sys

STEPS = {
    "entry: the kernel's way to the programs": r"bpf_trace_run|__bpf_trace_|call_trace_|"
                                               r"__bpf_prog_enter|__bpf_prog_exit|bpf_trampoline_",
    "storage: the socket's state": r"bpf_sk_storage_get|bpf_skc_to_tcp_sock",
    "registers: where the bytes are": r"P:(syscall_|mmsg_|io_)|bpf_task_pt_regs|"
                                      r"bpf_get_current_task",
    "copy of the bytes": r"bpf_probe_read_user|copy_from_user_nofault|nmi_uaccess_okay",
    "clock": r"bpf_ktime_get_ns|ktime_get_mono_fast_ns",
    "arrival of the request": r"P:sock_reading",
    "hooks: order of events, registers": r"P:(tp_|fexit_|tcp_|stream_step|http1_re\w+_event)",
    "HTTP/2: frames, header blocks": r"P:(frames_|http2_(whole|steps|walk_step|field_byte|payload_end|value_bytes|name_bytes|"
                                     r"spelled|short_value|long_code|frame_begin|payload_pass|redecide|again_step))",
    "HTTP/2: streams": r"P:(http2_|stream_|streams_|exchange_)",
    "loops": r"bpf_loop",
    "hash tables": r"__?htab_map_|htab_map_|jhash|lookup_nulls_elem_raw|lookup_elem_raw|bpf_obj_free|__pcpu_freelist|pcpu_freelist|"
                   r"free_htab_elem|alloc_htab_elem|htab_lock_bucket|htab_unlock_bucket",
    "request: parse, route, open": r"P:(http1_request_(first|head)|http1_open|identity_|"
                                   r"endpoint_|service_|exe_)",
    "response: parse, classify, count": r"P:(http1_response_(first|head)|http1_answer|exchanges_|"
                                        r"judge_|hist_|slo_|series_|threshold_)",
    "samples: excerpt, choice": r"P:(excerpt_|sample_)|bpf_ringbuf_|bpf_get_prandom",
    "versions": r"P:version_|htab_percpu_map_lookup_elem|bpf_percpu_hash",
    "parse what was not whole": r"P:http1_(walk|lines|path|query|read)",
}


def load(kallsyms, blocks):
    symbols = []
    with open(kallsyms, encoding="ascii") as lines:
        for line in lines:
            address, kind, name = line.split()[:3]
            if kind in "tTwW" and not name.startswith("__pfx_"):
                symbols.append((int(address, 16), name))
    symbols.sort()
    starts = [address for address, _ in symbols]
    instructions, calls = collections.Counter(), collections.Counter()
    with open(blocks, encoding="ascii") as lines:
        for line in lines:
            address, n, runs = line.split()
            address, runs = int(address, 16), int(runs)
            at = bisect.bisect_right(starts, address) - 1
            if address < 1 << 63 or at < 0:
                continue
            name = re.sub(r"^bpf_prog_[0-9a-f]{16}_", "P:", symbols[at][1])
            instructions[name] += int(n) * runs
            if address == symbols[at][0]:
                calls[name] += runs
    return instructions, calls


def main(kallsyms, blocks):
    instructions, calls = load(kallsyms, blocks)
    requests = calls["P:hist_buckets"]
    if not requests:
        sys.exit("profile.py: no request was counted")
    total = 0
    left = {n for n in instructions if instructions[n] >= requests}
    for step, pattern in [*STEPS.items(), ("other programs", "P:")]:
        names = [n for n in left if re.match(f"({pattern})", n)]
        left.difference_update(names)
        step_sum = sum(instructions[n] for n in names) / requests
        total += step_sum
        print(f"{step_sum:8.0f}  {step}")
        for name in sorted(names, key=lambda n: -instructions[n]):
            print(f"          {instructions[name] / requests:8.1f} in {calls[name] / requests:4.1f} "
                  f"calls  {name.removeprefix('P:')}")
    print(f"{total:8.0f}  in all, of {requests} requests")


main(*sys.argv[1:])
