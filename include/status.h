/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The status of a request that was answered: of HTTP, and of gRPC if it is a gRPC request. Both are one number, so that
 * what is counted by status is counted by both: bits 0 to 9 are the status of HTTP, 0 if it is not known; bits
 * 10 to 14 are enum grpc_status + 1, 0 for a request that is not of gRPC.
 */
#ifndef SLIPROBE_STATUS_H
#define SLIPROBE_STATUS_H

#include "terms.h"
#include "types.h"

enum {
	STATUS_GRPC_SHIFT = 10,
	STATUS_HTTP_END = 1 << STATUS_GRPC_SHIFT, /* of HTTP alone: all below */
	STATUS_END = 1 << 15,
	/*
	 * Of a verdict alone, beside its status: other answers on its connection hide theirs. Which are hidden is no
	 * accident: successes are, since they repeat, and failures are spelled out. So what is known of such a
	 * connection is counted, and judged no more than what is hidden.
	 */
	STATUS_ONE_SIDED = STATUS_END,
};

/* Of a gRPC request. `http`: below STATUS_HTTP_END; 0: not known. */
static inline __u16 status_of(unsigned int http, enum grpc_status grpc)
{
	return (__u16)((http & (STATUS_HTTP_END - 1)) | ((unsigned int)grpc + 1)
								<< STATUS_GRPC_SHIFT);
}

static inline unsigned int status_http(unsigned int status)
{
	return status & (STATUS_HTTP_END - 1);
}

static inline int status_is_grpc(unsigned int status)
{
	return status % STATUS_END >= STATUS_HTTP_END;
}

/* Of a gRPC request alone. */
static inline enum grpc_status status_grpc(unsigned int status)
{
	return (enum grpc_status)((status % STATUS_END >> STATUS_GRPC_SHIFT) - 1);
}

/* Of a complete request: whether it can be judged. */
static inline int status_is_known(unsigned int status)
{
	return status_http(status) && status < STATUS_END &&
	       !(status_is_grpc(status) && status_grpc(status) == GRPC_HIDDEN);
}

/*
 * The statuses of gRPC that are good where nobody has said otherwise, by bit: all but those that blame the server. What
 * is no code is to clients what UNKNOWN is.
 */
enum {
	GRPC_ALL = (1 << GRPC_HIDDEN) - 1, /* that can be good or bad */
	GRPC_FAILURES = 1 << GRPC_UNKNOWN | 1 << GRPC_DEADLINE_EXCEEDED | 1 << GRPC_INTERNAL |
			1 << GRPC_UNAVAILABLE | 1 << GRPC_DATA_LOSS | 1 << GRPC_OTHER |
			1 << GRPC_ABSENT,
	GRPC_GOOD = GRPC_ALL & ~GRPC_FAILURES,
};

/*
 * Where a status has no series of its own, requests are counted by its class (RFC 9110, section 15): a status of HTTP
 * below STATUS_CLASSES is a class, 5 is 5xx.
 */
enum {
	STATUS_CLASSES = 10,
	STATUS_CLASS_SUCCESS = 2,
	STATUS_CLASS_SERVER_ERROR = 5,
};

/* The class of the status of HTTP. */
static inline unsigned int status_class(unsigned int status)
{
	unsigned int http = status_http(status);

	return http < STATUS_CLASSES ? http : http / 100;
}

/*
 * What a status is counted under where it has no series of its own. A gRPC request that succeeded as one of HTTP
 * keeps its status of gRPC, which alone tells whether it failed; any other is counted by its class alone, so that
 * there are few.
 */
static inline unsigned int status_rest(unsigned int status)
{
	unsigned int of_class = status_class(status);

	return of_class == STATUS_CLASS_SUCCESS ? status - status_http(status) + of_class :
						  of_class;
}

/* Whether the request has failed by its status, for whom no SLO says which are good. */
static inline int status_failed(unsigned int status)
{
	return status_class(status) >= STATUS_CLASS_SERVER_ERROR ||
	       (status_is_grpc(status) && GRPC_FAILURES >> status_grpc(status) & 1);
}

_Static_assert((GRPC_STATUS_COUNT + 1) << STATUS_GRPC_SHIFT <= STATUS_END,
	       "both statuses have room");

#endif
