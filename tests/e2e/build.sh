#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Builds the servers and clients of the end-to-end tests: build.sh OUTDIR
# Static, so that they also run in a small virtual machine. Java and Go are left out, with a
# word, where their compilers are missing: the tests that need them then skip.
set -eu
out=${1:?usage: build.sh OUTDIR}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"
out=$(cd "$out" && pwd)
rm -f "$out/.built" # there once all is
cc="${CC:-gcc} -std=gnu17 -O2 -g -Wall -Wextra -static -pthread"

$cc -o "$out/httpd" "$here/servers/httpd.c" "$here/servers/httpio.c"
$cc -o "$out/load" "$here/servers/load.c"
${CC:-gcc} -std=gnu17 -O2 -Wall -Wextra -shared -fPIC -o "$out/clock.so" "$here/servers/clock.c"
${CC:-gcc} -std=gnu17 -O2 -Wall -Wextra -shared -fPIC -o "$out/slowdisk.so" "$here/servers/slowdisk.c"
${CC:-gcc} -std=gnu17 -O2 -g -Wall -Wextra -pthread -DWITH_GNUTLS -o "$out/tlsd" "$here/servers/tlsd.c" -lssl -lcrypto -lgnutls
${CC:-gcc} -std=gnu17 -O2 -g -Wall -Wextra -pthread -o "$out/tls_scripted" "$here/servers/tls_scripted.c" -lssl -lcrypto -lgnutls
android=/usr/lib/$(uname -m)-linux-gnu/android
${CC:-gcc} -std=gnu17 -O2 -g -Wall -Wextra -pthread -isystem /usr/include/android -o "$out/tlsd-boring" \
	"$here/servers/tlsd.c" -L"$android" -Wl,-rpath,"$android" -lssl -lcrypto
older=$out/openssl-1.1
if "$here/openssl11.sh" "$older"; then
	for name in tlsd tls_scripted; do
		${CC:-gcc} -std=gnu17 -O2 -g -Wall -Wextra -pthread -DWITH_GNUTLS -isystem "$older/include" \
			-o "$out/$name-1.1" "$here/servers/$name.c" -L"$older" -Wl,-rpath,"$older" -lssl -lcrypto -lgnutls
	done
else
	echo "build.sh: no OpenSSL 1.1.1, leaving out the servers on it" >&2
fi
$cc -o "$out/tlsd-static" "$here/servers/tlsd.c" -lssl -lcrypto 2>"$out/tlsd.log" || { cat "$out/tlsd.log" >&2; exit 1; }
$cc -o "$out/uring" "$here/servers/uring.c" -luring
if [ -e /usr/include/grpcpp/grpcpp.h ]; then
	# shellcheck disable=SC2046 # flags
	${CXX:-g++} -std=gnu++17 -O2 -g -Wall -Wextra -pthread -o "$out/grpcd-cc" \
		"$here/servers/grpcd.cc" -Wl,--as-needed $(pkg-config --libs grpc++)
else
	echo "build.sh: no libgrpc++-dev, leaving out the C++ gRPC server" >&2
fi
if command -v clang >/dev/null; then
	${CLANG:-clang} -O2 -g -target bpf -I"/usr/include/$(uname -m)-linux-gnu" \
		-c "$here/servers/sockmap.bpf.c" -o "$out/sockmap.bpf.o"
else
	echo "build.sh: no clang, leaving out the BPF program of a service mesh" >&2
fi
if command -v javac >/dev/null; then
	javac -d "$out" "$here/servers/Httpd.java"
else
	echo "build.sh: no javac, leaving out the Java server" >&2
fi
if command -v go >/dev/null; then
	go_build() {
		GOCACHE=${GOCACHE:-$out/.gocache} GOFLAGS=-mod=mod GO111MODULE=off CGO_ENABLED=0 \
			go build "$@" "$here/servers/httpd.go"
	}
	go_build -o "$out/httpd-go"
	go_build -ldflags "-s -w" -o "$out/httpd-go-stripped"
	go_build -ldflags "-s -w" -buildmode=pie -o "$out/httpd-go-pie"
	if [ -d /usr/share/gocode/src/google.golang.org/grpc ]; then
		for program in h2d grpcd; do
			GOPATH=/usr/share/gocode GOCACHE=${GOCACHE:-$out/.gocache} GO111MODULE=off CGO_ENABLED=0 \
				go build -o "$out/$program-go" "$here/servers/$program.go"
		done
	else
		echo "build.sh: no golang-google-grpc-dev, leaving out Go's HTTP/2 and gRPC servers" >&2
	fi
	[ "${GOCACHE:-}" ] || { chmod -R u+w "$out/.gocache"; rm -rf "$out/.gocache"; }
else
	echo "build.sh: no go, leaving out the Go server" >&2
fi
touch "$out/.built"
