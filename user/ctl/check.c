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

/* A configuration that is none of SLOs alone. */
static bool has_samples(const struct config *config)
{
	return config->samples.off || config->samples.keep_seconds;
}

static json_t *samples_json(const struct config *config)
{
	const struct config_samples *samples = &config->samples;

	if (!has_samples(config))
		return json_null();
	if (samples->off)
		return json_string("off");
	return json_pack("{s:I,s:I,s:I,s:o,s:I,s:I,s:s,s:b,s:o}", "bad_per_second",
			 (json_int_t)samples->bad_per_second, "good_per_second",
			 (json_int_t)samples->good_per_second, "head_bytes",
			 (json_int_t)samples->head_bytes, "headers",
			 json_texts(samples->headers, samples->n_headers), "keep_seconds",
			 (json_int_t)samples->keep_seconds, "keep_bytes",
			 (json_int_t)samples->keep_bytes, "redact_paths",
			 config_redact_paths_name(samples->redact_paths), "redact_clients",
			 samples->redact_clients, "trusted_proxies",
			 json_texts(samples->trusted_proxies, samples->n_trusted_proxies));
}

static json_t *tls_json(const struct config *config)
{
	if (!has_samples(config))
		return json_null();
	return json_pack("{s:s,s:o}", "mode", config_tls_mode_name(config->tls.mode), "exclude",
			 json_texts(config->tls.exclude, config->tls.n_exclude));
}

static const char *tls_meaning(enum config_tls_mode mode)
{
	switch (mode) {
	case CONFIG_TLS_OFF:
		break;
	case CONFIG_TLS_SERVERS:
		return "TLS libraries of processes that listen are probed";
	case CONFIG_TLS_ALL:
		return "TLS libraries of every process are probed";
	}
	return "encrypted requests are not measured";
}

static void print_tls(const struct ctl *ctl, const struct config *config)
{
	const struct config_tls *tls = &config->tls;

	if (!has_samples(config))
		return;
	fprintf(ctl->out, "tls: %s, %s", config_tls_mode_name(tls->mode), tls_meaning(tls->mode));
	for (size_t i = 0; tls->mode != CONFIG_TLS_OFF && i < tls->n_exclude; i++) {
		fputs(i ? ", " : ", without ", ctl->out);
		format_write_safe(tls->exclude[i], ctl->out);
	}
	fputc('\n', ctl->out);
}

static const char *paths_kept(const struct config_samples *samples)
{
	switch ((enum config_redact_paths)samples->redact_paths) {
	case REDACT_PATHS_KEEP:
		break;
	case REDACT_PATHS_MASK:
		return "the path but for what its template does not spell out";
	case REDACT_PATHS_TEMPLATE:
		return "the template of its path";
	}
	return "the path";
}

/* What of requests is written to the disk, and what never is: whoever runs the agent may have to answer for it. */
static void print_samples(const struct ctl *ctl, const struct config *config)
{
	const struct config_samples *samples = &config->samples;

	if (!has_samples(config))
		return;
	if (samples->off) {
		fprintf(ctl->out, "samples: off, no request is kept\n");
		return;
	}
	fprintf(ctl->out,
		"samples: up to %llu bad requests a second of each SLO and some %llu good ones of each "
		"service are kept, for %s, in %llu MiB at most\n",
		(unsigned long long)samples->bad_per_second,
		(unsigned long long)samples->good_per_second,
		format_span((double)samples->keep_seconds).text,
		(unsigned long long)(samples->keep_bytes >> 20));
	if (samples->head_bytes) {
		fprintf(ctl->out,
			"  kept, from the first %llu bytes of a head: %s, names in the query, host, user-agent, "
			"traceparent",
			(unsigned long long)samples->head_bytes, paths_kept(samples));
		for (size_t i = 0; i < samples->n_headers; i++) {
			fputs(", ", ctl->out);
			format_write_safe(samples->headers[i], ctl->out);
		}
		fputc('\n', ctl->out);
	}
	fprintf(ctl->out,
		"  kept of each: method, route, status, times, sizes, %s, process\n"
		"  never kept: bodies, values in the query, cookies, authorization and other headers that let "
		"somebody in\n",
		samples->redact_clients ? "the client's network" : "the client's address");
}

static int print_ok(const struct ctl *ctl, const char *name, const struct config *config)
{
	if (ctl->json)
		return ctl_print_json(
			ctl, json_pack("{s:b,s:o,s:I,s:I,s:o,s:o,s:o}", "ok", true, "file",
				       json_text_or_null(name), "services",
				       (json_int_t)config->n_services, "slos",
				       (json_int_t)config->n_slos, "warnings",
				       json_texts(config->warnings, config->n_warnings), "samples",
				       samples_json(config), "tls", tls_json(config)));
	format_write_safe(name, ctl->out);
	fprintf(ctl->out, ": OK, %zu service%s, %zu SLO%s\n", config->n_services,
		format_plural(config->n_services), config->n_slos, format_plural(config->n_slos));
	print_samples(ctl, config);
	print_tls(ctl, config);
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
