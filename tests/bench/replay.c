/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A year of SLOs, judged by the default alerts at each step: replay [SLOS [SECONDS]] (256, 20).
 * Says how long it takes in steps of 10 s, and in what history keeps of a year: with hardly any
 * errors, with a quarter of the budget spent, and exactly at the objective, where alerts stand on
 * their limits all the time. One CPU's time. Each of the six ends with the SLO after which it has
 * taken SECONDS; what all would have taken is then said as "about": one SLO is as dear as another.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "decide/backtest.h"

enum {
	STEP_SECONDS = 10,
	MINUTE_SECONDS = 60,
	HOUR_SECONDS = 3600,
	DAY_SECONDS = 24 * HOUR_SECONDS,
	YEAR_SECONDS = 365 * DAY_SECONDS,
	REQUESTS = 1000, /* in 10 s */
};

struct kind {
	const char *name;
	int per; /* of so many times 10 s, the last has a bad request; 0: none has */
};

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + now.tv_nsec / 1e9;
}

static int steps_of_10_s(int t)
{
	(void)t;
	return STEP_SECONDS;
}

/* The last 6 h, then 8 d. */
static int steps_as_kept(int t)
{
	if (t >= YEAR_SECONDS - 6 * HOUR_SECONDS)
		return STEP_SECONDS;
	return t >= YEAR_SECONDS - 8 * DAY_SECONDS ? MINUTE_SECONDS : HOUR_SECONDS;
}

/* One SLO's year. Returns how many steps it had, or -errno. */
static int replay(const struct kind *kind, int (*length)(int t))
{
	struct alert_rule rules[ALERT_RULES_MAX];
	const struct backtest_options options = {
		.objective = 0.999,
		.window_seconds = 30 * DAY_SECONDS,
		.rules = rules,
		.n_rules = alert_rules_default(rules),
	};
	struct backtest *backtest;
	int n = 0, r = backtest_new(&options, &backtest);

	if (r)
		return r;
	for (int t = 0, until; !r && t < YEAR_SECONDS; t = until, n++) {
		uint64_t eligible, bad = 0;

		until = t + length(t);
		eligible = (uint64_t)(until - t) / STEP_SECONDS * REQUESTS;
		if (kind->per)
			bad = until / STEP_SECONDS / kind->per - t / STEP_SECONDS / kind->per;
		r = backtest_step(backtest, t, until,
				  (struct slo_events){.good = eligible - bad, .bad = bad});
	}
	backtest_free(backtest);
	return r ? r : n;
}

static int measure(const struct kind *kind, const char *steps, int (*length)(int t), int slos,
		   double most_seconds)
{
	double begin = cpu_seconds(), seconds = 0;
	int n = 0, done = 0;

	while (done < slos && seconds < most_seconds) {
		n = replay(kind, length);
		if (n < 0)
			return n;
		seconds = cpu_seconds() - begin;
		done++;
	}
	printf("%-17s %d SLOs, a year of %s: %s%.1f s, %.0f ns a step\n", kind->name, slos, steps,
	       done < slos ? "about " : "", seconds / done * slos, seconds * 1e9 / done / n);
	fflush(stdout);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct kind kinds[] = {
		{"without errors", 0}, {"a quarter spent", 4}, {"at the objective", 1}};
	int slos = argc > 1 ? atoi(argv[1]) : 256, r = 0;
	double most_seconds = argc > 2 ? atof(argv[2]) : 20;

	if (slos < 1) {
		fprintf(stderr, "usage: replay [SLOS [SECONDS]]\n");
		return 2;
	}
	for (size_t i = 0; !r && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		r = measure(&kinds[i], "10 s steps", steps_of_10_s, slos, most_seconds);
		if (!r)
			r = measure(&kinds[i], "what is kept", steps_as_kept, slos, most_seconds);
	}
	if (r)
		fprintf(stderr, "replay: %s\n", strerror(-r));
	return r ? 1 : 0;
}
