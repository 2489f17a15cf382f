/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What probes on OpenSSL add to a pair of SSL_write and SSL_read, here and now, by where they stand: without any, at
 * the sites that the agent's helper chooses, and as probes are usually placed: entry and return probes on the exported
 * functions. The program of each probe does nothing. Prints JSON: ns a pair, and probe hits a pair.
 */
#include <bpf/bpf.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sites/sites.h"

enum {
	ROUNDS = 2000,
	REPEATS = 7,
	PROBES_MAX = 64,
	BYTES = 200,
};

static int probes[PROBES_MAX];
static size_t n_probes;

static void die(const char *what)
{
	fprintf(stderr, "sites: %s: %s\n", what, strerror(errno));
	exit(1);
}

static long read_number(const char *path, const char *prefix)
{
	char text[64] = "";
	FILE *file = fopen(path, "re");

	if (!file || !fgets(text, sizeof(text), file))
		die(path);
	fclose(file);
	return strtol(text + strlen(prefix), NULL, 10);
}

static int load_program(void)
{
	const struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "nothing", "GPL", insns, 2, NULL);

	if (fd < 0)
		die("bpf_prog_load");
	return fd;
}

static void attach(int program, const char *path, __u64 offset, bool returns)
{
	static const char DEVICE[] = "/sys/bus/event_source/devices/uprobe/";
	char name[PATH_MAX];
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.config1 = (__u64)(uintptr_t)path,
		.config2 = offset,
		.sample_period = 1,
		.wakeup_events = 1,
	};
	int fd;

	snprintf(name, sizeof(name), "%stype", DEVICE);
	attr.type = (__u32)read_number(name, "");
	snprintf(name, sizeof(name), "%sformat/retprobe", DEVICE);
	if (returns)
		attr.config |= 1ULL << read_number(name, "config:");
	fd = (int)syscall(SYS_perf_event_open, &attr, getpid(), -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0 || n_probes == PROBES_MAX)
		die("perf_event_open");
	if (ioctl(fd, PERF_EVENT_IOC_SET_BPF, program) || ioctl(fd, PERF_EVENT_IOC_ENABLE, 0))
		die("attaching");
	probes[n_probes++] = fd;
}

static void detach(void)
{
	while (n_probes)
		close(probes[--n_probes]);
}

static SSL *client, *server;

/* Both ends in this process, over two buffers. A suite without certificates: what is compared does not depend on it. */
static void connect_pair(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	BIO *one, *other;

	if (!ctx || !SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION) ||
	    !SSL_CTX_set_cipher_list(ctx, "ADH-AES128-GCM-SHA256:@SECLEVEL=0") ||
	    !SSL_CTX_set_dh_auto(ctx, 1) || !BIO_new_bio_pair(&one, 0, &other, 0))
		die("no context");
	client = SSL_new(ctx);
	server = SSL_new(ctx);
	SSL_set_bio(client, one, one);
	SSL_set_bio(server, other, other);
	SSL_set_connect_state(client);
	SSL_set_accept_state(server);
	for (int i = 0; i < 10; i++) {
		SSL_do_handshake(client);
		SSL_do_handshake(server);
	}
	if (!SSL_is_init_finished(client) || !SSL_is_init_finished(server))
		die("no handshake");
}

static double run(void)
{
	char bytes[BYTES] = {0};
	struct timespec from, to;
	double best = 0;

	for (int r = 0; r < REPEATS; r++) {
		double ns;

		clock_gettime(CLOCK_MONOTONIC, &from);
		for (int i = 0; i < ROUNDS; i++) {
			if (SSL_write(client, bytes, BYTES) != BYTES ||
			    SSL_read(server, bytes, BYTES) != BYTES)
				die("no bytes");
		}
		clock_gettime(CLOCK_MONOTONIC, &to);
		ns = ((double)(to.tv_sec - from.tv_sec) * 1e9 +
		      (double)(to.tv_nsec - from.tv_nsec)) /
		     ROUNDS;
		best = !r || ns < best ? ns : best;
	}
	return best;
}

static __u64 offset_of(const char *name, Dl_info *info)
{
	void *at = dlsym(RTLD_DEFAULT, name);

	/* the first bytes of a library are mapped at its base, as they are in the file */
	if (!at || !dladdr(at, info))
		die(name);
	return (__u64)((char *)at - (char *)info->dli_fbase);
}

int main(void)
{
	static const char *const EXPORTED[] = {"SSL_read", "SSL_write"};
	static struct sites sites;
	double bare, ours, usual;
	struct error reason;
	size_t emulated = 0;
	int program = load_program(), fd;
	Dl_info info;

	connect_pair();
	offset_of(EXPORTED[0], &info);
	bare = run();
	fd = open(info.dli_fname, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || sites_find(fd, &sites, &reason) || sites.kind != SITES_FOUND)
		die(info.dli_fname);
	close(fd);
	for (size_t i = 0; i < sites.n; i++) {
		attach(program, info.dli_fname, sites.list[i].at, false);
		emulated += sites.list[i].emulated;
	}
	ours = run();
	detach();
	for (size_t i = 0; i < 2; i++) {
		attach(program, info.dli_fname, offset_of(EXPORTED[i], &info), false);
		attach(program, info.dli_fname, offset_of(EXPORTED[i], &info), true);
	}
	usual = run();
	detach();
	printf("{\"library\": \"%s\", \"sites\": %zu, \"emulated\": %zu, \"bare_ns\": %.0f, "
	       "\"sites_ns\": %.0f, \"usual_ns\": %.0f, \"hits\": 4, \"site_hit_ns\": %.0f, "
	       "\"usual_hit_ns\": %.0f}\n",
	       sites.name, sites.n, emulated, bare, ours, usual, (ours - bare) / 4,
	       (usual - bare) / 4);
	return 0;
}
