/* SPDX-License-Identifier: GPL-2.0-only */
/* The path of the executable that the current process runs. */
#ifndef SLIPROBE_WHO_EXE_PATH_BPF_H
#define SLIPROBE_WHO_EXE_PATH_BPF_H

#include "kernel/helpers.bpf.h"
#include "who/work.bpf.h"

enum {
	EXE_STEPS = 128, /* directories and mount points; a deeper path is kept from its end */
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
	__u32 len, pos;

	if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
		struct mount *parent = BPF_CORE_READ(mount, mnt_parent);

		if (parent == mount)
			return 1;
		walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		walk->mount = parent;
		return 0;
	}
	len = BPF_CORE_READ(dentry, d_name.len);
	name = BPF_CORE_READ(dentry, d_name.name);
	pos = work->exe_pos;
	if (len > EXE_BYTES - 1 || len + 1 > pos)
		return 1;
	pos -= len + 1;
	work->exe_pos = pos;
	barrier_var(pos);
	if (pos >= EXE_ROOM)
		return 1;
	work->exe[pos] = '/';
	barrier_var(len);
	len &= EXE_BYTES - 1;
	bpf_probe_read_kernel(&work->exe[pos + 1], len, name);
	walk->dentry = BPF_CORE_READ(dentry, d_parent);
	return 0;
}

/* Leaves the path of the current process's executable in work->exe, from exe_pos on. */
__noinline int exe_path(struct who_work *work)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct exe_walk walk = {.work = work};
	struct vfsmount *mnt;
	struct file *file;

	if (!work)
		return 0;
	work->exe_pos = EXE_ROOM - 1;
	work->exe[EXE_ROOM - 1] = 0;
	file = BPF_CORE_READ(task, mm, exe_file);
	if (!file)
		return 0;
	mnt = BPF_CORE_READ(file, f_path.mnt);
	walk.dentry = BPF_CORE_READ(file, f_path.dentry);
	walk.mount = (struct mount *)((char *)mnt - bpf_core_field_offset(struct mount, mnt));
	bpf_loop(EXE_STEPS, exe_step, &walk, 0);
	return 0;
}

#endif
