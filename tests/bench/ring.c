/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads the events of ring.bpf.c until SIGTERM or SIGINT, parses and counts them by process,
 * method, path and status, with a histogram of latency each:
 *
 *	ring OBJECT PROCESS
 *
 * Prints "attached" once it counts. At the end: the requests counted of the processes of that name,
 * events lost for lack of room, and the CPU ns this process has used from then on.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "types.h"

#include "hist.h"
#include "ring.h"

enum {
	SERIES_MAX = 1 << 16, /* a power of two */
	PATH_BYTES = REQUEST_BYTES,
	POLL_MS = 100,
};

struct series {
	char process[NAME_BYTES];
	char method[8];
	char path[PATH_BYTES];
	unsigned int status;
	uint64_t requests;
	uint64_t sum_ns;
	uint64_t hist[HIST_BUCKETS];
};

static struct series *table[SERIES_MAX];
static volatile sig_atomic_t ended;

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static uint64_t hash_add(uint64_t hash, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3;
	return hash;
}

static struct series *find(const struct event *event, const char *method, size_t method_len,
			   const char *path, size_t path_len, unsigned int status)
{
	size_t name_len = strnlen(event->process, NAME_BYTES - 1);
	uint64_t at = hash_add(0xcbf29ce484222325 + status, event->process, name_len);

	at = hash_add(hash_add(at, method, method_len), path, path_len);
	for (size_t tries = 0; tries < SERIES_MAX; tries++, at++) {
		struct series *series = table[at & (SERIES_MAX - 1)];

		if (!series) {
			series = calloc(1, sizeof(*series));
			if (!series)
				return NULL;
			memcpy(series->process, event->process, name_len);
			memcpy(series->method, method, method_len);
			memcpy(series->path, path, path_len);
			series->status = status;
			table[at & (SERIES_MAX - 1)] = series;
		}
		if (series->status == status && !memcmp(series->method, method, method_len) &&
		    !series->method[method_len] && !memcmp(series->path, path, path_len) &&
		    !series->path[path_len] &&
		    !strncmp(series->process, event->process, NAME_BYTES))
			return series;
	}
	return NULL;
}

static int count(void *context, void *data, size_t size)
{
	const struct event *event = data;
	const char *last = event->request + REQUEST_BYTES;
	const char *space = memchr(event->request, ' ', REQUEST_BYTES), *path, *path_end;
	const char *digits = event->response + sizeof("HTTP/1.1 ") - 1;
	uint64_t took_ns = event->end_ns - event->begin_ns;
	struct series *series;

	(void)context;
	(void)size;
	if (!space || space - event->request >= 8)
		return 0;
	path = space + 1;
	path_end = memchr(path, ' ', last - path) ?: last - 1;
	series = find(event, event->request, space - event->request, path, path_end - path,
		      (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + digits[2] - '0');
	if (!series)
		return 0;
	series->requests++;
	series->sum_ns += took_ns;
	series->hist[hist_bucket(took_ns)]++;
	return 0;
}

/* The first CPU, where the load is not. */
static void pin_away(void)
{
	cpu_set_t allowed, first;

	CPU_ZERO(&first);
	sched_getaffinity(0, sizeof(allowed), &allowed);
	for (int cpu = 0; cpu < CPU_SETSIZE && !CPU_COUNT(&first); cpu++) {
		if (CPU_ISSET(cpu, &allowed))
			CPU_SET(cpu, &first);
	}
	sched_setaffinity(0, sizeof(first), &first);
}

/* For this process only, where the host has it not. */
static void need_tracefs(void)
{
	if (access("/sys/kernel/tracing/events", F_OK) && !unshare(CLONE_NEWNS) &&
	    !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
}

int main(int argc, char **argv)
{
	const struct sigaction on_end = {.sa_handler = end};
	uint64_t counted = 0, lost = 0, begin_ns;
	struct bpf_program *program = NULL;
	struct ring_buffer *ring;
	struct bpf_object *object;
	__u32 zero = 0;

	if (argc != 3) {
		fprintf(stderr, "usage: ring OBJECT PROCESS\n");
		return 1;
	}
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigaction(SIGTERM, &on_end, NULL);
	sigaction(SIGINT, &on_end, NULL);
	need_tracefs();
	object = bpf_object__open_file(argv[1], NULL);
	if (libbpf_get_error(object) || bpf_object__load(object)) {
		fprintf(stderr, "ring: cannot load %s\n", argv[1]);
		return 1;
	}
	ring = ring_buffer__new(bpf_object__find_map_fd_by_name(object, "events"), count, NULL,
				NULL);
	if (libbpf_get_error(ring)) {
		fprintf(stderr, "ring: no ring buffer\n");
		return 1;
	}
	while ((program = bpf_object__next_program(object, program))) {
		/* the link ends with the process */
		if (libbpf_get_error(bpf_program__attach(program))) {
			fprintf(stderr, "ring: cannot attach %s\n", bpf_program__name(program));
			return 1;
		}
	}
	pin_away();
	puts("attached");
	fflush(stdout);
	begin_ns = cpu_ns();
	while (!ended) {
		ring_buffer__poll(ring, POLL_MS);
		ring_buffer__consume(ring); /* the wake-up may be a long way off */
	}
	ring_buffer__consume(ring);
	bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(object, ".bss"), &zero, &lost);
	for (size_t i = 0; i < SERIES_MAX; i++) {
		if (table[i] && !strcmp(table[i]->process, argv[2]))
			counted += table[i]->requests;
	}
	printf("%llu %llu %llu\n", (unsigned long long)counted, (unsigned long long)lost,
	       (unsigned long long)(cpu_ns() - begin_ns));
	return 0;
}
