/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl_export.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "ctl_format.h"
#include "openslo_export.h"
#include "prometheus_rules.h"

#define DEFAULT_CONFIG "/etc/sliprobe/sliprobe.yaml"

struct format {
	const char *name;
	size_t (*left_out)(const struct config *config,
			   int (*fn)(void *context, const char *sentence), void *context);
	int (*write)(const struct config *config, FILE *file);
};

static const struct format formats[] = {
	{"prometheus-rules", prometheus_rules_left_out, prometheus_rules_write},
	{"openslo", NULL, openslo_write},
};

static const char usage_text[] =
	"usage: slictl export prometheus-rules|openslo [--config FILE] [--strict]\n\n"
	"Writes the SLOs of a configuration to standard output:\n\n"
	"  prometheus-rules  recording and alerting rules over the agents' metrics, summed over hosts\n"
	"  openslo           OpenSLO v1, as slo_files of a configuration takes it\n\n"
	"  --config FILE  the configuration (default: " DEFAULT_CONFIG ",\n"
	"                 or the built-in one if there is none)\n"
	"  --strict       fail if something cannot be said in the format, instead of leaving it out\n";

static int fail(const struct ctl *ctl, const char *what, const char *which)
{
	fprintf(ctl->err, "slictl: %s", what);
	if (which) {
		fprintf(ctl->err, ": ");
		ctl_write_safe(which, ctl->err);
	}
	fputc('\n', ctl->err);
	return CTL_CANNOT_TELL;
}

static const struct format *find_format(const char *name)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	}
	return NULL;
}

static int load(const char *path, struct config *ret_config, struct config_error *ret_error)
{
	if (!path && access(DEFAULT_CONFIG, F_OK) == 0)
		path = DEFAULT_CONFIG;
	if (path)
		return config_load(path, ret_config, ret_error);
	return config_parse(config_default_yaml, strlen(config_default_yaml), "(built-in)",
			    ret_config, ret_error);
}

static int print_left_out(void *context, const char *sentence)
{
	const struct ctl *ctl = context;

	fprintf(ctl->err, "slictl: left out: ");
	ctl_write_safe(sentence, ctl->err);
	fputc('\n', ctl->err);
	return 0;
}

static int export(const struct ctl *ctl, const struct format *format, const char *path, bool strict)
{
	_cleanup_(config_clear) struct config config = {};
	struct config_error error = {};
	size_t left_out = 0;
	int r = load(path, &config, &error);

	if (r < 0) {
		ctl_write_safe(error.text, ctl->err);
		fputc('\n', ctl->err);
		return r == -EINVAL ? CTL_NO : CTL_CANNOT_TELL;
	}
	if (format->left_out)
		left_out = format->left_out(&config, print_left_out, (void *)ctl);
	if (left_out && strict)
		return CTL_NO;
	r = format->write(&config, ctl->out);
	return r < 0 ? fail(ctl, "cannot write", strerror(-r)) : CTL_DONE;
}

int ctl_export(const struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"strict", no_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},
		{},
	};
	const struct format *format;
	const char *config = NULL;
	bool strict = false;
	int option;

	optind = 0; /* glibc: begin anew */
	while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		switch (option) {
		case 'c':
			config = optarg;
			break;
		case 's':
			strict = true;
			break;
		case 'h':
			fputs(usage_text, ctl->out);
			return CTL_DONE;
		default:
			return CTL_CANNOT_TELL; /* getopt_long() has said why */
		}
	}
	if (optind >= argc)
		return fail(ctl, "expected a format: prometheus-rules or openslo", NULL);
	format = find_format(argv[optind]);
	if (!format)
		return fail(ctl, "expected prometheus-rules or openslo, got", argv[optind]);
	if (argv[optind + 1])
		return fail(ctl, "unexpected argument", argv[optind + 1]);
	return export(ctl, format, config, strict);
}
