/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attaches programs of a BPF object, those named or all, until SIGTERM or SIGINT:
 *
 *	attach OBJECT [PROGRAM...]
 *
 * Prints "attached" once all of them are. Exits 77 if they are on the socket tracepoints and the kernel lacks these, 1
 * if something else fails.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

enum { EXIT_SKIP = 77 };

static bool kernel_has_tracepoints(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool has;

	if (libbpf_get_error(btf))
		return false;
	has = btf__find_by_name_kind(btf, "btf_trace_sock_send_length", BTF_KIND_TYPEDEF) > 0 &&
	      btf__find_by_name_kind(btf, "btf_trace_sock_recv_length", BTF_KIND_TYPEDEF) > 0;
	btf__free(btf);
	return has;
}

static bool wanted(const char *name, int argc, char **argv)
{
	for (int i = 2; i < argc; i++) {
		if (!strcmp(argv[i], name))
			return true;
	}
	return argc == 2;
}

static bool needs_tracepoints(const struct bpf_object *object)
{
	const struct bpf_program *program = bpf_object__next_program(object, NULL);

	return program && bpf_program__type(program) == BPF_PROG_TYPE_TRACING;
}

int main(int argc, char **argv)
{
	struct bpf_program *program;
	struct bpf_object *object;
	sigset_t ends;
	int caught;

	if (argc < 2) {
		fprintf(stderr, "usage: attach OBJECT [PROGRAM...]\n");
		return 1;
	}
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);

	object = bpf_object__open_file(argv[1], NULL);
	if (libbpf_get_error(object)) {
		fprintf(stderr, "attach: cannot open %s\n", argv[1]);
		return 1;
	}
	if (needs_tracepoints(object) && !kernel_has_tracepoints()) {
		fprintf(stderr, "attach: the kernel has no tracepoints sock_send_length and "
				"sock_recv_length (they came with Linux 6.3)\n");
		return EXIT_SKIP;
	}
	if (bpf_object__load(object)) {
		fprintf(stderr, "attach: cannot load %s\n", argv[1]);
		return 1;
	}
	program = NULL;
	while ((program = bpf_object__next_program(object, program))) {
		if (!wanted(bpf_program__name(program), argc, argv))
			continue;
		/* the link ends with the process */
		if (libbpf_get_error(bpf_program__attach(program))) {
			fprintf(stderr, "attach: cannot attach %s\n", bpf_program__name(program));
			return 1;
		}
	}
	puts("attached");
	fflush(stdout);
	sigwait(&ends, &caught);
	return 0;
}
