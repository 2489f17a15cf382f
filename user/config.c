/* SPDX-License-Identifier: GPL-2.0-only */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_schema.h"
#include "duration.h"
#include "util.h"

#define DEFAULT_SOCKET "/run/sliprobe/status.sock"
#define DEFAULT_STATE_DIR "/var/lib/sliprobe"

const char config_default_yaml[] = "# What applies without a configuration file.\n"
				   "agent:\n"
				   "  socket: " DEFAULT_SOCKET "\n"
				   "  state_dir: " DEFAULT_STATE_DIR "\n"
				   "  interval: 10s\n"
				   "  unanswered_after: 60s\n"
				   "slos:\n"
				   "  - name: \"{service}\"\n"
				   "    service: \"*\"\n"
				   "    objective: 99.9\n"
				   "    window: 30d\n"
				   "    good:\n"
				   "      status: [\"100-499\"]\n"
				   "      latency: 1s\n"
				   "    alerts: default\n"
				   "alerting:\n"
				   "  remind: 4h\n";

void free_texts(char **texts, size_t n)
{
	for (size_t i = 0; texts && i < n; i++)
		free(texts[i]);
	free(texts);
}

static void service_clear(struct config_service *service)
{
	free(service->name);
	free(service->match.process);
	free(service->match.exe);
	free_texts(service->routes, service->n_routes);
	free(service->about.owner);
	free(service->about.purpose);
	free(service->about.mitigation);
	free(service->about.runbook);
}

static void slo_clear(struct config_slo *slo)
{
	free(slo->file);
	free(slo->name);
	free(slo->service);
	free(slo->time_zone);
	free(slo->alerts);
	free_texts(slo->eligible.routes, slo->eligible.n_routes);
	free_texts(slo->eligible.exclude_paths, slo->eligible.n_exclude_paths);
	free_texts(slo->eligible.exclude_user_agents, slo->eligible.n_exclude_user_agents);
}

static void receiver_clear(struct config_receiver *receiver)
{
	free(receiver->url);
	free_texts(receiver->argv, receiver->n_argv);
}

static void maintenance_clear(struct config_maintenance *maintenance)
{
	free(maintenance->name);
	free_texts(maintenance->services, maintenance->n_services);
	free_texts(maintenance->slos, maintenance->n_slos);
	free(maintenance->time_zone);
}

void config_clear(struct config *config)
{
	free(config->file);
	free(config->agent.socket);
	free(config->agent.state_dir);
	for (size_t i = 0; i < config->n_services; i++)
		service_clear(&config->services[i]);
	free(config->services);
	for (size_t i = 0; i < config->n_slos; i++)
		slo_clear(&config->slos[i]);
	free(config->slos);
	free_texts(config->slo_files, config->n_slo_files);
	for (size_t i = 0; i < config->n_receivers; i++)
		receiver_clear(&config->receivers[i]);
	free(config->receivers);
	for (size_t i = 0; i < config->n_maintenance; i++)
		maintenance_clear(&config->maintenance[i]);
	free(config->maintenance);
	free_texts(config->warnings, config->n_warnings);
	*config = (struct config){};
}

/* What the file does not say. */
static int set_defaults(struct config *config)
{
	if (!config->agent.socket)
		config->agent.socket = dup_text(DEFAULT_SOCKET, strlen(DEFAULT_SOCKET));
	if (!config->agent.state_dir)
		config->agent.state_dir = dup_text(DEFAULT_STATE_DIR, strlen(DEFAULT_STATE_DIR));
	if (!config->agent.interval_ns)
		config->agent.interval_ns = 10 * DURATION_S_NS;
	if (!config->agent.unanswered_after_ns)
		config->agent.unanswered_after_ns = 60 * DURATION_S_NS;
	return config->agent.socket && config->agent.state_dir ? 0 : -ENOMEM;
}

__attribute__((format(printf, 3, 4))) static int fail(int err, struct config_error *ret_error,
						      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ret_error->text, sizeof(ret_error->text), format, args);
	va_end(args);
	return err;
}

static void walk_close(struct walk *walk)
{
	yaml_document_delete(&walk->document);
}

static int parse(const char *text, size_t len, const char *name, struct config *ret_config,
		 struct config_error *ret_error)
{
	_cleanup_(walk_close) struct walk walk = {.file = name, .error = ret_error};
	_cleanup_(config_clear) struct config config = {.file = dup_text(name, strlen(name))};
	int err;

	if (!config.file)
		return -ENOMEM;
	err = walk_open(&walk, text, len);
	if (err)
		return err;
	if (!walk_root(&walk))
		return fail(-EINVAL, ret_error,
			    "%s: expected a mapping with agent, services, slos or notify, but the "
			    "file is empty",
			    name);
	err = config_read(&walk, &config);
	if (!err)
		err = set_defaults(&config);
	if (!err)
		err = config_load_slo_files(&config, ret_error);
	if (!err)
		err = config_check(&walk, &config);
	if (err)
		return err;
	*ret_config = config;
	config = (struct config){};
	return 0;
}

static int refuse_size(const char *name, struct config_error *ret_error)
{
	return fail(-EINVAL, ret_error, "%s: expected at most %d bytes, got more", name,
		    CONFIG_MAX_BYTES);
}

int config_parse(const char *text, size_t len, const char *name, struct config *ret_config,
		 struct config_error *ret_error)
{
	int err;

	if (len > CONFIG_MAX_BYTES)
		return refuse_size(name, ret_error);
	err = parse(text, len, name, ret_config, ret_error);
	if (err == -ENOMEM)
		fail(err, ret_error, "%s: out of memory", name);
	return err;
}

static void close_at(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

int config_read_file(const char *path, char **ret_text, size_t *ret_len,
		     struct config_error *ret_error)
{
	_cleanup_(close_at) int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	size_t len = 0;

	if (fd < 0)
		return fail(-errno, ret_error, "%s: cannot be opened: %s", path, strerror(errno));
	text = malloc(CONFIG_MAX_BYTES + 1); /* one more, to tell a file that is too large */
	if (!text)
		return fail(-ENOMEM, ret_error, "%s: out of memory", path);
	while (len <= CONFIG_MAX_BYTES) {
		ssize_t n = read(fd, text + len, CONFIG_MAX_BYTES + 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(-errno, ret_error, "%s: cannot be read: %s", path,
				    strerror(errno));
		if (n == 0)
			break;
		len += (size_t)n;
	}
	if (len > CONFIG_MAX_BYTES)
		return refuse_size(path, ret_error);
	*ret_text = TAKE_PTR(text);
	*ret_len = len;
	return 0;
}

int config_load(const char *path, struct config *ret_config, struct config_error *ret_error)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	int err = config_read_file(path, &text, &len, ret_error);

	if (err || !text)
		return err;
	return config_parse(text, len, path, ret_config, ret_error);
}

bool config_slo_is_named(const char *pattern, const char *name)
{
	static const char mark[] = "{service}";
	const char *at = strstr(pattern, mark);
	size_t before, after, len = strlen(name);

	if (!at || strcmp(pattern, name) == 0)
		return strcmp(pattern, name) == 0;
	before = (size_t)(at - pattern);
	after = strlen(at + strlen(mark));
	return len > before + after && memcmp(pattern, name, before) == 0 &&
	       strcmp(at + strlen(mark), name + len - after) == 0;
}

const struct config_slo *config_find_slo(const struct config *config, const char *name)
{
	const struct config_slo *found = NULL;

	for (size_t i = 0; i < config->n_slos; i++) {
		const struct config_slo *slo = &config->slos[i];

		if (strcmp(slo->name, name) == 0)
			return slo;
		if (!found && config_slo_is_named(slo->name, name))
			found = slo;
	}
	return found;
}
