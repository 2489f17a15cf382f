/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The closed vocabularies that kernel and user side share. Each is an X-macro, so that a value and
 * its printed name cannot drift apart.
 */
#ifndef SLIPROBE_TERMS_H
#define SLIPROBE_TERMS_H

/*
 * Request methods: the values of OpenTelemetry's `http.request.method`. Anything else is `_OTHER`;
 * `_unknown`: of a request that was answered, and whose bytes nobody has seen.
 * https://opentelemetry.io/docs/specs/semconv/attributes-registry/http/
 */
#define HTTP_METHODS(X)                                                                            \
	X(OTHER, "_OTHER")                                                                         \
	X(GET, "GET")                                                                              \
	X(HEAD, "HEAD")                                                                            \
	X(POST, "POST")                                                                            \
	X(PUT, "PUT")                                                                              \
	X(DELETE, "DELETE")                                                                        \
	X(CONNECT, "CONNECT")                                                                      \
	X(OPTIONS, "OPTIONS")                                                                      \
	X(TRACE, "TRACE")                                                                          \
	X(PATCH, "PATCH")                                                                          \
	X(QUERY, "QUERY")                                                                          \
	X(UNKNOWN, "_unknown")

enum http_method {
#define X(id, name) HTTP_METHOD_##id,
	HTTP_METHODS(X)
#undef X
		HTTP_METHOD_COUNT,
};

/*
 * Statuses of gRPC: the codes by number, then what an answer has instead of one.
 * https://grpc.io/docs/guides/status-codes/
 */
#define GRPC_STATUSES(X)                                                                           \
	X(OK, "OK")                                                                                \
	X(CANCELLED, "CANCELLED")                                                                  \
	X(UNKNOWN, "UNKNOWN")                                                                      \
	X(INVALID_ARGUMENT, "INVALID_ARGUMENT")                                                    \
	X(DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")                                                  \
	X(NOT_FOUND, "NOT_FOUND")                                                                  \
	X(ALREADY_EXISTS, "ALREADY_EXISTS")                                                        \
	X(PERMISSION_DENIED, "PERMISSION_DENIED")                                                  \
	X(RESOURCE_EXHAUSTED, "RESOURCE_EXHAUSTED")                                                \
	X(FAILED_PRECONDITION, "FAILED_PRECONDITION")                                              \
	X(ABORTED, "ABORTED")                                                                      \
	X(OUT_OF_RANGE, "OUT_OF_RANGE")                                                            \
	X(UNIMPLEMENTED, "UNIMPLEMENTED")                                                          \
	X(INTERNAL, "INTERNAL")                                                                    \
	X(UNAVAILABLE, "UNAVAILABLE")                                                              \
	X(DATA_LOSS, "DATA_LOSS")                                                                  \
	X(UNAUTHENTICATED, "UNAUTHENTICATED")                                                      \
	X(OTHER, "_other") /* a number without a name, or no number */                             \
	X(ABSENT, "_absent") /* the answer has ended without one */                                \
	X(HIDDEN, "_unknown") /* the answer has one, or not: it could not be read */

enum grpc_status {
#define X(id, name) GRPC_##id,
	GRPC_STATUSES(X)
#undef X
		GRPC_STATUS_COUNT,
};

/* How a request ended; every request ends as exactly one of these. */
#define OUTCOMES(X)                                                                                \
	X(COMPLETE, "complete")                                                                    \
	X(SERVER_ABORT, "server_abort")                                                            \
	X(CLIENT_ABORT, "client_abort")                                                            \
	X(UNANSWERED, "unanswered")                                                                \
	X(NOT_ACCEPTED, "not_accepted")

enum outcome {
#define X(id, name) OUTCOME_##id,
	OUTCOMES(X)
#undef X
		OUTCOME_COUNT,
};

/* The others have no response, and were not cut off by an end: their time says nothing. */
static inline int outcome_is_timed(enum outcome outcome)
{
	return outcome != OUTCOME_UNANSWERED && outcome != OUTCOME_NOT_ACCEPTED;
}

/*
 * Why an eligible request was bad: the first of these that applies, in this order, so that they add up
 * to the bad ones. Only a complete request is bad by its status, latency or body.
 */
#define BAD_REASONS(X)                                                                             \
	X(SERVER_ABORT, "server_abort")                                                            \
	X(CLIENT_ABORT, "client_abort")                                                            \
	X(UNANSWERED, "unanswered")                                                                \
	X(STATUS, "status")                                                                        \
	X(LATENCY, "latency")                                                                      \
	X(BODY, "body")

enum bad_reason {
#define X(id, name) BAD_##id,
	BAD_REASONS(X)
#undef X
		BAD_REASON_COUNT,
};

/* What of a request an SLO's latency is: until all of its answer is sent, or the first of it. */
#define LATENCIES(X)                                                                               \
	X(TOTAL, "total")                                                                          \
	X(FIRST_BYTE, "first_byte")

enum latency_of {
#define X(id, name) LATENCY_OF_##id,
	LATENCIES(X)
#undef X
		LATENCY_OF_COUNT,
};

/* Which side of the connection the measured process is. */
#define ROLES(X)                                                                                   \
	X(SERVER, "server")                                                                        \
	X(CLIENT, "client")

enum role {
#define X(id, name) ROLE_##id,
	ROLES(X)
#undef X
		ROLE_COUNT,
};

/* Why a request that was seen could not be given an outcome: `sliprobe_lost_total{reason}`. */
#define LOST_REASONS(X)                                                                            \
	X(PENDING_FULL, "pending_table_full")                                                      \
	X(SERIES_FULL, "series_table_full")                                                        \
	X(UNSEEN_BYTES, "bytes_passed_unseen")                                                     \
	X(BAD_RESPONSE, "response_unparsable")                                                     \
	X(UNREADABLE, "payload_unreadable")

enum lost_reason {
#define X(id, name) LOST_##id,
	LOST_REASONS(X)
#undef X
		LOST_REASON_COUNT,
};

/*
 * Things that went wrong without a known request being at stake; each is a warning that a number
 * could be too low: `sliprobe_kernel_errors_total{site}`.
 */
#define KERNEL_ERRORS(X)                                                                           \
	X(CONN_ALLOC, "connection_state_alloc")                                                    \
	X(USER_READ, "payload_read")                                                               \
	X(IOV_READ, "iovec_read")                                                                  \
	X(MSG_READ, "message_header_read")                                                         \
	X(MMSG, "mmsg_table_full")                                                                 \
	X(NO_BUFFER, "payload_not_in_registers")                                                   \
	X(FRAGMENTED, "io_too_fragmented")                                                         \
	X(SEQ_BACK, "sequence_went_back")                                                          \
	X(RX_GAP, "received_bytes_unseen")                                                         \
	X(TX_GAP, "sent_bytes_unseen")                                                             \
	X(HEAD_UNPARSABLE, "request_head_unparsable")                                              \
	X(HEAD_STALE, "request_head_slower_than_reloads")                                          \
	X(RESPONSE_UNSOLICITED, "response_without_request")                                        \
	X(ENDPOINT_FULL, "endpoint_table_full")                                                    \
	X(IDENTITY_FULL, "identity_table_full")                                                    \
	X(BLIND_FULL, "unmeasured_table_full")                                                     \
	X(HIST_FULL, "histogram_table_full")                                                       \
	X(THRESHOLD_FULL, "threshold_table_full")                                                  \
	X(POLICY_MISSING, "policy_missing")                                                        \
	X(SLO_MISSING, "slo_missing")                                                              \
	X(SCRATCH, "scratch_lookup")

enum kernel_error {
#define X(id, name) KERR_##id,
	KERNEL_ERRORS(X)
#undef X
		KERR_COUNT,
};

/*
 * Why the requests of a connection cannot be seen: a word (`coverage.blind[].reason`, and metrics), and
 * what `coverage.unmeasured[].reason` says.
 */
#define BLIND_REASONS(X)                                                                           \
	X(TLS, "tls", "tls: encrypted, plaintext not observed")                                    \
	X(HTTP2, "http/2", "http/2: frames that cannot be followed")                               \
	X(MPTCP, "mptcp", "mptcp: not measured by this version")                                   \
	X(OPAQUE, "hidden", "read in a way that hides the payload (splice, truncation)")           \
	X(IO_URING, "io_uring", "io_uring: payload cannot be reached")                             \
	X(COMPAT, "32-bit", "32-bit process: payload cannot be reached")                           \
	X(OLD, "older", "older: there before the agent, not recognised as HTTP/1")                 \
	X(TLS_LATE, "tls_joined_late",                                                             \
	  "tls: joined late, there before its plaintext was observed")                             \
	X(TLS_UNBOUND, "tls_unbound",                                                              \
	  "tls: plaintext and connection could not be brought together")                           \
	X(TLS_DIFFERS, "tls_differs", "tls: plaintext and records differ")                         \
	X(TLS_KERNEL, "tls_in_kernel", "tls: in the kernel (kTLS), which this agent does not see") \
	X(QUIC, "quic", "quic: HTTP/3 over UDP is not measured")

enum blind_reason {
#define X(id, word, name) BLIND_##id,
	BLIND_REASONS(X)
#undef X
		BLIND_REASON_COUNT,
};

/* Whom the endpoints of found services are charged to, and a configured service: see abi/quota. */
#define OWNER_KINDS(X)                                                                             \
	X(ALL, "all")                                                                              \
	X(USER, "user")                                                                            \
	X(USER_NS, "user_namespace")                                                               \
	X(CGROUP, "cgroup")                                                                        \
	X(NETNS, "network_namespace")                                                              \
	X(SERVICE, "service")

enum owner_kind {
#define X(id, name) OWNER_##id,
	OWNER_KINDS(X)
#undef X
		OWNER_KIND_COUNT,
};

#endif
