# SPDX-License-Identifier: GPL-2.0-only
"""Sessions that share one list of test files: each takes the next that none has taken, and runs it whole.

SLIPROBE_TURNS is a directory that all of them write to. A file that is taken has a directory of its name there; in it
is how many seconds the file took, once it is over.
"""
import os
import pathlib
import time

TURNS = os.environ.get("SLIPROBE_TURNS")


def by_file(items):
    """[(name, items)], in the order they came: in_vm.py has those first that take longest."""
    files = {}
    for item in items:
        files.setdefault(item.path.stem, []).append(item)
    return list(files.items())


def take(name):
    """False: another session has."""
    try:
        pathlib.Path(TURNS, name).mkdir()
        return True
    except FileExistsError:
        return False


def run_file(session, items, after):
    """`after`: an item of another file, which is not run; None after the last file."""
    for item, following in zip(items, [*items[1:], after]):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.shouldfail or session.shouldstop:
            raise session.Interrupted(session.shouldfail or session.shouldstop)


def run(session):
    """All files' turns. What one file leaves behind is taken down before the next is begun."""
    files = by_file(session.items)
    for i, (name, items) in enumerate(files):
        if not take(name):
            continue
        begun = time.monotonic()
        run_file(session, items, files[(i + 1) % len(files)][1][0] if len(files) > 1 else None)
        pathlib.Path(TURNS, name, "seconds").write_text(f"{time.monotonic() - begun:.1f}\n")
    session._setupstate.teardown_exact(None)
