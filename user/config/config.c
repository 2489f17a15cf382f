/* SPDX-License-Identifier: GPL-2.0-only */
#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/duration.h"
#include "config/schema.h"

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

static void walk_close(struct walk *walk)
{
	yaml_document_delete(&walk->document);
}

static int parse(const char *text, size_t len, const char *name, struct config *ret_config,
		 struct error *ret_error)
{
	_cleanup_(walk_close) struct walk walk = {.file = name, .error = ret_error};
	_cleanup_(config_clear) struct config config = {.file = dup_text(name, strlen(name))};
	int r;

	if (!config.file)
		return -ENOMEM;
	r = walk_open(&walk, text, len);
	if (r)
		return r;
	if (!walk_root(&walk))
		return error_set(
			ret_error, -EINVAL,
			"%s: expected a mapping with agent, services, slos or notify, but the "
			"file is empty",
			name);
	r = config_read(&walk, &config);
	if (!r)
		r = set_defaults(&config);
	if (!r)
		r = config_load_slo_files(&config, ret_error);
	if (!r)
		r = config_check(&walk, &config);
	if (r)
		return r;
	*ret_config = config;
	config = (struct config){};
	return 0;
}

static int refuse_size(const char *name, struct error *ret_error)
{
	return error_set(ret_error, -EINVAL, "%s: expected at most %d bytes, got more", name,
			 CONFIG_MAX_BYTES);
}

int config_parse(const char *text, size_t len, const char *name, struct config *ret_config,
		 struct error *ret_error)
{
	int r;

	if (len > CONFIG_MAX_BYTES)
		return refuse_size(name, ret_error);
	r = parse(text, len, name, ret_config, ret_error);
	if (r == -ENOMEM)
		error_set(ret_error, r, "%s: out of memory", name);
	return r;
}

static void close_at(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

int config_read_file(const char *path, char **ret_text, size_t *ret_len, struct error *ret_error)
{
	_cleanup_(close_at) int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	size_t len = 0;

	if (fd < 0)
		return error_set(ret_error, -errno, "%s: cannot be opened: %s", path,
				 strerror(errno));
	text = malloc(CONFIG_MAX_BYTES + 1); /* one more, to tell a file that is too large */
	if (!text)
		return error_set(ret_error, -ENOMEM, "%s: out of memory", path);
	while (len <= CONFIG_MAX_BYTES) {
		ssize_t n = read(fd, text + len, CONFIG_MAX_BYTES + 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(ret_error, -errno, "%s: cannot be read: %s", path,
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

int config_load(const char *path, struct config *ret_config, struct error *ret_error)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	int r = config_read_file(path, &text, &len, ret_error);

	if (r || !text)
		return r;
	return config_parse(text, len, path, ret_config, ret_error);
}

bool config_slo_is_named(const char *pattern, const char *name)
{
	static const char mark[] = "{service}";
	const char *at = strstr(pattern, mark);
	size_t before, after, len = strlen(name);

	if (!at || !strcmp(pattern, name))
		return !strcmp(pattern, name);
	before = (size_t)(at - pattern);
	after = strlen(at + strlen(mark));
	return len > before + after && !memcmp(pattern, name, before) &&
	       !strcmp(at + strlen(mark), name + len - after);
}

const struct config_slo *config_find_slo(const struct config *config, const char *name)
{
	const struct config_slo *found = NULL;

	for (size_t i = 0; i < config->n_slos; i++) {
		const struct config_slo *slo = &config->slos[i];

		if (!strcmp(slo->name, name))
			return slo;
		if (!found && config_slo_is_named(slo->name, name))
			found = slo;
	}
	return found;
}
