/* SPDX-License-Identifier: GPL-2.0-only */
/* slictl check FILE...: all that is wrong with configurations, and what can hardly be meant. */
#include <errno.h>
#include <string.h>

#include "base/format.h"
#include "base/json_values.h"
#include "config/load.h"
#include "ctl/options.h"
#include "ctl/show.h"

#define STDIN_NAME "standard input"

static int print_refused_json(const struct ctl *ctl, const char *name,
			      const struct refusals *refusals)
{
	json_t *errors = json_texts(refusals->texts, refusals->n_texts);

	return ctl_print_json(ctl, json_pack("{s:b,s:o,s:o,s:o,s:I}", "ok", false, "file",
					     json_text_or_null(name), "error",
					     json_text_or_null(refusals->first->text), "errors",
					     errors, "n_errors", (json_int_t)refusals->n));
}

static void print_refused(const struct ctl *ctl, const struct refusals *refusals)
{
	for (size_t i = 0; i < refusals->n_texts; i++) {
		format_write_safe(refusals->texts[i], ctl->err);
		fputc('\n', ctl->err);
	}
	if (refusals->n > refusals->n_texts)
		fprintf(ctl->err, "and %zu more\n", refusals->n - refusals->n_texts);
}

static int print_ok(const struct ctl *ctl, const char *name, const struct config *config)
{
	if (ctl->json)
		return ctl_print_json(ctl,
				      json_pack("{s:b,s:o,s:I,s:I,s:o}", "ok", true, "file",
						json_text_or_null(name), "services",
						(json_int_t)config->n_services, "slos",
						(json_int_t)config->n_slos, "warnings",
						json_texts(config->warnings, config->n_warnings)));
	format_write_safe(name, ctl->out);
	fprintf(ctl->out, ": OK, %zu service%s, %zu SLO%s\n", config->n_services,
		format_plural(config->n_services), config->n_slos, format_plural(config->n_slos));
	for (size_t i = 0; i < config->n_warnings; i++) {
		fprintf(ctl->out, "warning: ");
		format_write_safe(config->warnings[i], ctl->out);
		fputc('\n', ctl->out);
	}
	return CTL_DONE;
}

/* Returns an enum ctl_exit. */
static int check(const struct ctl *ctl, const char *file)
{
	struct error error = {};
	_cleanup_(refusals_clear) struct refusals refusals = {.first = &error};
	_cleanup_(config_clear) struct config config = {};
	const bool is_stdin = !strcmp(file, "-");
	const char *name = is_stdin ? STDIN_NAME : file;
	int r = config_check_file(is_stdin ? "/dev/stdin" : file, name, &config, &refusals);

	if (!r)
		return print_ok(ctl, name, &config);
	if (!ctl->json)
		print_refused(ctl, &refusals);
	else if (print_refused_json(ctl, name, &refusals) != CTL_DONE)
		return CTL_CANNOT_TELL;
	return r == -EINVAL ? CTL_NO : CTL_CANNOT_TELL;
}

int ctl_check(const struct ctl *ctl, int argc, char **argv)
{
	int ret = CTL_DONE, r;
	char **files;

	r = ctl_options_many(ctl, argc, argv, NULL, 0, "FILE", &files);
	if (r != CTL_DONE)
		return r;
	for (; *files; files++) {
		r = check(ctl, *files);
		ret = r > ret ? r : ret;
	}
	return ret;
}
