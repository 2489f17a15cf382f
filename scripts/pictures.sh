#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# pictures.sh: makes docs/pictures/ anew, of a real agent and a service whose newest client fails for half a minute: the
# page by a browser, the terminal view by tmux. Run as root, after make; it takes two minutes.
# GOOD_SECONDS, BAD_SECONDS (30): for a longer past on the pictures.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
scripts/setup.sh build test
exec /usr/bin/python3 -B scripts/pictures.py "$PWD/docs/pictures"
