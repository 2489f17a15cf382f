/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The invocation of slictl, its exit codes and its commands.
 */
#ifndef SLIPROBE_CTL_CTL_H
#define SLIPROBE_CTL_CTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/json_values.h"

#define CTL_DEFAULT_SOCKET "/run/sliprobe/status.sock"

enum ctl_exit {
	CTL_DONE = 0,
	CTL_NO = 1, /* the answer is no */
	CTL_CANNOT_TELL = 2, /* bad usage, or no answer can be given */
	CTL_UNREACHABLE = 3, /* no agent */
};

struct ctl {
	const char *socket;
	bool json;
	bool colour;
	FILE *out;
	FILE *err;
};

/* Says on ctl->err that there is no memory. Returns CTL_CANNOT_TELL. */
int ctl_no_memory(const struct ctl *ctl);

/* slictl reload. Returns an enum ctl_exit: CTL_NO if the agent has refused the file. */
int ctl_reload(const struct ctl *ctl);

/* slictl version. Returns an enum ctl_exit. */
int ctl_version(const struct ctl *ctl);

/*
 * The commands that have options. argv[0] is the command's name, argv[argc] NULL; argv may get
 * reordered. Each returns an enum ctl_exit. The usage, in slictl.c, says what they do.
 */
int ctl_alerts(const struct ctl *ctl, int argc, char **argv);
int ctl_backtest(const struct ctl *ctl, int argc, char **argv);
int ctl_check(const struct ctl *ctl, int argc, char **argv);
int ctl_events(const struct ctl *ctl, int argc, char **argv);
int ctl_explain(const struct ctl *ctl, int argc, char **argv);
int ctl_export(const struct ctl *ctl, int argc, char **argv);
int ctl_gate(const struct ctl *ctl, int argc, char **argv);
int ctl_health(const struct ctl *ctl, int argc, char **argv);
int ctl_history(const struct ctl *ctl, int argc, char **argv);
int ctl_incident(const struct ctl *ctl, int argc, char **argv);
int ctl_incidents(const struct ctl *ctl, int argc, char **argv);
int ctl_metrics(const struct ctl *ctl, int argc, char **argv);
int ctl_notify_test(const struct ctl *ctl, int argc, char **argv);
int ctl_services(const struct ctl *ctl, int argc, char **argv);
int ctl_report(const struct ctl *ctl, int argc, char **argv);
int ctl_risk(const struct ctl *ctl, int argc, char **argv);
int ctl_status(const struct ctl *ctl, int argc, char **argv);
int ctl_silence(const struct ctl *ctl, int argc, char **argv);
int ctl_top(const struct ctl *ctl, int argc, char **argv);

/* The help of `export`, which names formats that are known in ctl/export. */
extern const char ctl_export_details[];

#endif
