#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What run.sh runs in the virtual machine: the same work bare and measured, in a guest whose clock is
# its count of instructions, so that a ns is an instruction. Prints lines
#
#	loop WORK VARIANT INSTRUCTIONS_A_LOOP         WORK: of pingpong.c
#	nginx VARIANT REQUESTS TOTAL SERVER AGENT     instructions, of the whole machine and of processes
#	tls ...                                       tls.sh
#	http2 ..., verified ..., table ...            http2.sh
#
# VARIANT: bare; floor (empty programs on the socket tracepoints, where there are any); hooks (empty
# programs on all hooks of the agent); agent (which takes no samples); samples (which it does, at the
# rates that are the default); tls (which measures TLS, too: plain HTTP beside it). ONLY_AGENT: no other programs, and of
# pingpong's kinds of work only the first.
# nginx and wrk are scheduled as batch work: each then goes on until it has nothing to do, so that
# the number of switches between them is no matter of chance.
#
# Fails if the agent has not counted exactly what was asked.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
. tests/bench/vm/tls.sh
. tests/bench/vm/http2.sh
build=${SLIPROBE_BUILD:-build}
out=$build/tests/bench
loops=${LOOPS:-20000} wrk_seconds=${WRK_SECONDS:-2} wrk_clients=16
loop_port=8001 nginx_port=8002
tmp=$(mktemp -d)
chmod 0755 "$tmp"
agent_pid='' nginx_pid='' empty_pid='' grpc_pid=''
trap 'kill $agent_pid $nginx_pid $empty_pid $grpc_pid 2>/dev/null || :; wait; rm -rf "$tmp"' EXIT

die() {
	echo "inside.sh: $*" >&2
	exit 1
}

# Waits for a command to succeed.
await() { # WHAT COMMAND...
	local i
	for ((i = 0; i < 300; i++)); do
		"${@:2}" >/dev/null 2>&1 && return
		sleep 0.05
	done
	cat "$tmp"/*.log >&2 || :
	die "$1 does not start"
}

write_configs() {
	cat >"$tmp/sliprobe.yaml" <<-EOF
		agent: {socket: $tmp/status.sock, state_dir: $tmp/state}
		samples: off
		tls: off
		services:
		  - {name: loop, match: {port: $loop_port}, routes: ["/"]}
		  - {name: nginx, match: {port: $nginx_port}, routes: ["/"]}
		  - {name: https, match: {port: $tls_port}, routes: ["/"]}
		  - {name: h2, match: {port: $http2_port}, routes: ["/"]}
		  - {name: grpc, match: {port: $grpc_port}, routes: ["/shop.Cart/*"]}
		slos:
		  - {name: loop, service: loop, objective: 99.9, window: 30d, good: {latency: 1s}}
		  - {name: nginx, service: nginx, objective: 99.9, window: 30d, good: {latency: 1s}}
		  - {name: https, service: https, objective: 99.9, window: 30d, good: {latency: 1s}}
		  - {name: h2, service: h2, objective: 99.9, window: 30d, good: {latency: 1s}}
		  - {name: grpc, service: grpc, objective: 99.9, window: 30d, good: {latency: 1s}}
	EOF
	grep -v '^samples:' "$tmp/sliprobe.yaml" >"$tmp/samples.yaml"
	sed 's/^tls: off/tls: servers/' "$tmp/sliprobe.yaml" >"$tmp/tls.yaml"
	cat >"$tmp/nginx.conf" <<-EOF
		worker_processes 1;
		pid $tmp/nginx.pid;
		error_log $tmp/nginx.log warn;
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
			$tls_server
			$http2_server
		}
	EOF
}

start_nginx() {
	chrt --batch 0 nginx -e "$tmp/nginx.log" -c "$tmp/nginx.conf" -g 'daemon off;' &
	nginx_pid=$!
	await nginx curl -fsS "http://127.0.0.1:$nginx_port/"
	nginx_worker=$(pgrep -P "$nginx_pid" | head -n 1)
}

start_agent() { # CONFIGURATION
	"$build/sliprobed" --foreground --config "$tmp/$1.yaml" 2>"$tmp/agent.log" &
	agent_pid=$!
	await "the agent" curl -fsS --unix-socket "$tmp/status.sock" http://localhost/readyz
}

stop_agent() {
	kill "$agent_pid"
	wait "$agent_pid" || :
	agent_pid=''
}

# Returns false on a kernel without the tracepoints.
start_programs() { # OBJECT PROGRAM... (none: all)
	"$out/attach" "$out/$1.bpf.o" "${@:2}" >"$tmp/empty.out" 2>"$tmp/empty.log" &
	empty_pid=$!
	while kill -0 "$empty_pid" 2>/dev/null; do
		! grep -q attached "$tmp/empty.out" || return 0
		sleep 0.05
	done
	empty_pid=''
	return 1
}

stop_programs() {
	kill "$empty_pid"
	wait "$empty_pid" || :
	empty_pid=''
}

# Without a process of its own: while the machine waits for one to be read, its clock leaps.
cpu_ns() { # PID: that its threads have used, in REPLY
	local stat ns sum=0
	for stat in /proc/"$1"/task/*/schedstat; do
		read -r ns _ <"$stat"
		sum=$((sum + ns))
	done
	REPLY=$sum
}

counted() { # SERVICE
	"$build/slictl" --socket "$tmp/status.sock" --json status |
		jq --arg n "$1" '[.services[] | select(.name == $n) | .requests] | add + 0'
}

measure_loop() { # VARIANT [WORK]
	local work=${2:-http} ns requests before=0
	[[ -z $agent_pid ]] || before=$(counted loop)
	{ read -r ns _ && read -r requests _; } < <("$out/pingpong" "$work" "$loops" "$loop_port")
	if [[ -n $agent_pid ]]; then
		(($(counted loop) - before == requests)) ||
			die "$work: counted $(($(counted loop) - before)) of $requests requests"
	fi
	echo "loop $work $1 $ns"
}

measure_nginx() { # VARIANT
	local answered took failed server agent=0 before=0 got
	[[ -z $agent_pid ]] || before=$(counted nginx)
	[[ -z $agent_pid ]] || { cpu_ns "$agent_pid"; agent=-$REPLY; }
	cpu_ns "$nginx_worker"
	server=-$REPLY
	chrt --batch 0 wrk -t 1 -c "$wrk_clients" -d "$wrk_seconds" -s tests/bench/wrk.lua \
		"http://127.0.0.1:$nginx_port/" >"$tmp/wrk.out"
	cpu_ns "$nginx_worker"
	server=$((server + REPLY))
	[[ -z $agent_pid ]] || { cpu_ns "$agent_pid"; agent=$((agent + REPLY)); }
	read -r answered took failed _ < <(sed -n 's/^result //p' "$tmp/wrk.out") ||
		die "wrk: $(<"$tmp/wrk.out")"
	((failed == 0)) || die "wrk: $failed requests failed"
	if [[ -n $agent_pid ]]; then
		# each connection may have been answered once more than wrk had time to notice
		got=$(($(counted nginx) - before))
		((got >= answered && got <= answered + wrk_clients)) ||
			die "counted $got requests, wrk $answered"
	fi
	echo "nginx $1 $answered $((took * 1000)) $server $agent"
}

# Runs what is measured twice: files that are not in memory yet, and the load's own first steps,
# belong to the first time.
measure() { # VARIANT
	local work
	measure_loop "$1"
	measure_nginx "$1" >/dev/null
	measure_nginx "$1"
	[[ -z ${ONLY_AGENT:-} ]] || return 0
	for work in head pipeline redis bulk; do
		measure_loop "$1" "$work"
	done
	# a million bytes each: pingpong's smallest number of loops is many
	for work in write sendfile; do
		loops=1 measure_loop "$1" "$work"
	done
}

tls_prepare
write_configs
start_nginx
grpc_start
if [[ -n ${PROFILE:-} ]]; then
	# for profile.sh: kinds of work under the agent, and what the kernel calls its functions
	sysctl -qw net.core.bpf_jit_kallsyms=1 kernel.kptr_restrict=0
	start_agent "${PROFILE_CONFIG:-sliprobe}"
	[[ $PROFILE != *tls-* ]] || tls_await_probes # PROFILE_CONFIG=tls
	cat /proc/kallsyms >build/vm/out/kallsyms
	for work in $PROFILE; do
		build/vm/out/mark
		case $work in
		nginx) measure_nginx agent ;;
		http2-*) http2_measure_work agent "${work#*-}" ;;
		tls-keep-alive) tls_measure_work agent keep-alive "$tls_requests" -k ;;
		*) measure_loop agent "$work" ;;
		esac
		build/vm/out/mark
	done
	exit
fi
measure bare
http2_measure bare
tls_measure bare
if [[ -z ${ONLY_AGENT:-} ]]; then
	start_programs usual_tls || die "usual probes: $(<"$tmp/empty.log")"
	tls_measure usual
	stop_programs
fi
if [[ -z ${ONLY_AGENT:-} ]] && start_programs empty empty_send empty_recv; then
	measure floor
	stop_programs
	start_programs empty
	measure hooks
	stop_programs
fi
start_agent sliprobe
measure agent
http2_measure agent
http2_tell
stop_agent
start_agent samples
measure samples
stop_agent
start_agent tls
tls_await_probes
measure_loop tls
if [[ -z ${ONLY_AGENT:-} ]]; then
	measure_nginx tls >/dev/null
	measure_nginx tls
fi
tls_measure agent
