/* SPDX-License-Identifier: GPL-2.0-only */
#include "config/load.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/duration.h"
#include "config/file.h"
#include "config/schema.h"
#include "config/texts.h"

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

/* Sets what the file does not give. */
static int set_defaults(struct config *config)
{
	if (!config->agent.socket)
		config->agent.socket = dup_text(DEFAULT_SOCKET);
	if (!config->agent.state_dir)
		config->agent.state_dir = dup_text(DEFAULT_STATE_DIR);
	if (!config->agent.interval_ns)
		config->agent.interval_ns = 10 * DURATION_S_NS;
	if (!config->agent.unanswered_after_ns)
		config->agent.unanswered_after_ns = 60 * DURATION_S_NS;
	return config->agent.socket && config->agent.state_dir ? 0 : -ENOMEM;
}

static int parse(const char *text, size_t len, const char *name, struct config *ret_config,
		 struct error *ret_error)
{
	_cleanup_(document_close) struct document doc = {.file = name, .error = ret_error};
	_cleanup_(config_clear) struct config config = {.file = dup_text(name)};
	int r;

	if (!config.file)
		return -ENOMEM;
	r = document_open(&doc, text, len);
	if (r)
		return r;
	if (!document_root(&doc))
		return error_set(
			ret_error, -EINVAL,
			"%s: expected a mapping with agent, services, slos or notify, but the "
			"file is empty",
			name);
	r = config_read(&doc, &config);
	if (!r)
		r = set_defaults(&config);
	if (!r)
		r = config_load_slo_files(&config, ret_error);
	if (!r)
		r = config_check(&doc, &config);
	if (r)
		return r;
	*ret_config = config;
	config = (struct config){};
	return 0;
}

int config_parse(const char *text, size_t len, const char *name, struct config *ret_config,
		 struct error *ret_error)
{
	int r;

	if (len > CONFIG_MAX_BYTES)
		return config_refuse_size(name, ret_error);
	r = parse(text, len, name, ret_config, ret_error);
	if (r == -ENOMEM)
		error_set(ret_error, r, "%s: out of memory", name);
	return r;
}

int config_load(const char *path, struct config *ret_config, struct error *ret_error)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r;

	if (!path)
		return config_parse(config_default_yaml, strlen(config_default_yaml), "(built-in)",
				    ret_config, ret_error);
	r = config_read_file(path, &text, &len, ret_error);
	return r ?: config_parse(text, len, path, ret_config, ret_error);
}
