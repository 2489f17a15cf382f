/* SPDX-License-Identifier: GPL-2.0-only */
/* An event as JSON: one object, the same keys always, null for what is not known. */
#ifndef SLIPROBE_SAMPLES_EVENT_JSON_H
#define SLIPROBE_SAMPLES_EVENT_JSON_H

#include <jansson.h>

#include "samples/event.h"

/* RFC 3339 in UTC with nine digits of a second; "" outside years 1970 .. 9999. */
void event_time_text(int64_t unix_ns, char ret_text[static 40]);

/* NULL when out of memory. */
json_t *event_json(const struct event *event);

#endif
