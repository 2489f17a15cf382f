#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# setup.sh [build] [demo] [test] [run] [bench]
#
# Installs what is missing of those sections of scripts/packages.txt (none named: build, demo and
# test). Runs apt only if something is missing, and starts no service: neither now nor at boot.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
list=$here/packages.txt
policy=/usr/sbin/policy-rc.d
policy_marker='# sliprobe setup: no service is started while packages are installed'

die() {
	echo "setup.sh: $*" >&2
	exit 1
}

installed() {
	[[ $(dpkg-query -W -f '${Status}' "$1" 2>/dev/null) == 'install ok installed' ]]
}

have_all() {
	local command
	for command in "$@"; do
		command -v "$command" >/dev/null || return 1
	done
}

# Prints the packages of the named sections that are not there yet.
missing_packages() {
	local section="" package line commands_text known=0
	local -a commands
	while IFS= read -r line || [[ -n $line ]]; do
		line=${line%%#*}
		if [[ $line =~ ^\[([a-z]+)\] ]]; then
			section=${BASH_REMATCH[1]}
			known=0
			[[ " $* " == *" $section "* ]] && known=1
			continue
		fi
		read -r package commands_text <<<"$line"
		[[ -n $package && $known == 1 ]] || continue
		read -ra commands <<<"$commands_text"
		installed "$package" && continue
		((${#commands[@]})) && have_all "${commands[@]}" && continue
		echo "$package"
	done <"$list"
}

remove_policy() {
	if [[ -f $policy ]] && grep -qF "$policy_marker" "$policy"; then
		rm -f "$policy"
	fi
}

# A policy that is there already is the host's own: it stays as it is.
forbid_services() {
	trap remove_policy EXIT
	trap 'exit 1' INT TERM
	[[ -e $policy ]] && return
	printf '#!/bin/sh\n%s\nexit 101\n' "$policy_marker" >"$policy"
	chmod 0755 "$policy"
}

# A package that was installed as a tool shall not run as a service after the next boot either.
disable_services() {
	local package unit
	command -v deb-systemd-helper >/dev/null || return 0
	for package in "$@"; do
		dpkg-query -L "$package" 2>/dev/null |
			sed -n 's|^\(/usr\)\?/lib/systemd/system/\([^/@]*\.service\)$|\2|p' |
			while read -r unit; do
				DPKG_MAINTSCRIPT_PACKAGE=$package deb-systemd-helper disable "$unit" >/dev/null || true
			done
	done
}

main() {
	local -a missing new
	local before section

	(($#)) || set -- build demo test
	for section in "$@"; do
		grep -qxF "[$section]" "$list" || die "no section [$section] in $list"
	done
	export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
	command -v dpkg-query >/dev/null ||
		die "this is no Debian system: install the equivalents of $list by hand"

	mapfile -t missing < <(missing_packages "$@")
	((${#missing[@]})) || return 0
	((EUID == 0)) || die "run as root; to be installed: ${missing[*]}"

	echo "setup.sh: installing ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	before=$(dpkg-query -W -f '${binary:Package}\n' | sort)
	forbid_services
	apt-get -q update || die "apt-get update failed"
	apt-get -q -y -o Dpkg::Options::=--force-confold install --no-install-recommends \
		"${missing[@]}" || die "apt-get install failed"
	mapfile -t new < <(comm -13 <(echo "$before") \
		<(dpkg-query -W -f '${binary:Package}\n' | sort))
	disable_services "${new[@]}"
}

main "$@"
