/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/view_near.h"

#include <string.h>

#include "base/format.h"
#include "ctl/json.h"
#include "ctl/table.h"

enum {
	NEARS_SHOWN = 5, /* of a status: whoever opens ports can make more */
};

static bool is_other(const json_t *service, const char *key)
{
	const char *whose = ctl_string(service, key);

	return whose && !strcmp(whose, "other");
}

void ctl_print_owner(const json_t *service, FILE *out)
{
	const char *user = ctl_string(service, "user");
	const json_t *uid = json_object_get(service, "uid");
	const json_t *netns = json_object_get(service, "netns");

	if (json_is_integer(uid)) {
		fprintf(out, ", user ");
		if (user) {
			format_write_safe(user, out);
			fputc(' ', out);
		}
		fprintf(out, "(uid %" JSON_INTEGER_FORMAT ")", json_integer_value(uid));
	}
	if (json_is_integer(netns))
		fprintf(out, ", netns %" JSON_INTEGER_FORMAT "%s", json_integer_value(netns),
			is_other(service, "network_namespace") ? " (not the host's)" : "");
	if (is_other(service, "mount_namespace"))
		fprintf(out, ", mounts not the host's");
}

static void write_near(const json_t *service, FILE *out)
{
	const json_t *near = json_object_get(service, "near");
	const json_t *lacks = json_object_get(near, "lacks"), *lack;
	size_t i;

	format_write_safe(ctl_string(near, "service"), out);
	fprintf(out, " but for its ");
	json_array_foreach(lacks, i, lack) {
		bool network = !strcmp(json_string_value(lack) ?: "", "network_namespace");

		fprintf(out, "%s%s", i ? " and its " : "",
			network ? "network namespace" : "mount namespace");
	}
	fprintf(out, ", which %s not the host's", json_array_size(lacks) > 1 ? "are" : "is");
}

/* `netns` in a match is about the network alone. */
static bool lacks_network_alone(const json_t *service)
{
	const json_t *lacks = json_object_get(json_object_get(service, "near"), "lacks");

	return json_array_size(lacks) == 1 &&
	       !strcmp(json_string_value(json_array_get(lacks, 0)) ?: "", "network_namespace");
}

void ctl_print_near(const json_t *service, bool colour, FILE *out)
{
	if (!json_is_object(json_object_get(service, "near")))
		return;
	fprintf(out, "  ");
	ctl_write_coloured("not matched", CTL_WARN, colour, out);
	fprintf(out, ": it would be service ");
	write_near(service, out);
	fprintf(out, " (%sunit, cgroup or container in its match would name it)\n",
		lacks_network_alone(service) ? "netns, " : "");
}

void ctl_print_nears(const json_t *services, bool colour, FILE *out)
{
	const json_t *service;
	size_t i, n = 0;

	json_array_foreach(services, i, service) {
		if (!json_is_object(json_object_get(service, "near")) || n++ >= NEARS_SHOWN)
			continue;
		ctl_write_coloured("Not matched", CTL_WARN, colour, out);
		fprintf(out, ": ");
		format_write_safe(ctl_string(service, "name"), out);
		fprintf(out, " would be service ");
		write_near(service, out);
		fputc('\n', out);
	}
	if (n > NEARS_SHOWN)
		fprintf(out, "Not matched: %zu more\n", n - NEARS_SHOWN);
}
