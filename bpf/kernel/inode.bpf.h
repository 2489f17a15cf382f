/* SPDX-License-Identifier: GPL-2.0-only */
/* Files, told apart as the kernel does: what stat() says of a file on btrfs or overlayfs is not what its inode has. */
#ifndef SLIPROBE_KERNEL_INODE_BPF_H
#define SLIPROBE_KERNEL_INODE_BPF_H

#include "abi.h"
#include "kernel/helpers.bpf.h"

static __always_inline void inode_id(struct inode *inode, struct file_id *ret)
{
	ret->ino = BPF_CORE_READ(inode, i_ino);
	ret->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	ret->generation = BPF_CORE_READ(inode, i_generation);
}

#endif
