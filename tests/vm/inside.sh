#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The tests that are run in a virtual machine, by run.sh: the in-kernel tests as they were built on
# the host, and the end-to-end tests. Arguments, if there are any, go to pytest in place of
# tests/e2e. Where machines share SLIPROBE_TURNS (tests/e2e/turns.py), each test is run in one of
# them. The last line is "total: N passed, N failed, N skipped"; the exit status is 1 if one failed,
# or if no end-to-end test ran and nobody else can have run them.

set -euo pipefail

passed=0 failed=0 skipped=0

count() {
	passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

# How many tests a pytest summary line gives for a word: "1 failed, 2 passed, 1 error in 3.00s".
summary_count() {
	grep -oE "(^|[^0-9])[0-9]+ $2\b" <<<"$1" | grep -oE '[0-9]+' || echo 0
}

# A test binary counts by its cmocka report, in which a test that crashed has a start and no end;
# a program without such a report is one test.
run_binary() {
	local test=$1 log=$2 status=0 begun=$SECONDS runs ok skip fail

	echo "$test:"
	"$test" >"$log" 2>&1 || status=$?
	runs=$(grep -c '^\[ RUN      \]' "$log" || :)
	ok=$(grep -c '^\[       OK \]' "$log" || :)
	skip=$(grep '^\[  SKIPPED \]' "$log" | grep -v 'test(s)' | sort -u | wc -l || :)
	if ((runs == 0)); then
		runs=1 ok=0 skip=0
		((status != 0)) || ok=1
		((status != 77)) || skip=1
	fi
	fail=$((runs - ok - skip))
	if ((status != 0 && status != 77 && fail == 0)); then
		fail=1
	fi
	if ((fail)); then
		sed 's/^/    /' "$log"
		echo "    exit status $status"
	elif ((skip)); then
		grep -i skip "$log" | grep -vi 'test(s)' | sort -u | sed 's/^/    /' || :
	fi
	echo "    $ok passed, $fail failed, $skip skipped, in $((SECONDS - begun)) s"
	count "$ok" "$fail" "$skip"
}

run_pytest() {
	local log=$1 status=0 summary ok fail skip
	shift

	# Debian's own Python: a version manager's, if there is one, lacks Debian's modules.
	/usr/bin/python3 -m pytest -q -rsfE -p no:cacheprovider "$@" 2>&1 | tee "$log" || status=$?
	summary=$(grep -E '^=*[ ]?[0-9]+ [a-z]+.* in [0-9.]+s' "$log" | tail -n 1 || :)
	ok=$(($(summary_count "$summary" passed) + $(summary_count "$summary" xpassed)))
	fail=$(($(summary_count "$summary" failed) + $(summary_count "$summary" 'errors?')))
	skip=$(($(summary_count "$summary" skipped) + $(summary_count "$summary" xfailed)))
	if ((status != 0 && fail == 0)); then
		echo "pytest failed with exit status $status"
		fail=1
	elif ((ok + fail == 0)) && [[ -z ${SLIPROBE_TURNS-} ]]; then
		echo "no end-to-end test ran"
		fail=1
	fi
	count "$ok" "$fail" "$skip"
}

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

for test in "${SLIPROBE_BUILD:-build}"/tests/bpf/test_*; do
	[[ -f $test && -x $test ]] || continue
	[[ -z ${SLIPROBE_TURNS-} ]] || mkdir "$SLIPROBE_TURNS/${test##*/}" 2>/dev/null || continue
	run_binary "$test" "$logs/binary"
done
(($#)) || set -- tests/e2e
run_pytest "$logs/pytest" "$@"

echo "total: $passed passed, $failed failed, $skipped skipped"
((failed == 0))
