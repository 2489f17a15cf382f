#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Checks that what comments and documents point to is there: paths ("scripts/test.sh"), modules of
user/ ("slo/history"), headers of bpf/ ("judge/series"), functions that documents name.
"""
import pathlib
import re
import subprocess
import sys

from arrows import LAYERS, ROOMS

TEXT = (".c", ".h", ".md", ".sh", ".py", ".yaml", "Makefile")
PATH = re.compile(r"(?<![\w./<$}-])(?:bpf|deploy|docs|include(?!/linux)|scripts|tests|user)/[\w./-]+\.(?:bpf\.)?"
                  r"(?:[chj]|md|py|sh|json|java|txt|yaml)\b")
FUNCTION = re.compile(r"`([a-z]\w*)\(\)`")
MODULE = re.compile(r"(?<![\w./-])(%s)/([a-z][a-z0-9_]*)(?![\w/.*{-]|\.[a-z])" % "|".join(
    name for name in (*ROOMS, *LAYERS) if "." not in name))


def comments(text):
    return re.findall(r"/\*.*?\*/", text, re.DOTALL)


def is_defined(function):
    return subprocess.run(["git", "grep", "-qw", function, "--", "bpf", "include", "user"],
                          check=False).returncode == 0


def pointers(path, text):
    for found in PATH.finditer(text):
        if not pathlib.Path(found[0]).exists():
            yield found[0]
    if path.suffix == ".md":
        for name in FUNCTION.findall(text):
            if not is_defined(name):
                yield f"{name}()"
    if path.suffix not in (".c", ".h"):
        return
    for comment in comments(text):
        for room, name in MODULE.findall(comment):
            if not any(pathlib.Path(top, room, name + end).exists()
                       for top, end in (("user", ".h"), ("user", ".c"), ("bpf", ".bpf.h"))):
                yield f"{room}/{name}"


def main():
    files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], check=True,
                           capture_output=True, text=True).stdout.split("\n")
    wrong = False
    for path in map(pathlib.Path, filter(None, files)):
        if not path.name.endswith(TEXT) or not path.exists():
            continue
        for target in pointers(path, path.read_text(errors="replace")):
            print(f"{path}: points to {target}, which is not there")
            wrong = True
    return wrong


if __name__ == "__main__":
    sys.exit(main())
