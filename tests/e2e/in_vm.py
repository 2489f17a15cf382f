# SPDX-License-Identifier: GPL-2.0-only
"""
What the emulated machines run of these tests (tests/vm/run.sh): a sample of whatever a kernel may do otherwise than the
host's, as hooks, probes, TLS in the kernel and what outlives an agent. All else is the same in each kernel, and takes ten
times as long there. A start of an agent is the dearest: programs are verified.

By series and file: every so-manieth test of those that run there at all, or tests by name. Those files that take longest
come first.
"""
import os
import platform

import pytest

SAMPLE = os.environ.get("SLIPROBE_SAMPLE") == "1"
OF = {
    # hooks by fexit, and uprobes one by one: where the host has neither
    "6.1": {
        "test_framing": 12,
        "test_tls_servers": 5,
        "test_tls_later": ("test_a_connection_that_began_before_is_counted_from_then_on[1.3]",
                           "test_a_worker_that_is_forked_later_is_measured_from_its_first_connection[10]"),
        "test_counts": 15,
        "test_tls_kernel_later": ("test_a_take_over[1.3]", "test_a_module_that_comes_later[1.3]"),
        "test_tls_status": ("test_a_killed_helper_is_started_again_and_counting_goes_on",
                            "test_the_next_agent_takes_over_what_is_probed"),
        "test_lifecycle": ("test_a_stop_leaves_nothing[15]", "test_counting_goes_on_after_a_restart"),
        "test_tls_go": 7,
        "test_tls_kernel": 2,
        "test_tls_kernel_http2": ("test_nginx[1.3]", "test_bodies_of_files_and_pipes[1.3]",
                                  "test_bodies_that_are_spliced_from_the_socket"),
        "test_outcomes": 6,
        "test_not_accepted": 11,
        "test_aborts": 11,
        "test_http2_frames": 14,
        "test_http2_outcomes": 20,
        "test_http2_older": ("test_what_the_table_hides_is_unknown",),
        "test_http2_servers": ("test_what_clients_got_is_counted[nginx-plain]",),
        "test_grpc": ("test_each_status[grpcio-plain]",),
        "test_grpc_frames": 11,
        "test_host_faults": ("test_the_limit_of_its_cgroup", "test_a_kernel_that_refuses_a_family_of_hooks"),
        "test_confined": ("test_every_thread_and_process_has_no_capability_and_a_user_of_its_own",),
        "test_join": 4,
        "test_unread": 11,
        "test_identity": 8,
    },
    # the host's hooks, on another kernel: what it does otherwise is to verify programs, and to have TLS of its own
    "6.12": {
        "test_framing": 25,
        "test_tls_servers": 9,
        "test_tls_kernel_later": ("test_connections_that_are_older_than_the_agent",
                                  "test_a_take_over_among_streams[1.3]"),
        "test_lifecycle": ("test_counting_goes_on_after_a_restart",),
        "test_tls_kernel": 2,
        "test_tls_kernel_http2": ("test_nginx[1.3]", "test_bodies_that_are_spliced_from_the_socket"),
        "test_http2_servers": ("test_what_clients_got_is_counted[nginx-tls]",),
        "test_grpc": ("test_each_status[grpcio-plain]",),
        "test_confined": ("test_the_status_says_what_confines_it",),
    },
}


def plan():
    """The one of this kernel."""
    return OF["6.1" if platform.release().startswith("6.1.") else "6.12"]


def runs(item):
    return not any(mark.name == "skip" or mark.name == "skipif" and mark.args and mark.args[0]
                   for mark in item.iter_markers())


def chosen(items, which):
    if isinstance(which, int):
        return [item for item in items if runs(item)][::which]
    for name in which:
        if not any(name in (item.name, item.originalname) for item in items):
            raise pytest.UsageError(f"in_vm.py: there is no {name}")
    return [item for item in items if {item.name, item.originalname} & set(which)]


def sample(items):
    """Of all items; the others are dropped."""
    taken = []
    for stem, which in plan().items():
        of_file = chosen([item for item in items if item.path.stem == stem], which)
        if not of_file:
            raise pytest.UsageError(f"in_vm.py: nothing is left of {stem}")
        taken += of_file
    return taken
