/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The reader of OpenSLO files on any text: it takes it or refuses it as config/openslo says. What it takes
 * is written as OpenSLO again, and read from that as the same.
 */
#include "config/config.h"
#include "config/openslo.h"
#include "export/openslo.h"
#include "export/prometheus_rules.h"
#include "tests/fuzz/json_mutate.h"

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static void check_rule(const struct config_slo *slo, const struct alert_rule *rule)
{
	require(memchr(rule->name, '\0', sizeof(rule->name)) && rule->name[0], "a rule's name");
	require(rule->severity < SEVERITY_COUNT && rule->kind < ALERT_KIND_COUNT, "a rule's kind");
	require(rule->min_bad >= 1 && rule->min_bad <= ALERT_MIN_BAD_MAX, "a rule's min_bad");
	require(rule->ratio >= 0 && rule->ratio <= 10, "a rule's ratio");
	require(rule->seconds <= slo->window_seconds || rule->kind >= ALERT_NO_DATA,
		"a rule beyond the window");
}

static void check_slo(const struct config_slo *slo)
{
	require(slo->name && slo->name[0] && strlen(slo->name) <= CONFIG_MAX_NAME, "an SLO's name");
	require(slo->objective > 0 && slo->objective < 1, "an impossible objective");
	require(slo->window_seconds > 0, "no window");
	require(!slo->slice_seconds || (slo->slice_target > 0 && slo->slice_target <= 1),
		"an impossible slice target");
	require(slo->calendar_month == (slo->time_zone != NULL), "a time zone");
	require(slo->n_alerts <= ALERT_RULES_MAX, "too many rules");
	for (size_t i = 0; i < slo->n_alerts; i++)
		check_rule(slo, &slo->alerts[i]);
}

/* Their order matters for nothing. */
static void check_same_rule(const struct alert_rule *rule, const struct config_slo *slo)
{
	size_t i = 0;

	while (i < slo->n_alerts && strcmp(slo->alerts[i].name, rule->name) != 0)
		i++;
	require(i < slo->n_alerts, "an alert is missing when read again");
	require(slo->alerts[i].kind == rule->kind && slo->alerts[i].severity == rule->severity &&
			slo->alerts[i].ratio == rule->ratio &&
			slo->alerts[i].seconds == rule->seconds &&
			slo->alerts[i].short_seconds == rule->short_seconds &&
			slo->alerts[i].min_bad == rule->min_bad &&
			slo->alerts[i].min_events == rule->min_events,
		"another alert when read again");
}

static void check_same(const struct config *config, const struct config *again)
{
	require(config->n_slos == again->n_slos, "another number of SLOs when read again");
	for (size_t i = 0; i < config->n_slos; i++) {
		const struct config_slo *a = &config->slos[i], *b = &again->slos[i];

		require(same_text(a->name, b->name) && same_text(a->service, b->service),
			"another name or service when read again");
		require(a->objective == b->objective && a->window_seconds == b->window_seconds &&
				a->slice_seconds == b->slice_seconds &&
				a->slice_target == b->slice_target &&
				same_text(a->time_zone, b->time_zone),
			"another objective, window or slice when read again");
		require(a->n_alerts == b->n_alerts, "another number of alerts when read again");
		for (size_t j = 0; j < a->n_alerts; j++)
			check_same_rule(&a->alerts[j], b);
	}
	require(config->n_receivers == again->n_receivers, "other receivers when read again");
}

static int check_reason(void *context, const char *sentence)
{
	(void)context;
	require(sentence && sentence[0], "an empty reason");
	return 0;
}

/* All that an SLO is exported to. */
static void write_and_read_again(const struct config *config)
{
	struct config again = {};
	struct error error = {};
	struct refusals refusals = {.first = &error};
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int r;

	require(out && !openslo_write(config, out) && !fclose(out), "it cannot be written");
	r = openslo_parse(text, len, "again.yaml", &again, &refusals);
	if (r)
		fprintf(stderr, "%s\n%s\n", text, error.text);
	require(!r, "what was written is refused");
	check_same(config, &again);
	refusals_clear(&refusals);
	config_clear(&again);
	free(text);

	prometheus_rules_left_out(config, check_reason, NULL);
	out = open_memstream(&text, &len);
	require(out && !prometheus_rules_write(config, out) && !fclose(out),
		"rules are not written");
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config = {};
	struct error error;
	struct refusals refusals = {.first = &error};
	char *text = fuzz_text(data, size);
	int r;

	memset(&error, 0x5a, sizeof(error));
	r = openslo_parse(text, size, "fuzz.yaml", &config, &refusals);
	free(text);
	if (r) {
		require(r == -EINVAL, "refused with another error than EINVAL");
		require(memchr(error.text, '\0', sizeof(error.text)), "the reason does not end");
		require(!strncmp(error.text, "fuzz.yaml", 9), "the reason names no file");
	} else {
		for (size_t i = 0; i < config.n_slos; i++)
			check_slo(&config.slos[i]);
		write_and_read_again(&config);
	}
	refusals_clear(&refusals);
	config_clear(&config);
	return 0;
}

/* YAML takes JSON: a document of a seed that is JSON stays so. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	random_seed(seed);
	if (random_below(8) == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	return fuzz_mutate_any_part(data, size, max_size, 0, "\n---\n", json_mutate);
}
