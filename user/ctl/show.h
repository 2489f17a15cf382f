/* SPDX-License-Identifier: GPL-2.0-only */
/* Asks the agent, and shows its answers. */
#ifndef SLIPROBE_CTL_SHOW_H
#define SLIPROBE_CTL_SHOW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "ctl/client.h"
#include "ctl/ctl.h"

/* The answer's body as JSON, which the caller owns; NULL if it is none, or empty. */
json_t *ctl_answer_json(const struct ctl_answer *answer);

/* Repeats on ctl->err the words of a refusal, {"error": "..."}. Returns CTL_CANNOT_TELL. */
int ctl_say_refused(const struct ctl *ctl, const struct ctl_answer *answer);

/*
 * As ctl_ask(), for an answer that must be of status 200 and hold an object. Any other answer is
 * CTL_CANNOT_TELL, and ctl->err says so. The caller owns *ret_json.
 */
int ctl_ask_json(const struct ctl *ctl, const struct ctl_request *request, json_t **ret_json);

/* Gets the address, and shows the answer: as it came with --json, else by `view` (ctl/views). */
typedef int ctl_view(const json_t *json, bool colour, FILE *out);
/* Shows what was asked for already. */
int ctl_show_json(const struct ctl *ctl, const json_t *json, ctl_view *view);
int ctl_show(const struct ctl *ctl, const char *path, const char *name, ctl_view *view);

/* Writes the answer as it came, but for what a terminal must not get. */
void ctl_print_body(const struct ctl *ctl, const struct ctl_answer *answer);

/*
 * Writes `json` as a line, and takes the reference. NULL stands for "out of memory". Returns
 * CTL_DONE or CTL_CANNOT_TELL.
 */
int ctl_print_json(const struct ctl *ctl, json_t *json);

#endif
