#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs what the host built on real Debian kernels, in as many machines at a time as there are CPUs: an emulated one
# is busy with little more than one. Machines of one kernel share its tests file by file: tests/e2e/turns.py.
#
#	tests/vm/run.sh [6.1|6.12]... [-- PYTEST ARGUMENTS]
#
# 6.1 is the last series without the socket tracepoints, so there the fexit hooks are tested. 6.12 has
# them, as the host has. Unless SLIPROBE_LONG is set or tests are named, a sample is run on each: tests/e2e/in_vm.py.
# The last line is "N passed, N failed, N skipped" over all kernels; exit 1 if one failed.
#
# SLIPROBE_SCALE       what the tests multiply their request counts by (0.02: the CPU is emulated)
# SLIPROBE_VM_TIMEOUT  seconds for one machine (3500)
# SLIPROBE_VMS         machines at a time (as there are CPUs, at most 4)
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

for binary in sliprobed slictl sliprobe-helper; do
	if [[ ! -x ${SLIPROBE_BUILD:-build}/$binary ]]; then
		echo "tests/vm/run.sh: no ${SLIPROBE_BUILD:-build}/$binary: build first" \
			"(make all build-bpf-test build-e2e)" >&2
		exit 2
	fi
done

cpus=$(nproc)
machines=${SLIPROBE_VMS:-$((cpus < 4 ? cpus : 4))}
environment=(SLIPROBE_IN_VM=1 "SLIPROBE_SCALE=${SLIPROBE_SCALE:-0.02}")
for name in SLIPROBE_LONG SLIPROBE_BUILD; do
	[[ -z ${!name-} ]] || environment+=("$name=${!name}")
done

if ((${#arguments[@]} == 0)) && [[ -z ${SLIPROBE_LONG-} ]]; then
	environment+=(SLIPROBE_SAMPLE=1)
fi

# The one directory that machines write to: scripts/vm.sh.
turns=build/vm/out/turns

# Runs one machine to its end. Leaves "PASSED FAILED SKIPPED" in its .count.
run_machine() { # KERNEL NUMBER
	local kernel=$1 log=build/vm/tests-$1-$2.log status=0 total p=0 f=0 s=0 summary
	scripts/vm.sh "$kernel" --timeout "${SLIPROBE_VM_TIMEOUT:-3500}" -- \
		env "${environment[@]}" "SLIPROBE_TURNS=$PWD/$turns/$kernel" tests/vm/inside.sh \
		"${arguments[@]}" >"$log" 2>&1 &
	machine=$!
	wait "$machine" || status=$?
	machine=''
	total=$(tail -n 1 "$log")
	if [[ $total =~ ^total:\ ([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
		p=${BASH_REMATCH[1]} f=${BASH_REMATCH[2]} s=${BASH_REMATCH[3]}
	fi
	# The machine, or the script in it, broke off: what ran until then proves nothing.
	((status == 0 || f > 0)) || f=1
	summary=$(grep -E '^=*[ ]?[0-9]+ [a-z]+.* in [0-9.]+s' "$log" | tail -n 1 || :)
	{
		echo "== Linux $kernel, machine $2"
		cat "$log"
	} >"$log.shown"
	cat "$log.shown" # at once, so that machines' output is not mixed
	echo "$p $f $s Linux $kernel, machine $2: pytest: ${summary:-no summary}" \
		>"build/vm/tests-$kernel-$2.count"
	touch "$turns/$kernel/over" # no file is left to take
}

# One machine after the other, each kernel's tests until none is left; the first kernel is another one in each lane.
run_lane() { # NUMBER
	local number=$1 i kernel

	machine=''
	trap '[[ -z $machine ]] || kill "$machine" 2>/dev/null || :; exit 143' TERM INT HUP
	for i in "${!kernels[@]}"; do
		kernel=${kernels[(i + number) % ${#kernels[@]}]}
		[[ -e $turns/$kernel/over ]] || run_machine "$kernel" "$number"
	done
}

mkdir -p build/vm/out
rm -rf "$turns" build/vm/tests-*
lanes=()
trap '((${#lanes[@]} == 0)) || kill "${lanes[@]}" 2>/dev/null || :' EXIT
trap 'exit 143' TERM INT HUP
for kernel in "${kernels[@]}"; do
	mkdir -p "$turns/$kernel"
done
for ((i = 0; i < machines; i++)); do
	run_lane "$i" &
	lanes+=($!)
done
lost=0
for lane in "${lanes[@]}"; do
	wait "$lane" || lost=1
done
lanes=()

passed=0 failed=$lost skipped=0
for kernel in "${kernels[@]}"; do
	of_kernel=0
	for count in build/vm/tests-"$kernel"-*.count; do
		[[ -e $count ]] || continue
		read -r p f s report <"$count"
		echo "$report"
		passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
		of_kernel=$((of_kernel + p + f))
	done
	echo "Linux $kernel: longest: $(grep -H . "$turns/$kernel"/*/seconds 2>/dev/null |
		sed 's|.*/\([^/]*\)/seconds:|\1 |' | sort -k 2 -rn | head -n 8 | paste -sd, -)"
	if ((of_kernel == 0)); then
		echo "tests/vm/run.sh: no tests ran on $kernel" >&2
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
