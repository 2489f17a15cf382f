/* SPDX-License-Identifier: GPL-2.0-only */
/* The executable that the current process runs: its path, and by whose mounts that is its path. */
#ifndef SLIPROBE_WHO_EXE_PATH_BPF_H
#define SLIPROBE_WHO_EXE_PATH_BPF_H

#include "kernel/helpers.bpf.h"
#include "kernel/inode.bpf.h"
#include "who/owner.bpf.h"
#include "who/work.bpf.h"

enum {
	EXE_STEPS =
		128, /* directories and mount points; of a deeper path the beginning is not known */
};

/* By whose mounts a path is what it is. */
enum mounts {
	MOUNTS_FOREIGN, /* of a namespace that others may have filled, or of none any more */
	MOUNTS_PRIVATE, /* of one that the host's root has made, for PrivateTmp= of systemd, say */
	MOUNTS_HOST,
};

struct exe_walk {
	struct who_work *work;
	struct dentry *dentry;
	struct mount *mount;
};

/* Puts one component in front of the path, or goes through one mount point. */
static long exe_step(__u32 i, struct exe_walk *walk)
{
	struct who_work *work = walk->work;
	struct mount *mount = walk->mount;
	struct dentry *dentry = walk->dentry;
	const unsigned char *name;
	__u32 len;

	if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
		struct mount *parent = BPF_CORE_READ(mount, mnt_parent);

		if (is_host_root(dentry))
			work->root_pos = work->path_pos;
		if (parent == mount) {
			work->path_whole = true;
			return 1;
		}
		walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		walk->mount = parent;
		return 0;
	}
	len = BPF_CORE_READ(dentry, d_name.len);
	name = BPF_CORE_READ(dentry, d_name.name);
	if (!path_put(work, name, len))
		return 1;
	walk->dentry = BPF_CORE_READ(dentry, d_parent);
	return 0;
}

/*
 * Leaves the path of the current process's executable in work->path, from path_pos on. Returns enum mounts: not the
 * process's namespace counts, but that of the mount through which its executable was opened, as a descriptor or
 * /proc/PID/root leads into others.
 */
__noinline int exe_path(struct who_work *work)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct exe_walk walk = {.work = work};
	struct mnt_namespace *ns;
	struct vfsmount *mnt;
	struct mount *mount;
	struct file *file;

	if (!work)
		return MOUNTS_FOREIGN;
	path_begin(work);
	file = BPF_CORE_READ(task, mm, exe_file);
	if (!file)
		return MOUNTS_FOREIGN;
	mnt = BPF_CORE_READ(file, f_path.mnt);
	walk.dentry = BPF_CORE_READ(file, f_path.dentry);
	mount = (struct mount *)((char *)mnt - bpf_core_field_offset(struct mount, mnt));
	walk.mount = mount;
	ns = BPF_CORE_READ(
		mount, mnt_ns); /* an unmounted one has none, one of the kernel's own an error */
	bpf_loop(EXE_STEPS, exe_step, &walk, 0);
	if (is_host_mnt_ns(BPF_CORE_READ(ns, ns.inum)))
		return MOUNTS_HOST;
	/* the path begins at the host's root directory, not at a container's */
	if (work->path_whole && work->root_pos && work->root_pos == work->path_pos &&
	    is_roots_mnt_ns(ns))
		return MOUNTS_PRIVATE;
	return MOUNTS_FOREIGN;
}

/* The file itself. Returns true if it has been deleted since: replaced, by an upgrade. */
static __always_inline bool exe_file(struct file_id *ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct inode *inode = BPF_CORE_READ(task, mm, exe_file, f_path.dentry, d_inode);

	inode_id(inode, ret);
	return !BPF_CORE_READ(inode, i_nlink);
}

/* Writes the path for people: "..." stands for what is missing in front. */
static __always_inline void exe_show(struct who_work *work, char ret[EXE_BYTES])
{
	__u32 pos = work->path_pos, shown = 0;
	enum { DOTS = 3, TAIL = EXE_BYTES - 1 - DOTS };

	if (!work->path_whole || pos < EXE_ROOM - 1 - (EXE_BYTES - 1)) {
		if (pos < EXE_ROOM - 1 - TAIL)
			pos = EXE_ROOM - 1 - TAIL;
		ret[0] = ret[1] = ret[2] = '.';
		shown = DOTS;
	}
	barrier_var(pos);
	if (pos >= EXE_ROOM)
		return;
	if (shown)
		bpf_probe_read_kernel_str(ret + DOTS, EXE_BYTES - DOTS, &work->path[pos]);
	else
		bpf_probe_read_kernel_str(ret, EXE_BYTES, &work->path[pos]);
}

#endif
