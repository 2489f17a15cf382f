#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Formatting, static analysis, shell and Python syntax, and house rules that a machine can judge.
# Runs every check, then exits 1 if one failed. A missing tool is a failure.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
make=${MAKE:-make}
python=${PYTHON:-/usr/bin/python3}
bad=0

check() { # NAME COMMAND...
	local name=$1
	shift
	if "$@"; then
		echo "ok   $name"
	else
		echo "FAIL $name"
		bad=1
	fi
}

need() {
	command -v "$1" >/dev/null && return
	echo "check.sh: $1 not found: run scripts/setup.sh" >&2
	return 1
}

# The tree's own files, NUL-terminated, whether or not it is a git checkout.
files() { # FIND-EXPRESSION...
	find . \( -path ./.git -o -path ./build -o -path ./vmlinux -o -name __pycache__ \) -prune \
		-o -type f \( "$@" \) -print0 | sort -z
}

clang_format() {
	need clang-format || return 1
	files -name '*.c' -o -name '*.h' | xargs -0 clang-format --dry-run -Werror
}

clang_tidy() {
	local log status=0
	local -a flags
	need clang-tidy || return 1
	"$make" --no-print-directory -j"$(nproc)" skeletons || return 1
	mapfile -t flags < <("$make" --no-print-directory -s print-tidy-flags)
	log=$(mktemp)
	find user -name '*.c' -print0 | sort -z |
		xargs -0 -P "$(nproc)" -I{} clang-tidy --quiet {} -- "${flags[@]}" >"$log" 2>&1 ||
		status=1
	# Counts of what was found and left out are no findings.
	grep -vE '^[0-9]+ warnings? |^Suppressed |^Use -header-filter' "$log" || true
	rm -f "$log"
	return "$status"
}

# Includes go down the order of rooms and layers.
arrows() {
	need "$python" || return 1
	"$python" -B scripts/arrows.py
}

# Each header includes what it uses: it compiles by itself.
headers() {
	local status=0
	local -a flags bpf_flags
	"$make" --no-print-directory -j"$(nproc)" skeletons || return 1
	mapfile -t flags < <("$make" --no-print-directory -s print-tidy-flags)
	mapfile -t bpf_flags < <("$make" --no-print-directory -s print-bpf-flags)
	find user include -name '*.h' -print0 | sort -z |
		xargs -0 -P "$(nproc)" -I{} clang -fsyntax-only "${flags[@]}" -Wno-unused-function -Wno-undefined-internal \
			-x c -include {} /dev/null || status=1
	find bpf -name '*.h' -print0 | sort -z |
		xargs -0 -P "$(nproc)" -I{} clang -fsyntax-only "${bpf_flags[@]}" -Wno-unused-function \
			-x c -include {} /dev/null || status=1
	return "$status"
}

# The targets that comments and documents point to are there.
pointers() {
	need "$python" || return 1
	"$python" -B scripts/pointers.py
}

# One habit each, where C allows two: PATTERN is what the tree does not have.
habits() {
	local status=0 pattern
	local -a unwanted=(
		'\<int err\>' # int r
		'(^|[^!])\<(strcmp|strncmp|memcmp|strcasecmp)\([^()]*\) == 0' # !strcmp()
		'#include "(\.\./|user/|include/)' # from user/, include/ or bpf/; tests also from the root
		'\<user/[a-z_/]+\.[ch]\>' # a comment names the module: "slo/history"
	)
	for pattern in "${unwanted[@]}"; do
		files -name '*.c' -o -name '*.h' | xargs -0 grep -nE "$pattern" && status=1
	done
	return "$status"
}

shell_check() {
	need shellcheck || return 1
	{
		files -name '*.sh'
		printf '.ci/run\0'
	} | xargs -0 shellcheck --exclude=SC2317 # functions that are called by way of a variable
}

# Compiles to a directory that goes away, so that no bytecode stays in the tree.
py_compile() {
	local cache
	need "$python" || return 1
	cache=$(mktemp -d)
	local status=0
	files -name '*.py' | PYTHONPYCACHEPREFIX=$cache xargs -0 -r "$python" -m py_compile ||
		status=1
	rm -rf "$cache"
	return "$status"
}

# Builds and tests take nothing but what Debian's packages bring.
no_registries() {
	local hosts='pypi[.]org|pythonhosted[.]org|registry[.]npmjs[.]org|crates[.]io|proxy[.]golang[.]org'
	hosts+='|rubygems[.]org|repo1?[.]maven|docker[.]io|ghcr[.]io|quay[.]io|gcr[.]io'
	! files -type f | xargs -0 grep -nIE "$hosts"
}

spdx() {
	local missing
	missing=$(files -name '*.c' -o -name '*.h' -o -name '*.sh' -o -name '*.py' |
		xargs -0 grep -L 'SPDX-License-Identifier: ') || true
	[[ -z $missing ]] || { echo "without an SPDX line: $missing"; return 1; }
}

check clang-format clang_format
check clang-tidy clang_tidy
check 'includes go down' arrows
check 'headers compile alone' headers
check 'pointers lead somewhere' pointers
check 'one habit each' habits
check shellcheck shell_check
check 'python syntax' py_compile
check 'no package registries' no_registries
check 'SPDX lines' spdx
exit "$bad"
