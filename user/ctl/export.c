/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * slictl export prometheus-rules|openslo [--config FILE] [--strict]: the SLOs of a configuration in
 * others' formats, to ctl->out. ctl->err names what the format cannot hold. With --strict that is a
 * failure, and nothing is written.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/format.h"
#include "config/load.h"
#include "config/reference.h"
#include "ctl/ctl.h"
#include "ctl/options.h"
#include "export/openslo.h"
#include "export/prometheus_rules.h"

#define DEFAULT_CONFIG "/etc/sliprobe/sliprobe.yaml"

struct format {
	const char *name;
	size_t (*left_out)(const struct config *config,
			   int (*fn)(void *context, const char *sentence), void *context);
	int (*write)(const struct config *config, FILE *file);
};

static const struct format formats[] = {
	{"prometheus-rules", prometheus_rules_left_out, prometheus_rules_write},
	{"openslo", openslo_left_out, openslo_write},
};

const char ctl_export_details[] =
	"Writes the SLOs of a configuration to standard output. FORMAT is\n"
	"  prometheus-rules  recording and alerting rules over the agents' metrics, for a fleet\n"
	"  openslo           OpenSLO v1, as a configuration's slo_files takes it\n"
	"  config-reference  all keys of a configuration, as Markdown\n"
	"What a format cannot hold is named on standard error, and left out.\n"
	"  --config FILE     the configuration (default: " DEFAULT_CONFIG ",\n"
	"                    or the built-in one if there is none)\n"
	"  --strict          write nothing if something had to be left out\n";

static const struct format *find_format(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (!strcmp(formats[i].name, name))
			return &formats[i];
	}
	return NULL;
}

static int load(const char *path, struct config *ret_config, struct error *ret_error)
{
	if (!path && access(DEFAULT_CONFIG, F_OK) == 0)
		path = DEFAULT_CONFIG;
	return config_load_elsewhere(path, ret_config, ret_error);
}

static int print_left_out(void *context, const char *sentence)
{
	const struct ctl *ctl = context;

	fprintf(ctl->err, "slictl: left out: ");
	format_write_safe(sentence, ctl->err);
	fputc('\n', ctl->err);
	return 0;
}

static int export(const struct ctl *ctl, const struct format *format, const char *path, bool strict)
{
	_cleanup_(config_clear) struct config config = {};
	struct error error = {};
	size_t left_out = 0;
	int r = load(path, &config, &error);

	if (r < 0) {
		format_write_safe(error.text, ctl->err);
		fputc('\n', ctl->err);
		return r == -EINVAL ? CTL_NO : CTL_CANNOT_TELL;
	}
	if (format->left_out)
		left_out = format->left_out(&config, print_left_out, (void *)ctl);
	if (left_out && strict)
		return CTL_NO;
	r = format->write(&config, ctl->out);
	if (r < 0) {
		fprintf(ctl->err, "slictl: cannot write: %s\n", strerror(-r));
		return CTL_CANNOT_TELL;
	}
	return CTL_DONE;
}

int ctl_export(const struct ctl *ctl, int argc, char **argv)
{
	const struct format *format;
	const char *config = NULL, *name;
	bool strict = false;
	const struct ctl_option options[] = {
		{.name = "config", .value = &config},
		{.name = "strict", .flag = &strict},
	};
	int r = ctl_options(ctl, argc, argv, options, sizeof(options) / sizeof(options[0]),
			    "FORMAT", &name);

	if (r != CTL_DONE)
		return r;
	if (ctl->json)
		return ctl_usage_error(ctl, "export", "a format of its own does not go with --json",
				       NULL);
	if (!strcmp(name, "config-reference")) {
		config_write_reference(ctl->out);
		return CTL_DONE;
	}
	format = find_format(name);
	if (!format)
		return ctl_usage_error(ctl, "export", "expected prometheus-rules or openslo, got",
				       name);
	return export(ctl, format, config, strict);
}
