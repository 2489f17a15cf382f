/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which UDP port announces HTTP/3: the value of an Alt-Svc field (RFC 7838, section 3), one byte at a time.
 *
 *	h3=":443"; ma=86400, h3-29="alt.example.com:443"
 *
 * The first alternative of HTTP/3, or of a draft of it, stands for all.
 */
#ifndef SLIPROBE_ALT_SVC_H
#define SLIPROBE_ALT_SVC_H

#include "types.h"

/* The kernel's verifier goes through it once, not for each byte. */
#ifdef __bpf__
#define ALT_SVC_SEPARATE __attribute__((noinline))
#else
#define ALT_SVC_SEPARATE static inline
#endif

/* Where in the value its last byte was: above the port that was read so far. */
enum alt_svc_place {
	ALT_SVC_BEGIN, /* before an alternative */
	ALT_SVC_H,
	ALT_SVC_H3,
	ALT_SVC_AUTHORITY, /* of HTTP/3 */
	ALT_SVC_PORT,
	ALT_SVC_OTHER, /* of another protocol */
	ALT_SVC_KNOWN, /* the port is whole */
};

enum {
	ALT_SVC_PLACE_SHIFT = 24,
	ALT_SVC_PORT_MAX = 65535,
};

static inline __u32 alt_svc_at(enum alt_svc_place place, __u32 port)
{
	return (__u32)place << ALT_SVC_PLACE_SHIFT | port;
}

/* The port; 0: none was announced so far. */
static inline __u32 alt_svc_port(__u32 state)
{
	return state >> ALT_SVC_PLACE_SHIFT == ALT_SVC_KNOWN ? state & ALT_SVC_PORT_MAX : 0;
}

/* Another byte of the value. The state is 0 before the first one. */
ALT_SVC_SEPARATE __u32 alt_svc_next(__u32 state, __u8 c)
{
	__u32 place = state >> ALT_SVC_PLACE_SHIFT, port = state & ALT_SVC_PORT_MAX;

	if (place == ALT_SVC_KNOWN)
		return state;
	if (c == ',')
		return alt_svc_at(ALT_SVC_BEGIN, 0);
	switch (place) {
	case ALT_SVC_BEGIN:
		if (c == ' ' || c == '\t')
			return state;
		return alt_svc_at(c == 'h' ? ALT_SVC_H : ALT_SVC_OTHER, 0);
	case ALT_SVC_H:
		return alt_svc_at(c == '3' ? ALT_SVC_H3 : ALT_SVC_OTHER, 0);
	case ALT_SVC_H3:
		return alt_svc_at(c == '=' || c == '-' ? ALT_SVC_AUTHORITY : ALT_SVC_OTHER, 0);
	case ALT_SVC_AUTHORITY:
		return c == ':' ? alt_svc_at(ALT_SVC_PORT, 0) : state;
	case ALT_SVC_PORT:
		/* an address of IPv6 has colons, too */
		if (c == ':')
			return alt_svc_at(ALT_SVC_PORT, 0);
		if (c == '"' && port)
			return alt_svc_at(ALT_SVC_KNOWN, port);
		port = port * 10 + (c - '0');
		if (c < '0' || c > '9' || port > ALT_SVC_PORT_MAX)
			return alt_svc_at(ALT_SVC_AUTHORITY, 0);
		return alt_svc_at(ALT_SVC_PORT, port);
	default:
		return state;
	}
}

#endif
