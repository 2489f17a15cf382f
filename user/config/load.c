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
	if (!config->agent.socket || !config->agent.state_dir)
		return -ENOMEM;
	return config_samples_defaults(&config->samples);
}

/* Reads and checks all of the document, whatever is refused on the way. */
static int read_all(struct document *doc, struct config *config)
{
	int ret = config_read(doc, config);

	for (size_t i = 0; i < config->n_receivers; i++)
		config->receivers[i].exposed = doc->exposed;
	if (may_go_on(ret))
		ret = first_failure(set_defaults(config), ret);
	if (may_go_on(ret))
		ret = first_failure(ret, config_load_slo_files(config, doc->refusals));
	if (may_go_on(ret))
		ret = first_failure(ret, config_check(doc, config));
	return ret;
}

/* A text, and what is to be known of where it is from. */
struct source_text {
	const char *text;
	size_t len;
	const char *name; /* in messages */
	bool alone; /* it may also be OpenSLO */
	bool exposed; /* others may read it */
	bool elsewhere; /* files with secrets may be missing */
};

static int parse(const struct source_text *source, struct config *ret_config,
		 struct refusals *refusals)
{
	_cleanup_(document_close) struct document doc = {
		.file = source->name,
		.refusals = refusals,
		.exposed = source->exposed,
		.elsewhere = source->elsewhere,
	};
	_cleanup_(config_clear) struct config config = {.file = dup_text(source->name)};
	int r;

	if (!config.file)
		return -ENOMEM;
	r = document_open(&doc, source->text, source->len);
	if (r)
		return r;
	if (!document_root(&doc))
		return refusals_add(
			refusals, -EINVAL,
			"%s: expected a mapping with agent, services, slos or notify, but the "
			"file is empty",
			source->name);
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

static int parse_openslo(const struct source_text *source, struct config *ret_config,
			 struct refusals *refusals)
{
	struct document nowhere = {.file = source->name, .refusals = refusals};
	_cleanup_(config_clear) struct config config = {.file = dup_text(source->name)};
	int r = config.file ? set_defaults(&config) : -ENOMEM;

	if (may_go_on(r))
		r = openslo_parse(source->text, source->len, source->name, &config, refusals);
	if (may_go_on(r))
		r = first_failure(r, config_check_alone(&nowhere, &config));
	if (r)
		return r;
	*ret_config = config;
	config = (struct config){};
	return 0;
}

/* True if the first document of the text is one of OpenSLO; false also if the text is no YAML. */
static bool text_is_openslo(const struct source_text *source)
{
	struct error error;
	_cleanup_(refusals_clear) struct refusals refusals = {.first = &error};
	struct document *documents;
	size_t n;
	bool ret;

	if (document_open_all(source->name, source->text, source->len, OPENSLO_MAX_DOCUMENTS,
			      &refusals, &documents, &n))
		return false;
	ret = n && is_openslo(&documents[0]);
	document_close_all(documents, n);
	return ret;
}

static int parse_text(const struct source_text *source, struct config *ret_config,
		      struct refusals *refusals)
{
	struct error error;
	int r;

	if (source->len > CONFIG_MAX_BYTES) {
		r = config_refuse_size(source->name, &error);
		return refusals_add(refusals, r, "%s", error.text);
	}
	if (source->alone && text_is_openslo(source))
		r = parse_openslo(source, ret_config, refusals);
	else
		r = parse(source, ret_config, refusals);
	if (r == -ENOMEM)
		error_set(refusals->first, r, "%s: out of memory", source->name);
	return r;
}

int config_parse(const char *text, size_t len, const char *name, struct config *ret_config,
		 struct error *ret_error)
{
	_cleanup_(refusals_clear) struct refusals refusals = {.first = ret_error};

	return parse_text(&(const struct source_text){.text = text, .len = len, .name = name},
			  ret_config, &refusals);
}

int config_check_file(const char *path, const char *name, struct config *ret_config,
		      struct refusals *ret_refusals)
{
	_cleanup_(config_text_clear) struct config_text text = {};
	struct error error;
	int r = config_read_file(path, CONFIG_FILE_PATIENT, &text, &error);

	if (r)
		return refusals_add(ret_refusals, r, "%s", error.text);
	return parse_text(&(const struct source_text){.text = text.text,
						      .len = text.len,
						      .name = name,
						      .alone = true,
						      .exposed = text.exposed,
						      .elsewhere = true},
			  ret_config, ret_refusals);
}

static int load(const char *path, bool elsewhere, struct config *ret_config,
		struct error *ret_error)
{
	_cleanup_(refusals_clear) struct refusals refusals = {.first = ret_error};
	_cleanup_(config_text_clear) struct config_text text = {};
	int r;

	if (!path)
		return config_parse(config_default_yaml, strlen(config_default_yaml), "(built-in)",
				    ret_config, ret_error);
	r = config_read_file(path, CONFIG_FILE_ANY, &text, ret_error);
	return r     ?:
		       parse_text(&(const struct source_text){.text = text.text,
							      .len = text.len,
							      .name = path,
							      .exposed = text.exposed,
							      .elsewhere = elsewhere},
				  ret_config, &refusals);
}

int config_load(const char *path, struct config *ret_config, struct error *ret_error)
{
	return load(path, false, ret_config, ret_error);
}

int config_load_elsewhere(const char *path, struct config *ret_config, struct error *ret_error)
{
	return load(path, true, ret_config, ret_error);
}
