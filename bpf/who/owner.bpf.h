/* SPDX-License-Identifier: GPL-2.0-only */
/* Whose process it is: user, cgroup and namespaces, as the host's root sees them. */
#ifndef SLIPROBE_WHO_OWNER_BPF_H
#define SLIPROBE_WHO_OWNER_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"
#include "kernel/inode.bpf.h"
#include "who/work.bpf.h"

/* Set by the agent before the programs are attached, and when another agent takes over. */
struct host_view host;

enum {
	USER_NAMESPACES = 33, /* as deep as the kernel nests them, the host's included */
};

static __always_inline bool is_host_root(struct dentry *dentry)
{
	struct file_id id;

	inode_id(BPF_CORE_READ(dentry, d_inode), &id);
	return id.ino == host.root.ino && id.dev == host.root.dev;
}

static __always_inline bool is_host_mnt_ns(__u32 inum)
{
	return inum && (inum == host.mnt_ns[0] || inum == host.mnt_ns[1]);
}

/*
 * True if only the host's root could have put mounts there: whoever makes a mount namespace without the privilege
 * makes a user namespace first, which then owns it.
 */
static __always_inline bool is_roots_mnt_ns(struct mnt_namespace *ns)
{
	struct user_namespace *user_ns = BPF_CORE_READ(ns, user_ns);

	return user_ns && !BPF_CORE_READ(user_ns, parent);
}

/* The outermost namespace around it: who has made that answers for it. */
static __always_inline struct user_namespace *user_ns_outermost(struct user_namespace *ns)
{
	for (int i = 0; i < USER_NAMESPACES; i++) {
		struct user_namespace *parent = BPF_CORE_READ(ns, parent);

		if (!parent || !BPF_CORE_READ(parent, parent))
			break;
		ns = parent;
	}
	return ns;
}

/* As with mount namespaces: an unprivileged process owns, by its user namespace, those that it makes. */
static __always_inline bool is_roots_netns(struct net *net)
{
	struct user_namespace *user_ns = BPF_CORE_READ(net, user_ns);

	return user_ns && !BPF_CORE_READ(user_ns, parent);
}

/* Reads the owner of the current process into `work`, once an operation. */
__noinline int owner_read(struct who_work *work)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct user_namespace *user_ns;
	struct mnt_namespace *mnt_ns;
	struct who_owner *owner;

	if (!work || work->owner_known)
		return 0;
	mnt_ns = BPF_CORE_READ(task, nsproxy, mnt_ns);
	user_ns = BPF_CORE_READ(task, real_cred, user_ns);
	owner = &work->owner;
	__builtin_memset(owner, 0, sizeof(*owner));
	owner->cgroup = bpf_get_current_cgroup_id();
	owner->uid = BPF_CORE_READ(task, real_cred, euid.val);
	owner->quota_uid = owner->uid;
	owner->mnt_ns = BPF_CORE_READ(mnt_ns, ns.inum);
	owner->user_ns = BPF_CORE_READ(user_ns, ns.inum);
	if (BPF_CORE_READ(user_ns, parent)) {
		struct user_namespace *outer = user_ns_outermost(user_ns);
		__u32 creator = BPF_CORE_READ(outer, owner.val);

		owner->foreign_user_ns = 1;
		owner->roots_user_ns = !creator;
		owner->quota_uid = creator ?: owner->uid;
		owner->outer_user_ns = BPF_CORE_READ(outer, ns.inum);
	}
	owner->roots_netns = is_roots_netns(BPF_CORE_READ(task, nsproxy, net_ns));
	if (!is_host_mnt_ns(owner->mnt_ns)) {
		/* made by the host's root, it has the host's root directory: as for PrivateTmp= of systemd */
		owner->private_mnt_ns = is_roots_mnt_ns(mnt_ns) &&
					is_host_root(BPF_CORE_READ(task, fs, root.dentry));
		owner->foreign_mnt_ns = !owner->private_mnt_ns;
	}
	work->endpoint_key.uid = owner->uid;
	work->endpoint_key.foreign = owner->foreign_mnt_ns;
	work->owner_known = true;
	return 0;
}

#endif
