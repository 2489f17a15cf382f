/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests come, piece by piece: what libmicrohttpd calls the server for. */
#ifndef SLIPROBE_SERVER_REQUESTS_H
#define SLIPROBE_SERVER_REQUESTS_H

#include <microhttpd.h>

/* For its options of the same names; cls: the struct server. */
void requests_connection(void *cls, struct MHD_Connection *connection, void **client,
			 enum MHD_ConnectionNotificationCode code);
void requests_completed(void *cls, struct MHD_Connection *connection, void **context,
			enum MHD_RequestTerminationCode code);

/*
 * Called with the head, with each piece of the body, and at the end of the request; again when a client
 * that waited for its turn was shut down.
 */
enum MHD_Result requests_come(void *cls, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *piece,
			      size_t *piece_bytes, void **context);

#endif
