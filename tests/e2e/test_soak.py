# SPDX-License-Identifier: GPL-2.0-only
"""A minute of tests/soak: everything at once, then all books compared."""
import subprocess
import sys

import pytest

from harness import LONG, ROOT, user_space

SECONDS = 60


@user_space
@pytest.mark.skipif(not LONG, reason="SLIPROBE_LONG=1 asks for it")
def test_everything_at_once(nothing_left):
    done = subprocess.run([sys.executable, "-B", ROOT / "tests/soak/soak.py", str(SECONDS)],
                          capture_output=True, text=True, check=False, timeout=SECONDS + 240)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
