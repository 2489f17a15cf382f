/* SPDX-License-Identifier: GPL-2.0-only */
/* The axis is on disk as the text of the value "timeline". */
#include "record/private.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"

static void read_boot_id(char ret[static TIMELINE_BOOT_ID_BYTES])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (!file || !fgets(ret, TIMELINE_BOOT_ID_BYTES, file))
		ret[0] = 0;
	ret[strcspn(ret, "\n")] = 0;
	if (file)
		fclose(file);
}

static bool load_mark(struct record *record, struct timeline_mark *ret)
{
	_cleanup_free_ char *text = NULL;
	const char *boot_id;
	json_t *json;
	int owed;
	bool ok;

	if (!record->store || store_get_value(record->store, "timeline", &text))
		return false;
	json = json_loads(text, 0, NULL);
	ok = !json_unpack(json, "{s:s, s:F, s:F, s:F, s:b, s:F}", "boot_id", &boot_id, "anchor",
			  &ret->anchor_seconds, "wall_offset", &ret->wall_offset_seconds, "last",
			  &ret->last_seconds, "owed", &owed, "owed_wall_offset",
			  &ret->owed_wall_offset_seconds);
	if (ok) {
		snprintf(ret->boot_id, sizeof(ret->boot_id), "%s", boot_id);
		ret->owed = owed;
	}
	json_decref(json);
	return ok;
}

double record_axis_start(struct record *record, struct timeline *timeline)
{
	struct timeline_mark mark;
	bool marked = load_mark(record, &mark);

	read_boot_id(record->boot_id);
	record->cut_off = marked && record->boot_id[0] && store_was_open(record->store) &&
			  !strcmp(mark.boot_id, record->boot_id);
	return timeline_start(timeline, marked ? &mark : NULL, record->boot_id,
			      clock_seconds(CLOCK_BOOTTIME), clock_seconds(CLOCK_REALTIME));
}

int record_axis_put(struct record *record, const struct record_step *step)
{
	_cleanup_free_ char *text = NULL;
	struct timeline_mark mark;
	json_t *json;
	int r;

	timeline_mark(step->timeline, record->boot_id, step->now_seconds, &mark);
	json = json_pack("{s:s, s:f, s:f, s:f, s:b, s:f}", "boot_id", mark.boot_id, "anchor",
			 mark.anchor_seconds, "wall_offset", mark.wall_offset_seconds, "last",
			 mark.last_seconds, "owed", mark.owed, "owed_wall_offset",
			 mark.owed_wall_offset_seconds);
	text = json ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	if (!text)
		return -ENOMEM;
	r = store_put_value(record->store, "timeline", text);
	if (!r && strcmp(record->instance, step->instance) != 0) {
		r = store_put_value(record->store, "kernel", step->instance);
		r = r ?: store_reset_counters(record->store);
	}
	return r;
}
