#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# test.sh [--no-setup] [STAGE...]
#
# Sets up, builds, and runs the stages named (none: all of unit bpf-test fuzz e2e vm bench-check). The
# last line is "N passed, N failed, N skipped"; the exit status is 0 if nothing failed.
#
# A stage that cannot be built, a program that dies or prints no result, and a stage without tests
# each count as a failure.
#
# FUZZ_SECONDS (10): time of each fuzzer. TEST_TIMEOUT (900): seconds for one test program;
# STAGE_TIMEOUT (3600): for all of e2e, vm and bench-check each. V=1: output of passing programs,
# too.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
out=build
logs=$out/tests/logs
make=${MAKE:-make}
python=${PYTHON:-/usr/bin/python3} # the one Debian's pytest belongs to
fuzz_seconds=${FUZZ_SECONDS:-10}
test_timeout=${TEST_TIMEOUT:-900}
stage_timeout=${STAGE_TIMEOUT:-3600}
# Beside the end-to-end tests. A machine that gets less than a quarter of a CPU is so slow that its tests run out of time;
# where the clock counts instructions (bench-check) none can.
nice_machines=4 nice_counted=10 nice_offline=10

passed=0 failed=0 skipped=0
failures=()

count() { # PASSED FAILED SKIPPED
	passed=$((passed + $1))
	failed=$((failed + $2))
	skipped=$((skipped + $3))
}

fail() { # WHAT: one failure that no test program has counted itself
	count 0 1 0
	failures+=("$1")
	echo "FAIL $1"
}

# Runs a command with its output in a log; the log is shown if the command fails, or with V=1.
# Returns the command's status.
logged() { # LOG SECONDS COMMAND...
	local log=$1 seconds=$2 status=0
	shift 2
	timeout --kill-after=10 "$seconds" "$@" >"$log" 2>&1 </dev/null || status=$?
	if ((status != 0)) || [[ -n ${V:-} ]]; then
		cat "$log"
	fi
	((status != 124)) || echo "(ended after $seconds s)"
	return "$status"
}

# The N of cmocka's summary lines, "[  PASSED  ] N test(s)", added up over the groups of a log.
cmocka_sum() { # LOG WORD
	sed -n "s/^\[  $2 *\] \([0-9]*\) test(s).*/\1/p" "$1" | awk '{ n += $1 } END { print n + 0 }'
}

cmocka_log() { # PROGRAM
	local name=${1#"$out/tests/"}
	echo "$logs/${name//\//-}.log"
}

# Runs it, and leaves its output and its status beside each other.
start_cmocka() { # PROGRAM
	local log status=0
	log=$(cmocka_log "$1")
	CMOCKA_MESSAGE_OUTPUT=STDOUT logged "$log" "$test_timeout" "$1" >"$log.shown" || status=$?
	echo "$status" >"$log.status"
}

# Says how it went, when it has run.
count_cmocka() { # PROGRAM
	local name=${1#"$out/tests/"} log status ok bad skip
	log=$(cmocka_log "$1")
	cat "$log.shown"
	status=$(<"$log.status")
	ok=$(cmocka_sum "$log" PASSED)
	bad=$(cmocka_sum "$log" FAILED)
	skip=$(cmocka_sum "$log" SKIPPED)
	count "$ok" "$bad" "$skip"
	if ((bad > 0)); then
		failures+=("$name: $bad failed")
		echo "FAIL $name: $ok passed, $bad failed, $skip skipped"
	elif ((status != 0)); then
		fail "$name: ended with status $status"
	elif ((ok + skip == 0)); then
		fail "$name: no test ran"
	else
		echo "ok   $name: $ok passed, $skip skipped"
	fi
	((skip == 0)) || grep -iE '^\[  SKIPPED|skip' "$log" | sort -u || true
}

# The programs of its directory. They are on their own, so as many run at a time as there are CPUs; those that load
# programs into the kernel run one by one.
stage_cmocka() { # STAGE
	local dir=$1 source at_once=1 next=0 i
	local -a programs=() jobs=()
	for source in tests/"$dir"/test_*.c tests/"$dir"/*/test_*.c; do
		[[ ! -e $source ]] || programs+=("$out/${source%.c}")
	done
	((${#programs[@]})) || fail "$dir: no tests"
	[[ $dir != unit ]] || at_once=$(nproc)
	for i in "${!programs[@]}"; do
		for ((; i - next >= at_once; next++)); do
			wait "${jobs[next]}"
			count_cmocka "${programs[next]}"
		done
		start_cmocka "${programs[i]}" &
		jobs+=($!)
	done
	for ((; next < ${#programs[@]}; next++)); do
		wait "${jobs[next]}"
		count_cmocka "${programs[next]}"
	done
}

# What a fuzzer that failed says of it, in a line.
fuzz_reason() { # NAME
	grep -aE "^$1: |ERROR: [A-Za-z]*(libFuzzer|Sanitizer): |runtime error: " "$logs/$1.log" | head -n 1 || true
}

# All at once: the time of each is given.
stage_fuzz() {
	local source name corpus i
	local -a names=() jobs=()
	for source in tests/fuzz/fuzz_*.c; do
		[[ -e $source ]] || continue
		name=$(basename "$source" .c)
		corpus=$out/fuzz/corpus/$name
		mkdir -p "$corpus"
		local -a args=("$corpus")
		[[ -d tests/fuzz/corpus/$name ]] && args+=("tests/fuzz/corpus/$name")
		[[ -f tests/fuzz/$name.dict ]] && args+=("-dict=tests/fuzz/$name.dict")
		logged "$logs/$name.log" "$((fuzz_seconds + test_timeout))" "$out/fuzz/$name" \
			-max_total_time="$fuzz_seconds" -timeout=10 -artifact_prefix="$out/fuzz/" \
			"${args[@]}" &
		names+=("$name")
		jobs+=($!)
	done
	((${#names[@]})) || fail "fuzz: no fuzzers"
	for i in "${!names[@]}"; do
		if wait "${jobs[i]}"; then
			count 1 0 0
			echo "ok   ${names[i]}: $(tail -n 1 "$logs/${names[i]}.log")"
		else
			fail "${names[i]}: $(fuzz_reason "${names[i]}")"
		fi
	done
}

run_pytest() { # NICE XML ARGUMENTS...
	local niceness=$1 xml=$2
	shift 2
	rm -f "$xml"
	nice -n "$niceness" timeout --kill-after=30 "$stage_timeout" "$python" -m pytest -q -ra -p no:cacheprovider \
		--junitxml="$xml" "$@" tests/e2e </dev/null
}

count_pytest() { # NAME XML STATUS
	local name=$1 xml=$2 status=$3 totals ok bad skip tests
	totals=$("$python" - "$xml" <<-'EOF'
		import sys, xml.etree.ElementTree as tree
		n, bad = [0, 0, 0, 0], []
		for suite in tree.parse(sys.argv[1]).getroot().iter("testsuite"):
		    for i, key in enumerate(("tests", "failures", "errors", "skipped")):
		        n[i] += int(suite.get(key, 0))
		for case in tree.parse(sys.argv[1]).getroot().iter("testcase"):
		    if any(case.find(kind) is not None for kind in ("failure", "error")):
		        bad.append(f"{case.get('classname')}::{case.get('name')}")
		print(max(n[0] - n[1] - n[2] - n[3], 0), n[1] + n[2], n[3], ", ".join(bad))
	EOF
	) || totals='0 0 0'
	read -r ok bad skip tests <<<"$totals"
	count "$ok" "$bad" "$skip"
	if ((bad > 0)); then
		failures+=("$name: $bad failed: $tests")
	elif ((status != 0)); then
		fail "$name: pytest ended with status $status"
	elif ((ok + skip == 0)); then
		fail "$name: no test ran"
	fi
}

# Tests that compute (promtool, mostly) run beside tests that mostly wait for something to happen.
stage_e2e() {
	local status=0 offline_status=0 offline
	run_pytest "$nice_offline" "$out/tests/e2e-offline.xml" -m offline >"$logs/e2e-offline.log" 2>&1 &
	offline=$!
	run_pytest 0 "$out/tests/e2e.xml" -m 'not offline' || status=$?
	wait "$offline" || offline_status=$?
	cat "$logs/e2e-offline.log"
	count_pytest e2e "$out/tests/e2e.xml" "$status"
	count_pytest "e2e, offline" "$out/tests/e2e-offline.xml" "$offline_status"
}

# Counts by the last line of a log that is like this script's.
count_log() { # NAME STATUS
	local name=$1 status=$2 log=$logs/$1.log line tests
	line=$(grep -E '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$log" | tail -n 1) || true
	if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)?$ ]]; then
		count "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" "${BASH_REMATCH[4]:-0}"
		if ((BASH_REMATCH[2] > 0)); then
			tests=$(sed -nE 's/^(FAILED|ERROR) (tests[^ ]*).*/\2/p' "$log" | sort -u)
			failures+=("$name: ${BASH_REMATCH[2]} failed: ${tests//$'\n'/, }")
		elif ((status != 0)); then
			fail "$name: ended with status $status"
		fi
	else
		fail "$name: no result (status $status)"
	fi
}

# Stages in emulated machines. They run beside the end-to-end tests, which mostly wait, where both are asked for.
declare -A beside=() # their processes

start_beside() { # STAGE
	local -a command
	local niceness=$nice_machines
	case $1 in
	vm)
		build build-e2e build-bpf-test || return 0 # its stage says so
		command=(tests/vm/run.sh)
		;;
	bench-check)
		build build-bench || return 0
		niceness=$nice_counted
		command=(env "VM_TIMEOUT=$stage_timeout" tests/bench/vm/run.sh --check) # machines that wait for each other
		;;
	esac
	nice -n "$niceness" timeout --kill-after=30 "$stage_timeout" "${command[@]}" >"$logs/$1.log" 2>&1 </dev/null &
	beside[$1]=$!
}

stage_beside() { # STAGE
	local status=0
	[[ -n ${beside[$1]:-} ]] || start_beside "$1"
	wait "${beside[$1]}" || status=$?
	unset "beside[$1]"
	cat "$logs/$1.log"
	count_log "$1" "$status"
}

build() { # TARGET...
	local -a jobs=("-j$(nproc)")
	[[ ${MAKEFLAGS:-} == *jobserver* ]] && jobs=() # under make -j: its number of jobs counts
	"$make" --no-print-directory "${jobs[@]}" "$@"
}

run_stage() {
	echo "== $1"
	case $1 in
	unit) build build-unit || { fail "$1: does not build"; return; } ;;
	bpf-test) build build-bpf-test || { fail "$1: does not build"; return; } ;;
	fuzz) build build-fuzz || { fail "$1: does not build"; return; } ;;
	e2e) build build-e2e || { fail "$1: does not build"; return; } ;;
	vm) build build-e2e build-bpf-test || { fail "$1: does not build"; return; } ;;
	bench-check) build build-bench || { fail "$1: does not build"; return; } ;;
	esac
	case $1 in
	unit) stage_cmocka unit ;;
	bpf-test) stage_cmocka bpf ;;
	fuzz) stage_fuzz ;;
	e2e) stage_e2e ;;
	vm | bench-check) stage_beside "$1" ;;
	esac
}

main() {
	local setup=1 stage with begun
	local -a took
	if [[ ${1:-} == --no-setup ]]; then
		setup=0
		shift
	fi
	(($#)) || set -- unit bpf-test fuzz e2e vm bench-check
	for stage in "$@"; do
		[[ " unit bpf-test fuzz e2e vm bench-check " == *" $stage "* ]] ||
			{ echo "test.sh: no stage $stage" >&2; exit 2; }
	done
	((EUID == 0)) || echo "test.sh: not root: what loads BPF programs will fail" >&2
	((!setup)) || scripts/setup.sh
	took=("setup $SECONDS") begun=$SECONDS
	export PATH=$PATH:/usr/sbin:/sbin

	mkdir -p "$logs"
	trap '((${#beside[@]} == 0)) || kill "${beside[@]}"' EXIT
	for stage in "$@"; do
		if [[ $stage == e2e ]]; then
			for with in vm bench-check; do
				[[ " $* " != *" $with "* ]] || start_beside "$with"
			done
		fi
		run_stage "$stage"
		took+=("$stage $((SECONDS - begun))")
		begun=$SECONDS
	done

	if ((failed)); then
		echo
		printf 'FAILED %s\n' "${failures[@]}"
	fi
	printf 'seconds: %s\n' "${took[*]}"
	echo "$passed passed, $failed failed, $skipped skipped"
	((failed == 0))
}

main "$@"
