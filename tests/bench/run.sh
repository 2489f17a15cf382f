#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What being measured costs: times the same work with nothing attached, with empty programs on the
# socket tracepoints (the floor: what any program there costs), and with the agent, in turn, many
# times in one run: bare, empty, bare, agent, bare, and so on. A run is compared with the bare ones
# just before and after it. Prints a table, and writes it with every sample to build/bench.json.
#
# Judges no time. Fails only if something does not run, or if the agent did not count exactly the
# requests that were timed: then the times say nothing.
#
# ROUNDS (25), LOOP_MS (200): how often each is measured, and about how long a loop runs.
# PAIRS (5), WRK_SECONDS (2): the same for nginx under wrk; 0 pairs leave it out.
# REPLAY_SLOS (16): SLOs whose year is replayed through the alerts, at the end.
# ANYWAY=1: measure beside another agent, too, whose hooks are then under every figure.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
build=${SLIPROBE_BUILD:-build}
out=$build/tests/bench
rounds=${ROUNDS:-25} loop_ms=${LOOP_MS:-200}
replay_slos=${REPLAY_SLOS:-16}
pairs=${PAIRS:-5} wrk_seconds=${WRK_SECONDS:-2} wrk_clients=16
python=${PYTHON:-/usr/bin/python3}
export PATH=$PATH:/usr/sbin:/sbin
empty_pid='' agent_pid='' nginx_pid=''
pingpong_port='' nginx_port=''
declare -A loops

die() {
	echo "bench: $*" >&2
	exit 1
}

stop() { # PID: asks it to end, and makes it after 5 s
	local pid=$1 i
	[[ -n $pid ]] || return 0
	kill -TERM "$pid" 2>/dev/null || true
	for ((i = 0; i < 250; i++)); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.02
	done
	kill -KILL "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
}

cleanup() {
	stop "$empty_pid"
	stop "$agent_pid"
	stop "$nginx_pid"
	rm -rf "$tmp"
}

# The end-to-end tests hold the same lock: neither shall be measured beside the other's agent.
alone() {
	exec {lock}>"${TMPDIR:-/tmp}/sliprobe-e2e.lock"
	if ! flock --nonblock "$lock"; then
		echo "bench: waiting for the end-to-end tests to end" >&2
		until flock --nonblock "$lock"; do
			sleep 1
		done
	fi
	others=$(pgrep -xc sliprobed || true)
	((others == 0)) || [[ -n ${ANYWAY:-} ]] ||
		die "an agent is running already: nothing would be bare (ANYWAY=1 goes on)"
}

build_programs() {
	local -a libbpf
	local arch
	arch=$(uname -m | sed -e s/x86_64/x86/ -e s/aarch64/arm64/ -e s/ppc64le/powerpc/ \
		-e s/riscv64/riscv/ -e s/s390x/s390/)
	mkdir -p "$out"
	read -ra libbpf < <(pkg-config --cflags --libs libbpf)
	"${CC:-gcc}" -std=gnu17 -O2 -g -Wall -Wextra tests/bench/pingpong.c -o "$out/pingpong"
	"${CC:-gcc}" -std=gnu17 -O2 -g -Wall -Wextra tests/bench/empty.c "${libbpf[@]}" \
		-o "$out/empty"
	"${CC:-gcc}" -std=gnu17 -O2 -g -Wall -Wextra -D_GNU_SOURCE tests/bench/replay.c \
		"$build/obj/libsliprobe.a" -lm -o "$out/replay"
	"${CLANG:-clang}" -O2 -g -target bpf -mcpu=v3 "-D__TARGET_ARCH_$arch" -Ivmlinux \
		-Wall -Werror -c tests/bench/empty.bpf.c -o "$out/empty.bpf.o"
}

free_port() { # a port below the ephemeral ones on which nothing listens
	local attempt port
	for ((attempt = 0; attempt < 50; attempt++)); do
		port=$((20000 + RANDOM % 12000))
		(: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue
		echo "$port"
		return
	done
	die "no free port"
}

# ---- what is attached ----

# An interval of 1 s, a tenth of the default, so that even a short run has its share of the
# agent's own work in it.
write_config() {
	cat >"$tmp/sliprobe.yaml" <<-EOF
		agent:
		  socket: $tmp/status.sock
		  state_dir: $tmp/state
		  interval: 1s
		services:
		  - name: pingpong
		    match: {port: $pingpong_port}
		    routes: ["/"]
		  - name: nginx
		    match: {port: $nginx_port}
		    routes: ["/"]
		slos:
		  - name: pingpong
		    service: pingpong
		    objective: 99.9
		    window: 30d
		    good: {latency: 1s}
		  - name: nginx
		    service: nginx
		    objective: 99.9
		    window: 30d
		    good: {latency: 1s}
	EOF
}

# Waits for a command to succeed while a process of ours lives.
await() { # PID WHAT LOG COMMAND...
	local pid=$1 what=$2 log=$3 i
	shift 3
	for ((i = 0; i < 1000; i++)); do
		"$@" >/dev/null 2>&1 && return
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.02
	done
	cat "$log" >&2
	die "$what does not start"
}

attach_bare() {
	:
}

detach_bare() {
	:
}

attach_empty() {
	"$out/empty" "$out/empty.bpf.o" >"$tmp/empty.out" 2>"$tmp/empty.log" {lock}>&- &
	empty_pid=$!
	await "$empty_pid" "the empty program" "$tmp/empty.log" grep -q attached "$tmp/empty.out"
}

detach_empty() {
	stop "$empty_pid"
	empty_pid=''
}

attach_agent() {
	"$tmp/sliprobed" --foreground --config "$tmp/sliprobe.yaml" --socket "$tmp/status.sock" \
		2>"$tmp/agent.log" {lock}>&- &
	agent_pid=$!
	await "$agent_pid" "the agent" "$tmp/agent.log" curl -fsS --max-time 2 \
		--unix-socket "$tmp/status.sock" http://localhost/readyz
}

detach_agent() {
	stop "$agent_pid"
	agent_pid=''
}

attach() { # VARIANT
	"attach_$1"
	sleep 0.05
}

detach() { # VARIANT
	"detach_$1"
	sleep 0.05 # what the kernel frees late
}

counted() { # SERVICE: requests the agent has counted of it
	"$tmp/slictl" --socket "$tmp/status.sock" --json status >"$tmp/status.json"
	jq --arg n "$1" '[.services[] | select(.name == $n and .role == "server") | .requests] | add' \
		"$tmp/status.json"
}

# Bare first, between any two others, and last: each measured run has a bare one on either side.
sequence() { # ROUNDS VARIANT...
	local round variant
	for ((round = 0; round < $1; round++)); do
		for variant in "${@:2}"; do
			printf '%s\n' bare "$variant"
		done
	done
	echo bare
}

progress() { # TEXT: on a terminal only
	[[ ! -t 2 ]] || printf '\r%-60s\r' "$1" >&2
}

# ---- loops ----

pingpong() { # WORK LOOPS
	"$out/pingpong" "$1" "$2" "$pingpong_port" {lock}>&-
}

calibrate() {
	local work ns rest ms
	for work in http getppid read; do
		ms=$loop_ms
		[[ $work == http ]] || ms=$((loop_ms / 3))
		read -r ns rest < <(pingpong "$work" 20000)
		[[ -n ${rest:-} ]] || die "pingpong $work does not run"
		loops[$work]=$(awk -v ns="$ns" -v ms="$ms" 'BEGIN { printf "%d", ms * 1e6 / ns + 1 }')
	done
}

time_loops() {
	local -a variants
	local i variant work result got
	mapfile -t variants < <(sequence "$rounds" "${measured[@]}")
	for i in "${!variants[@]}"; do
		variant=${variants[i]}
		progress "loops: $((i + 1)) of ${#variants[@]}, $variant"
		attach "$variant"
		for work in http getppid read; do
			result=$(pingpong "$work" "${loops[$work]}")
			echo "loop $variant $work $result" >>"$tmp/samples"
			[[ $variant == agent && $work == http ]] || continue
			got=$(counted pingpong)
			((got == ${result##* })) ||
				die "the agent counted $got of ${result##* } requests"
		done
		detach "$variant"
	done
}

# ---- nginx under wrk ----

write_nginx_conf() {
	cat >"$tmp/nginx.conf" <<-EOF
		worker_processes 1;
		pid $tmp/nginx.pid;
		error_log $tmp/error.log warn;
		events { worker_connections 256; }
		http {
			access_log off;
			client_body_temp_path $tmp/body;
			proxy_temp_path $tmp/proxy;
			fastcgi_temp_path $tmp/fastcgi;
			uwsgi_temp_path $tmp/uwsgi;
			scgi_temp_path $tmp/scgi;
			keepalive_requests 1000000000;
			server {
				listen 127.0.0.1:$nginx_port;
				location / { return 200; }
			}
		}
	EOF
}

# One worker on the last CPU, wrk on the first: where the scheduler puts them is not measured.
start_nginx() {
	local allowed
	allowed=$(sed -n 's/^Cpus_allowed_list:\s*//p' /proc/self/status)
	nginx_cpu=${allowed##*[,-]}
	wrk_cpu=${allowed%%[,-]*}
	write_nginx_conf
	taskset -c "$nginx_cpu" nginx -e "$tmp/error.log" -c "$tmp/nginx.conf" -g 'daemon off;' \
		{lock}>&- &
	nginx_pid=$!
	await "$nginx_pid" nginx "$tmp/error.log" curl -fsS "http://127.0.0.1:$nginx_port/"
	nginx_worker=$(pgrep -P "$nginx_pid" | head -n 1)
}

cpu_ns() { # PID: that its first thread has used
	local ns
	read -r ns _ <"/proc/$1/schedstat"
	echo "$ns"
}

wrk_once() { # VARIANT
	local nginx_ns agent_ns=0 answered failed took p50 p99 got
	nginx_ns=$(cpu_ns "$nginx_worker")
	[[ $1 != agent ]] || agent_ns=$(cpu_ns "$agent_pid")
	taskset -c "$wrk_cpu" wrk -t 1 -c "$wrk_clients" -d "$wrk_seconds" \
		-s tests/bench/wrk.lua "http://127.0.0.1:$nginx_port/" >"$tmp/wrk.out" {lock}>&-
	nginx_ns=$(($(cpu_ns "$nginx_worker") - nginx_ns))
	[[ $1 != agent ]] || agent_ns=$(($(cpu_ns "$agent_pid") - agent_ns))
	read -r answered took failed p50 p99 < <(sed -n 's/^result //p' "$tmp/wrk.out") ||
		die "wrk: $(<"$tmp/wrk.out")"
	((failed == 0)) || die "wrk: $failed requests failed"
	# Each connection may have been answered once more than wrk had time to notice.
	if [[ $1 == agent ]]; then
		got=$(counted nginx)
		((got >= answered && got <= answered + wrk_clients)) ||
			die "the agent counted $got requests, wrk $answered"
	fi
	echo "wrk $1 $answered $took $p50 $p99 $nginx_ns $agent_ns" >>"$tmp/samples"
}

time_nginx() {
	local -a variants
	local i tool
	((pairs > 0)) || return 0
	for tool in nginx wrk taskset; do
		command -v "$tool" >/dev/null && continue
		echo "bench: no $tool: leaving nginx under wrk out" >&2
		return
	done
	start_nginx
	mapfile -t variants < <(sequence "$pairs" agent)
	for i in "${!variants[@]}"; do
		progress "nginx: $((i + 1)) of ${#variants[@]}, ${variants[i]}"
		attach "${variants[i]}"
		wrk_once "${variants[i]}"
		detach "${variants[i]}"
	done
	stop "$nginx_pid"
	nginx_pid=''
}

# ---- all of it ----

((EUID == 0)) || die "run as root: it loads BPF programs"
for tool in curl flock jq pgrep pkg-config "$python"; do
	command -v "$tool" >/dev/null || die "$tool not found: run scripts/setup.sh"
done
for binary in sliprobed slictl; do
	[[ -x $build/$binary ]] || die "no $build/$binary: run make all"
done

tmp=$(mktemp -d "${TMPDIR:-/tmp}/sliprobe-bench.XXXXXX")
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
chmod 0755 "$tmp" # nginx's worker is not root
cp "$build/sliprobed" "$build/slictl" "$tmp" # one run measures one build
alone
build_programs
pingpong_port=$(free_port)
nginx_port=$(free_port)
write_config
calibrate

measured=(empty agent)
status=0
timeout --preserve-status --signal=TERM 1 "$out/empty" "$out/empty.bpf.o" >"$tmp/empty.out" \
	2>"$tmp/empty.log" {lock}>&- || status=$?
if ((status == 77)); then
	echo "bench: leaving the empty program out: $(<"$tmp/empty.log")" >&2
	measured=(agent)
elif ((status != 0)); then
	cat "$tmp/empty.log" >&2
	die "the empty program does not run"
fi

time_loops
time_nginx
progress ''
((others > 0)) || others=$(pgrep -xc sliprobed || true)
"$python" tests/bench/report.py "$tmp/samples" "$tmp/status.json" "$others" \
	"$build/bench.json"
echo
echo "A year replayed, CPU time:"
"$out/replay" "$replay_slos" {lock}>&-
