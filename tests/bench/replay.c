/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A year of 10 s steps of SLOs, judged by the default alerts at each: replay [SLOS] (256). Says how
 * long it takes with hardly any errors, with a quarter of the budget spent, and exactly at the
 * objective, where alerts stand on their limits all the time. One CPU's time, as CPU seconds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../user/backtest.h"

enum {
	STEP_SECONDS = 10,
	YEAR_STEPS = 365 * 86400 / STEP_SECONDS,
	REQUESTS = 1000, /* in each step */
};

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + now.tv_nsec / 1e9;
}

/* One SLO's year: of every `per` steps, the last has a bad request (0: none has). */
static int replay(int per)
{
	struct alert_rule rules[ALERT_RULES_MAX];
	const struct backtest_options options = {
		.objective = 0.999,
		.window_seconds = 30 * 86400,
		.rules = rules,
		.n_rules = alert_rules_default(rules),
	};
	struct backtest *backtest;
	int r = backtest_new(&options, &backtest);

	if (r)
		return r;
	for (int i = 0; !r && i < YEAR_STEPS; i++) {
		uint64_t bad = per && i % per == per - 1;

		r = backtest_step(backtest, (double)i * STEP_SECONDS, (i + 1.0) * STEP_SECONDS,
				  (struct slo_events){.good = REQUESTS - bad, .bad = bad});
	}
	backtest_free(backtest);
	return r;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int per;
	} kinds[] = {{"without errors", 0}, {"a quarter spent", 4}, {"at the objective", 1}};
	int slos = argc > 1 ? atoi(argv[1]) : 256;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		double begin = cpu_seconds(), seconds;

		for (int slo = 0; slo < slos; slo++) {
			int r = replay(kinds[i].per);

			if (r) {
				fprintf(stderr, "replay: %s\n", strerror(-r));
				return 1;
			}
		}
		seconds = cpu_seconds() - begin;
		printf("%-17s %d SLOs, a year of %d s steps: %.1f s, %.0f ns a step\n",
		       kinds[i].name, slos, STEP_SECONDS, seconds,
		       seconds * 1e9 / slos / YEAR_STEPS);
	}
	return 0;
}
