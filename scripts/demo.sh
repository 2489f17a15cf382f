#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Sets up, builds, and shows sliprobe measuring real traffic: a private nginx with a fast, a slow
# and a flaky route, the agent beside it, load from h2load, then what the agent says, compared with
# what the load generator and nginx's access log say. Then one of several clients begins to fail, and
# the agent says which. Leaves no process and no file behind.
#
# FAST (50000), SLOW (200), FLAKY (2000): requests for each route. SHOPPING (1200): of each client.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
fast=${FAST:-50000} slow=${SLOW:-200} flaky=${FLAKY:-2000} shopping=${SHOPPING:-1200}
apps=(ShopApp/2.2 ShopApp/2.3 Firefox/128.0 Kiosk/1.0)
total=$((fast + slow + flaky + shopping * ${#apps[@]}))
port='' nginx_pid='' agent_pid=''

die() {
	echo "demo: $*" >&2
	exit 1
}

stop() { # PID: asks it to end, and makes it after 10 s
	local pid=$1 i
	[[ -n $pid ]] && kill -TERM "$pid" 2>/dev/null || return 0
	for ((i = 0; i < 100; i++)); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.1
	done
	kill -KILL "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
}

cleanup() {
	local job
	for job in $(jobs -p); do
		[[ $job == "$nginx_pid" || $job == "$agent_pid" ]] || stop "$job"
	done
	stop "$agent_pid"
	stop "$nginx_pid"
	rm -rf "$tmp"
}

((EUID == 0)) || die "run as root: it installs packages and loads BPF programs"
scripts/setup.sh build demo
export PATH=$PATH:/usr/sbin:/sbin
echo "== building"
make --no-print-directory -j"$(nproc)" all

tmp=$(mktemp -d "${TMPDIR:-/tmp}/sliprobe-demo.XXXXXX")
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
chmod 0755 "$tmp" # nginx's workers are not root
mkdir -p "$tmp/www" "$tmp/state"
slictl() {
	"$root/build/slictl" --socket "$tmp/status.sock" "$@"
}

# /slow sends 20 KiB at 200 KiB/s, 4 KiB at a time: about 100 ms. /flaky fails in 5 % of requests.
write_nginx_conf() {
	cat >"$tmp/nginx.conf" <<-EOF
		worker_processes 2;
		pid $tmp/nginx.pid;
		error_log $tmp/error.log warn;
		events { worker_connections 512; }
		http {
			log_format demo '\$status \$request_uri';
			access_log $tmp/access.log demo;
			client_body_temp_path $tmp/body;
			proxy_temp_path $tmp/proxy;
			fastcgi_temp_path $tmp/fastcgi;
			uwsgi_temp_path $tmp/uwsgi;
			scgi_temp_path $tmp/scgi;
			keepalive_requests 1000000000;
			split_clients \$request_id \$fails { 5% 1; * ''; }
			map \$http_user_agent \$app { ShopApp/2.3 breaks; default works; }
			sendfile on;
			server {
				listen 127.0.0.1:$port;
				root $tmp/www;
				location = /      { return 200 'hello\n'; }
				location = /slow  { limit_rate 200k; sendfile_max_chunk 4k; }
				location = /flaky { if (\$fails) { return 503; } return 200 'lucky\n'; }
				location = /checkout {
					set \$now \$app;
					if (-f $tmp/www/released) { set \$now "\$app, released"; }
					if (\$now = "breaks, released") { return 502; }
					return 200 'thanks\n';
				}
			}
		}
	EOF
}

# Listens on a free port: tries random ones until nginx can bind one.
start_nginx() {
	local attempt i
	head -c 20480 /dev/zero | tr '\0' x >"$tmp/www/slow"
	chmod 0644 "$tmp/www/slow"
	for ((attempt = 0; attempt < 10; attempt++)); do
		port=$((20000 + RANDOM % 12000))
		write_nginx_conf
		nginx -e "$tmp/error.log" -c "$tmp/nginx.conf" -g 'daemon off;' &
		nginx_pid=$!
		for ((i = 0; i < 50; i++)); do
			kill -0 "$nginx_pid" 2>/dev/null || break
			[[ -s $tmp/nginx.pid ]] && (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return
			sleep 0.1
		done
		stop "$nginx_pid"
		nginx_pid=''
	done
	cat "$tmp/error.log" >&2
	die "nginx does not start"
}

write_config() {
	cat >"$tmp/sliprobe.yaml" <<-EOF
		agent:
		  socket: $tmp/status.sock
		  state_dir: $tmp/state
		  interval: 1s
		services:
		  - name: shop
		    match: {port: $port}
		    routes: ["/", "/slow", "/flaky", "/checkout"]
		    about: {owner: demo, purpose: "shows sliprobe at work"}
		slos:
		  - name: shop-availability
		    service: shop
		    objective: 99.9
		    window: 30d
		    good: {status: ["100-499"]}
		  - name: shop-latency
		    service: shop
		    objective: 95
		    window: 30d
		    eligible: {routes: ["/", "/slow"]}
		    good: {latency: 50ms}
		  - name: checkout
		    service: shop
		    objective: 99.9
		    window: 30d
		    eligible: {routes: ["/checkout"]}
	EOF
}

start_agent() {
	local i
	build/slictl check "$tmp/sliprobe.yaml"
	build/sliprobed --config "$tmp/sliprobe.yaml" --foreground 2>"$tmp/agent.log" &
	agent_pid=$!
	for ((i = 0; i < 150; i++)); do
		if ! kill -0 "$agent_pid" 2>/dev/null; then
			cat "$tmp/agent.log" >&2
			die "the agent does not start"
		fi
		curl -fsS --max-time 2 --unix-socket "$tmp/status.sock" http://localhost/readyz \
			>/dev/null 2>&1 && return
		sleep 0.1
	done
	cat "$tmp/agent.log" >&2
	die "the agent is not ready after 15 s"
}

load() { # NAME PATH REQUESTS CLIENTS
	h2load --h1 -n "$3" -c "$4" "http://127.0.0.1:$port$2" >"$tmp/load.$1"
}

drive_load() {
	local -a pids=()
	local pid
	load fast / "$fast" 16 &
	pids+=($!)
	load slow /slow "$slow" 8 &
	pids+=($!)
	load flaky /flaky "$flaky" 4 &
	pids+=($!)
	for pid in "${pids[@]}"; do
		wait "$pid" || die "h2load failed"
	done
}

# Four clients shop for eight seconds; in the middle of it a release breaks /checkout for one of them.
drive_shopping() {
	local -a pids=()
	local app pid
	for app in "${apps[@]}"; do
		h2load --h1 -n "$shopping" -c 2 --rps $((shopping / 16)) -H "user-agent: $app" \
			"http://127.0.0.1:$port/checkout" >"$tmp/load.${app//[^A-Za-z0-9]/-}" &
		pids+=($!)
	done
	sleep 4
	touch "$tmp/www/released"
	for pid in "${pids[@]}"; do
		wait "$pid" || die "h2load failed"
	done
}

# Sums of h2load's "status codes: A 2xx, B 3xx, C 4xx, D 5xx": "2xx=A 5xx=D", without zeros.
load_counts() {
	sed -n 's/^status codes: //p' "$tmp"/load.* | tr ',' '\n' |
		awk '{ n[$2] += $1 } END { for (c in n) if (n[c]) print c "=" n[c] }' | sort | xargs
}

# Lines "STATUS COUNT" on standard input as classes, in the form of load_counts.
by_class() {
	awk '{ n[substr($1, 1, 1) "xx"] += $2 } END { for (c in n) if (n[c]) print c "=" n[c] }' |
		sort | xargs
}

by_status() {
	sort | awk '{ print $1 "=" $2 }' | xargs
}

expect() { # WHAT EXPECTED GOT
	[[ $2 == "$3" ]] && return
	echo "demo: $1: expected $2, the agent says $3" >&2
	different=1
}

compare() {
	local different=0 log_slow_bad agent
	local jq_shop='.services[] | select(.name == "shop" and .role == "server")'
	# shellcheck disable=SC2016 # $n is jq's
	local jq_slo='.slos[] | select(.name == $n)'

	cut -d ' ' -f 1 "$tmp/access.log" | sort | uniq -c | awk '{ print $2, $1 }' >"$tmp/log.counts"
	jq -r "$jq_shop | .status | to_entries[] | \"\(.key) \(.value)\"" "$tmp/status.json" \
		>"$tmp/agent.counts"

	echo "load generator:    $(load_counts)"
	echo "nginx access log:  $(by_status <"$tmp/log.counts")"
	echo "sliprobe:          $(by_status <"$tmp/agent.counts")"

	expect "answers by status class, as h2load counts" "$(load_counts)" \
		"$(by_class <"$tmp/agent.counts")"
	expect "answers by status, as nginx logs" "$(by_status <"$tmp/log.counts")" \
		"$(by_status <"$tmp/agent.counts")"
	expect "requests" "$total" "$(jq "$jq_shop | .requests" "$tmp/status.json")"
	expect "requests by route" "$(printf '/=%s /checkout=%s /flaky=%s /slow=%s' "$fast" "$((shopping * ${#apps[@]}))" "$flaky" "$slow")" \
		"$(jq -r "$jq_shop | .routes[] | \"\(.route)=\(.requests)\"" "$tmp/status.json" |
			sort | xargs)"
	expect "requests lost" 0 "$(jq .coverage.lost "$tmp/status.json")"

	agent=$(jq --arg n shop-availability -r "$jq_slo | \"\(.eligible) \(.bad)\"" \
		"$tmp/status.json")
	expect "eligible and bad of shop-availability" \
		"$total $(awk '$1 >= 500 { n += $2 } END { print n + 0 }' "$tmp/log.counts")" "$agent"
	agent=$(jq --arg n shop-latency -r "$jq_slo | .eligible" "$tmp/status.json")
	expect "eligible of shop-latency" $((fast + slow)) "$agent"
	log_slow_bad=$(jq --arg n shop-latency "$jq_slo | .bad" "$tmp/status.json")
	((log_slow_bad >= slow)) ||
		expect "bad of shop-latency" "at least $slow" "$log_slow_bad"

	((different == 0)) || die "counts differ"
	echo "counts equal: $total requests, each counted once, each status exact"
}

start_nginx
write_config
start_agent
echo "== load: $fast requests for /, $slow for /slow (100 ms), $flaky for /flaky (5 % fail)"
drive_load
echo "== load: ${apps[*]} ask for /checkout, $shopping times each; then a release breaks it for one of them"
drive_shopping
slictl --json status >"$tmp/status.json" # an answer that was received has been counted
echo
echo "== slictl status"
slictl status
echo
echo "== slictl services"
slictl services
echo
echo "== slictl explain checkout"
slictl explain checkout
echo
echo "== slictl events --by user_agent 'route=/checkout'"
slictl events --by user_agent 'route=/checkout'
echo
echo "== who counted what"
stop "$nginx_pid" # and so its log is whole
nginx_pid=''
compare
