/* SPDX-License-Identifier: GPL-2.0-only */
/* Single values: predicates for read_text(), and readers. */
#ifndef SLIPROBE_CONFIG_VALUES_H
#define SLIPROBE_CONFIG_VALUES_H

#include "base/calendar.h"
#include "base/duration.h"
#include "config/config.h"
#include "config/read.h"

bool valid_name(const char *text);
bool valid_service_name(const char *text);
bool valid_absolute(const char *text);
bool valid_listen(const char *text);
bool valid_hosts(const char *text);
bool valid_group(const char *text);
bool valid_template(const char *text);
bool valid_eligible_route(const char *text);
bool valid_process(const char *text);
bool valid_exe(const char *text);
bool valid_netns(const char *text);
bool valid_unit(const char *text);
bool valid_url(const char *text);
bool valid_base_url(const char *text);

/*
 * read_port: to uint16_t.
 * read_user: to the user of struct config_match.
 * read_container: to char *, as a glob: the beginning of an id gets a `*`.
 * read_bytes: "1", "10k", "2M", to uint64_t.
 * read_count: to uint64_t, from the field's min to its max.
 * read_percent: "99.9", to double, as a ratio.
 * read_share: "2" or "2%", up to the field's max (percent), to double, as a ratio.
 * read_statuses: a list, whose items read_status reads, to the bitmap of config_slo.good.status.
 * read_grpc_statuses: a list, whose items read_grpc_status reads, to a uint32_t with a bit per enum grpc_status.
 * read_methods: a list, whose items read_method reads, to a uint32_t with a bit per enum http_method.
 */
value_reader read_port, read_user, read_container, read_percent, read_share, read_count, read_bytes,
	read_status, read_statuses, read_grpc_status, read_grpc_statuses, read_method, read_methods;

enum {
	VALUE_MAX_TEMPLATE_BYTES = 1024,
	VALUE_MAX_ZONE_BYTES = 64,
	VALUE_MONTH_SECONDS = 31 * 86400, /* of a calendar month, which is at most that long */
};

/* the bounds of an SLO's window */
#define WINDOW_MIN_NS DURATION_H_NS
#define WINDOW_MAX_NS (92 * DURATION_D_NS)

/* Items of lists: a path template. */
extern const struct schema_field config_template_item;

/* of fields read by read_text(): a name that appears in URLs and labels; a time zone */
#define NAME_VALUE                                                                                 \
	.valid = valid_name, .max = CONFIG_MAX_NAME,                                               \
	.expected = "a name of at most 63 bytes without '/' or '\"'"
#define TIME_ZONE_VALUE                                                                            \
	.valid = calendar_zone_valid, .max = VALUE_MAX_ZONE_BYTES,                                 \
	.expected = "a time zone the system knows, such as Europe/Berlin"

#endif
