/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loads the agent's programs, each hook family by itself, and holds what the verifier had to walk
 * against its limit of a million instructions. A family that this kernel does not have is a skip; a
 * family that it has, and whose programs it refuses, is a failure.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "abi.h"
#include "sliprobe.skel.h"
#include "kernel/probe.h"
#include "kernel/tls.h"

enum {
	INSNS_MAX = 350000, /* what the start of the agent takes; the verifier's limit is 1000000 */
	LOG_ROOM = 1 << 20,
	LOG_STATS = 4, /* BPF_LOG_STATS: only the summary */
	ENTRIES_SMALL = 64,
	PROGRAMS_MAX = 16,
};

static const char *const programs_always[] = {"sock_state", "sock_destroyed", "sock_reading",
					      "process_exit"};

struct family {
	const char *const *programs;
	size_t n_programs;
	/* what they attach to, for the question whether the kernel lets any program do that */
	const char *target;
	__u32 target_kind; /* BTF_KIND_* */
	enum bpf_attach_type attach_type;
};

static const char *const programs_tracepoint[] = {"tp_send",	    "tp_recv",
						  "tp_send_kernel", "tp_recv_kernel",
						  "tp_send_frames", "tp_recv_frames",
						  "tp_send_http2",  "tp_recv_http2"};
static const char *const programs_ktls[] = {"fexit_splice", "fexit_splice_frames"};
static const char *const programs_ktls_exits[] = {"fexit_tls_send",    "fexit_send_kernel",
						  "fexit_send_frames", "fexit_tls_recv",
						  "fexit_recv_kernel", "fexit_recv_frames",
						  "fexit_splice",      "fexit_splice_frames"};
static const char *const programs_ktls_sendpage[] = {
	"fexit_tls_send",     "fexit_send_kernel",     "fexit_send_frames",
	"fexit_tls_sendpage", "fexit_sendpage_kernel", "fexit_sendpage_frames",
	"fexit_tls_recv",     "fexit_recv_kernel",     "fexit_recv_frames",
	"fexit_splice",	      "fexit_splice_frames"};
static const char *const programs_sweep[] = {"sweep_conns"};
static const char *const programs_sweep_files[] = {"sweep_files"};
static const char *const programs_sweep_sockets[] = {"sweep_sockets"};
static const char *const programs_tls[] = {"tls_enter", "tls_return", "tls_return_http2"};
static const char *const programs_fexit[] = {"fexit_send", "fexit_recv", "fexit_send_http2",
					     "fexit_recv_http2"};
static const char *const programs_fexit_sendpage[] = {"fexit_send",	      "fexit_sendpage",
						      "fexit_recv",	      "fexit_send_http2",
						      "fexit_sendpage_http2", "fexit_recv_http2"};

static const struct family family_tracepoint = {
	.programs = programs_tracepoint,
	.n_programs = 8,
	.target = "btf_trace_sock_send_length",
	.target_kind = BTF_KIND_TYPEDEF,
	.attach_type = BPF_TRACE_RAW_TP,
};
static const struct family family_sweep = {
	.programs = programs_sweep,
	.n_programs = 1,
	.target = "bpf_iter_bpf_sk_storage_map",
	.target_kind = BTF_KIND_FUNC,
	.attach_type = BPF_TRACE_ITER,
};
static const struct family family_fexit = {
	.programs = programs_fexit,
	.n_programs = 4,
	.target = "tcp_sendmsg",
	.target_kind = BTF_KIND_FUNC,
	.attach_type = BPF_TRACE_FEXIT,
};
static const struct family family_fexit_sendpage = {
	.programs = programs_fexit_sendpage,
	.n_programs = 6,
	.target = "tcp_sendpage",
	.target_kind = BTF_KIND_FUNC,
	.attach_type = BPF_TRACE_FEXIT,
};

static struct btf *kernel_btf;
static unsigned int n_loaded;

/* Why the kernel lets no program at all attach as the family's do; "" if it does. */
static void family_refusal(const struct family *family, char *ret, size_t room)
{
	const struct bpf_insn nothing[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	DECLARE_LIBBPF_OPTS(bpf_prog_load_opts, opts);
	int id = btf__find_by_name_kind(kernel_btf, family->target, family->target_kind);
	int fd;

	ret[0] = '\0';
	if (id < 0) {
		snprintf(ret, room, "%s is not in the kernel's BTF", family->target);
		return;
	}
	opts.expected_attach_type = family->attach_type;
	opts.attach_btf_id = (__u32)id;
	fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "nothing", "GPL", nothing, 2, &opts);
	if (fd < 0)
		snprintf(ret, room, "an empty program on %s is refused: %s", family->target,
			 strerror(-fd));
	else
		close(fd);
}

/* Maps as small as the programs allow: their sizes mean nothing to the verifier. */
static void shrink_maps(struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		if (!bpf_map__is_internal(map) && bpf_map__max_entries(map) > ENTRIES_SMALL)
			assert_int_equal(bpf_map__set_max_entries(map, ENTRIES_SMALL), 0);
	}
}

static void check_program(struct bpf_program *program, const char *log)
{
	const char *processed = strstr(log, "processed ");
	unsigned long n_insns;

	if (!processed)
		fail_msg("%s: no summary in the verifier's log", bpf_program__name(program));
	n_insns = strtoul(processed + strlen("processed "), NULL, 10);
	printf("%-16s %6lu instructions verified (%zu in the program)\n",
	       bpf_program__name(program), n_insns, bpf_program__insn_cnt(program));
	assert_true(n_insns > 0);
	if (n_insns >= INSNS_MAX)
		fail_msg("%s: %lu instructions verified, %d are allowed",
			 bpf_program__name(program), n_insns, INSNS_MAX);
}

static void select_program(struct sliprobe_bpf *skel, const char *name, char *log,
			   struct bpf_program **ret)
{
	*ret = bpf_object__find_program_by_name(skel->obj, name);
	if (!*ret)
		fail_msg("there is no program %s", name);
	assert_int_equal(bpf_program__set_autoload(*ret, true), 0);
	assert_int_equal(bpf_program__set_log_level(*ret, LOG_STATS), 0);
	assert_int_equal(bpf_program__set_log_buf(*ret, log, LOG_ROOM), 0);
}

static void load(const char *const *programs, size_t n, enum ktls_seen seen)
{
	static char logs[PROGRAMS_MAX][LOG_ROOM];
	struct bpf_program *selected[PROGRAMS_MAX], *program;
	struct sliprobe_bpf *skel = sliprobe_bpf__open();
	const size_t n_always = sizeof(programs_always) / sizeof(programs_always[0]);
	int result;

	assert_non_null(skel);
	assert_true(n + n_always <= PROGRAMS_MAX);
	shrink_maps(skel->obj);
	skel->rodata->ktls_seen = seen;
	bpf_object__for_each_program(program, skel->obj)
		assert_int_equal(bpf_program__set_autoload(program, false), 0);
	for (size_t i = 0; i < n + n_always; i++) {
		logs[i][0] = '\0';
		select_program(skel, i < n ? programs[i] : programs_always[i - n], logs[i],
			       &selected[i]);
	}
	result = sliprobe_bpf__load(skel);
	for (size_t i = 0; i < n + n_always && result; i++)
		print_error("%s: %s\n", bpf_program__name(selected[i]), logs[i]);
	if (result)
		fail_msg("load: %s", strerror(-result));
	for (size_t i = 0; i < n + n_always; i++)
		check_program(selected[i], logs[i]);
	sliprobe_bpf__destroy(skel);
}

static bool is_refused(const struct family *family)
{
	char refusal[256];

	family_refusal(family, refusal, sizeof(refusal));
	return refusal[0];
}

static void load_family(const struct family *family)
{
	char refusal[256];

	family_refusal(family, refusal, sizeof(refusal));
	if (refusal[0]) {
		print_message("skipped: %s\n", refusal);
		skip();
	}
	load(family->programs, family->n_programs,
	     family == &family_tracepoint ? KTLS_BY_TRACEPOINTS : KTLS_UNSEEN);
}

TEST(tracepoint_family)
{
	load_family(&family_tracepoint);
	n_loaded++;
}

TEST(fexit_family)
{
	load_family(&family_fexit);
	n_loaded++;
}

TEST(fexit_family_with_sendpage)
{
	load_family(&family_fexit_sendpage);
	n_loaded++;
}

/* They need nothing of the kernel that the others do not. */
TEST(tls_programs)
{
	load(programs_tls, 3, KTLS_UNSEEN);
}

/* The functions of TLS in the kernel may be a module's, which nobody has loaded. */
TEST(programs_on_tls_in_the_kernel)
{
	const bool by_exits = probe_ktls(PROBE_HOOK_FEXIT) == KTLS_BY_EXITS;
	const bool by_tracepoints = probe_ktls(PROBE_HOOK_TRACEPOINT) == KTLS_BY_TRACEPOINTS;
	const bool sendpage = btf__find_by_name_kind(kernel_btf, "tcp_sendpage", BTF_KIND_FUNC) > 0;

	if (by_exits && sendpage)
		load(programs_ktls_sendpage, 11, KTLS_BY_EXITS);
	else if (by_exits)
		load(programs_ktls_exits, 8, KTLS_BY_EXITS);
	if (by_tracepoints)
		load(programs_ktls, 2, KTLS_BY_TRACEPOINTS);
	if (by_exits || by_tracepoints)
		return;
	print_message("skipped: this kernel shows no TLS of its own\n");
	skip();
}

TEST(sweep_over_map)
{
	assert_int_equal(probe_walk() == PROBE_WALK_MAP, !is_refused(&family_sweep));
	load_family(&family_sweep);
}

TEST(sweep_over_files)
{
	if (probe_walk() == PROBE_WALK_SOCKETS) {
		print_message("skipped: no file leads to a socket whose state may be touched\n");
		skip();
	}
	load(programs_sweep_files, 1, KTLS_UNSEEN);
}

TEST(sweep_over_sockets)
{
	load(programs_sweep_sockets, 1, KTLS_UNSEEN);
}

TEST(some_family_loads)
{
	assert_true(n_loaded > 0);
}

static int set_up(void **state)
{
	(void)state;
	kernel_btf = btf__load_vmlinux_btf();
	if (!kernel_btf)
		fprintf(stderr, "test_load: no BTF of the kernel: %s\n", strerror(errno));
	return kernel_btf ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	btf__free(kernel_btf);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tracepoint_family),
		cmocka_unit_test(fexit_family),
		cmocka_unit_test(fexit_family_with_sendpage),
		cmocka_unit_test(some_family_loads),
		cmocka_unit_test(tls_programs),
		cmocka_unit_test(programs_on_tls_in_the_kernel),
		cmocka_unit_test(sweep_over_map),
		cmocka_unit_test(sweep_over_files),
		cmocka_unit_test(sweep_over_sockets),
	};

	return cmocka_run_group_tests_name("load", tests, set_up, tear_down);
}
