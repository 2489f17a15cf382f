/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>

#include "base/format.h"
#include "base/json_values.h"
#include "config/load.h"
#include "ctl/show.h"

static int report_error(const struct ctl *ctl, const char *file, const char *text)
{
	if (ctl->json)
		return ctl_print_json(ctl, json_pack("{s:b,s:o,s:o}", "ok", false, "file",
						     json_text_or_null(file), "error",
						     json_text_or_null(text)));
	format_write_safe(text, ctl->err);
	fputc('\n', ctl->err);
	return CTL_DONE;
}

static int report_ok(const struct ctl *ctl, const char *file, const struct config *config)
{
	if (ctl->json) {
		json_t *warnings = json_array();

		for (size_t i = 0; i < config->n_warnings; i++)
			json_array_append_new(warnings, json_text_or_null(config->warnings[i]));
		return ctl_print_json(ctl,
				      json_pack("{s:b,s:o,s:I,s:I,s:o}", "ok", true, "file",
						json_text_or_null(file), "services",
						(json_int_t)config->n_services, "slos",
						(json_int_t)config->n_slos, "warnings", warnings));
	}
	format_write_safe(file, ctl->out);
	fprintf(ctl->out, ": OK, %zu service%s, %zu SLO%s\n", config->n_services,
		format_plural(config->n_services), config->n_slos, format_plural(config->n_slos));
	for (size_t i = 0; i < config->n_warnings; i++) {
		fprintf(ctl->out, "warning: ");
		format_write_safe(config->warnings[i], ctl->out);
		fputc('\n', ctl->out);
	}
	return CTL_DONE;
}

int ctl_check(const struct ctl *ctl, const char *file)
{
	_cleanup_(config_clear) struct config config = {};
	struct error error = {};
	int r = config_load(file, &config, &error);
	int written = r < 0 ? report_error(ctl, file, error.text) : report_ok(ctl, file, &config);

	if (written != CTL_DONE)
		return written;
	if (r == -EINVAL)
		return CTL_NO;
	return r < 0 ? CTL_CANNOT_TELL : CTL_DONE;
}
