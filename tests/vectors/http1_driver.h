/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Drives the HTTP/1.x parser over one direction of a connection, and keeps one result a message.
 * Compiles for the kernel, too: there as here the walk is that of include/http1/feed.h.
 *
 * The including file includes http1/feed.h first, and defines http1_test_accept(state): the accept set
 * of an automaton's state.
 */
#ifndef SLIPROBE_TESTS_HTTP1_DRIVER_H
#define SLIPROBE_TESTS_HTTP1_DRIVER_H

enum {
	HTTP1_RESULTS_MAX = 32, /* a power of two; the last ones are kept */
};

enum http1_kind {
	HTTP1_NOTHING,
	HTTP1_COMPLETE,
	HTTP1_INTERIM, /* 1xx response */
	HTTP1_TUNNEL, /* complete, and what follows is not HTTP */
	HTTP1_UNTIL_CLOSE, /* its body ends with the connection */
	HTTP1_IN_BODY, /* the input ended in its body */
	HTTP1_IN_HEAD, /* the input ended in its head */
	HTTP1_BAD_HEAD,
	HTTP1_BAD_BODY, /* the head was good, what follows cannot be followed */
};

struct http1_result {
	__u8 kind; /* enum http1_kind */
	__u8 method; /* enum http_method */
	__u8 flags; /* HTTP1_BAD_HEAD: HTTP1_TLS, HTTP1_PREFACE */
	__u8 closes; /* http1_closes(); 0 unless its head is complete */
	__u16 status;
	__u16 announced; /* UDP port at which HTTP/3 is; of a response whose head is complete */
	__u32 path; /* accept set */
	__u32 agent; /* accept set */
	__u64 body; /* bytes */
	__u64 end; /* offset of the byte after it; 0 unless the message is complete */
};

struct http1_run {
	struct http1 parser;
	__u64 offset; /* of the next byte in the whole input */
	__u32 pos; /* of the next byte in the piece being fed */
	__u32 path_start;
	__u32 agent_start;
	__u32 head_mask; /* bit n: final response n answers HEAD */
	__u32 connect_mask; /* bit n: final response n answers CONNECT */
	__u32 n_final; /* final responses so far */
	__u32 n_results; /* may exceed HTTP1_RESULTS_MAX */
	__u8 open; /* the last result is of a message whose body has not ended */
	__u8 stopped; /* what follows is of no interest */
	__u8 faulty; /* the parser broke its contract */
	__u8 ready; /* the parser is told its automata beforehand */
	struct http1_result results[HTTP1_RESULTS_MAX];
};

static inline __u32 http1_test_accept(__u32 state);

static inline struct http1_result *http1_run_result(struct http1_run *run, __u32 n)
{
	return &run->results[n & (HTTP1_RESULTS_MAX - 1)];
}

/* Begins a new result. */
static inline void http1_run_add(struct http1_run *run, enum http1_kind kind)
{
	struct http1 *parser = &run->parser;
	struct http1_result *result = http1_run_result(run, run->n_results);

	run->n_results++;
	result->kind = kind;
	result->method = parser->method;
	result->status = parser->status;
	result->path = 0;
	result->agent = 0;
	result->body = 0;
	result->end = 0;
	result->flags = 0;
	result->closes = 0;
	result->announced = 0;
	if (kind == HTTP1_BAD_HEAD) {
		/* whatever was read of it does not matter */
		result->method = 0;
		result->status = 0;
		result->flags = parser->flags & (HTTP1_PREFACE | HTTP1_TLS);
		return;
	}
	if (kind == HTTP1_IN_HEAD) {
		result->status = 0;
		return;
	}
	result->closes = (__u8)http1_closes(parser);
	if (kind == HTTP1_INTERIM || kind == HTTP1_TUNNEL)
		result->end = run->offset;
	if (!(parser->flags & HTTP1_RESPONSE)) {
		result->path = http1_test_accept(parser->dfa);
		result->agent = http1_test_accept(parser->ua);
	} else {
		result->announced = (__u16)http1_announced(parser);
	}
}

/* Ends the result that is open. */
static inline void http1_run_end(struct http1_run *run, enum http1_kind kind)
{
	struct http1_result *result = http1_run_result(run, run->n_results - 1);

	run->open = 0;
	result->kind = kind;
	result->body = run->parser.body;
	if (kind == HTTP1_COMPLETE)
		result->end = run->offset;
}

static inline void http1_run_bad(struct http1_run *run)
{
	if (run->parser.state != HTTP1_BAD)
		run->faulty = 1;
	if (run->open)
		http1_run_end(run, HTTP1_BAD_BODY);
	else
		http1_run_add(run, HTTP1_BAD_HEAD);
	run->stopped = 1;
}

/* Before each message. */
static inline void http1_run_ready(struct http1_run *run)
{
	if (run->ready && !(run->parser.flags & HTTP1_RESPONSE))
		http1_ready(&run->parser, run->path_start, run->agent_start);
}

static inline void http1_run_complete(struct http1_run *run)
{
	if (!http1_in_proxy(&run->parser))
		http1_run_end(run, HTTP1_COMPLETE);
	http1_reset(&run->parser);
	http1_run_ready(run);
}

static inline void http1_run_head(struct http1_run *run)
{
	struct http1 *parser = &run->parser;
	int response = parser->flags & HTTP1_RESPONSE;
	__u32 status = parser->status;
	int bodyless = 0, tunnel = 0;
	__u32 event;

	if (response && status < 200 && status != 101) {
		http1_run_add(run, HTTP1_INTERIM);
		http1_go_on(parser);
		return;
	}
	if (response) {
		__u32 bit = 1U << (run->n_final & 31);

		run->n_final++;
		tunnel = status == 101 || (run->connect_mask & bit && status < 300);
		bodyless = tunnel || status == 204 || status == 304 || run->head_mask & bit;
	}
	if (tunnel) {
		http1_run_add(run, HTTP1_TUNNEL);
		run->stopped = 1;
		return;
	}
	http1_run_add(run, HTTP1_IN_BODY);
	run->open = 1;
	event = http1_body_begin(parser, bodyless);
	if (event == HTTP1_EV_END)
		http1_run_complete(run);
	else if (event == HTTP1_EV_BAD)
		http1_run_bad(run);
}

/* Takes an event of the parser; `offset` is behind the bytes it has consumed. */
static inline void http1_run_event(struct http1_run *run, __u32 event)
{
	switch (event) {
	case HTTP1_EV_METHOD:
		if (run->ready)
			run->faulty = 1;
		run->parser.dfa = run->path_start;
		run->parser.ua = run->agent_start;
		break;
	case HTTP1_EV_HEAD:
		http1_run_head(run);
		break;
	case HTTP1_EV_END:
		http1_run_complete(run);
		break;
	case HTTP1_EV_BAD:
		http1_run_bad(run);
		break;
	}
}

/* The input is over. */
static inline void http1_run_finish(struct http1_run *run)
{
	if (run->stopped)
		return;
	if (run->open)
		http1_run_end(run, run->parser.state == HTTP1_BODY_CLOSE ? HTTP1_UNTIL_CLOSE :
									   HTTP1_IN_BODY);
	else if (run->parser.state != HTTP1_START)
		http1_run_add(run, HTTP1_IN_HEAD);
}

struct http1_run_piece {
	struct http1_run *run;
	http1_bytes buf;
	__u32 len;
};

/* Feeds up to the next event, and acts upon it. Returns 1 if there is nothing left to do. */
static inline long http1_run_step(__u32 i, struct http1_run_piece *piece)
{
	struct http1_run *run = piece->run;
	struct http1 *parser = &run->parser;
	__u32 pos = run->pos, len = piece->len;
	__u64 opaque = http1_opaque(parser);
	__u64 body = parser->body;
	__u32 event;

	(void)i;
	if (run->stopped || pos >= len)
		return 1;
	event = http1_feed(parser, piece->buf, &run->pos, len);
	if (run->pos <= pos || run->pos > len ||
	    (opaque && parser->body != body + (run->pos - pos))) {
		run->faulty = 1;
		run->stopped = 1;
		return 1;
	}
	run->offset += run->pos - pos;
	http1_run_event(run, event);
	return 0;
}

/* The caller has set up *run: flags, start states and masks. */
static inline void http1_run_feed(struct http1_run *run, http1_bytes buf, __u32 len)
{
	struct http1_run_piece piece = {.run = run, .buf = buf, .len = len};

	run->pos = 0;
	HTTP1_REPEAT(len, http1_run_step, &piece);
}

/* Passes up to `len` opaque bytes that are not there to be fed; returns how many. */
static inline __u32 http1_run_unseen(struct http1_run *run, __u32 len)
{
	__u64 opaque = run->stopped ? 0 : http1_opaque(&run->parser);
	__u32 n = len < opaque ? len : (__u32)opaque;

	if (!n)
		return 0;
	run->offset += n;
	http1_run_event(run, http1_pass(&run->parser, n));
	return n;
}

#endif
