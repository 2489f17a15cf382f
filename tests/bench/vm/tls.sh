# shellcheck shell=bash disable=SC2154,SC2034 # variables that inside.sh sets and uses
# SPDX-License-Identifier: GPL-2.0-only
#
# For inside.sh: nginx over TLS 1.3 (ECDHE with P-256, AES-256-GCM), asked by ab a given number of times. Prints lines
#
#	tls WORK VARIANT REQUESTS INSTRUCTIONS REQUESTS HITS     of nginx's worker, in all; and hits of probes
#
# WORK: keep-alive; close, in which each request has a connection and a handshake of its own. VARIANT: bare; usual (entry
# and return probes on SSL_read and SSL_write, usual_tls.bpf.c); agent. ab has a copy of the library: no probe is in it.

tls_port=8003
tls_requests=${TLS_REQUESTS:-1000} tls_handshakes=${TLS_HANDSHAKES:-40}

# Behind the server in nginx's configuration.
tls_prepare() {
	local library
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
		-keyout "$tmp/key.pem" -out "$tmp/cert.pem" 2>"$tmp/openssl.log"
	library=$(ldd "$(command -v ab)" | sed -n 's/.*libssl[^ ]* => \([^ ]*\).*/\1/p')
	mkdir "$tmp/lib"
	cp "$library" "$tmp/lib/"
	tls_server="server {
		listen 127.0.0.1:$tls_port ssl;
		ssl_protocols TLSv1.3;
		ssl_certificate $tmp/cert.pem;
		ssl_certificate_key $tmp/key.pem;
		ssl_session_tickets off;
		ssl_session_cache off;
		location / { return 200; }
	}"
}

tls_ask() { # REQUESTS [OPTION...]
	LD_LIBRARY_PATH=$tmp/lib ab -q -n "$1" -c 1 "${@:2}" "https://127.0.0.1:$tls_port/" \
		>"$tmp/ab.out" 2>&1 || die "ab: $(<"$tmp/ab.out")"
	(($(grep -Ec "^(Complete requests: +$1|Failed requests: +0)\$" "$tmp/ab.out") == 2)) || die "ab: $(<"$tmp/ab.out")"
}

# Probes are in place once a request of a new connection is counted.
tls_await_probes() {
	local before
	before=$(counted https)
	tls_is_counted() {
		tls_ask 1
		(($(counted https) > before))
	}
	await "measuring of TLS" tls_is_counted
}

# In REPLY; the kernel counts how often each program runs while it is told to.
tls_hits() {
	REPLY=$(bpftool --json prog show | jq '[.[] | select(.name // "" |
		IN("tls_enter", "tls_return") or startswith("usual_")) | .run_cnt] | add + 0')
}

tls_measure_work() { # VARIANT WORK REQUESTS [OPTION...]
	local variant=$1 work=$2 n=$3 before=0 ns n_hits=0 hits=0
	shift 3
	tls_ask $((n / 4)) "$@" # the first ones: what is not in memory yet
	[[ -z $agent_pid ]] || before=$(counted https)
	cpu_ns "$nginx_worker"
	ns=-$REPLY
	tls_ask "$n" "$@"
	cpu_ns "$nginx_worker"
	ns=$((ns + REPLY))
	if [[ -n $agent_pid ]]; then
		(($(counted https) - before == n)) ||
			die "TLS, $work: counted $(($(counted https) - before)) of $n requests"
	fi
	if [[ $variant != bare ]]; then
		n_hits=$((n / 4))
		sysctl -qw kernel.bpf_stats_enabled=1
		tls_hits
		hits=-$REPLY
		tls_ask "$n_hits" "$@"
		tls_hits
		hits=$((hits + REPLY))
		sysctl -qw kernel.bpf_stats_enabled=0
	fi
	echo "tls $work $variant $n $ns $n_hits $hits"
}

tls_measure() { # VARIANT
	tls_measure_work "$1" keep-alive "$tls_requests" -k
	tls_measure_work "$1" close "$tls_handshakes"
}
