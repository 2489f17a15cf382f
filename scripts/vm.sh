#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs a command on a stock Debian kernel in QEMU, over this host's own root file system:
#
#	scripts/vm.sh 6.1 [options] -- COMMAND...
#
# The command sees the host's files (through virtiofs, read-only, with a tmpfs overlay that takes
# all writes), starts in the directory vm.sh was called from, as root, with Debian's plain PATH.
# Its output comes out on stdout; its exit status becomes this script's. build/vm/out is the
# one directory where writes reach the host.
#
# Exit status: the command's; 124 when the time limit was reached; 125 when there was no virtual
# machine to run it in, or the machine died under it (the end of its console is then shown).

set -euo pipefail
shopt -s inherit_errexit

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cache=$project/build/vm
out=$cache/out

usage() {
	cat <<-'USAGE'
	usage: scripts/vm.sh 6.1|6.12 [options] -- COMMAND...
	  --cpus N         virtual CPUs (2)
	  --mem M          memory in MiB (2048)
	  --timeout S      time limit in seconds, boot included (300)
	  --append ARGS    more kernel command line arguments
	  --qemu ARGS      more QEMU arguments; a later -cpu wins
	  --icount         the clock counts instructions, a ns each; for one CPU
	  --fetch          only make sure that the kernel is in the cache
	USAGE
}

die() {
	echo "vm.sh: $*" >&2
	exit 125
}

# The package that apt knows as the newest of a series, by name: 6.1 carries an ABI number, 6.12 a
# patch level, and each has unsigned, debug and rt variants that are not wanted.
newest_package() {
	local series=$1 pattern

	case $series in
	6.1) pattern='^linux-image-6\.1\.0-[0-9]+-cloud-amd64$' ;;
	6.12) pattern='^linux-image-6\.12\.[0-9]+\+deb12-cloud-amd64$' ;;
	esac
	apt-cache search --names-only "$pattern" | cut -d' ' -f1 | sort -V | tail -n 1
}

# Prints the directory of an unpacked kernel; one that is already in the cache needs no network.
kernel_dir() {
	local series=$1 dir package work

	dir=$(find "$cache" -maxdepth 1 -type d -name "linux-image-$series.*" | sort -V | tail -n 1)
	if [[ -n $dir ]]; then
		echo "$dir"
		return
	fi

	package=$(newest_package "$series")
	if [[ -z $package ]]; then
		apt-get -qq update >&2 || die "cannot update apt's package lists"
		package=$(newest_package "$series")
	fi
	[[ -n $package ]] || die "apt knows no cloud kernel package of the $series series"
	echo "vm.sh: getting $package" >&2

	rm -rf "$cache"/unpack.*
	work=$(mktemp -d "$cache/unpack.XXXXXX")
	# The download runs as root in our own directory: apt's user may not be able to enter it.
	(cd "$work" && apt-get -qq -o APT::Sandbox::User=root download "$package") >&2 ||
		die "cannot download $package"
	dpkg -x "$work"/*.deb "$work/root" || die "cannot unpack $package"
	# Plain modules, with an index, can be loaded by busybox in the initramfs and later on.
	find "$work/root/lib/modules" -name '*.ko.xz' -print0 | xargs -0r unxz
	busybox depmod -b "$work/root" "${package#linux-image-}"
	# Renamed as the last step, so that an interrupted download is never taken for a kernel.
	mv "$work/root" "$cache/$package"
	rm -rf "$work"
	echo "$cache/$package"
}

# Prints the paths, relative to the module directory, of what the named modules need, in load order.
module_list() {
	local index=$1/modules.dep name
	shift

	for name in "$@"; do
		# A module that is missing from the index is built into this kernel.
		awk -v name="$name" -F'[: ]+' '{
			file = $1
			gsub(/^.*\/|\.ko$/, "", file)
			gsub(/-/, "_", file)
			if (file == name)
				for (i = NF; i >= 1; i--)
					if ($i != "")
						print $i
		}' "$index"
	done | awk '!seen[$0]++'
}

# First process: mounts the host's root under an overlay and makes it the root.
write_init() {
	cat <<-'INIT'
	#!/bin/busybox sh
	export PATH=/bin
	. /vm/config

	# Overlay of a directory of the host at the same path of the new root.
	overlay() {
		layer=/scratch/$(echo "$1" | tr / _)
		mkdir -p "$layer/upper" "$layer/work" "$new$1"
		mount -t overlay -o "lowerdir=/host$1,upperdir=$layer/upper,workdir=$layer/work" \
			overlay "$new$1"
	}

	new=/root
	mount -t devtmpfs devtmpfs /dev
	mount -t proc proc /proc
	for module in $(cat /vm/modules); do
		insmod "/vm/$(basename "$module")" || exit
	done
	mount -t virtiofs host /host || exit
	mount -t tmpfs -o size=80% scratch /scratch || exit
	overlay / || exit

	mount --move /proc $new/proc
	mount --move /dev $new/dev
	mount -t sysfs sysfs $new/sys
	mount -t tmpfs -o mode=1777 tmpfs $new/tmp
	mount -t tmpfs -o mode=755 tmpfs $new/run
	# A work tree below /tmp or /run would be hidden by now.
	[ -d "$new$project" ] || overlay "$project"
	mount --bind "/host$out" "$new$out"

	mkdir $new/run/vm
	cp /vm/config /vm/command /vm/stage2 $new/run/vm/
	exec switch_root $new /bin/busybox sh /run/vm/stage2
	INIT
}

# Second stage: the same process, in the new root.
write_stage2() {
	cat <<-'STAGE2'
	export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	. /run/vm/config

	mkdir -p /dev/pts /dev/shm
	mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
	mount -t tmpfs -o mode=1777 tmpfs /dev/shm
	ln -s /proc/self/fd /dev/fd
	ln -s /proc/self/fd/0 /dev/stdin
	ln -s /proc/self/fd/1 /dev/stdout
	ln -s /proc/self/fd/2 /dev/stderr
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
	mount -t bpf bpf /sys/fs/bpf
	mount -t debugfs debugfs /sys/kernel/debug
	mount -t tracefs tracefs /sys/kernel/tracing

	# The kernel loads modules on demand (veth, tls, ...) through /sbin/modprobe.
	[ -d /lib/modules ] || mkdir -p /lib/modules
	[ -e "/lib/modules/$(uname -r)" ] || ln -s "$kernel/lib/modules/$(uname -r)" /lib/modules/
	[ -e /sbin/modprobe ] || ln -s /bin/busybox /sbin/modprobe

	hostname "vm-$series"
	ip link set lo up
	# The kernel's own limit of 1024 files is lower than what a service or a shell has.
	ulimit -n 65536

	# The command writes into a pipe: a device would refuse to be opened twice, as a command
	# does that writes to /dev/stderr. What it leaves running may hold the pipe; no one waits
	# for that.
	mkfifo /run/vm/pipe
	port=$(echo /dev/vport*p1)
	cat /run/vm/pipe >"$port" &
	reader=$!
	env -i PATH="$PATH" HOME=/root USER=root LOGNAME=root SHELL=/bin/bash LANG=C.UTF-8 \
		TERM=dumb setsid bash /run/vm/command </dev/null >/run/vm/pipe 2>&1
	status=$?
	for i in 1 2 3 4 5 6 7 8 9 10; do
		kill -0 $reader 2>/dev/null || break
		sleep 0.1
	done
	sync
	echo $status >"${port%1}2"
	poweroff -f
	STAGE2
}

build_initrd() {
	local kernel=$1 target=$2 root=$3 release modules module
	shift 3

	release=$(basename "$kernel")
	release=${release#linux-image-}
	modules=$kernel/lib/modules/$release
	mkdir -p "$root"/{bin,dev,proc,host,scratch,root,vm}
	cp "$(command -v busybox)" "$root/bin/busybox"
	"$root/bin/busybox" --install -s "$root/bin"
	# busybox links to the place it was run from, which is not its place in the initramfs.
	find "$root/bin" -type l -exec ln -sf /bin/busybox {} \;
	module_list "$modules" virtio_pci virtio_console virtiofs overlay >"$root/vm/modules"
	while read -r module; do
		cp "$modules/$module" "$root/vm/"
	done <"$root/vm/modules"
	printf '%s=%q\n' project "$project" out "$out" kernel "$kernel" series "$series" \
		>"$root/vm/config"
	printf 'cd %q || exit 125\nexec %s\n' "$PWD" "${*@Q}" >"$root/vm/command"
	write_init >"$root/init"
	write_stage2 >"$root/vm/stage2"
	chmod 755 "$root/init"
	(cd "$root" && find . | cpio -o -H newc --quiet) >"$target"
}

find_virtiofsd() {
	local path

	for path in /usr/lib/qemu/virtiofsd /usr/libexec/virtiofsd; do
		if [[ -x $path ]]; then
			echo "$path"
			return
		fi
	done
	die "no virtiofsd: install qemu-system-x86"
}

# Serves the host's files to the machine. In a mount namespace of its own, everything but the
# output directory is read-only there: nothing the guest does can change the host.
serve_files() {
	local daemon=$1 socket=$2 view=$3

	# shellcheck disable=SC2016 # expanded by the inner shell
	exec setpriv --pdeathsig KILL unshare --mount --propagation private bash -euc '
		daemon=$1 socket=$2 view=$3 out=$4
		mount --bind / "$view"
		mount -o remount,bind,ro "$view"
		findmnt --real -rno TARGET | while IFS= read -r target; do
			target=$(printf %b "$target")
			[[ $target != / && -d $view$target ]] || continue
			mount --bind "$target" "$view$target"
			mount -o remount,bind,ro "$view$target"
		done
		mount --bind "$out" "$view$out"
		# Its lock file would stay behind in the host.
		mount -t tmpfs tmpfs /run
		exec "$daemon" -f --socket-path="$socket" -o source="$view" -o sandbox=chroot \
			-o cache=always -o log_level=err
	' bash "$daemon" "$socket" "$view" "$out"
}

show_failure() {
	cp "$console" "$cache/console-$series.log"
	echo "vm.sh: $1; the end of its console ($cache/console-$series.log):" >&2
	tail -n 40 "$console" | tr -d '\r' | sed 's/^/    /' >&2
}

series=${1-}
case $series in
6.1 | 6.12) shift ;;
-h | --help) usage; exit 0 ;;
*) usage >&2; exit 125 ;;
esac

# One thread for all CPUs of the machine: with a thread each, QEMU before 8.1 may run a breakpoint that the kernel has
# taken out of its text again, and the kernel panics ("int3").
cpus=2 mem=2048 limit=300 append='' fetch_only='' extra=() accel=(-accel 'tcg,thread=single')
while (($#)); do
	case $1 in
	--cpus | --mem | --timeout | --append | --qemu) (($# > 1)) || die "$1 needs a value" ;;&
	--cpus) cpus=$2; shift 2 ;;
	--mem) mem=$2; shift 2 ;;
	--timeout) limit=$2; shift 2 ;;
	--append) append=$2; shift 2 ;;
	--qemu) read -ra extra <<<"$2"; shift 2 ;;
	--icount) accel=(-accel 'tcg,thread=single' -icount 'shift=0,sleep=off'); shift ;;
	--fetch) fetch_only=1; shift ;;
	--) shift; break ;;
	*) usage >&2; exit 125 ;;
	esac
done
[[ -n $fetch_only ]] || (($#)) || { usage >&2; exit 125; }

for tool in qemu-system-x86_64 busybox cpio apt-get dpkg unxz setpriv unshare; do
	command -v "$tool" >/dev/null || die "no $tool: see the package list of the set-up script"
done
((EUID == 0)) || die "must be root, to serve the host's files to the machine"

mkdir -p "$out"
# One download at a time, whoever else starts a machine now.
exec 9>"$cache/lock"
flock 9
kernel=$(kernel_dir "$series")
flock -u 9
exec 9>&-
[[ -z $fetch_only ]] || exit 0

daemon=$(find_virtiofsd)
tmp=$(mktemp -d)
mkdir "$tmp/view"
console=$tmp/console
machine='' server=''
# shellcheck disable=SC2317 # run by the trap
clean_up() {
	local pid

	for pid in $machine $server; do
		kill "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	# The host's root is mounted there, in virtiofsd's namespace; were it here, rmdir would fail.
	rmdir "$tmp/view" && rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

build_initrd "$kernel" "$tmp/initrd" "$tmp/initramfs" "$@"

serve_files "$daemon" "$tmp/files.sock" "$tmp/view" 2>"$tmp/virtiofsd.log" &
server=$!
for ((i = 0; i < 100; i++)); do
	[[ ! -S $tmp/files.sock ]] || break
	kill -0 "$server" 2>/dev/null || break
	sleep 0.05
done
[[ -S $tmp/files.sock ]] || die "virtiofsd does not start: $(tail -n 3 "$tmp/virtiofsd.log")"

# Output goes through files, and with the port handled in the guest's own write (no ioeventfd),
# so that not a byte is still under way when the machine powers off.
# 5-level page tables would make each emulated TLB miss dearer and test nothing. no_timer_check: a kernel counts ticks for
# some ms of its boot to see whether the timer works, and panics where the host has not let the machine run.
touch "$tmp/out"
exec 3<"$tmp/out"
setpriv --pdeathsig TERM timeout --kill-after=5 "$limit" \
	setpriv --pdeathsig KILL qemu-system-x86_64 \
	-no-user-config -nodefaults -display none -no-reboot \
	-M q35,memory-backend=mem "${accel[@]}" -cpu max,la57=off -smp "$cpus" \
	-object "memory-backend-memfd,id=mem,size=${mem}M,share=on" -m "${mem}M" \
	-kernel "$kernel"/boot/vmlinuz-* -initrd "$tmp/initrd" \
	-append "console=ttyS0 panic=-1 oops=panic mitigations=off tsc=reliable no_timer_check $append" \
	-chardev "file,id=console,path=$console" -serial chardev:console \
	-chardev "socket,id=files,path=$tmp/files.sock" \
	-device vhost-user-fs-pci,chardev=files,tag=host,queue-size=1024 \
	-device virtio-serial-pci,ioeventfd=off \
	-chardev "file,id=out,path=$tmp/out" -device virtserialport,chardev=out,nr=1 \
	-chardev "file,id=status,path=$tmp/status" -device virtserialport,chardev=status,nr=2 \
	"${extra[@]}" </dev/null >"$tmp/qemu.log" 2>&1 &
machine=$!

while kill -0 "$machine" 2>/dev/null; do
	cat <&3
	sleep 0.1
done
ended=0
wait "$machine" || ended=$?
machine=''
cat <&3

if [[ -s $tmp/status ]]; then
	exit "$(<"$tmp/status")"
fi
sed 's/^/vm.sh: qemu: /' "$tmp/qemu.log" >&2
if ((ended == 124 || ended == 137)); then
	show_failure "killed the $series machine at its time limit of $limit s"
	exit 124
fi
show_failure "the $series machine died before the command was done"
exit 125
