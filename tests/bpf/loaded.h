/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests that load the hooks and talk through real sockets. */
#ifndef SLIPROBE_TESTS_BPF_LOADED_H
#define SLIPROBE_TESTS_BPF_LOADED_H

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "abi.h"

enum {
	POLICY = 1, /* of all services that are found */
	GENERATION = 1,
	HIST_GROUPS = 1024,
};

/* ---- which programs ---- */

static inline bool kernel_has(const char *name, __u32 kind)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool has = btf && btf__find_by_name_kind(btf, name, kind) > 0;

	btf__free(btf);
	return has;
}

/* Of the skeleton: the hooks of this kernel's family, and no sweep. */
#define CHOOSE_PROGRAMS(skel)                                                                      \
	do {                                                                                       \
		bool tracepoint_ = kernel_has("btf_trace_sock_send_length", BTF_KIND_TYPEDEF);     \
                                                                                                   \
		bpf_program__set_autoload((skel)->progs.sweep_conns, false);                       \
		bpf_program__set_autoload((skel)->progs.sweep_files, false);                       \
		bpf_program__set_autoload((skel)->progs.sweep_sockets, false);                     \
		bpf_program__set_autoload((skel)->progs.fexit_sendpage, false);                    \
		bpf_program__set_autoload((skel)->progs.tls_enter, false);                         \
		bpf_program__set_autoload((skel)->progs.tls_return, false);                        \
		bpf_program__set_autoload((skel)->progs.tls_return_http2, false);                  \
		bpf_program__set_autoload((skel)->progs.tp_send_http2, false);                     \
		bpf_program__set_autoload((skel)->progs.tp_recv_http2, false);                     \
		bpf_program__set_autoload((skel)->progs.fexit_send_http2, false);                  \
		bpf_program__set_autoload((skel)->progs.fexit_recv_http2, false);                  \
		bpf_program__set_autoload((skel)->progs.fexit_sendpage_http2, false);              \
		bpf_program__set_autoload((skel)->progs.tp_send_kernel, false);                    \
		bpf_program__set_autoload((skel)->progs.tp_recv_kernel, false);                    \
		bpf_program__set_autoload((skel)->progs.fexit_tls_send, false);                    \
		bpf_program__set_autoload((skel)->progs.fexit_tls_sendpage, false);                \
		bpf_program__set_autoload((skel)->progs.fexit_tls_recv, false);                    \
		bpf_program__set_autoload((skel)->progs.fexit_send_kernel, false);                 \
		bpf_program__set_autoload((skel)->progs.fexit_sendpage_kernel, false);             \
		bpf_program__set_autoload((skel)->progs.fexit_recv_kernel, false);                 \
		bpf_program__set_autoload((skel)->progs.fexit_splice, false);                      \
		bpf_program__set_autoload((skel)->progs.tp_send_frames, false);                    \
		bpf_program__set_autoload((skel)->progs.tp_recv_frames, false);                    \
		bpf_program__set_autoload((skel)->progs.fexit_send_frames, false);                 \
		bpf_program__set_autoload((skel)->progs.fexit_sendpage_frames, false);             \
		bpf_program__set_autoload((skel)->progs.fexit_recv_frames, false);                 \
		bpf_program__set_autoload((skel)->progs.fexit_splice_frames, false);               \
		bpf_program__set_autoload((skel)->progs.tp_send, tracepoint_);                     \
		bpf_program__set_autoload((skel)->progs.tp_recv, tracepoint_);                     \
		bpf_program__set_autoload((skel)->progs.fexit_send, !tracepoint_);                 \
		bpf_program__set_autoload((skel)->progs.fexit_recv, !tracepoint_);                 \
	} while (0)

/* Of the skeleton, before it is loaded: the programs, and how large tables are. Evaluates to 0 or -errno. */
#define PREPARE(skel)                                                                              \
	({                                                                                         \
		CHOOSE_PROGRAMS(skel);                                                             \
		(skel)->rodata->can_cast = kernel_has("bpf_rdonly_cast", BTF_KIND_FUNC);           \
		(skel)->bss->hist_groups = HIST_GROUPS;                                            \
		bpf_map__set_max_entries((skel)->maps.hist, HIST_GROUPS / BLOCK) ?:                \
			bpf_map__set_max_entries((skel)->maps.hist_shared, HIST_GROUPS / BLOCK);   \
	})

/* ---- what is in force ---- */

/* Statuses from `begin` on and below `end` are good. */
static inline struct slo_criteria good_status(int begin, int end)
{
	struct slo_criteria criteria = {.latency_ns = ~0ULL};

	for (int status = begin; status < end; status++)
		criteria.status[status / 64] |= 1ULL << status % 64;
	return criteria;
}

static inline int put_value(const struct bpf_map *map, __u32 at, const void *value)
{
	return bpf_map_update_elem(bpf_map__fd(map), &at, value, 0);
}

/* The policy of all services that are found: with the one SLO, of which NULL is none. */
static inline int put_policy(const struct bpf_map *policies, const struct bpf_map *slo_criteria,
			     const struct slo_criteria *criteria)
{
	struct policy policy = {};
	int r = 0;

	if (criteria) {
		policy = (struct policy){.n_slos = 1, .other_mask = 1, .samples = 1};
		for (int i = 0; i < HTTP_METHOD_COUNT; i++)
			policy.method_mask[i] = 1;
		r = put_value(slo_criteria, 0, criteria);
	}
	return r ?: put_value(policies, POLICY, &policy);
}

/* Of the skeleton, once it is loaded. Evaluates to 0 or -errno. */
#define CONFIGURE(skel, criteria)                                                                  \
	({                                                                                         \
		struct live live_ = {.found_policy = POLICY};                                      \
                                                                                                   \
		(skel)->bss->live_generation = GENERATION;                                         \
		put_policy((skel)->maps.policies, (skel)->maps.slo_criteria, criteria) ?:          \
			put_value((skel)->maps.live, GENERATION % LIVE_SLOTS, &live_);             \
	})

/* ---- talking ---- */

struct pair {
	int client;
	int server;
	__u16 client_port;
	__u16 server_port;
};

static inline void pair_dial(struct pair *ret)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(listener >= 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	ret->server_port = ntohs(address.sin_port);
	ret->client = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(ret->client, (struct sockaddr *)&address, len), 0);
	ret->server = accept(listener, NULL, NULL);
	assert_true(ret->server >= 0);
	len = sizeof(address);
	assert_int_equal(getsockname(ret->client, (struct sockaddr *)&address, &len), 0);
	ret->client_port = ntohs(address.sin_port);
	close(listener);
}

/* `from` sends the text in one write, `to` reads it in pieces of `step` bytes, 65536 at most. */
static inline void say(int from, int to, const char *text, size_t step)
{
	size_t len = strlen(text);
	static char buf[65536];

	assert_int_equal(send(from, text, len, 0), len);
	for (size_t n = 0; n < len;) {
		size_t want = len - n < step ? len - n : step;

		assert_int_equal(recv(to, buf, want, MSG_WAITALL), want);
		n += want;
	}
}

static inline void hang_up(struct pair *pair)
{
	close(pair->server);
	close(pair->client);
}

#endif
