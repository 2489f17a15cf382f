/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/reload.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/format.h"

/* Keys that are read at the start only. */
static const struct {
	const char *key;
	size_t offset; /* of a text in struct config_agent */
} fixed[] = {
	{"socket", offsetof(struct config_agent, socket)},
	{"state_dir", offsetof(struct config_agent, state_dir)},
	{"admin_group", offsetof(struct config_agent, admin_group)},
	{"metrics_listen", offsetof(struct config_agent, metrics_listen)},
	{"page_listen", offsetof(struct config_agent, page_listen)},
	{"page_hosts", offsetof(struct config_agent, page_hosts)},
};

/* Those that a reload applies. */
static const struct {
	const char *key;
	size_t offset; /* of a uint64_t of ns in struct config_agent */
} applied[] = {
	{"interval", offsetof(struct config_agent, interval_ns)},
	{"unanswered_after", offsetof(struct config_agent, unanswered_after_ns)},
};

enum {
	N_FIXED = sizeof(fixed) / sizeof(fixed[0]),
	N_APPLIED = sizeof(applied) / sizeof(applied[0]),
};

_Static_assert((int)N_FIXED <= (int)RELOAD_LINES_MAX && (int)N_APPLIED <= (int)RELOAD_LINES_MAX,
	       "each key has a line");

static char **text_at(struct config_agent *agent, size_t i)
{
	return (char **)((char *)agent + fixed[i].offset);
}

static const char *text_of(const struct config_agent *agent, size_t i)
{
	return *(char *const *)((const char *)agent + fixed[i].offset);
}

static double seconds_of(const struct config_agent *agent, size_t i)
{
	const uint64_t *ns = (const uint64_t *)((const char *)agent + applied[i].offset);

	return (double)*ns / DURATION_S_NS;
}

int reloads_begin(struct reloads *reloads, const struct config *config)
{
	reloads->refused_at = NAN;
	for (size_t i = 0; i < N_FIXED; i++) {
		const char *text = text_of(&config->agent, i);

		*text_at(&reloads->start, i) = text ? strdup(text) : NULL;
		if (text && !text_of(&reloads->start, i))
			return -ENOMEM;
	}
	return 0;
}

void reloads_clear(struct reloads *reloads)
{
	for (size_t i = 0; i < N_FIXED; i++) {
		free(*text_at(&reloads->start, i));
		*text_at(&reloads->start, i) = NULL;
	}
}

void reloads_note(struct reloads *reloads, int r, const struct error *why, double unix_seconds)
{
	if (!r) {
		reloads->applied++;
		reloads->refused_at = NAN;
		return;
	}
	reloads->refused++;
	reloads->refused_at = unix_seconds;
	reloads->refusal = *why;
	if (!why->text[0])
		error_set(&reloads->refusal, r, "%s", strerror(-r));
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static int tell_fixed(const struct reloads *reloads, const struct config *now, size_t i,
		      struct reload *ret)
{
	const char *used = text_of(&reloads->start, i), *text = text_of(&now->agent, i);

	if (same_text(used, text))
		return 0;
	return reload_line(&ret->takes_restart,
			   "agent.%s is now %s; until a restart %s stays in use", fixed[i].key,
			   text ?: "not given", used ?: "none");
}

static int tell_applied(const struct config_agent *before, const struct config *now, size_t i,
			struct reload *ret)
{
	const double from = seconds_of(before, i), to = seconds_of(&now->agent, i);

	if (from == to)
		return 0;
	return reload_line(&ret->applied, "agent.%s: %s instead of %s", applied[i].key,
			   format_span(to).text, format_span(from).text);
}

int reloads_tell(const struct reloads *reloads, const struct config_agent *before,
		 const struct config *now, struct reload *ret)
{
	int r = 0;

	*ret = (struct reload){
		.config = now->file,
		.services = now->n_services,
		.slos = now->n_slos,
		.warnings = now->warnings,
		.n_warnings = now->n_warnings,
	};
	for (size_t i = 0; i < N_FIXED && !r; i++)
		r = tell_fixed(reloads, now, i, ret);
	for (size_t i = 0; i < N_APPLIED && !r; i++)
		r = tell_applied(before, now, i, ret);
	return r;
}
