/* SPDX-License-Identifier: GPL-2.0-only */
#include "confine/keeper.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/helper.h"
#include "base/place.h"
#include "config/load.h"
#include "config/source.h"

enum {
	ANSWER_MAX_MS = 20000, /* it may wait for a pipe for 5 s: config/file */
};

enum request {
	REQUEST_OPEN = 'o',
	REQUEST_GLOB = 'g',
	REQUEST_REMOVE = 'r',
};

/* A request: its kind, and a path with its NUL. */
struct request_packet {
	char kind;
	char path[PATH_MAX];
};

/* An answer. To REQUEST_GLOB that follows one for each path, and another one without a path. */
struct answer_packet {
	int32_t r;
	char path[PATH_MAX];
};

/* ---- in the process ---- */

/* What the configuration asks for, as it was read last. */
struct asked {
	struct source_paths files, patterns;
};

static struct kept {
	const char *main_file;
	const struct keeper_names *names;
	int (*confine)(void);
	struct asked asked;
} kept;

static bool is_among(const struct source_paths *paths, const char *path)
{
	for (size_t i = 0; i < paths->n; i++) {
		if (!strcmp(paths->list[i], path))
			return true;
	}
	return false;
}

/* What there is no memory for is not allowed then. */
static void note(struct source_paths *paths, const char *path)
{
	char **grown = is_among(paths, path) ?
			       NULL :
			       realloc(paths->list, (paths->n + 1) * sizeof(*grown));

	if (!grown)
		return;
	paths->list = grown;
	paths->list[paths->n] = strdup(path);
	if (paths->list[paths->n])
		paths->n++;
}

static int noting_open(void *context, const char *path)
{
	note(&((struct asked *)context)->files, path);
	return source_own.open(NULL, path);
}

static int noting_glob(void *context, const char *pattern, struct source_paths *ret)
{
	note(&((struct asked *)context)->patterns, pattern);
	return source_own.glob(NULL, pattern, ret);
}

/* A pipe can be read once, and that is the agent's to do. */
static bool may_be_read_twice(const char *path)
{
	struct stat status;

	return !stat(path, &status) && S_ISREG(status.st_mode);
}

/* Reads the configuration to know what it asks for. Whether it is a good one is the agent's to say. */
static void read_configuration(void)
{
	static const struct source_ops noting = {.open = noting_open, .glob = noting_glob};
	struct config config = {};
	struct error error;

	source_paths_clear(&kept.asked.files);
	source_paths_clear(&kept.asked.patterns);
	if (!may_be_read_twice(kept.main_file))
		return;
	source_set(&noting, &kept.asked);
	if (!config_load(kept.main_file, &config, &error))
		config_clear(&config);
	source_set(NULL, NULL);
}

static void answer(int r, const char *path)
{
	struct answer_packet packet = {.r = r < 0 ? r : 0};
	const size_t len = path ? strlen(path) + 1 : 0;
	const int fds[HELPER_FDS] = {r >= 0 && !path ? r : -1, -1};

	if (len <= sizeof(packet.path))
		memcpy(packet.path, path ?: "", len);
	helper_send(HELPER_SOCKET, &packet, offsetof(struct answer_packet, path) + len,
		    fds[0] > 0 ? fds : NULL, true);
}

static void answer_open(const char *path)
{
	const bool is_main = kept.main_file && !strcmp(path, kept.main_file);
	int fd = -EACCES;

	if (is_main)
		read_configuration();
	if (is_main || is_among(&kept.asked.files, path))
		fd = source_own.open(NULL, path);
	answer(fd, NULL);
	if (fd >= 0)
		close(fd);
}

static void answer_glob(const char *pattern)
{
	_cleanup_(source_paths_clear) struct source_paths paths = {};
	int r = -EACCES;

	if (is_among(&kept.asked.patterns, pattern))
		r = source_own.glob(NULL, pattern, &paths);
	for (size_t i = 0; !r && i < paths.n; i++)
		answer(0, paths.list[i]);
	answer(r, NULL);
}

static void answer_remove(const char *path)
{
	int r = -EACCES;

	for (size_t i = 0; i < kept.names->n; i++) {
		if (!strcmp(kept.names->list[i], path))
			r = unlink(path) && (errno != EISDIR || rmdir(path)) ? -errno : 0;
	}
	answer(r, NULL);
}

static int serve(void *context)
{
	(void)context;
	source_set(NULL, NULL);
	place_set_remover(NULL, NULL);
	if (kept.confine && kept.confine())
		return EXIT_FAILURE;
	if (kept.main_file)
		read_configuration();
	for (;;) {
		static struct request_packet packet;
		ssize_t n = helper_receive(HELPER_SOCKET, &packet, sizeof(packet), NULL, -1);

		if (n <= 0)
			return n ? EXIT_FAILURE : EXIT_SUCCESS;
		packet.path[sizeof(packet.path) - 1] = 0;
		if (packet.kind == REQUEST_OPEN)
			answer_open(packet.path);
		else if (packet.kind == REQUEST_GLOB)
			answer_glob(packet.path);
		else if (packet.kind == REQUEST_REMOVE)
			answer_remove(packet.path);
		else
			answer(-EINVAL, NULL);
	}
}

/* ---- in the agent ---- */

static struct helper keeper = HELPER_NONE;

static int ask(enum request kind, const char *path)
{
	struct request_packet packet = {.kind = (char)kind};
	const size_t len = strlen(path) + 1;
	struct answer_packet late;

	if (len > sizeof(packet.path))
		return -ENAMETOOLONG;
	/* an answer that came too late is not this one's */
	while (helper_receive(keeper.fd, &late, sizeof(late), NULL, 0) > 0)
		;
	memcpy(packet.path, path, len);
	return helper_send(keeper.fd, &packet, offsetof(struct request_packet, path) + len, NULL,
			   false);
}

/* Returns its `r`, or -errno. */
static int hear(struct answer_packet *ret, int *ret_fds)
{
	ssize_t n;

	*ret = (struct answer_packet){};
	n = helper_receive(keeper.fd, ret, sizeof(*ret), ret_fds, ANSWER_MAX_MS);
	if (n < 0)
		return (int)n;
	ret->path[sizeof(ret->path) - 1] = 0;
	return n < (ssize_t)sizeof(ret->r) ? -EPIPE : ret->r;
}

static int keeper_open(void *context, const char *path)
{
	struct answer_packet packet;
	int fds[HELPER_FDS] = {-1, -1};
	int r = ask(REQUEST_OPEN, path);

	(void)context;
	r = r ?: hear(&packet, fds);
	return r ?: fds[0] < 0 ? -EPIPE : fds[0];
}

static int keeper_glob(void *context, const char *pattern, struct source_paths *ret)
{
	_cleanup_(source_paths_clear) struct source_paths paths = {};
	struct answer_packet packet;
	int r = ask(REQUEST_GLOB, pattern);

	(void)context;
	while (!r) {
		size_t before = paths.n;

		r = hear(&packet, NULL);
		if (r || !*packet.path)
			break;
		note(&paths, packet.path);
		if (paths.n == before)
			r = -ENOMEM;
	}
	if (r)
		return r;
	*ret = paths;
	paths = (struct source_paths){};
	return 0;
}

static int keeper_remove(void *context, const char *path)
{
	struct answer_packet packet;
	int r = ask(REQUEST_REMOVE, path);

	(void)context;
	return r ?: hear(&packet, NULL);
}

int keeper_begin(const char *main_file, const struct keeper_names *names, int (*confine)(void),
		 bool quiet)
{
	static const struct source_ops ops = {.open = keeper_open, .glob = keeper_glob};
	int r;

	kept = (struct kept){.main_file = main_file, .names = names, .confine = confine};
	r = helper_begin("sliprobe-keeper", quiet, serve, NULL, &keeper);
	if (r)
		return r;
	if (main_file)
		source_set(&ops, NULL);
	place_set_remover(keeper_remove, NULL);
	return 0;
}

void keeper_end(void)
{
	source_set(NULL, NULL);
	place_set_remover(NULL, NULL);
	helper_end(&keeper);
}

pid_t keeper_pid(void)
{
	return keeper.pid;
}
