/* SPDX-License-Identifier: GPL-2.0-only */
#include "config/load.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/duration.h"
#include "config/file.h"
#include "config/openslo.h"
#include "config/openslo_schema.h"
#include "config/schema.h"
#include "config/texts.h"

#define DEFAULT_STATE_DIR "/var/lib/sliprobe"

const char config_default_yaml[] = "# What applies without a configuration file.\n"
				   "agent:\n"
				   "  socket: " CONFIG_DEFAULT_SOCKET "\n"
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
		config->agent.socket = dup_text(CONFIG_DEFAULT_SOCKET);
	if (!config->agent.state_dir)
		config->agent.state_dir = dup_text(DEFAULT_STATE_DIR);
	if (!config->agent.interval_ns)
		config->agent.interval_ns = 10 * DURATION_S_NS;
	if (!config->agent.unanswered_after_ns)
		config->agent.unanswered_after_ns = 60 * DURATION_S_NS;
	return config->agent.socket && config->agent.state_dir ? 0 : -ENOMEM;
}

/* Reads and checks all of the document, whatever is refused on the way. */
static int read_all(struct document *doc, struct config *config)
{
	int ret = config_read(doc, config);

	if (may_go_on(ret))
		ret = first_failure(set_defaults(config), ret);
	if (may_go_on(ret))
		ret = first_failure(ret, config_load_slo_files(config, doc->refusals));
	if (may_go_on(ret))
		ret = first_failure(ret, config_check(doc, config));
	return ret;
}

static int parse(const char *text, size_t len, const char *name, struct config *ret_config,
		 struct refusals *refusals)
{
	_cleanup_(document_close) struct document doc = {.file = name, .refusals = refusals};
	_cleanup_(config_clear) struct config config = {.file = dup_text(name)};
	int r;

	if (!config.file)
		return -ENOMEM;
	r = document_open(&doc, text, len);
	if (r)
		return r;
	if (!document_root(&doc))
		return refusals_add(
			refusals, -EINVAL,
			"%s: expected a mapping with agent, services, slos or notify, but the "
			"file is empty",
			name);
	r = read_all(&doc, &config);
	if (r)
		return r;
	*ret_config = config;
	config = (struct config){};
	return 0;
}

/* OpenSLO files say so in every document. */
static bool is_openslo(struct document *doc)
{
	return document_find(doc, "apiVersion") != NULL;
}

static int parse_openslo(const char *text, size_t len, const char *name, struct config *ret_config,
			 struct refusals *refusals)
{
	struct document nowhere = {.file = name, .refusals = refusals};
	_cleanup_(config_clear) struct config config = {.file = dup_text(name)};
	int r = config.file ? set_defaults(&config) : -ENOMEM;

	if (may_go_on(r))
		r = openslo_parse(text, len, name, &config, refusals);
	if (may_go_on(r))
		r = first_failure(r, config_check_alone(&nowhere, &config));
	if (r)
		return r;
	*ret_config = config;
	config = (struct config){};
	return 0;
}

/* True if the first document of the text is one of OpenSLO; false also if the text is no YAML. */
static bool text_is_openslo(const char *text, size_t len, const char *name)
{
	struct error error;
	_cleanup_(refusals_clear) struct refusals refusals = {.first = &error};
	struct document *documents;
	size_t n;
	bool ret;

	if (document_open_all(name, text, len, OPENSLO_MAX_DOCUMENTS, &refusals, &documents, &n))
		return false;
	ret = n && is_openslo(&documents[0]);
	document_close_all(documents, n);
	return ret;
}

static int parse_text(const char *text, size_t len, const char *name, bool alone,
		      struct config *ret_config, struct refusals *refusals)
{
	struct error error;
	int r;

	if (len > CONFIG_MAX_BYTES) {
		r = config_refuse_size(name, &error);
		return refusals_add(refusals, r, "%s", error.text);
	}
	if (alone && text_is_openslo(text, len, name))
		r = parse_openslo(text, len, name, ret_config, refusals);
	else
		r = parse(text, len, name, ret_config, refusals);
	if (r == -ENOMEM)
		error_set(refusals->first, r, "%s: out of memory", name);
	return r;
}

int config_parse(const char *text, size_t len, const char *name, struct config *ret_config,
		 struct error *ret_error)
{
	_cleanup_(refusals_clear) struct refusals refusals = {.first = ret_error};

	return parse_text(text, len, name, false, ret_config, &refusals);
}

int config_check_file(const char *path, const char *name, struct config *ret_config,
		      struct refusals *ret_refusals)
{
	_cleanup_free_ char *text = NULL;
	struct error error;
	size_t len;
	int r = config_read_file(path, &text, &len, &error);

	if (r)
		return refusals_add(ret_refusals, r, "%s", error.text);
	return parse_text(text, len, name, true, ret_config, ret_refusals);
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
