/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the ids in samples mean, and what is kept of them: the context that the agent sends, as JSON:
 *
 *   {"services": [{"id": 3, "name": "shop"}, ...],
 *    "routes": ["/checkout", ...],          by id - 1, over all generations; id 0 is none
 *    "generations": [{"generation": 5, "policies": [{"number": 2, "slos": ["checkout", null, ...]}, ...]}, ...],
 *    "versions": [{"id": 7, "name": "3fa2c1"}, ...],
 *    "processes": [{"pid", "start_ns", "exec_id", "name", "cgroup", "container"}, ...],
 *    "settings": {"headers": [name, ...], "trusted_proxies": [CIDR, ...],
 *                 "redact": {"paths": "keep" | "mask" | "template", "headers": [name, ...], "clients": bool},
 *                 "keep_seconds": n, "keep_bytes": n}}
 *
 * SLOs are by bit of `bad_slos`; one of every found service has "{service}" in its name. The newest generation comes
 * first; those before it stay as long as requests may be judged by them.
 */
#ifndef SLIPROBE_SAMPLES_NAMES_H
#define SLIPROBE_SAMPLES_NAMES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/sample.h"
#include "base/cidr.h"
#include "samples/redact.h"

enum { NAMES_HEADERS_MAX = 8 };

/* What is kept of a request: from `samples:`. */
struct names_settings {
	const char *headers[NAMES_HEADERS_MAX]; /* in lower case, besides those that have a field */
	size_t n_headers;
	const struct cidr *trusted_proxies;
	size_t n_trusted_proxies;
	struct {
		enum redact_path path;
		/* fields whose values are "*"; user_agent, host and request_id are such, too */
		const char *headers[NAMES_HEADERS_MAX];
		size_t n_headers;
		bool clients; /* addresses of clients: the network alone, /24 or /64 */
	} redact;
	double keep_seconds;
	uint64_t keep_bytes;
};

/* NULL: not known */
struct names_process {
	const char *name; /* command */
	const char *cgroup; /* its path in the cgroup v2 hierarchy */
	const char *container; /* id */
};

struct names;

/* Texts and lists live as long as it does. Returns 0; -EINVAL if the context is not understood; -ENOMEM. */
int names_new(const json_t *context, struct names **ret);
void names_free(struct names *names);

const struct names_settings *names_settings(const struct names *names);

/* The newest generation that it knows. */
uint32_t names_generation(const struct names *names);

/* Each: NULL if it is not known. */
const char *names_service(const struct names *names, uint32_t id);
/* "_other" for ROUTE_OTHER; NULL for ROUTE_UNKNOWN. */
const char *names_route(const struct names *names, uint32_t id);
/* Of bit `bit`, with `service` in the place of "{service}", written to ret_text where that is so. */
const char *names_slo(const struct names *names, uint32_t generation, uint32_t policy,
		      unsigned int bit, const char *service, char *ret_text, size_t size);
const char *names_version(const struct names *names, uint32_t id);
const struct names_process *names_process(const struct names *names, const struct process_key *key);

#endif
