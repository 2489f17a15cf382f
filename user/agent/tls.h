/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TLS, as far as the agent has to do with it: it hands the programs to sliprobe-helper, which attaches them, names the
 * processes to look at, and keeps what was found. Nothing here waits but for the start.
 *
 * What the configuration says at the start holds until a restart: without the privileges of the start programs cannot
 * be loaded, nor the helper be started.
 */
#ifndef SLIPROBE_AGENT_TLS_H
#define SLIPROBE_AGENT_TLS_H

#include <stdbool.h>

#include "agent/tls_table.h"
#include "base/error.h"
#include "base/helper.h"
#include "base/loop.h"
#include "config/config.h"
#include "report/reload.h"
#include "report/snapshot.h"

struct agent;

/* The process that attaches, started before anything is given up. */
struct tls_helper {
	struct helper process; /* HELPER_NONE: it could not be started, or was not to be */
	struct error why; /* "": it was not to be */
};

enum tls_helper_is {
	TLS_HELPER_OFF, /* there is none */
	TLS_HELPER_STARTS, /* it has not said yet that it can attach */
	TLS_HELPER_READY,
	TLS_HELPER_FAILED, /* it cannot */
	TLS_HELPER_ENDED, /* it has died, and with it who would start it again */
};

struct agent_tls {
	struct tls_helper *helper; /* the caller's; NULL: there is none */
	struct config_tls config; /* of the start: a copy */
	enum tls_helper_is is;
	char why[512]; /* it is not ready, or has died last */
	__u64 capabilities; /* of the process that works; 0: not known */
	__u32 starts; /* of that process: above 1, it has died */
	int pins_fd; /* -1: there are no pins */
	struct tls_table table;
};

/* Starts it, unless TLS is off: while there is nothing given up yet, and little to inherit. */
void tls_helper_begin(struct tls_helper *helper, const struct config_tls *config, bool quiet);

/* Keeps what the configuration says. Returns 0 or -ENOMEM. */
int tls_begin(struct agent_tls *tls, struct tls_helper *helper, const struct config_tls *config);
void tls_clear(struct agent_tls *tls);

/* Whether the programs are to be loaded: they are of no use without the helper. */
bool tls_is_wanted(const struct agent_tls *tls);

/*
 * The kernel side counts. The processes that listen already are looked at before this returns, as far as that takes
 * no longer than a second or two.
 */
void tls_start(struct agent *agent);
/* At each step: forgets processes that have ended. */
void tls_step(struct agent *agent);
/* Ends the helper; `keep`: what is attached counts on. */
void tls_stop(struct agent *agent);

struct loop_part tls_helper_part(struct agent *agent);
struct loop_part tls_wanted_part(struct agent *agent);

/* What a reload changes of it: nothing, which is said. Returns 0 or -ENOMEM. */
int tls_tell_reload(const struct agent_tls *tls, const struct config_tls *now, struct reload *ret);

/* Returns 0 or -errno. */
int tls_snapshot(const struct agent *agent, struct snapshot_tls *ret);

#endif
