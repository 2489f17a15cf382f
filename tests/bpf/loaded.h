/* SPDX-License-Identifier: GPL-2.0-only */
/* For tests that load the hooks and talk through real sockets. */
#ifndef SLIPROBE_TESTS_BPF_LOADED_H
#define SLIPROBE_TESTS_BPF_LOADED_H

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include <bpf/btf.h>
#include <bpf/libbpf.h>

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
		bpf_program__set_autoload((skel)->progs.fexit_sendpage, false);                    \
		bpf_program__set_autoload((skel)->progs.tls_enter, false);                         \
		bpf_program__set_autoload((skel)->progs.tls_return, false);                        \
		bpf_program__set_autoload((skel)->progs.tp_send, tracepoint_);                     \
		bpf_program__set_autoload((skel)->progs.tp_recv, tracepoint_);                     \
		bpf_program__set_autoload((skel)->progs.fexit_send, !tracepoint_);                 \
		bpf_program__set_autoload((skel)->progs.fexit_recv, !tracepoint_);                 \
	} while (0)

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
