#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Where a request's instructions go, of what the agent adds: counts each block of the kernel that runs
# in a virtual machine (profile_plugin.c), and adds up by function and by step.
#
#	tests/bench/vm/profile.sh [6.12|6.1] [WORK]...      WORK: nginx, http2-one and the like, tls-keep-alive, or of pingpong.c (http)
#
# PROFILE_CONFIG=samples, or tls: with these. LOOPS (1000), WRK_SECONDS (1), HTTP2_REQUESTS (1000).
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
build=${SLIPROBE_BUILD:-build}
kernel=${1:-6.12}
shift || :
(($#)) || set -- http
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

"${CC:-gcc}" -shared -fPIC -O2 -Wall -Wextra -fvisibility=hidden tests/bench/vm/profile_plugin.c \
	-o "$tmp/plugin.so"
mkdir -p build/vm/out
"${CC:-gcc}" -O2 -static -nostdlib -no-pie -Wl,-Ttext=0x66660000 tests/bench/vm/mark.c -o build/vm/out/mark
scripts/vm.sh "$kernel" --cpus 1 --icount --timeout 900 \
	--qemu "-plugin $tmp/plugin.so,out=$tmp/blocks" -- \
	env "SLIPROBE_BUILD=$build" "PROFILE=$*" \
	"PROFILE_CONFIG=${PROFILE_CONFIG:-sliprobe}" "LOOPS=${LOOPS:-1000}" "WRK_SECONDS=${WRK_SECONDS:-1}" \
	"HTTP2_REQUESTS=${HTTP2_REQUESTS:-1000}" tests/bench/vm/inside.sh
n=0
for work; do
	n=$((n + 2)) # the odd ones are what is between two
	echo "$work, Linux $kernel:"
	"${PYTHON:-/usr/bin/python3}" tests/bench/vm/profile.py build/vm/out/kallsyms "$tmp/blocks.$((n - 1))"
done
