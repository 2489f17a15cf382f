/* SPDX-License-Identifier: GPL-2.0-only */
/* Private to samples/batch: the fields of an event, in the order in which they are packed. A change is a new version. */
#ifndef SLIPROBE_SAMPLES_BATCH_FIELDS_H
#define SLIPROBE_SAMPLES_BATCH_FIELDS_H

enum { BATCH_VERSION = 1 };

#define BATCH_SMALL(X) X(role) X(method) X(outcome) X(status) X(client_port)

/* In ns, and 1; 0: not known */
#define BATCH_SECONDS(X)                                                                           \
	X(total_seconds)                                                                           \
	X(queue_seconds)                                                                           \
	X(service_seconds)                                                                         \
	X(first_byte_seconds)                                                                      \
	X(run_delay_seconds)                                                                       \
	X(rtt_seconds)                                                                             \
	X(window_full_seconds)

/* And 1; 0: not known */
#define BATCH_COUNTS(X) X(bytes_in) X(bytes_out) X(pid) X(tid) X(retransmits)

#define BATCH_TEXTS(X)                                                                             \
	X(protocol)                                                                                \
	X(route)                                                                                   \
	X(method_text)                                                                             \
	X(path)                                                                                    \
	X(query)                                                                                   \
	X(host)                                                                                    \
	X(user_agent)                                                                              \
	X(request_id)                                                                              \
	X(traceparent)                                                                             \
	X(client)                                                                                  \
	X(process)                                                                                 \
	X(container)                                                                               \
	X(unit)                                                                                    \
	X(pod)                                                                                     \
	X(version)

#endif
