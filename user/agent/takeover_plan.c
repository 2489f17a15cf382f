/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/takeover_plan.h"

#include <string.h>

#include "apply/note.h"

static enum takeover_plan plan_of(enum takeover_plan plan, const char *why, const char **ret_why)
{
	*ret_why = why;
	return plan;
}

enum takeover_plan takeover_plan(const struct takeover_found *found,
				 const struct takeover_wanted *wanted, const char **ret_why)
{
	struct note_head head;
	const json_t *body;

	if (found->unopened)
		return plan_of(TAKEOVER_DISCARD, found->unopened, ret_why);
	if (!found->note)
		return plan_of(TAKEOVER_DISCARD, "there is no note on it", ret_why);
	if (note_open(found->note, &head, &body))
		return plan_of(TAKEOVER_DISCARD, "it is of another version", ret_why);
	if (!head.build || strcmp(head.build, wanted->build) != 0)
		return plan_of(TAKEOVER_HAND_OVER, "the kernel side of this version is another one",
			       ret_why);
	if (wanted->hook != PROBE_HOOK_AUTO && wanted->hook != found->hook)
		return plan_of(TAKEOVER_HAND_OVER, "other hooks are asked for", ret_why);
	if (wanted->tls == TAKEOVER_TLS_LOADED && !found->tls && !found->tls_refused)
		return plan_of(TAKEOVER_HAND_OVER, "TLS is measured from now on", ret_why);
	if (wanted->tls == TAKEOVER_TLS_LOADED && found->tls && wanted->ktls && !found->ktls)
		return plan_of(TAKEOVER_HAND_OVER, "TLS in the kernel is measured from now on",
			       ret_why);
	if (wanted->tls == TAKEOVER_TLS_NONE && found->tls)
		return plan_of(TAKEOVER_HAND_OVER, "TLS is no longer measured", ret_why);
	return plan_of(TAKEOVER_TAKE_OVER, NULL, ret_why);
}
