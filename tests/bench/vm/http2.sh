# shellcheck shell=bash disable=SC2154,SC2034 # variables that inside.sh sets and uses
# SPDX-License-Identifier: GPL-2.0-only
#
# For inside.sh: HTTP/2 on one connection, asked by h2load a given number of times. Prints lines
#
#	http2 WORK VARIANT REQUESTS REQUESTS_A_SECOND SERVER     of the whole machine; instructions of the server, in all
#
# WORK: h1 (the same client and server by HTTP/1.1, to compare with); one (stream at a time); many (100 streams at a
# time); grpc (unary calls, one at a time, answered by nghttpd with trailers). VARIANT: bare; agent.

http2_port=8004 grpc_port=8005
http2_requests=${HTTP2_REQUESTS:-2000}

# Behind the other servers in nginx's configuration.
http2_server="server {
	listen 127.0.0.1:$http2_port http2;
	location / { return 200; }
}"

grpc_start() {
	mkdir -p "$tmp/htdocs/shop.Cart"
	printf '\0\0\0\0\4\10\1\20\2' >"$tmp/htdocs/shop.Cart/Add"
	chrt --batch 0 nghttpd --no-tls -a 127.0.0.1 -d "$tmp/htdocs" --trailer='grpc-status: 0' "$grpc_port" \
		>"$tmp/nghttpd.log" 2>&1 &
	grpc_pid=$!
	await nghttpd http2_ask grpc 1
}

http2_ask() { # WORK REQUESTS
	local -a options
	case $1 in
	h1) options=(--h1 "http://127.0.0.1:$nginx_port/") ;;
	one) options=("http://127.0.0.1:$http2_port/") ;;
	many) options=(-m 100 "http://127.0.0.1:$http2_port/") ;;
	grpc) options=(-d "$tmp/htdocs/shop.Cart/Add" -H 'content-type: application/grpc' -H 'te: trailers'
		"http://127.0.0.1:$grpc_port/shop.Cart/Add") ;;
	esac
	chrt --batch 0 h2load -n "$2" -c 1 -t 1 "${options[@]}" >"$tmp/h2load.out" 2>&1 &&
		grep -q "^requests: .* $2 succeeded, 0 failed" "$tmp/h2load.out"
}

http2_measure_work() { # VARIANT WORK
	local variant=$1 work=$2 n=$http2_requests before=0 pid=$nginx_worker service=h2 ns rate
	case $work in
	h1) service=nginx ;;
	grpc) service=grpc pid=$grpc_pid ;;
	esac
	http2_ask "$work" $((n / 4)) || die "h2load: $(<"$tmp/h2load.out")" # the first ones, as with TLS
	[[ -z $agent_pid ]] || before=$(counted "$service")
	cpu_ns "$pid"
	ns=-$REPLY
	http2_ask "$work" "$n" || die "h2load: $(<"$tmp/h2load.out")"
	cpu_ns "$pid"
	ns=$((ns + REPLY))
	if [[ -n $agent_pid ]]; then
		(($(counted "$service") - before == n)) ||
			die "HTTP/2, $work: counted $(($(counted "$service") - before)) of $n requests"
	fi
	rate=$(sed -n 's|^finished in .*, \([0-9.]*\) req/s.*|\1|p' "$tmp/h2load.out")
	echo "http2 $work $variant $n ${rate:?} $ns"
}

# Each in several rounds, of which the cheapest is taken: a step of the agent's own process may fall into one of them.
http2_measure() { # VARIANT
	local work round
	for work in h1 one many grpc; do
		for ((round = 0; round < 3; round++)); do
			http2_measure_work "$1" "$work"
		done
	done
}

# What the kernel has verified of each of the agent's programs, and what a connection takes of each table of HTTP/2: lines
#
#	verified PROGRAM INSTRUCTIONS
#	table NAME BYTES_OF_AN_ENTRY     as docs/cost.md has it for a hash
http2_tell() {
	local name id
	local -A names
	while read -r id name; do
		names[$id]=$name
	done < <(bpftool --json prog show | jq -r '.[] | select(.name) | "\(.id) \(.name)"')
	cat /proc/"$agent_pid"/fdinfo/* 2>/dev/null | awk '/^prog_id:/ { id = $2 } /^verified_insns:/ { print id, $2 }' |
		sort -u | while read -r id n; do
		echo "verified ${names[$id]:-$id} $n"
	done
	bpftool --json map show | jq -r '.[] | select(.name // "" | startswith("http2_") or . == "streams_old" or . == "pending") |
		select(.type == "hash") | "table \(.name) \(48 + ((.bytes_key + 7) / 8 | floor) * 8 + ((.bytes_value + 7) / 8 | floor) * 8)"' | sort -u
}
