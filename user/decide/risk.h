/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A risk catalogue: is an objective affordable, with all that is known to go wrong? Pure.
 *
 * From Google's Customer Reliability Engineering: "Know thy enemy: how to prioritize and
 * communicate risks" (CRE life lessons) and the risk analysis of the "Art of SLOs" workshop. There
 * a risk is a time to detect (ETTD), a time to repair (ETTR), the share of users it touches and the
 * time between failures (ETTF). A risk that takes more than a quarter of the budget stands out.
 *   bad minutes a year = (detect + repair) * impact * 365.25 / days between failures
 *   budget a year      = (1 - objective) * 365.25 * 1440 minutes
 */
#ifndef SLIPROBE_DECIDE_RISK_H
#define SLIPROBE_DECIDE_RISK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "config/config.h"

enum {
	RISK_MAX = 1024,
	RISK_MAX_NAME = 128, /* bytes */
	RISK_MAX_BYTES = 1 << 20, /* of a catalogue */
};

#define RISK_YEAR_DAYS 365.25
#define RISK_YEAR_MINUTES 525960.0
#define RISK_MAX_SHARE 0.25

struct risk {
	char *name;
	double detect_minutes;
	double repair_minutes;
	double impact_percent; /* of the events */
	double days_between_failures;
};

struct risk_catalogue {
	double objective; /* ratio; 0: not given */
	struct risk *risks;
	size_t n_risks;
};

/*
 * Reads a catalogue, YAML: objective (optional, a percentage) and risks, whose keys are those of
 * struct risk. `name` stands for the file in messages. Returns 0; -ENOMEM; -EINVAL for a refused
 * catalogue: ret_error->text says why. *ret is untouched on failure.
 */
int risk_parse(const char *text, size_t len, const char *name, struct risk_catalogue *ret,
	       struct error *ret_error);
void risk_clear(struct risk_catalogue *catalogue);

/* One risk, judged. */
struct risk_cost {
	const struct risk *risk;
	double bad_minutes; /* a year */
	double share_ratio; /* of the budget */
	bool too_big; /* above RISK_MAX_SHARE */
};

struct risk_verdict {
	double budget_minutes; /* a year */
	double bad_minutes; /* of all risks */
	double share_ratio;
	bool affordable; /* all of them fit in the budget, be it exactly */
	/*
	 * The strictest objective that is affordable, rounded down so that what it allows has two
	 * digits (0.999456 becomes 0.99945); 1 if nothing goes wrong, 0 if there is none.
	 */
	double affordable_objective;
};

/* 0 < objective < 1. ret_costs has room for all risks: the dearest first, else as in the file. */
void risk_judge(const struct risk_catalogue *catalogue, double objective,
		struct risk_cost *ret_costs, struct risk_verdict *ret);

#endif
