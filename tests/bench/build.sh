#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Builds the programs of the benchmarks: build.sh OUTDIR LIBSLIPROBE
set -eu
out=${1:?usage: build.sh OUTDIR LIBSLIPROBE}
library=${2:?usage: build.sh OUTDIR LIBSLIPROBE}
here=$(cd "$(dirname "$0")" && pwd)
arch=$(uname -m | sed -e s/x86_64/x86/ -e s/aarch64/arm64/)
mkdir -p "$out"
cc="${CC:-gcc} -std=gnu17 -O2 -g -Wall -Wextra -I$here/../../include -I$here/../../user"
bpf="${CLANG:-clang} -O2 -g -target bpf -mcpu=v3 -D__TARGET_ARCH_$arch -I$here/../../vmlinux
	-Wall -Werror"
libbpf=$(pkg-config --cflags --libs libbpf)

for program in pingpong paced; do
	$cc "$here/$program.c" -o "$out/$program"
done
for program in attach ring; do
	# shellcheck disable=SC2086 # flags
	$cc "$here/$program.c" $libbpf -o "$out/$program"
done
$cc -D_GNU_SOURCE "$here/replay.c" "$library" -lm -o "$out/replay"
# shellcheck disable=SC2086 # flags
$cc -D_GNU_SOURCE "$here/sites.c" "$library" $libbpf -lZydis -lssl -lcrypto -lm -o "$out/sites"
for object in empty ring usual_tls; do
	$bpf -c "$here/$object.bpf.c" -o "$out/$object.bpf.o"
done
