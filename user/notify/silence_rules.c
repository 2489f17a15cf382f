/* SPDX-License-Identifier: GPL-2.0-only */
#include "notify/silence_rules.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- what it is of ---- */

bool silence_is_of_all(const struct silence *silence, const struct config *config)
{
	if (silence->service)
		return false;
	if (!silence->slo)
		return true;
	for (size_t i = 0; i < config->n_slos; i++) {
		if (config_slo_is_wildcard(&config->slos[i]) &&
		    !strcmp(config->slos[i].name, silence->slo))
			return true;
	}
	return false;
}

void silence_selection(const struct silence *silence, char *ret, size_t size)
{
	const char *slo = silence->slo ?: "", *service = silence->service ?: "";
	const char *severity = silence->severity ?: "";
	const bool named = *slo || *service;

	snprintf(ret, size, "%s%s%s%s%s%s%s", *slo ? "SLO " : "", slo,
		 !*service ? "" :
		 *slo	   ? " of service " :
			     "service ",
		 service, named && *severity ? ", " : "",
		 *severity ? "every " :
		 named	   ? "" :
			     "everything",
		 severity);
}

/* ---- consent ---- */

static int judge_length(const struct silence *silence, bool of_all, struct error *ret_error)
{
	const int max_seconds = of_all ? SILENCE_ALL_MAX_SECONDS : SILENCE_SOME_MAX_SECONDS;

	if (silence->until_unix - silence->from_unix <= max_seconds)
		return 0;
	return error_set(ret_error, -EINVAL,
			 "a silence of %s lasts at most %d h unless it is forced: \"force\": true "
			 "(slictl silence add --force), up to 31 days",
			 of_all ? "everything" : "a service or an SLO", max_seconds / 3600);
}

int silence_judge(const struct silence *silence, bool of_all, const struct silence_consent *consent,
		  struct error *ret_error)
{
	char selection[160];

	silence_selection(silence, selection, sizeof(selection));
	if (of_all && !consent->all)
		return error_set(ret_error, -EINVAL,
				 "this silences %s: name an SLO or a service, or say so with "
				 "\"all\": true (slictl silence add --all)",
				 silence->slo ? "every service" : selection);
	if (!of_all && consent->all)
		return error_set(ret_error, -EINVAL,
				 "\"all\" goes with neither \"slo\" nor \"service\"");
	if (of_all && silence->exclude_eligible && !consent->force)
		return error_set(ret_error, -EINVAL,
				 "this leaves all events out of all SLOs: besides \"all\" it takes "
				 "\"force\": true (slictl silence add --all --force)");
	return consent->force ? 0 : judge_length(silence, of_all, ret_error);
}

/* ---- how many ---- */

static size_t held_by(const struct silences *silences, const char *by)
{
	size_t n = 0;

	for (size_t i = 0; i < silences->n; i++)
		n += !strcmp(silences->list[i].by ?: "", by);
	return n;
}

/* Whether an earlier one of the list has the same holder. */
static bool is_counted(const struct silences *silences, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (!strcmp(silences->list[k].by ?: "", silences->list[i].by ?: ""))
			return true;
	}
	return false;
}

/* "uid 1000 holds 64, uid 1001 holds 64", those who hold the most first. */
static void write_holders(const struct silences *silences, char *ret, size_t size)
{
	enum { SHOWN = 4 };
	size_t most = SILENCES_MAX + 1, shown = 0, len = 0;

	*ret = 0;
	while (shown < SHOWN && most > 1) {
		size_t next = 0;

		for (size_t i = 0; i < silences->n; i++) {
			const size_t n = held_by(silences, silences->list[i].by ?: "");

			next = n < most && n > next ? n : next;
		}
		most = next;
		for (size_t i = 0; i < silences->n && shown < SHOWN && most; i++) {
			const char *by = silences->list[i].by ?: "";

			if (held_by(silences, by) != most || is_counted(silences, i))
				continue;
			len += (size_t)snprintf(ret + len, size - len, "%s%.32s holds %zu",
						shown ? ", " : "", *by ? by : "somebody", most);
			shown++;
		}
		if (!most)
			break;
	}
}

int silences_admit(const struct silences *silences, const char *by, bool root,
		   struct error *ret_error)
{
	const size_t own = held_by(silences, by);
	const size_t room = root ? SILENCES_MAX :
			    own < SILENCES_FIRST ?
				   SILENCES_MAX - SILENCES_FOR_ROOT :
				   SILENCES_MAX - SILENCES_FOR_ROOT - SILENCES_FOR_FIRST;
	char holders[200];

	if (!root && own >= SILENCES_OF_ONE_MAX)
		return error_set(ret_error, -ENOSPC,
				 "%s holds %zu silences, and may hold no more: slictl silence list "
				 "shows them, slictl silence remove ID ends one",
				 by, own);
	if (silences->n < room)
		return 0;
	write_holders(silences, holders, sizeof(holders));
	return error_set(ret_error, -ENOSPC,
			 "there are %zu silences already (%s): slictl silence list shows them, "
			 "slictl silence remove ID ends one",
			 silences->n, holders);
}
