#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What being measured costs in instructions, on Debian's kernels in a virtual machine whose clock
# counts them: the same on any host, however busy.
#
#	tests/bench/vm/run.sh [--check] [6.12|6.1]...
#
# Prints a table, writes it to build/bench-vm.json. --check compares with tests/bench/vm/baseline.json
# and fails on growth (report.py); without it the baseline is only shown beside.
#
# LOOPS (4000), WRK_SECONDS (1, of the machine's own): how much is measured. VM_TIMEOUT (900): seconds that a machine may take.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
build=${SLIPROBE_BUILD:-build}
python=${PYTHON:-/usr/bin/python3}
check=() only=() kernels=() machines=()

while (($#)); do
	case $1 in
	--check) check=(--check) only=(ONLY_AGENT=1) ;;
	6.1 | 6.12) kernels+=("$1") ;;
	*) echo "usage: tests/bench/vm/run.sh [--check] [6.12|6.1]..." >&2; exit 2 ;;
	esac
	shift
done
((${#kernels[@]})) || kernels=(6.12 6.1)

[[ -x $build/tests/bench/pingpong ]] || { echo "run.sh: run make build-bench first" >&2; exit 2; }
mkdir -p build/vm
trap '((${#machines[@]} == 0)) || kill "${machines[@]}" 2>/dev/null || :' EXIT
trap 'exit 143' TERM INT HUP
for kernel in "${kernels[@]}"; do
	scripts/vm.sh "$kernel" --cpus 1 --icount --timeout "${VM_TIMEOUT:-900}" -- \
		env "SLIPROBE_BUILD=$build" "LOOPS=${LOOPS:-4000}" "WRK_SECONDS=${WRK_SECONDS:-1}" \
		"${only[@]}" \
		tests/bench/vm/inside.sh >"build/vm/bench-$kernel.log" 2>&1 &
	machines+=($!)
done
for i in "${!kernels[@]}"; do
	if ! wait "${machines[i]}"; then
		cat "build/vm/bench-${kernels[i]}.log" >&2
		echo "tests/bench/vm/run.sh: nothing measured on ${kernels[i]}" >&2
		exit 1
	fi
	unset "machines[i]"
done
"$python" tests/bench/vm/report.py "${check[@]}" tests/bench/vm/baseline.json build/bench-vm.json \
	"${kernels[@]/#/build/vm/bench-}"
