#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Where a request's instructions go, of what the agent adds: counts each block of the kernel that runs
# in a virtual machine (profile_plugin.c), and adds up by function and by step.
#
#	tests/bench/vm/profile.sh [6.12|6.1] [nginx|WORK]        WORK: of pingpong.c (http)
#
# PROFILE_CONFIG=samples: with samples.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
build=${SLIPROBE_BUILD:-build}
kernel=${1:-6.12} work=${2:-http}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

"${CC:-gcc}" -shared -fPIC -O2 -Wall -Wextra -fvisibility=hidden tests/bench/vm/profile_plugin.c \
	-o "$tmp/plugin.so"
scripts/vm.sh "$kernel" --cpus 1 --icount --timeout 900 \
	--qemu "-plugin $tmp/plugin.so,out=$tmp/blocks" -- \
	env "SLIPROBE_BUILD=$build" "PROFILE=$work" \
	"PROFILE_CONFIG=${PROFILE_CONFIG:-sliprobe}" LOOPS=4000 WRK_SECONDS=1 tests/bench/vm/inside.sh
"${PYTHON:-/usr/bin/python3}" tests/bench/vm/profile.py build/vm/out/kallsyms "$tmp/blocks"
