#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs what the host built on real Debian kernels, each booted once, one after the other: side by side
# on two CPUs they are too slow for what some tests wait for.
#
#	tests/vm/run.sh [6.1|6.12]... [-- PYTEST ARGUMENTS]
#
# 6.1 is the last series without the socket tracepoints, so there the fexit hooks are tested. 6.12 has
# them, as the host has: there only the tests of what a kernel may do otherwise are run, unless
# SLIPROBE_LONG is set.
# The last line is "N passed, N failed, N skipped" over all kernels; exit 1 if one failed.
#
# SLIPROBE_SCALE       what the tests multiply their request counts by (0.02: the CPU is emulated)
# SLIPROBE_VM_TIMEOUT  seconds for one kernel (2700)
# SLIPROBE_LONG, SLIPROBE_BUILD are passed on

set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."

kernels=()
while (($#)) && [[ $1 != -- ]]; do
	kernels+=("$1")
	shift
done
(($# == 0)) || shift
arguments=("$@")
((${#kernels[@]})) || kernels=(6.1 6.12)

for binary in sliprobed slictl; do
	if [[ ! -x ${SLIPROBE_BUILD:-build}/$binary ]]; then
		echo "tests/vm/run.sh: no ${SLIPROBE_BUILD:-build}/$binary: build first" \
			"(make all build-bpf-test build-e2e)" >&2
		exit 2
	fi
done

environment=(SLIPROBE_IN_VM=1 "SLIPROBE_SCALE=${SLIPROBE_SCALE:-0.02}")
for name in SLIPROBE_LONG SLIPROBE_BUILD; do
	[[ -z ${!name-} ]] || environment+=("$name=${!name}")
done

passed=0 failed=0 skipped=0
report=() machine=''
mkdir -p build/vm
trap '[[ -z $machine ]] || kill "$machine" 2>/dev/null || :' EXIT
trap 'exit 143' TERM INT HUP
for kernel in "${kernels[@]}"; do
	set -- "${arguments[@]}"
	if (($# == 0)) && [[ $kernel == 6.12 && -z ${SLIPROBE_LONG-} ]]; then
		set -- tests/e2e/test_{framing,join,late_start,latency,lifecycle,nonhttp,not_accepted,outcomes,rate,sharing,unanswered}.py
	fi
	log=build/vm/tests-$kernel.log
	: >"$log" # there before tail looks for it
	scripts/vm.sh "$kernel" --timeout "${SLIPROBE_VM_TIMEOUT:-2700}" -- \
		env "${environment[@]}" tests/vm/inside.sh "$@" >"$log" 2>&1 &
	machine=$!
	echo "== Linux $kernel"
	# what it says as it says it
	tail --pid="$machine" -n +1 -f "$log"
	status=0
	wait "$machine" || status=$?
	machine=''
	total=$(tail -n 1 "$log")
	if [[ $total =~ ^total:\ ([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
		p=${BASH_REMATCH[1]} f=${BASH_REMATCH[2]} s=${BASH_REMATCH[3]}
	else
		# The machine, or the script in it, broke off: what ran until then proves nothing.
		p=0 f=0 s=0
	fi
	((status == 0 || f > 0)) || f=1
	summary=$(grep -E '^=*[ ]?[0-9]+ [a-z]+.* in [0-9.]+s' "$log" | tail -n 1 || :)
	report+=("Linux $kernel: pytest: ${summary:-no summary}")
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done

printf '%s\n' "${report[@]}"
if ((passed + failed == 0)); then
	echo "tests/vm/run.sh: no tests ran" >&2
	failed=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
