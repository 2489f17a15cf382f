/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/probe.h"

#include <bpf/libbpf.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernel/private.h"

struct probe *probe_new(void)
{
	struct probe *probe = calloc(1, sizeof(*probe));

	if (!probe)
		return NULL;
	probe->root_fd = -1;
	for (size_t i = 0; i < PROBE_TLS_PROGRAMS; i++)
		probe->tls.fds[i] = -1;
	probe->n_cpus = libbpf_num_possible_cpus();
	if (probe->n_cpus > 0)
		return probe;
	probe_close(probe);
	return NULL;
}

void probe_detach(struct probe *probe)
{
	for (size_t i = 0; i < probe->n_links; i++) {
		bpf_link__destroy(probe->links[i]);
		if (probe->program_fds[i] >= 0 && probe->owns_program_fds)
			close(probe->program_fds[i]);
	}
	probe->n_links = 0;
}

void probe_close(struct probe *probe)
{
	if (!probe)
		return;
	probe_detach(probe);
	bpf_link__destroy(probe->sweep);
	probe_forget_host(probe);
	probe_end_versions(probe);
	probe_end_tls(probe);
	sliprobe_bpf__destroy(probe->skel);
	free(probe);
}

const char *probe_hook_name(enum probe_hook hook)
{
	return hook == PROBE_HOOK_FEXIT ? "fexit" : "tracepoint";
}

enum probe_hook probe_hook(const struct probe *probe)
{
	return probe->hook;
}

const char *probe_hook_used(const struct probe *probe)
{
	return probe_hook_name(probe->hook);
}

const char *probe_hook_reason(const struct probe *probe)
{
	return probe->reason;
}
