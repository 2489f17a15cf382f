#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Gets OpenSSL 1.1.1, as Debian 11 has it, for the servers of tests: openssl11.sh DIR
# Libraries are in DIR, headers in DIR/include. Nothing is installed. Fails where the archive cannot be reached.
set -eu
dir=${1:?usage: openssl11.sh DIR}
[ ! -e "$dir/include" ] || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/root"
sign="[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
echo "deb $sign http://deb.debian.org/debian-security bullseye-security main" >"$work/sources.list"
ask() {
	command=$1
	shift
	timeout 120 "$command" -q -o Acquire::Retries=0 -o Dir::Etc::sourcelist="$work/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null -o Dir::State::lists="$work/lists" -o Dir::Cache="$work" \
		-o APT::Sandbox::User=root "$@" 2>"$work/log" || { tail -n 3 "$work/log" >&2; exit 1; }
}
ask apt-get update >/dev/null
version=$(ask apt-cache madison libssl1.1 | cut -d'|' -f2 | tr -d ' ' | sort -V | tail -n 1)
cd "$work"
ask apt-get download "libssl1.1=$version" "libssl-dev=$version" >/dev/null
for package in *.deb; do
	dpkg -x "$package" root
done
mkdir -p "$dir"
cp -a root/usr/lib/*/libssl.so* root/usr/lib/*/libcrypto.so* "$dir/"
cp -a root/usr/include "$dir/include.new"
cp -a root/usr/include/*-linux-gnu/openssl/* "$dir/include.new/openssl/"
mv "$dir/include.new" "$dir/include" # there once all is
