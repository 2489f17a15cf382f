# SPDX-License-Identifier: GPL-2.0-only
"""make install: what the unit names is where it says."""
import os
import re
import subprocess

import pytest

from harness import HERE, tool, user_space

pytestmark = [user_space, pytest.mark.offline]
PREFIX = "/opt/slip"


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    destination = tmp_path_factory.mktemp("image")
    subprocess.run(["make", "-C", HERE.parents[1], "install", f"DESTDIR={destination}",
                    f"PREFIX={PREFIX}"], check=True, capture_output=True)
    return destination


def unit_of(installed):
    return (installed / PREFIX[1:] / "lib/systemd/system/sliprobe.service").read_text()


def test_every_path_of_the_unit_is_installed(installed):
    paths = re.findall(rf"{PREFIX}/[\w./-]+", unit_of(installed))
    assert len(paths) >= 3
    for path in paths:
        assert (installed / path[1:]).exists(), path
    assert "/usr/local" not in unit_of(installed)


def test_systemd_takes_the_unit(installed, tmp_path):
    unit = tmp_path / "sliprobe.service"  # with programs that can be run from here
    unit.write_text(unit_of(installed).replace(PREFIX, f"{installed}{PREFIX}"))
    out = subprocess.run([tool("systemd-analyze"), "verify", unit], capture_output=True, text=True,
                         check=False)
    assert [line for line in out.stderr.splitlines() if "sliprobe" in line] == []


def test_the_group_is_made(installed):
    (installed / "etc").mkdir(exist_ok=True)
    subprocess.run([tool("systemd-sysusers"), f"--root={installed}",
                    f"{installed}{PREFIX}/lib/sysusers.d/sliprobe.conf"], check=True,
                   capture_output=True)
    assert re.search(r"^sliprobe:", (installed / "etc/group").read_text(), re.M)


def test_the_user_is_made_for_the_agent_alone(installed):
    (installed / "etc").mkdir(exist_ok=True)
    subprocess.run([tool("systemd-sysusers"), f"--root={installed}",
                    f"{installed}{PREFIX}/lib/sysusers.d/sliprobe.conf"], check=True,
                   capture_output=True)
    user = re.search(r"^sliprobe:.*$", (installed / "etc/passwd").read_text(), re.M)[0].split(":")
    assert user[2] != "0" and user[5:] == ["/", "/usr/sbin/nologin"]


def test_the_unit_is_confined(installed):
    """By systemd's own measure, of 10: at most 2.1. CAP_DAC_READ_SEARCH, the helper's, makes 0.2 of it."""
    unit = installed / PREFIX[1:] / "lib/systemd/system/sliprobe.service"
    out = subprocess.run([tool("systemd-analyze"), "security", "--offline=yes", "--threshold=21", unit],
                         capture_output=True, text=True, check=False)
    assert out.returncode == 0, out.stdout[-200:]
    assert re.search(r"^User=sliprobe$", unit.read_text(), re.M)


def test_the_documents_are_there(installed):
    docs = installed / PREFIX[1:] / "share/doc/sliprobe"
    for name in ("README.md", "LICENSE", "sliprobe.yaml", "docs/metrics.md"):
        assert (docs / name).stat().st_size > 0, name
    # the README's links lead somewhere, but for those into the source
    for target in re.findall(r"\]\((docs/[\w-]+\.md)\)", (docs / "README.md").read_text()):
        assert (docs / target).exists(), target


def test_the_programs_run_from_there(installed):
    for program in ("sbin/sliprobed", "bin/slictl"):
        path = installed / PREFIX[1:] / program
        assert os.access(path, os.X_OK)
        assert subprocess.run([path, "--version"], check=True, capture_output=True).stdout


def test_installing_on_this_host_makes_the_group(tmp_path):
    # in a copy of /etc, which only these processes see
    script = f"""set -e
        cp -a /etc {tmp_path}/etc
        mount --bind {tmp_path}/etc /etc
        sed -i /^sliprobe:/d /etc/group /etc/gshadow
        for i in 1 2; do make -C {HERE.parents[1]} install PREFIX={tmp_path}/usr; done >&2
        getent group sliprobe"""
    out = subprocess.run([tool("unshare"), "--mount", "sh", "-c", script], capture_output=True,
                         text=True, check=False)
    assert re.fullmatch(r"sliprobe:x:\d+:\n", out.stdout), out.stderr
