#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Checks who includes whom: the rooms of user/ and the layers of bpf/ have an order, and arrows only
point down. docs/house.md says what each is.

A room or layer may include itself and those named behind it, which stand further down.
"""
import pathlib
import re
import sys

ROOMS = {
    "sliprobed.c": "server agent samples deliver confine config base",
    "slictl.c": "ctl kernel base",
    "sliprobe-helper.c": "helper base",
    "ctl": "page decide export config slo base",
    "server": "page report notify base",
    "page": "base",
    "agent": "samples explain deliver helper record notify apply report config kernel store slo base",
    "samples": "explain config kernel store base",
    "explain": "base",
    "deliver": "notify config base",
    "record": "store apply slo base",
    "notify": "report config slo base",
    "decide": "config slo base",
    "export": "config base",
    "apply": "config kernel match slo base",
    "report": "config slo base",
    "helper": "confine sites base",
    "confine": "config kernel base",
    "sites": "base",
    "config": "match slo base",
    "kernel": "base",
    "store": "slo base",
    "match": "base",
    "slo": "base",
    "base": "",
}

LAYERS = {
    "sliprobe.bpf.c": "hook kernel",
    "inode.bpf.c": "kernel",
    "hook": "stream protocol exchange judge who kernel",
    "stream": "protocol kernel",
    "protocol": "exchange who kernel",
    "exchange": "judge who kernel",
    "judge": "who kernel",
    "who": "kernel",
    "kernel": "",
}

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def wrong_order(order):
    names = list(order)
    for name, known in order.items():
        for other in known.split():
            if names.index(other) <= names.index(name):
                yield f"scripts/arrows.py: {name} may not know {other}: it stands above"


def wrong_arrows(top, order):
    """A file of `top` belongs to the first part of its path below it, as does what it includes."""
    for path in sorted(pathlib.Path(top).rglob("*.[ch]")):
        name = path.relative_to(top).parts[0]
        if name not in order:
            yield f"{path}: {name} is not in the list of scripts/arrows.py"
            continue
        for included in INCLUDE.findall(path.read_text()):
            other = included.split("/")[0]
            if other != name and other in order and other not in order[name].split():
                yield f'{path}: "{included}": {name} may not know {other}'


def own_header_late(top):
    """A module includes its own header first, which shows each time that it compiles alone."""
    for path in sorted(pathlib.Path(top).rglob("*.c")):
        own = str(path.relative_to(top).with_suffix(".h"))
        included = INCLUDE.findall(path.read_text())
        if own in included and re.search(r"#\s*include\s+(\S+)", path.read_text())[1] != f'"{own}"':
            yield f'{path}: "{own}" is not included first'


def main():
    wrong = [*wrong_order(ROOMS), *wrong_order(LAYERS)]
    wrong += [*wrong_arrows("user", ROOMS), *wrong_arrows("bpf", LAYERS)]
    wrong += own_header_late("user")
    for line in wrong:
        print(line)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
