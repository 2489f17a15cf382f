/* SPDX-License-Identifier: GPL-2.0-only */
#include "kernel/support.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/json_values.h"
#include "base/privilege.h"
#include "kernel/probe.h"
#include "kernel/tls.h"

static const enum probe_hook families[] = {PROBE_HOOK_TRACEPOINT, PROBE_HOOK_FEXIT};

enum {
	FAMILIES = sizeof(families) / sizeof(families[0]),
};

struct findings {
	struct utsname kernel;
	bool btf;
	struct probe_trial trials[FAMILIES];
	int chosen; /* index in families, or -1 */
	enum probe_walk walk;
	enum probe_tls tls_way;
	struct probe_trial tls; /* with the hook that is chosen */
};

static void find(struct findings *ret)
{
	uname(&ret->kernel);
	ret->btf = !access("/sys/kernel/btf/vmlinux", R_OK);
	ret->chosen = -1;
	ret->walk = probe_walk();
	for (int i = FAMILIES - 1; i >= 0; i--) {
		probe_try(families[i], &ret->trials[i]);
		if (!ret->trials[i].error)
			ret->chosen = i;
	}
	ret->tls_way = probe_tls_way();
	if (ret->chosen >= 0)
		probe_try_tls(families[ret->chosen], &ret->tls);
	else
		ret->tls.error = -ENOTSUP;
}

static const char *why(const struct findings *found)
{
	if (found->chosen < 0)
		return "the kernel accepts neither hook family";
	if (families[found->chosen] == PROBE_HOOK_TRACEPOINT)
		return "tracepoints are preferred: they fire once an operation, sendfile included";
	return "the tracepoints cannot be used here";
}

/* What sliprobe-helper keeps: see docs/tls.md. */
static const char *const helper_capabilities[] = {"bpf", "perfmon", "sys_ptrace", "dac_read_search",
						  "sys_admin"};

static size_t n_helper_capabilities(const struct findings *found)
{
	/* perf events on processes of others take the last one */
	return found->tls_way == PROBE_TLS_MULTI ? 4 : 5;
}

static const char *tls_why(const struct findings *found)
{
	if (found->tls.error)
		return found->tls.reason[0] ? found->tls.reason : "no hook family can be used";
	return found->tls_way == PROBE_TLS_MULTI ?
		       "the kernel attaches to many sites of a library at once (Linux 6.6)" :
		       "the kernel has no multi links (Linux 6.6): a perf event for each site, "
		       "which takes CAP_SYS_ADMIN";
}

static void print_tls(FILE *out, const struct findings *found)
{
	fprintf(out, "tls          %s: %s\n",
		found->tls.error ? "no" : probe_tls_name(found->tls_way), tls_why(found));
	fprintf(out, "helper       keeps");
	for (size_t i = 0; i < n_helper_capabilities(found); i++)
		fprintf(out, "%s %s", i ? "," : "", helper_capabilities[i]);
	fprintf(out, "; nothing of it runs with tls: off\n");
}

static json_t *tls_json(const struct findings *found)
{
	return json_pack("{s:b, s:s, s:s, s:o}", "loads", !found->tls.error, "attach",
			 probe_tls_name(found->tls_way), "reason", tls_why(found), "capabilities",
			 json_texts((char *const *)helper_capabilities,
				    n_helper_capabilities(found)));
}

static void print_text(FILE *out, const struct findings *found)
{
	fprintf(out, "kernel       %s\n", found->kernel.release);
	fprintf(out, "btf          %s\n",
		found->btf ? "yes" : "no: /sys/kernel/btf/vmlinux is missing");
	for (int i = 0; i < FAMILIES; i++)
		fprintf(out, "%-12s %s%s\n", probe_hook_name(families[i]),
			found->trials[i].error ? "no: " : "yes: programs load",
			found->trials[i].error ? found->trials[i].reason : "");
	fprintf(out, "hook         %s: %s\n",
		found->chosen < 0 ? "none" : probe_hook_name(families[found->chosen]), why(found));
	fprintf(out, "walk         %s: %s\n", probe_walk_name(found->walk),
		probe_walk_reason(found->walk));
	print_tls(out, found);
}

static int print_json(FILE *out, const struct findings *found)
{
	json_t *tried = json_object();
	json_t *root;
	int r;

	for (int i = 0; i < FAMILIES; i++)
		json_object_set_new(
			tried, probe_hook_name(families[i]),
			json_pack("{s:b, s:s?}", "loads", !found->trials[i].error, "reason",
				  found->trials[i].error ? found->trials[i].reason : NULL));
	root = json_pack("{s:s, s:b, s:o, s:s?, s:s, s:s, s:s, s:o}", "kernel",
			 found->kernel.release, "btf", found->btf, "hooks", tried, "hook",
			 found->chosen < 0 ? NULL : probe_hook_name(families[found->chosen]),
			 "hook_reason", why(found), "walk", probe_walk_name(found->walk),
			 "walk_reason", probe_walk_reason(found->walk), "tls", tls_json(found));
	if (!root)
		return -ENOMEM;
	r = json_write(root, JSON_INDENT(2), out) ? -EIO : 0;
	fputc('\n', out);
	json_decref(root);
	return r;
}

int support_print(FILE *out, bool json)
{
	struct findings found = {};
	int r;

	if (privilege_check())
		return -EPERM;
	find(&found);
	if (json) {
		r = print_json(out, &found);
		if (r)
			return r;
	} else {
		print_text(out, &found);
	}
	return found.chosen < 0 ? 1 : 0;
}
