/* SPDX-License-Identifier: GPL-2.0-only */
/* What a client accepts: RFC 9110, section 12.5.1. */
#ifndef SLIPROBE_SERVER_ACCEPT_H
#define SLIPROBE_SERVER_ACCEPT_H

enum {
	ACCEPT_WEIGHT_MAX = 1000,
};

/*
 * The weight of a media type, "text/plain", in the Accept header `accept`: 0 (not acceptable) to
 * ACCEPT_WEIGHT_MAX, in thousandths. The most specific range that the type matches decides; parameters of
 * a range other than its weight are not looked at. Without a header (NULL) everything is acceptable.
 */
int accept_weight(const char *accept, const char *type);

#endif
