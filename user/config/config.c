/* SPDX-License-Identifier: GPL-2.0-only */
#include "config/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/url.h"
#include "config/texts.h"

enum { MAX_WARNING_BYTES = 256 };

static void service_clear(struct config_service *service)
{
	free(service->name);
	free(service->match.process);
	free(service->match.exe);
	free(service->match.user);
	free(service->match.netns);
	free(service->match.unit);
	free(service->match.cgroup);
	free(service->match.container);
	free_texts(service->routes, service->n_routes);
	free(service->about.owner);
	free(service->about.purpose);
	free(service->about.importance);
	free(service->about.mitigation);
	free(service->about.runbook);
}

void config_slo_clear(struct config_slo *slo)
{
	free(slo->file);
	free(slo->name);
	free(slo->service);
	free(slo->description);
	for (size_t i = 0; i < slo->n_labels; i++) {
		free(slo->labels[i].name);
		free(slo->labels[i].value);
	}
	free(slo->labels);
	free(slo->time_zone);
	free(slo->alerts);
	free_texts(slo->eligible.routes, slo->eligible.n_routes);
	free_texts(slo->eligible.exclude_paths, slo->eligible.n_exclude_paths);
	free_texts(slo->eligible.exclude_user_agents, slo->eligible.n_exclude_user_agents);
}

void config_receiver_clear(struct config_receiver *receiver)
{
	free(receiver->name);
	free(receiver->url);
	free(receiver->url_file);
	free(receiver->header_file);
	free_texts(receiver->argv, receiver->n_argv);
	free(receiver->body);
	free(receiver->content_type);
	free_texts(receiver->headers, receiver->n_headers);
}

static void maintenance_clear(struct config_maintenance *maintenance)
{
	free(maintenance->name);
	free_texts(maintenance->services, maintenance->n_services);
	free_texts(maintenance->slos, maintenance->n_slos);
	free(maintenance->time_zone);
}

bool config_match_is_placed(const struct config_match *match)
{
	return match->unit || match->cgroup || match->container;
}

const char *config_match_netns(const struct config_match *match)
{
	if (match->netns)
		return match->netns;
	return config_match_is_placed(match) ? CONFIG_NETNS_ANY : CONFIG_NETNS_HOST;
}

void config_clear(struct config *config)
{
	free(config->file);
	free(config->agent.socket);
	free(config->agent.state_dir);
	free(config->agent.metrics_listen);
	free(config->agent.page_listen);
	free(config->agent.page_hosts);
	free(config->agent.admin_group);
	for (size_t i = 0; i < config->n_services; i++)
		service_clear(&config->services[i]);
	free(config->services);
	for (size_t i = 0; i < config->n_slos; i++)
		config_slo_clear(&config->slos[i]);
	free(config->slos);
	free_texts(config->slo_files, config->n_slo_files);
	for (size_t i = 0; i < config->n_receivers; i++)
		config_receiver_clear(&config->receivers[i]);
	free(config->receivers);
	for (size_t i = 0; i < config->n_maintenance; i++)
		maintenance_clear(&config->maintenance[i]);
	free(config->maintenance);
	free_texts(config->samples.headers, config->samples.n_headers);
	free_texts(config->samples.redact_headers, config->samples.n_redact_headers);
	free_texts(config->samples.trusted_proxies, config->samples.n_trusted_proxies);
	free_texts(config->samples.version_env, config->samples.n_version_env);
	free_texts(config->tls.exclude, config->tls.n_exclude);
	free_texts(config->warnings, config->n_warnings);
	*config = (struct config){};
}

const char *config_client_abort_name(enum config_client_abort client_abort)
{
	static const char *const names[] = {
		[CLIENT_ABORT_IGNORE] = "ignore",
		[CLIENT_ABORT_BAD] = "bad",
		[CLIENT_ABORT_LATE] = "late",
	};

	return names[client_abort];
}

const char *config_tls_mode_name(enum config_tls_mode mode)
{
	static const char *const names[] = {
		[CONFIG_TLS_OFF] = "off",
		[CONFIG_TLS_SERVERS] = "servers",
		[CONFIG_TLS_ALL] = "all",
	};

	return names[mode];
}

const char *config_redact_paths_name(enum config_redact_paths paths)
{
	static const char *const names[] = {
		[REDACT_PATHS_KEEP] = "keep",
		[REDACT_PATHS_MASK] = "mask",
		[REDACT_PATHS_TEMPLATE] = "template",
	};

	return names[paths];
}

const char *config_receiver_kind_name(enum config_receiver_kind kind)
{
	switch (kind) {
	case RECEIVER_ALERTMANAGER:
		return "alertmanager";
	case RECEIVER_WEBHOOK:
		return "webhook";
	case RECEIVER_COMMAND:
		return "command";
	case RECEIVER_JOURNAL:
	case RECEIVER_KINDS:
		break;
	}
	return "journal";
}

bool config_receiver_is_same(const struct config_receiver *a, const struct config_receiver *b)
{
	if (a->kind != b->kind || a->n_argv != b->n_argv)
		return false;
	for (size_t i = 0; i < a->n_argv; i++) {
		if (strcmp(a->argv[i], b->argv[i]) != 0)
			return false;
	}
	if (!a->url || !b->url)
		return !a->url && !b->url && !strcmp(a->url_file ?: "", b->url_file ?: "");
	return !strcmp(a->url, b->url);
}

bool config_receiver_has_secret_url(const struct config_receiver *receiver)
{
	if (!receiver->url)
		return false;
	return receiver->kind == RECEIVER_ALERTMANAGER ? url_split(receiver->url).user.len > 0 :
							 url_has_secret(receiver->url);
}

const struct config_service *config_service_named(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->n_services; i++) {
		if (config->services[i].name && !strcmp(config->services[i].name, name))
			return &config->services[i];
	}
	return NULL;
}

int config_warn(struct config *config, const char *format, ...)
{
	char text[MAX_WARNING_BYTES];
	char **warnings;
	va_list args;
	char *copy;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	copy = dup_text(text);
	if (!copy)
		return -ENOMEM;
	warnings = realloc(config->warnings, (config->n_warnings + 1) * sizeof(*warnings));
	if (!warnings) {
		free(copy);
		return -ENOMEM;
	}
	config->warnings = warnings;
	config->warnings[config->n_warnings++] = copy;
	return 0;
}

static bool http_is_good(const struct config_slo *slo, unsigned int http)
{
	return http < CONFIG_STATUS_WORDS * 64 && slo->good.status[http / 64] >> (http % 64) & 1;
}

static bool any_of_class_is_good(const struct config_slo *slo, unsigned int of_class)
{
	for (unsigned int http = of_class * 100; http < (of_class + 1) * 100; http++) {
		if (http_is_good(slo, http))
			return true;
	}
	return false;
}

bool config_slo_status_is_good(const struct config_slo *slo, unsigned int status)
{
	unsigned int http = status_http(status);

	if (!status_is_known(status))
		return false;
	if (status_is_grpc(status) && !(slo->good.grpc_status >> status_grpc(status) & 1))
		return false;
	return http < STATUS_CLASSES ? any_of_class_is_good(slo, http) : http_is_good(slo, http);
}

bool config_slo_good_run(const struct config_slo *slo, unsigned int from, unsigned int *ret_first,
			 unsigned int *ret_last)
{
	unsigned int first = from, last;

	while (first < CONFIG_STATUS_WORDS * 64 && !http_is_good(slo, first))
		first++;
	if (first >= CONFIG_STATUS_WORDS * 64)
		return false;
	for (last = first; http_is_good(slo, last + 1);)
		last++;
	*ret_first = first;
	*ret_last = last;
	return true;
}

bool config_slo_is_wildcard(const struct config_slo *slo)
{
	return slo->service && !strcmp(slo->service, CONFIG_EVERY_SERVICE);
}

void slo_name_write(const char *name, const char *service, char *ret_text, size_t size)
{
	const char *mark = strstr(name, CONFIG_SERVICE_MARK);

	if (mark)
		snprintf(ret_text, size, "%.*s%s%s", (int)(mark - name), name, service,
			 mark + strlen(CONFIG_SERVICE_MARK));
	else
		snprintf(ret_text, size, "%s", name);
}

char *slo_name_for(const char *name, const char *service)
{
	size_t size = strlen(name) + strlen(service) + 1;
	char *text = malloc(size);

	if (text)
		slo_name_write(name, service, text, size);
	return text;
}

bool config_slo_is_named(const char *pattern, const char *name)
{
	const char *mark = strstr(pattern, CONFIG_SERVICE_MARK), *rest;
	size_t before, after, len = strlen(name);

	if (!mark || !strcmp(pattern, name))
		return !strcmp(pattern, name);
	rest = mark + strlen(CONFIG_SERVICE_MARK);
	before = (size_t)(mark - pattern);
	after = strlen(rest);
	return len > before + after && !memcmp(pattern, name, before) &&
	       !strcmp(rest, name + len - after);
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
