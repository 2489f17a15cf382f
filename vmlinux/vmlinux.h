/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel types the programs touch, and of each only the members they touch: CO-RE relocates
 * every access to the running kernel's layout, so order and size mean nothing here.
 */
#ifndef SLIPROBE_VMLINUX_H
#define SLIPROBE_VMLINUX_H

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;

enum { false, true };

enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PROG_ARRAY = 3,
	BPF_MAP_TYPE_PERCPU_HASH = 5,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
	BPF_MAP_TYPE_QUEUE = 22,
	BPF_MAP_TYPE_SK_STORAGE = 24,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};

enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_F_NO_PREALLOC = 1,
	BPF_SK_STORAGE_GET_F_CREATE = 1,
	BPF_LOCAL_STORAGE_GET_F_CREATE = 1,
	BPF_RB_AVAIL_DATA = 0,
	BPF_RB_NO_WAKEUP = 1,
	BPF_RB_FORCE_WAKEUP = 2,
};

enum sock_type {
	SOCK_STREAM = 1,
};

enum {
	IPPROTO_TCP = 6,
};

enum {
	TCP_ESTABLISHED = 1,
	TCP_FIN_WAIT1 = 4,
	TCP_CLOSE = 7,
	TCP_CLOSE_WAIT = 8,
	TCP_LAST_ACK = 9,
	TCP_LISTEN = 10,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct user_namespace;

struct net {
	struct ns_common ns;
	struct user_namespace *user_ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};

struct sock_common {
	unsigned short skc_family;
	volatile unsigned char skc_state;
	__u16 skc_num;
	struct proto *skc_prot;
	possible_net_t skc_net;
	__u32 skc_daddr;
	__u16 skc_dport;
	struct in6_addr skc_v6_daddr;
	struct {
		__s64 counter;
	} skc_cookie;
};

struct list_head {
	struct list_head *next;
};

struct kmem_cache_order_objects {
	unsigned int x;
};

struct kmem_cache_node {
	struct list_head partial;
};

struct kmem_cache {
	struct kmem_cache_order_objects oo;
	struct list_head list;
	struct kmem_cache_node *node[1];
};

struct slab {
	struct kmem_cache *slab_cache;
	struct list_head slab_list;
	void *freelist;
};

struct proto {
	struct kmem_cache *slab;
};

struct sk_buff {
	struct sk_buff *next;
	char cb[48];
	unsigned int len;
	unsigned int data_len;
	unsigned int end;
	unsigned char *head;
	unsigned char *data;
};

struct sk_buff_head {
	struct sk_buff *next;
	struct sk_buff *prev;
};

struct tcp_skb_cb {
	__u32 seq;
};

struct skb_frag {
	__u32 len;
};

struct skb_shared_info {
	__u8 nr_frags;
	struct sk_buff *frag_list;
	struct skb_frag frags[1];
};

struct sock {
	struct sock_common __sk_common;
	struct sk_buff_head sk_receive_queue;
	int sk_err;
	__u8 sk_shutdown;
	__u8 sk_kern_sock : 1;
	__u16 sk_type;
	__u16 sk_protocol;
	__u32 sk_max_ack_backlog;
	void *sk_user_data;
};

struct inet_sock {
	__be16 inet_sport;
};

struct tcp_ulp_ops {
	char name[16];
};

/* of kernels with CONFIG_TLS */
struct tls_context {
	__u8 tx_conf : 3;
	__u8 rx_conf : 3;
};

struct inet_connection_sock {
	const struct tcp_ulp_ops *icsk_ulp_ops;
	void *icsk_ulp_data;
	struct {
		__u32 lrcvtime;
	} icsk_ack;
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	__u32 copied_seq;
	__u32 rcv_nxt;
	__u32 rcv_tstamp;
	__u32 lsndtime;
	__u32 snd_nxt;
	__u32 snd_una;
	__u32 write_seq;
	__u32 urg_seq;
	__u64 bytes_received;
	__u64 bytes_acked;
	__u64 bytes_sent;
	__u64 bytes_retrans;
	__u64 tcp_clock_cache;
	__u64 tcp_mstamp;
	__u32 srtt_us;
	__u32 total_retrans;
	__u32 chrono_start;
	__u32 chrono_stat[3];
	__u8 chrono_type : 2;
};

struct mptcp_sock {
	struct sock *first;
};

struct qstr {
	__u32 len;
	const unsigned char *name;
};

typedef struct {
	__u32 val;
} kuid_t;

struct user_namespace {
	struct user_namespace *parent;
	int level;
	kuid_t owner;
	struct ns_common ns;
};

struct cred {
	kuid_t euid;
	struct user_namespace *user_ns;
};

struct super_block {
	__u32 s_dev;
};

struct timespec64 {
	__s64 tv_sec;
	long tv_nsec;
};

struct inode {
	unsigned short i_mode;
	struct super_block *i_sb;
	unsigned long i_ino;
	unsigned int i_nlink;
	__u32 i_generation;
	__s64 i_size;
	__s64 i_mtime_sec;
	__u32 i_mtime_nsec;
};

/* before 6.11 */
struct inode___older {
	struct timespec64 __i_mtime;
};

/* before 6.7 */
struct inode___oldest {
	struct timespec64 i_mtime;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mnt_namespace {
	struct ns_common ns;
	struct user_namespace *user_ns;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct mnt_namespace *mnt_ns;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct fs_struct {
	struct path root;
	struct path pwd;
};

struct kernfs_node {
	struct kernfs_node *__parent;
	const char *name;
};

/* before 6.15 */
struct kernfs_node___older {
	struct kernfs_node *parent;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
	struct net *net_ns;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	void *private_data;
	struct address_space *f_mapping;
};

struct xarray {
	void *xa_head;
};

struct xa_node {
	void *slots[64];
};

struct address_space {
	struct xarray i_pages;
};

struct folio {
	struct address_space *mapping;
	unsigned long index;
};

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_pgoff;
	struct file *vm_file;
};

struct socket {
	struct sock *sk;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct io_uring_task;

struct mm_struct {
	struct file *exe_file;
	unsigned long start_code;
	unsigned long start_stack;
	unsigned long arg_start;
	unsigned long arg_end;
	unsigned long env_start;
	unsigned long env_end;
	unsigned long saved_auxv[2];
};

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live;
	int group_exit_code;
	struct mm_struct *oom_mm;
};

struct thread_info {
	__u32 status;
	unsigned long flags;
};

struct sched_info {
	unsigned long long run_delay;
};

struct task_struct {
	struct thread_info thread_info;
	void *stack;
	unsigned int flags;
	struct sched_info sched_info;
	struct mm_struct *mm;
	int exit_code;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct signal_struct *signal;
	const struct cred *real_cred;
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct css_set *cgroups;
	struct io_uring_task *io_uring;
	__u64 start_time;
	char comm[16];
	__u32 self_exec_id;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
};

struct bpf_map;

struct bpf_iter__bpf_sk_storage_map {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	struct sock *sk;
	void *value;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
};

struct msghdr;

struct page {
	unsigned long flags;
};

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long r14;
	unsigned long bx;
	unsigned long r10;
	unsigned long r9;
	unsigned long r8;
	unsigned long ax;
	unsigned long cx;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax;
	unsigned long sp;
};
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs {
	__u64 regs[31];
};

struct pt_regs {
	__u64 regs[31];
	__u64 sp;
	__u64 orig_x0;
	__s32 syscallno;
};
#else
#error "architecture not supported: add its registers and system call numbers"
#endif

#pragma clang attribute pop

#endif
