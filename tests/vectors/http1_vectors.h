/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HTTP/1.x byte streams and what the parser must make of them: RFC 9112 (message syntax and
 * framing), RFC 9110 (methods, statuses), and what real peers send beside that.
 *
 * A stream is `bytes`, then `n_fill` times the byte `fill`, then `tail`.
 */
#ifndef SLIPROBE_TESTS_HTTP1_VECTORS_H
#define SLIPROBE_TESTS_HTTP1_VECTORS_H

#include <linux/types.h>
#include <stddef.h>
#include <string.h>

enum {
	VECTOR_RESULTS_MAX = 8,
	VECTOR_BYTES_MAX = 128 << 10,
};

/* Routes of the test, most specific first: the number of the first that matches, from 1. */
static const char *const vector_routes[] = {"/", "/items/*", "/items/*/parts", "/checkout",
					    "/files/**"};
enum vector_route {
	ROUTE_NONE,
	ROUTE_ROOT,
	ROUTE_ITEM,
	ROUTE_PARTS,
	ROUTE_CHECKOUT,
	ROUTE_FILES,
};

/* Excluded user agents. */
static const char *const vector_agents[] = {"kube-probe/*", "wrk*", "*bot*", "exact", "two words"};

struct http1_expected {
	__u8 kind; /* enum http1_kind */
	__u8 method; /* enum http_method */
	__u8 route; /* enum vector_route */
	__u8 excluded; /* by its user agent */
	__u8 flags; /* HTTP1_TLS, HTTP1_PREFACE */
	__u8 closes; /* its sender wants the connection to end behind it */
	__u16 status;
	__u16 announced; /* UDP port */
	__u64 body;
};

struct http1_vector {
	const char *name;
	__u8 response;
	__u32 head_mask; /* bit n: final response n answers HEAD */
	__u32 connect_mask; /* bit n: final response n answers CONNECT */
	const char *bytes;
	size_t len;
	char fill;
	size_t n_fill;
	const char *tail;
	size_t tail_len;
	struct http1_expected expected[VECTOR_RESULTS_MAX]; /* up to the first HTTP1_NOTHING */
};

static inline size_t vector_len(const struct http1_vector *vector)
{
	return vector->len + vector->n_fill + vector->tail_len;
}

/* Puts the stream together in `ret`, of VECTOR_BYTES_MAX bytes; returns its length. */
static inline size_t vector_bytes(const struct http1_vector *vector, __u8 *ret)
{
	memcpy(ret, vector->bytes, vector->len);
	memset(ret + vector->len, vector->fill, vector->n_fill);
	if (vector->tail_len)
		memcpy(ret + vector->len + vector->n_fill, vector->tail, vector->tail_len);
	return vector_len(vector);
}

#define BYTES(text) .bytes = text, .len = sizeof(text) - 1
#define TAIL(text) .tail = text, .tail_len = sizeof(text) - 1
#define REQUESTS(text) .response = 0, BYTES(text)
#define RESPONSES(text) .response = 1, BYTES(text)

/* results */
#define RESULT(...)                                                                                \
	{                                                                                          \
		__VA_ARGS__                                                                        \
	}
#define REQUEST(m, r, n)                                                                           \
	RESULT(.kind = HTTP1_COMPLETE, .method = HTTP_METHOD_##m, .route = r, .body = n)
#define EXCLUDED(m, r, n)                                                                          \
	RESULT(.kind = HTTP1_COMPLETE, .method = HTTP_METHOD_##m, .route = r, .body = n,           \
	       .excluded = 1)
#define OPEN_REQUEST(m, r, n)                                                                      \
	RESULT(.kind = HTTP1_IN_BODY, .method = HTTP_METHOD_##m, .route = r, .body = n)
#define BAD_REQUEST(m, r, n)                                                                       \
	RESULT(.kind = HTTP1_BAD_BODY, .method = HTTP_METHOD_##m, .route = r, .body = n)
#define PART_REQUEST(m) RESULT(.kind = HTTP1_IN_HEAD, .method = HTTP_METHOD_##m)
#define RESPONSE(s, n) RESULT(.kind = HTTP1_COMPLETE, .status = s, .body = n)
#define LAST_REQUEST(m, r, n)                                                                      \
	RESULT(.kind = HTTP1_COMPLETE, .method = HTTP_METHOD_##m, .route = r, .body = n,           \
	       .closes = 1)
#define LAST_RESPONSE(s, n) RESULT(.kind = HTTP1_COMPLETE, .status = s, .body = n, .closes = 1)
#define INTERIM(s) RESULT(.kind = HTTP1_INTERIM, .status = s)
#define TUNNEL(s) RESULT(.kind = HTTP1_TUNNEL, .status = s)
#define UNTIL_CLOSE(s, n, c) RESULT(.kind = HTTP1_UNTIL_CLOSE, .status = s, .body = n, .closes = c)
#define OPEN_RESPONSE(s, n) RESULT(.kind = HTTP1_IN_BODY, .status = s, .body = n)
#define BAD_RESPONSE(s, n) RESULT(.kind = HTTP1_BAD_BODY, .status = s, .body = n)
#define PART_RESPONSE RESULT(.kind = HTTP1_IN_HEAD)
#define BAD RESULT(.kind = HTTP1_BAD_HEAD)
#define BAD_TLS RESULT(.kind = HTTP1_BAD_HEAD, .flags = HTTP1_TLS)
#define BAD_PREFACE RESULT(.kind = HTTP1_BAD_HEAD, .flags = HTTP1_PREFACE)

#define PROXY_ADDRESSES "\xc0\0\2\1\xc0\0\2\2\xdc\x04\1\xbb"

static const struct http1_vector http1_vectors[] = {
	/* ---- methods ---- */
	{"every method",
	 REQUESTS("GET / HTTP/1.1\r\n\r\nHEAD / HTTP/1.1\r\n\r\nPOST / HTTP/1.1\r\n\r\n"
		  "PUT / HTTP/1.1\r\n\r\nDELETE / HTTP/1.1\r\n\r\nCONNECT a:1 HTTP/1.1\r\n\r\n"
		  "OPTIONS * HTTP/1.1\r\n\r\nTRACE / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 0), REQUEST(HEAD, ROUTE_ROOT, 0),
		      REQUEST(POST, ROUTE_ROOT, 0), REQUEST(PUT, ROUTE_ROOT, 0),
		      REQUEST(DELETE, ROUTE_ROOT, 0), REQUEST(CONNECT, ROUTE_NONE, 0),
		      REQUEST(OPTIONS, ROUTE_NONE, 0), REQUEST(TRACE, ROUTE_ROOT, 0)}},
	{"newer methods", REQUESTS("PATCH / HTTP/1.1\r\n\r\nQUERY / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(PATCH, ROUTE_ROOT, 0), REQUEST(QUERY, ROUTE_ROOT, 0)}},
	{"methods of other protocols on top",
	 REQUESTS("PROPFIND / HTTP/1.1\r\n\r\nM-SEARCH * HTTP/1.1\r\n\r\nPURGE / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(OTHER, ROUTE_ROOT, 0), REQUEST(OTHER, ROUTE_NONE, 0),
		      REQUEST(OTHER, ROUTE_ROOT, 0)}},
	{"methods are case-sensitive", REQUESTS("get / HTTP/1.1\r\n\r\nGet / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(OTHER, ROUTE_ROOT, 0), REQUEST(OTHER, ROUTE_ROOT, 0)}},
	{"methods that begin or end like known ones",
	 REQUESTS("GE / HTTP/1.1\r\n\r\nGETT / HTTP/1.1\r\n\r\nAGET / HTTP/1.1\r\n\r\n"
		  "OPTIONSX / HTTP/1.1\r\n\r\nXOPTIONSGET / HTTP/1.1\r\n\r\n"
		  "LONGTOKENGET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(OTHER, ROUTE_ROOT, 0), REQUEST(OTHER, ROUTE_ROOT, 0),
		      REQUEST(OTHER, ROUTE_ROOT, 0), REQUEST(OTHER, ROUTE_ROOT, 0),
		      REQUEST(OTHER, ROUTE_ROOT, 0), REQUEST(OTHER, ROUTE_ROOT, 0)}},
	{"all token characters", REQUESTS("!#$%&'*+-.^_`|~09azAZ / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(OTHER, ROUTE_ROOT, 0)}},
	{"method of 32 bytes", REQUESTS("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345 / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(OTHER, ROUTE_ROOT, 0)}},
	{"method of 33 bytes", REQUESTS("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456 / HTTP/1.1\r\n\r\n"),
	 .expected = {BAD}},
	{"method with a character no token has", REQUESTS("GE(T / HTTP/1.1\r\n\r\n"),
	 .expected = {BAD}},
	{"method with a high byte", REQUESTS("GE\xc3T / HTTP/1.1\r\n\r\n"), .expected = {BAD}},
	{"no method", REQUESTS(" / HTTP/1.1\r\n\r\n"), .expected = {BAD}},
	{"tab behind the method", REQUESTS("GET\t/ HTTP/1.1\r\n\r\n"), .expected = {BAD}},

	/* ---- targets ---- */
	{"routes",
	 REQUESTS("GET /items/1 HTTP/1.1\r\n\r\nGET /items/1/parts HTTP/1.1\r\n\r\n"
		  "GET /checkout HTTP/1.1\r\n\r\nGET /files/a/b/c HTTP/1.1\r\n\r\n"
		  "GET /files/ HTTP/1.1\r\n\r\nGET /items/ HTTP/1.1\r\n\r\n"
		  "GET /items/1/2 HTTP/1.1\r\n\r\nGET /checkouts HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ITEM, 0), REQUEST(GET, ROUTE_PARTS, 0),
		      REQUEST(GET, ROUTE_CHECKOUT, 0), REQUEST(GET, ROUTE_FILES, 0),
		      REQUEST(GET, ROUTE_FILES, 0), REQUEST(GET, ROUTE_NONE, 0),
		      REQUEST(GET, ROUTE_NONE, 0), REQUEST(GET, ROUTE_NONE, 0)}},
	{"a longer path than anything matches", REQUESTS("GET /files/"), .fill = 'x',
	 .n_fill = 9000, TAIL(" HTTP/1.1\r\n\r\n"), .expected = {REQUEST(GET, ROUTE_FILES, 0)}},
	{"query", REQUESTS("GET /items/1?a=/x&b=? HTTP/1.1\r\n\r\nGET /? HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ITEM, 0), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"fragment", REQUESTS("GET /items/1#a/b HTTP/1.1\r\n\r\nGET /#?a HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ITEM, 0), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"absolute form",
	 REQUESTS(
		 "GET http://h/items/1 HTTP/1.1\r\n\r\nGET https://u@h:80/checkout?q HTTP/1.1\r\n\r\n"
		 "GET http://h/ HTTP/1.1\r\n\r\nGET HTTP://h//items/1 HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ITEM, 0), REQUEST(GET, ROUTE_CHECKOUT, 0),
		      REQUEST(GET, ROUTE_ROOT, 0), REQUEST(GET, ROUTE_NONE, 0)}},
	{"absolute form without a path",
	 REQUESTS("GET http://h HTTP/1.1\r\n\r\nGET http://h?a=/b/c HTTP/1.1\r\n\r\n"
		  "GET http://h#/b/c HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 0), REQUEST(GET, ROUTE_ROOT, 0),
		      REQUEST(GET, ROUTE_ROOT, 0)}},
	{"authority form",
	 REQUESTS("CONNECT host:443 HTTP/1.1\r\n\r\n"
		  "CONNECT [::1]:443 HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(CONNECT, ROUTE_NONE, 0), REQUEST(CONNECT, ROUTE_NONE, 0)}},
	{"asterisk form", REQUESTS("OPTIONS * HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(OPTIONS, ROUTE_NONE, 0)}},
	{"relative target", REQUESTS("GET items/1 HTTP/1.1\r\n\r\nGET ?a HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_NONE, 0), REQUEST(GET, ROUTE_NONE, 0)}},
	{"spaces in the target",
	 REQUESTS("GET /items/1 2 3 HTTP/1.1\r\n\r\nGET /checkout?a b HTTP/1.1\r\n\r\n"
		  "GET http://h/checkout /items/1 HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ITEM, 0), REQUEST(GET, ROUTE_CHECKOUT, 0),
		      REQUEST(GET, ROUTE_CHECKOUT, 0)}},
	{"spaces in the target, before and behind what looks like a version",
	 REQUESTS("GET /checkout H HTTP/1.1\r\n\r\nGET /checkout HTTP HTTP/1.1\r\n\r\n"
		  "GET /checkout HTT  HTTP/1.1\r\n\r\nGET /checkout XHTTP/1.1 HTTP/1.1\r\n\r\n"
		  "GET /checkout HTTP/1.1 HTTP/1.0\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_CHECKOUT, 0), REQUEST(GET, ROUTE_CHECKOUT, 0),
		      REQUEST(GET, ROUTE_CHECKOUT, 0), REQUEST(GET, ROUTE_CHECKOUT, 0),
		      REQUEST(GET, ROUTE_CHECKOUT, 0)}},
	{"more than one space", REQUESTS("GET  /checkout   HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_CHECKOUT, 0)}},
	{"space behind the version", REQUESTS("GET /checkout HTTP/1.1 \r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_CHECKOUT, 0)}},
	{"bytes above 127 in the target", REQUESTS("GET /items/\xc3\xa9\xff HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ITEM, 0)}},
	{"percent encoding is not decoded",
	 REQUESTS("GET /items/a%2Fb HTTP/1.1\r\n\r\nGET /%63heckout HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ITEM, 0), REQUEST(GET, ROUTE_NONE, 0)}},
	{"NUL in the target", REQUESTS("GET /a\0b HTTP/1.1\r\n\r\n"), .expected = {BAD}},
	{"tab in the target", REQUESTS("GET /a\tb HTTP/1.1\r\n\r\n"), .expected = {BAD}},
	{"no target", REQUESTS("GET\r\n\r\n"), .expected = {BAD}},
	{"no target, but a space", REQUESTS("GET \r\n\r\n"), .expected = {BAD}},
	{"no target, but a version", REQUESTS("GET HTTP/1.1\r\n\r\n"), .expected = {BAD}},

	/* ---- versions ---- */
	{"minor versions",
	 REQUESTS("GET / HTTP/1.0\r\n\r\nGET / HTTP/1.9\r\n\r\nGET / HTTP/1.12\r\n\r\n"),
	 .expected = {LAST_REQUEST(GET, ROUTE_ROOT, 0), REQUEST(GET, ROUTE_ROOT, 0),
		      REQUEST(GET, ROUTE_ROOT, 0)}},
	{"HTTP/0.9", REQUESTS("GET /\r\n"), .expected = {BAD}},
	{"HTTP/0.9, bare LF", REQUESTS("GET /\n"), .expected = {BAD}},
	{"HTTP/0.9 with a query", REQUESTS("GET /?a=b\r\n"), .expected = {BAD}},
	{"HTTP/0.9 with a space", REQUESTS("GET / \r\n"), .expected = {BAD}},
	{"named version 0.9", REQUESTS("GET / HTTP/0.9\r\n\r\n"), .expected = {BAD}},
	{"version 2", REQUESTS("GET / HTTP/2.0\r\n\r\n"), .expected = {BAD}},
	{"version without a minor one", REQUESTS("GET / HTTP/1.\r\n\r\n"), .expected = {BAD}},
	{"version with a letter", REQUESTS("GET / HTTP/1.x\r\n\r\n"), .expected = {BAD}},
	{"version in lower case", REQUESTS("GET / http/1.1\r\n\r\n"), .expected = {BAD}},
	{"RTSP", REQUESTS("OPTIONS rtsp://h/a RTSP/1.0\r\nCSeq: 1\r\n\r\n"), .expected = {BAD}},
	{"SIP", REQUESTS("INVITE sip:a@b SIP/2.0\r\n\r\n"), .expected = {BAD}},
	{"HTTP/2 preface", REQUESTS("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"),
	 .expected = {BAD_PREFACE}},
	{"the preface behind a request",
	 REQUESTS("GET / HTTP/1.1\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 0), BAD_PREFACE}},
	{"PROXY header, version 1",
	 REQUESTS("PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\nGET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 0)}},
	{"PROXY header of an unknown connection",
	 REQUESTS("PROXY UNKNOWN\r\nGET /checkout HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_CHECKOUT, 0)}},
	{"PROXY header that is cut off", REQUESTS("PROXY TCP6 ::1 ::1 1 2"),
	 .expected = {PART_REQUEST(OTHER)}},
	{"PROXY as a method", REQUESTS("PROXY /checkout HTTP/1.1\r\n\r\nPROXY * HTTP/2.0\r\n"),
	 .expected = {REQUEST(OTHER, ROUTE_CHECKOUT, 0), BAD}},
	{"method that ends like that of a PROXY header", REQUESTS("XPROXY TCP4 1 2\r\n"),
	 .expected = {BAD}},
	{"PROXY header, version 2",
	 REQUESTS("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" PROXY_ADDRESSES
		  "POST /checkout HTTP/1.1\r\nContent-Length: 2\r\n\r\nab"),
	 .expected = {REQUEST(POST, ROUTE_CHECKOUT, 2)}},
	{"PROXY header of a local connection, without addresses",
	 REQUESTS("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0GET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 0)}},
	{"PROXY header with what looks like a request in it",
	 REQUESTS(
		 "\r\n\r\n\0\r\nQUIT\n\x21\x31\0\x12GET / HTTP/1.1\r\n\r\nGET /checkout HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_CHECKOUT, 0)}},
	{"PROXY header, version 3",
	 REQUESTS("\r\n\r\n\0\r\nQUIT\n\x31\0\0\0GET / HTTP/1.1\r\n\r\n"), .expected = {BAD}},
	{"PROXY header with another signature",
	 REQUESTS("\r\n\r\n\0\r\nQUIT\r\x21\0\0\0GET / HTTP/1.1\r\n\r\n"), .expected = {BAD}},
	{"a NUL alone", REQUESTS("\0"), .expected = {PART_REQUEST(OTHER)}},
	{"the preface's method in HTTP/1.1", REQUESTS("PRI * HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(OTHER, ROUTE_NONE, 0)}},
	{"no preface behind that method", REQUESTS("PRI * HTTP/1.1\r\n\r\nGET / HTTP/2.0\r\n\r\n"),
	 .expected = {REQUEST(OTHER, ROUTE_NONE, 0), BAD}},
	{"method that ends like the preface's", REQUESTS("XPRI * HTTP/2.0\r\n\r\n"),
	 .expected = {BAD}},

	/* ---- start of a message ---- */
	{"empty lines before a request", REQUESTS("\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 0)}},
	{"empty line behind a body",
	 REQUESTS("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nab\r\nGET / HTTP/1.1\r\n\r\n\r\n"),
	 .expected = {REQUEST(POST, ROUTE_ROOT, 2), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"nothing but empty lines", REQUESTS("\r\n\n\r\n"), .expected = {{}}},
	{"nothing", REQUESTS(""), .expected = {{}}},
	{"bare LF",
	 REQUESTS("GET / HTTP/1.1\nHost: h\n\nPOST /checkout HTTP/1.1\nContent-Length: 1\n\nx"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 0), REQUEST(POST, ROUTE_CHECKOUT, 1)}},
	{"bare LF in places", REQUESTS("GET / HTTP/1.1\nHost: h\r\n\nGET / HTTP/1.1\r\nA: b\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 0), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"bare CR ends no line",
	 REQUESTS("GET / HTTP/1.1\r\nA: b\r\rContent-Length: 5\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 0), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"CR at the start of a line",
	 REQUESTS("GET / HTTP/1.1\r\n\rContent-Length: 5\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 0), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"TLS ClientHello", REQUESTS("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
	 .expected = {BAD_TLS}},
	{"SSL 2 ClientHello", REQUESTS("\x80\x2e\x01\x00\x02"), .expected = {BAD}},
	{"TLS behind a request", REQUESTS("GET / HTTP/1.1\r\n\r\n\x16\x03\x01\x02\x00\x01"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 0), BAD_TLS}},
	{"TLS inside a body", REQUESTS("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n\x16\x03\x01"),
	 .expected = {REQUEST(POST, ROUTE_ROOT, 3)}},
	{"Redis array", REQUESTS("*2\r\n$3\r\nGET\r\n$1\r\na\r\n"), .expected = {BAD}},
	{"Redis inline", REQUESTS("GET key\r\n"), .expected = {BAD}},
	{"Redis inline, more words", REQUESTS("SET key some value\r\n"), .expected = {BAD}},
	{"SMTP", REQUESTS("EHLO client.example\r\nMAIL FROM:<a@b>\r\n"), .expected = {BAD}},
	{"memcached", REQUESTS("set key 0 900 5\r\nhello\r\n"), .expected = {BAD}},
	{"memcached binary", REQUESTS("\x80\x00\x00\x03"), .expected = {BAD}},
	{"SSH", REQUESTS("SSH-2.0-OpenSSH_9.2p1\r\n"), .expected = {BAD}},
	{"PostgreSQL", REQUESTS("\0\0\0\x08\x04\xd2\x16\x2f"), .expected = {BAD}},
	{"JSON", REQUESTS("{\"GET\": \"/ HTTP/1.1\"}\r\n\r\n"), .expected = {BAD}},
	{"one line without an end", REQUESTS("GET /"), .fill = 'a', .n_fill = 5000,
	 .expected = {PART_REQUEST(GET)}},
	{"the first byte of a request", REQUESTS("G"), .expected = {PART_REQUEST(OTHER)}},
	{"a request line up to its version", REQUESTS("GET / HTTP/1.1"),
	 .expected = {PART_REQUEST(GET)}},
	{"an empty line and a request line up to its version",
	 REQUESTS("\r\nGET /items/7?a HTTP/1.1"), .expected = {PART_REQUEST(GET)}},

	/* ---- pipelining ---- */
	{"pipelined requests",
	 REQUESTS("GET / HTTP/1.1\r\nHost: h\r\n\r\nPOST /checkout HTTP/1.1\r\nHost: h\r\n"
		  "Content-Length: 4\r\n\r\nbodyGET /items/7 HTTP/1.1\r\n\r\n"
		  "PUT /items/8 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
		  "DELETE /files/x HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 0), REQUEST(POST, ROUTE_CHECKOUT, 4),
		      REQUEST(GET, ROUTE_ITEM, 0), REQUEST(PUT, ROUTE_ITEM, 2),
		      REQUEST(DELETE, ROUTE_FILES, 0)}},
	{"a body that looks like requests",
	 REQUESTS("POST /checkout HTTP/1.1\r\nContent-Length: 36\r\n\r\nGET / HTTP/1.1\r\n\r\n"
		  "GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(POST, ROUTE_CHECKOUT, 36), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"the next request is not complete",
	 REQUESTS("GET / HTTP/1.1\r\n\r\nGET /checkout HTTP/1.1\r\nHost:"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 0), PART_REQUEST(GET)}},
	{"the next request line up to its version",
	 REQUESTS("GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\nGET / HTTP/1.1"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 0), PART_REQUEST(GET)}},
	{"only the method of the next request", REQUESTS("GET / HTTP/1.1\r\n\r\nPOST"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 0), PART_REQUEST(OTHER)}},
	{"garbage behind a request", REQUESTS("GET / HTTP/1.1\r\n\r\n\x01\x02\x03"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 0), BAD}},

	/* ---- headers ---- */
	{"header names in any case",
	 REQUESTS("POST / HTTP/1.1\r\ncOnTeNt-LENGTH:1\r\n\r\nx"
		  "POST / HTTP/1.1\r\nTRANSFER-encoding:CHUNKED\r\n\r\n1\r\nx\r\n0\r\n\r\n"
		  "GET / HTTP/1.1\r\nuser-AGENT: wrk\r\n\r\n"),
	 .expected = {REQUEST(POST, ROUTE_ROOT, 1), REQUEST(POST, ROUTE_ROOT, 1),
		      EXCLUDED(GET, ROUTE_ROOT, 0)}},
	{"headers that begin or end like known ones",
	 REQUESTS(
		 "GET / HTTP/1.1\r\nContent-Lengthy: 9\r\nContent-Lengt: 9\r\nX-Content-Length: 9\r\n"
		 "Content-Length-X: 9\r\nTransfer-Encoding-X: chunked\r\nTE: chunked\r\n"
		 "Trailer: a\r\nUser-Agents: wrk\r\nUser: wrk\r\nContent-Type: a\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 0)}},
	{"a line that is cut off inside a known name",
	 REQUESTS("GET / HTTP/1.1\r\nContent-\r\nContent-Length\r\n: 5\r\nT\nC\n\r\n"
		  "GET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 0), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"an empty line behind a part of a known name",
	 REQUESTS("GET / HTTP/1.1\r\nT\n\r\nGET / HTTP/1.1\nContent\n\nGET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 0), REQUEST(GET, ROUTE_ROOT, 0),
		      REQUEST(GET, ROUTE_ROOT, 0)}},
	{"a control character is no hyphen",
	 REQUESTS("GET / HTTP/1.1\r\nContent\rLength: 9\r\nTransfer\rEncoding: chunked\r\n\r\n"
		  "GET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 0), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"a known name inside a value",
	 REQUESTS("GET / HTTP/1.1\r\nX: Content-Length: 5\r\nY: \r\n\r\nGET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 0), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"a line without a colon", REQUESTS("GET / HTTP/1.1\r\nnonsense\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 0)}},
	{"any bytes in a value",
	 REQUESTS("GET / HTTP/1.1\r\nX: \0\1\2\xff\xfe\x8a\n\r\nGET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 0), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"folded line",
	 REQUESTS(
		 "GET / HTTP/1.1\r\nX: a\r\n Content-Length: 5\r\n\tb\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 0), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"folded lines that matter",
	 REQUESTS("POST / HTTP/1.1\r\nContent-Length:\r\n 5\r\n\r\nabcde"
		  "POST / HTTP/1.1\r\nTransfer-Encoding: gzip,\r\n\tchunked\r\n\r\n0\r\n\r\n"
		  "GET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(POST, ROUTE_ROOT, 5), REQUEST(POST, ROUTE_ROOT, 0),
		      REQUEST(GET, ROUTE_ROOT, 0)}},
	{"folded lines that look as if they mattered",
	 REQUESTS("POST / HTTP/1.1\r\n 5\r\nContent-Lengths: 1\r\n 5\r\nContent-Length\r\n 5\r\n"
		  "Transfer-Encodings: a\r\n chunked\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(POST, ROUTE_ROOT, 0), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"a folded line of the message before",
	 REQUESTS("POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nxPOST / HTTP/1.1\r\n 5\r\n\r\n"),
	 .expected = {REQUEST(POST, ROUTE_ROOT, 1), REQUEST(POST, ROUTE_ROOT, 0)}},
	{"head of 64 KiB, one header", REQUESTS("GET /checkout HTTP/1.1\r\nCookie: "), .fill = 'c',
	 .n_fill = 65536, TAIL("\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_CHECKOUT, 3), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"blank folded line",
	 REQUESTS("GET /checkout HTTP/1.1\r\nX: a\r\n \n\r\nGET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_CHECKOUT, 0), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"head of 64 KiB, one name", REQUESTS("GET /checkout HTTP/1.1\r\n"), .fill = 'c',
	 .n_fill = 65536, TAIL("\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_CHECKOUT, 3), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"target of 64 KiB", REQUESTS("GET /files/"), .fill = '/', .n_fill = 65536,
	 TAIL("?a HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_FILES, 0), REQUEST(GET, ROUTE_ROOT, 0)}},

	/* ---- user agents ---- */
	{"excluded user agents",
	 REQUESTS("GET / HTTP/1.1\r\nUser-Agent: kube-probe/1.29\r\n\r\n"
		  "GET / HTTP/1.1\r\nUser-Agent: wrk\r\n\r\n"
		  "GET / HTTP/1.1\r\nUser-Agent:wrk/4.1\r\n\r\n"
		  "GET / HTTP/1.1\r\nUser-Agent: \t Mozilla/5.0 (Googlebot/2.1)\r\n\r\n"
		  "GET / HTTP/1.1\r\nUser-Agent: exact\n\n"
		  "GET / HTTP/1.1\r\nUser-Agent:\t exact\r\n\r\n"
		  "GET / HTTP/1.1\r\nUser-Agent: two words\r\n\r\n"),
	 .expected = {EXCLUDED(GET, ROUTE_ROOT, 0), EXCLUDED(GET, ROUTE_ROOT, 0),
		      EXCLUDED(GET, ROUTE_ROOT, 0), EXCLUDED(GET, ROUTE_ROOT, 0),
		      EXCLUDED(GET, ROUTE_ROOT, 0), EXCLUDED(GET, ROUTE_ROOT, 0),
		      EXCLUDED(GET, ROUTE_ROOT, 0)}},
	{"user agents that are not excluded",
	 REQUESTS("GET / HTTP/1.1\r\nUser-Agent: kube-probe\r\n\r\n"
		  "GET / HTTP/1.1\r\nUser-Agent: xwrk\r\n\r\n"
		  "GET / HTTP/1.1\r\nUser-Agent: WRK\r\n\r\n"
		  "GET / HTTP/1.1\r\nUser-Agent: exactly\r\n\r\n"
		  "GET / HTTP/1.1\r\nUser-Agent:\r\n\r\n"
		  "GET / HTTP/1.1\r\nX-User-Agent: wrk\r\nReferer: wrk\r\n\r\n"
		  "GET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 0), REQUEST(GET, ROUTE_ROOT, 0),
		      REQUEST(GET, ROUTE_ROOT, 0), REQUEST(GET, ROUTE_ROOT, 0),
		      REQUEST(GET, ROUTE_ROOT, 0), REQUEST(GET, ROUTE_ROOT, 0),
		      REQUEST(GET, ROUTE_ROOT, 0)}},
	{"the user agent is each request's own",
	 REQUESTS("GET / HTTP/1.1\r\nUser-Agent: wrk\r\n\r\nGET / HTTP/1.1\r\n\r\n"
		  "POST / HTTP/1.1\r\nContent-Length: 1\r\nUser-Agent: my-bot\r\n\r\nx"),
	 .expected = {EXCLUDED(GET, ROUTE_ROOT, 0), REQUEST(GET, ROUTE_ROOT, 0),
		      EXCLUDED(POST, ROUTE_ROOT, 1)}},
	{"user agent of 16 KiB", REQUESTS("GET / HTTP/1.1\r\nUser-Agent: "), .fill = 'b',
	 .n_fill = 16384, TAIL("ot\r\nHost: h\r\n\r\n"),
	 .expected = {EXCLUDED(GET, ROUTE_ROOT, 0)}},

	/* ---- Content-Length ---- */
	{"length 0", REQUESTS("POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(POST, ROUTE_ROOT, 0), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"length with leading zeros and blanks",
	 REQUESTS("POST / HTTP/1.1\r\nContent-Length: \t 003 \t\r\n\r\nabcGET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(POST, ROUTE_ROOT, 3), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"body of 100000 bytes",
	 REQUESTS("PUT /files/a HTTP/1.1\r\nContent-Length: 100000\r\n\r\n"), .fill = '\n',
	 .n_fill = 100000, TAIL("GET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(PUT, ROUTE_FILES, 100000), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"body that is not complete", REQUESTS("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc"),
	 .expected = {OPEN_REQUEST(POST, ROUTE_ROOT, 3)}},
	{"body to come", REQUESTS("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n"),
	 .expected = {OPEN_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"a list of equal lengths",
	 REQUESTS("POST / HTTP/1.1\r\nContent-Length: 2, 2 ,02,,2\r\n\r\nabGET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(POST, ROUTE_ROOT, 2), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"equal lengths on two lines",
	 REQUESTS("POST / HTTP/1.1\r\nContent-Length: 2\r\nX: y\r\ncontent-length: 2\r\n\r\nab"
		  "GET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(POST, ROUTE_ROOT, 2), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"a list of different lengths",
	 REQUESTS("POST / HTTP/1.1\r\nContent-Length: 2, 3\r\n\r\nabc"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"different lengths on two lines",
	 REQUESTS("POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"a bad length, then a good one",
	 REQUESTS("POST / HTTP/1.1\r\nContent-Length: x\r\nContent-Length: 3\r\n\r\nabc"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"two numbers without a comma",
	 REQUESTS("POST / HTTP/1.1\r\nContent-Length: 1 0\r\n\r\nabcdefghij"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"negative length", REQUESTS("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\nabc"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"length with a sign", REQUESTS("POST / HTTP/1.1\r\nContent-Length: +3\r\n\r\nabc"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"hexadecimal length", REQUESTS("POST / HTTP/1.1\r\nContent-Length: 0x3\r\n\r\nabc"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"length with letters behind", REQUESTS("POST / HTTP/1.1\r\nContent-Length: 3a\r\n\r\nabc"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"empty length", REQUESTS("POST / HTTP/1.1\r\nContent-Length: \r\n\r\nabc"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"empty list of lengths", REQUESTS("POST / HTTP/1.1\r\nContent-Length: ,\r\n\r\nabc"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"length of 2^58",
	 REQUESTS("PUT / HTTP/1.1\r\nContent-Length: 288230376151711744\r\n\r\nab"),
	 .expected = {OPEN_REQUEST(PUT, ROUTE_ROOT, 2)}},
	{"length of 2^63 - 1",
	 REQUESTS("PUT / HTTP/1.1\r\nContent-Length: 9223372036854775807\r\n\r\nab"),
	 .expected = {OPEN_REQUEST(PUT, ROUTE_ROOT, 2)}},
	{"length of 2^63",
	 REQUESTS("PUT / HTTP/1.1\r\nContent-Length: 9223372036854775808\r\n\r\nab"),
	 .expected = {OPEN_REQUEST(PUT, ROUTE_ROOT, 2)}},
	{"length of 2^64 - 1",
	 REQUESTS("PUT / HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\nab"),
	 .expected = {OPEN_REQUEST(PUT, ROUTE_ROOT, 2)}},
	{"length of 2^64",
	 REQUESTS("PUT / HTTP/1.1\r\nContent-Length: 18446744073709551616\r\n\r\na"),
	 .expected = {BAD_REQUEST(PUT, ROUTE_ROOT, 0)}},
	{"length of 2^64 + 1",
	 REQUESTS("PUT / HTTP/1.1\r\nContent-Length: 18446744073709551617\r\n\r\na"),
	 .expected = {BAD_REQUEST(PUT, ROUTE_ROOT, 0)}},
	{"length of 64 KiB of zeros and a 1", REQUESTS("PUT / HTTP/1.1\r\nContent-Length: "),
	 .fill = '0', .n_fill = 65536, TAIL("1\r\n\r\naGET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(PUT, ROUTE_ROOT, 1), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"no length, no body", REQUESTS("POST / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(POST, ROUTE_ROOT, 0), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"GET with a body",
	 REQUESTS("GET / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 3), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"the length is each request's own",
	 REQUESTS("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcPOST / HTTP/1.1\r\n\r\n"
		  "GET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(POST, ROUTE_ROOT, 3), REQUEST(POST, ROUTE_ROOT, 0),
		      REQUEST(GET, ROUTE_ROOT, 0)}},

	/* ---- Transfer-Encoding ---- */
	{"chunked behind another coding",
	 REQUESTS("POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"
		  "POST / HTTP/1.1\r\nTransfer-Encoding: gzip ,\tChunked \r\n\r\n0\r\n\r\n"
		  "POST / HTTP/1.1\r\nTransfer-Encoding:gzip;q=\"1\",chunked\r\n\r\n0\r\n\r\n"),
	 .expected = {REQUEST(POST, ROUTE_ROOT, 1), REQUEST(POST, ROUTE_ROOT, 0),
		      REQUEST(POST, ROUTE_ROOT, 0)}},
	{"chunked is not the last coding",
	 REQUESTS("POST / HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"codings on two lines",
	 REQUESTS("POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
		  "1\r\na\r\n0\r\n\r\n"),
	 .expected = {REQUEST(POST, ROUTE_ROOT, 1)}},
	{"chunked on the first of two lines",
	 REQUESTS("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n"
		  "1\r\na\r\n0\r\n\r\n"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"chunked on both of two lines",
	 REQUESTS(
		 "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
		 "1\r\na\r\n0\r\n\r\n"),
	 .expected = {REQUEST(POST, ROUTE_ROOT, 1)}},
	{"chunk sizes of several digits",
	 REQUESTS("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
		  "001\r\na\r\n02 \r\nab\r\n00\r\n\r\n"),
	 .expected = {REQUEST(POST, ROUTE_ROOT, 3)}},
	{"empty list members behind chunked",
	 REQUESTS("POST / HTTP/1.1\r\nTransfer-Encoding: ,chunked, ,\r\nTransfer-Encoding:\r\n\r\n"
		  "1\r\na\r\n0\r\n\r\n"),
	 .expected = {REQUEST(POST, ROUTE_ROOT, 1)}},
	{"an unknown coding", REQUESTS("POST / HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\nabc"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"no coding at all", REQUESTS("POST / HTTP/1.1\r\nTransfer-Encoding:\r\n\r\nabc"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"almost chunked",
	 REQUESTS("POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"almost chunked, too long",
	 REQUESTS("POST / HTTP/1.1\r\nTransfer-Encoding: chunkedx\r\n\r\n0\r\n\r\n"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"almost chunked, too short",
	 REQUESTS("POST / HTTP/1.1\r\nTransfer-Encoding: chunke\r\n\r\n0\r\n\r\n"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"almost chunked, with a space inside",
	 REQUESTS("POST / HTTP/1.1\r\nTransfer-Encoding: chun ked\r\n\r\n0\r\n\r\n"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"almost chunked, with a word behind",
	 REQUESTS("POST / HTTP/1.1\r\nTransfer-Encoding: chunked gzip\r\n\r\n0\r\n\r\n"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"chunked wins over a length",
	 REQUESTS("POST / HTTP/1.1\r\nContent-Length: 30\r\nTransfer-Encoding: chunked\r\n\r\n"
		  "1\r\na\r\n0\r\n\r\nPOST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
		  "Content-Length: x\r\n\r\n0\r\n\r\n"),
	 .expected = {REQUEST(POST, ROUTE_ROOT, 1), REQUEST(POST, ROUTE_ROOT, 0)}},
	{"an unknown coding wins over a length, too",
	 REQUESTS("POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: gzip\r\n\r\nabc"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},

/* ---- chunks ---- */
#define CHUNKED_POST "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
	{"last chunk alone", REQUESTS(CHUNKED_POST "0\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(POST, ROUTE_ROOT, 0), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"hexadecimal sizes in both cases",
	 REQUESTS(CHUNKED_POST "a\r\n0123456789\r\nB\r\n0123456789a\r\n0C\r\n0123456789ab\r\n"
			       "000000000000000000000000000001f\r\n"
			       "0123456789012345678901234567890\r\n0000\r\n\r\n"),
	 .expected = {REQUEST(POST, ROUTE_ROOT, 64)}},
	{"chunk extensions",
	 REQUESTS(CHUNKED_POST
		  "3;name=value;other=\"quo;ted\"\r\nabc\r\n2 ; a\r\nde\r\n1 \t\r\nf\r\n"
		  "0;last\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(POST, ROUTE_ROOT, 6), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"trailers",
	 REQUESTS(CHUNKED_POST "1\r\na\r\n0\r\nExpires: never\r\nContent-Length: 7\r\nX:\r\n\r\n"
			       "GET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(POST, ROUTE_ROOT, 1), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"trailers with odd ends",
	 REQUESTS(CHUNKED_POST "0\nA: b\n\rC: d\n\nGET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(POST, ROUTE_ROOT, 0), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"chunks with bare LF", REQUESTS(CHUNKED_POST "2\nab\n0\n\nGET / HTTP/1.1\n\n"),
	 .expected = {REQUEST(POST, ROUTE_ROOT, 2), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"chunk data that looks like chunks",
	 REQUESTS(CHUNKED_POST "c\r\n\r\n0\r\n\r\nGET /\r\n0\r\n\r\n"),
	 .expected = {REQUEST(POST, ROUTE_ROOT, 12)}},
	{"chunk of 100000 bytes", REQUESTS(CHUNKED_POST "186A0\r\n"), .fill = '0', .n_fill = 100000,
	 TAIL("\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
	 .expected = {REQUEST(POST, ROUTE_ROOT, 100000), REQUEST(GET, ROUTE_ROOT, 0)}},
	{"chunks that are not complete", REQUESTS(CHUNKED_POST "3\r\nabc\r\n5\r\nde"),
	 .expected = {OPEN_REQUEST(POST, ROUTE_ROOT, 5)}},
	{"last chunk without the empty line", REQUESTS(CHUNKED_POST "1\r\na\r\n0\r\n"),
	 .expected = {OPEN_REQUEST(POST, ROUTE_ROOT, 1)}},
	{"chunk size of 2^60 - 1", REQUESTS(CHUNKED_POST "fffffffffffffff\r\nab"),
	 .expected = {OPEN_REQUEST(POST, ROUTE_ROOT, 2)}},
	{"chunk size of 2^63", REQUESTS(CHUNKED_POST "8000000000000000\r\nab"),
	 .expected = {OPEN_REQUEST(POST, ROUTE_ROOT, 2)}},
	{"chunk size of 2^64 - 1", REQUESTS(CHUNKED_POST "ffffffffffffffff\r\nab"),
	 .expected = {OPEN_REQUEST(POST, ROUTE_ROOT, 2)}},
	{"chunk size of 2^64", REQUESTS(CHUNKED_POST "10000000000000000\r\nab"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"chunk size of 2^64 + 2",
	 REQUESTS(CHUNKED_POST "1\r\na\r\n10000000000000002\r\nab\r\n0\r\n\r\n"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 1)}},
	{"no chunk size", REQUESTS(CHUNKED_POST "\r\n\r\n"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"no chunk size, bare LF", REQUESTS(CHUNKED_POST "\n\n"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"no line end behind a chunk", REQUESTS(CHUNKED_POST "1\r\nax0\r\n\r\n"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 1)}},
	{"no chunk size, but an extension", REQUESTS(CHUNKED_POST ";a=b\r\n\r\n"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"blank before a chunk size", REQUESTS(CHUNKED_POST " 1\r\na\r\n0\r\n\r\n"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"chunk size with a letter", REQUESTS(CHUNKED_POST "1g\r\na\r\n0\r\n\r\n"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"chunk size with a prefix", REQUESTS(CHUNKED_POST "0x1\r\na\r\n0\r\n\r\n"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"negative chunk size", REQUESTS(CHUNKED_POST "-1\r\na\r\n0\r\n\r\n"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 0)}},
	{"more data than the chunk's size", REQUESTS(CHUNKED_POST "1\r\nab\r\n0\r\n\r\n"),
	 .expected = {BAD_REQUEST(POST, ROUTE_ROOT, 1)}},
	{"a bare CR ends no chunk size", REQUESTS(CHUNKED_POST "1\r2\r\na\r\n0\r\n\r\n"),
	 .expected = {REQUEST(POST, ROUTE_ROOT, 1)}},

	/* ---- HTTP/3 ---- */
	{"an announced port, in a head of other lines, and none in the next",
	 RESPONSES("HTTP/1.1 200 OK\r\nServer: x\r\nAlt-Svc: h3=\":8443\"; ma=86400\r\nAge: 1\r\n"
		   "Content-Length: 1\r\n\r\na"
		   "HTTP/1.1 204 No\r\nAccept-Ranges: bytes\r\n\r\n"),
	 .expected = {RESULT(.kind = HTTP1_COMPLETE, .status = 200, .body = 1, .announced = 8443),
		      RESPONSE(204, 0)}},
	{"the first port of HTTP/3, of several that are announced",
	 RESPONSES(
		 "HTTP/1.1 200 OK\r\nALT-SVC:h2=\":1\",h3-29=\"[2001:db8::1]:444\";ma=1,\th3=\":445\"\r\n"
		 "Content-Length: 0\r\nalt-svc: h3=\":446\"\r\n\r\n"
		 "HTTP/1.1 200 OK\nalt-svc: clear\nalt-svc:\nalt-svc: h3=\"a.example:65535\"\n"
		 "Content-Length: 0\n\n"),
	 .expected = {RESULT(.kind = HTTP1_COMPLETE, .status = 200, .announced = 444),
		      RESULT(.kind = HTTP1_COMPLETE, .status = 200, .announced = 65535)}},
	{"no port of HTTP/3",
	 RESPONSES("HTTP/1.1 204 No\r\nAlt-Svc: h2=\":444\"\r\n\r\n"
		   "HTTP/1.1 204 No\r\nAlt-Svc: h3=\":65536\"\r\n\r\n"
		   "HTTP/1.1 204 No\r\nAlt-Svc: h3=\"example.org\"\r\n\r\n"
		   "HTTP/1.1 204 No\r\nAlt-Svc: h3=\":\"\r\n\r\n"
		   "HTTP/1.1 204 No\r\nAlt-Svc: h3=\":44\r\n4\": 1\r\n\r\n"
		   "HTTP/1.1 204 No\r\nAlt-Svcs: h3=\":444\"\r\n\r\n"
		   "HTTP/1.1 204 No\r\nX-Alt-Svc: h3=\":444\"\r\n\r\n"
		   "HTTP/1.1 204 No\r\nAlt-Svc : h3=\":444\"\r\n\r\n"),
	 .expected = {RESPONSE(204, 0), RESPONSE(204, 0), RESPONSE(204, 0), RESPONSE(204, 0),
		      RESPONSE(204, 0), RESPONSE(204, 0), RESPONSE(204, 0), RESPONSE(204, 0)}},
	{"an announcement that a client makes",
	 REQUESTS("GET / HTTP/1.1\r\nAlt-Svc: h3=\":444\"\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 0)}},
	{"an announced port of a chunked answer that says its length, too",
	 RESPONSES("HTTP/1.1 200 OK\r\nAlt-Svc: h3=\":444\"\r\nTransfer-Encoding: chunked\r\n"
		   "Content-Length: 1\r\n\r\n1\r\na\r\n0\r\n\r\n"),
	 .expected = {RESULT(.kind = HTTP1_COMPLETE, .status = 200, .body = 1, .announced = 444)}},

	/* ---- the end of the connection ---- */
	{"options of a response's connection",
	 RESPONSES("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
		   "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"
		   "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"
		   "HTTP/1.0 200 OK\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n"
		   "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: Upgrade\r\n\r\n"
		   "HTTP/1.0 200 OK\r\nConnection: Keep-Alive, close\r\nContent-Length: 0\r\n\r\n"
		   "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
	 .expected = {LAST_RESPONSE(200, 0), RESPONSE(200, 0), RESPONSE(200, 0),
		      LAST_RESPONSE(200, 0), RESPONSE(200, 0), LAST_RESPONSE(200, 0),
		      RESPONSE(200, 0)}},
	{"options of a request's connection",
	 REQUESTS("GET / HTTP/1.1\r\nConnection: close\r\n\r\n"
		  "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nAccept: */*\r\n\r\n"
		  "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
		  "GET / HTTP/1.0\r\nKeep-Alive: 300\r\nProxy-Connection: keep-alive\r\n\r\n"
		  "POST / HTTP/1.1\r\nConnection: TE, close\r\nContent-Length: 1\r\n\r\na"),
	 .expected = {LAST_REQUEST(GET, ROUTE_ROOT, 0), REQUEST(GET, ROUTE_ROOT, 0),
		      REQUEST(GET, ROUTE_ROOT, 0), LAST_REQUEST(GET, ROUTE_ROOT, 0),
		      LAST_REQUEST(POST, ROUTE_ROOT, 1)}},
	{"close, as servers write it",
	 REQUESTS("GET / HTTP/1.1\r\nconnection: close\r\n\r\n"
		  "GET / HTTP/1.1\r\nCONNECTION:Close\r\n\r\n"
		  "GET / HTTP/1.1\r\nConnection:  \tCLOSE \t\r\n\r\n"
		  "GET / HTTP/1.1\nConnection: close\n\n"
		  "GET / HTTP/1.1\r\nConnection: ,, keep-alive ,close,\r\n\r\n"
		  "GET / HTTP/1.1\r\nConnection: upgrade\r\nConnection: close\r\n\r\n"
		  "GET / HTTP/1.1\r\nConnection: upgrade,\r\n close\r\n\r\n"
		  "GET / HTTP/1.1\r\nConnection: close\r\n \r\nConnection: x\r\n\r\n"),
	 .expected = {LAST_REQUEST(GET, ROUTE_ROOT, 0), LAST_REQUEST(GET, ROUTE_ROOT, 0),
		      LAST_REQUEST(GET, ROUTE_ROOT, 0), LAST_REQUEST(GET, ROUTE_ROOT, 0),
		      LAST_REQUEST(GET, ROUTE_ROOT, 0), LAST_REQUEST(GET, ROUTE_ROOT, 0),
		      LAST_REQUEST(GET, ROUTE_ROOT, 0), LAST_REQUEST(GET, ROUTE_ROOT, 0)}},
	{"what only looks like close",
	 REQUESTS(
		 "GET / HTTP/1.1\r\nConnection: closed\r\n\r\n"
		 "GET / HTTP/1.1\r\nConnection: clos\r\n\r\n"
		 "GET / HTTP/1.1\r\nConnection: x-close, close-x\r\n\r\n"
		 "GET / HTTP/1.1\r\nConnection: keep-alivee, close;q=1\r\n\r\n"
		 "GET / HTTP/1.1\r\nConnections: close\r\nConnectio: close\r\nX-Connection: close\r\n\r\n"
		 "GET / HTTP/1.1\r\nConnection : close\r\n\r\n"
		 "GET / HTTP/1.1\r\nContent-Encoding: close\r\nCookie: close\r\n\r\n"
		 "GET / HTTP/1.0\r\nConnection: keep\ralive, keep\x0d-alive, \x00keep-alive\r\n\r\n"),
	 .expected = {REQUEST(GET, ROUTE_ROOT, 0), REQUEST(GET, ROUTE_ROOT, 0),
		      REQUEST(GET, ROUTE_ROOT, 0), REQUEST(GET, ROUTE_ROOT, 0),
		      REQUEST(GET, ROUTE_ROOT, 0), REQUEST(GET, ROUTE_ROOT, 0),
		      REQUEST(GET, ROUTE_ROOT, 0), LAST_REQUEST(GET, ROUTE_ROOT, 0)}},
	{"an interim response closes nothing",
	 RESPONSES("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
	 .expected = {INTERIM(100), RESPONSE(200, 0)}},

	/* ---- responses: status line ---- */
	{"statuses",
	 RESPONSES("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
		   "HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n"
		   "HTTP/1.1 500\r\nContent-Length: 0\r\n\r\n"
		   "HTTP/1.1 503 \r\nContent-Length: 0\r\n\r\n"
		   "HTTP/1.1 599 a b c\r\nContent-Length: 0\r\n\r\n"
		   "HTTP/1.1 999 ?\r\nContent-Length: 0\r\n\r\n"),
	 .expected = {RESPONSE(200, 2), LAST_RESPONSE(404, 0), RESPONSE(500, 0), RESPONSE(503, 0),
		      RESPONSE(599, 0), RESPONSE(999, 0)}},
	{"status below 100", RESPONSES("HTTP/1.1 099 No\r\nContent-Length: 0\r\n\r\n"),
	 .expected = {BAD}},
	{"status of two digits", RESPONSES("HTTP/1.1 20 OK\r\n\r\n"), .expected = {BAD}},
	{"status with a letter", RESPONSES("HTTP/1.1 2x0 OK\r\n\r\n"), .expected = {BAD}},
	{"no status", RESPONSES("HTTP/1.1 OK\r\n\r\n"), .expected = {BAD}},
	{"no status, only a version", RESPONSES("HTTP/1.1\r\n\r\n"), .expected = {BAD}},
	{"response of version 2", RESPONSES("HTTP/2 200\r\n\r\n"), .expected = {BAD}},
	{"response in lower case", RESPONSES("http/1.1 200 OK\r\n\r\n"), .expected = {BAD}},
	{"a request where a response is due", RESPONSES("HEAD / HTTP/1.1\r\n\r\n"),
	 .expected = {BAD}},
	{"text where a response is due", RESPONSES("Hello\n"), .expected = {BAD}},
	{"SMTP greeting", RESPONSES("220 mail.example ESMTP\r\n"), .expected = {BAD}},
	{"HTTP/0.9 response", RESPONSES("<html>HTTP/1.1 200 OK</html>"), .expected = {BAD}},
	{"empty lines before a response",
	 RESPONSES("\r\n\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
	 .expected = {RESPONSE(200, 0)}},
	{"response with bare LF", RESPONSES("HTTP/1.1 200 OK\nContent-Length: 1\n\nx"),
	 .expected = {RESPONSE(200, 1)}},
	{"any bytes in the reason",
	 RESPONSES("HTTP/1.1 200 \xe2\x9c\x93 \0 HTTP/1.1 500\r\nContent-Length: 1\r\n\r\nx"),
	 .expected = {RESPONSE(200, 1)}},
	{"the status line is not complete", RESPONSES("HTTP/1.1 20"), .expected = {PART_RESPONSE}},
	{"a status line up to its code", RESPONSES("HTTP/1.1 200"), .expected = {PART_RESPONSE}},
	{"a status line up to the space behind its code", RESPONSES("HTTP/1.1 200 "),
	 .expected = {PART_RESPONSE}},
	{"the response's head is not complete",
	 RESPONSES("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"), .expected = {PART_RESPONSE}},

	/* ---- responses: interim ones, and those without a body ---- */
	{"100, then the final response",
	 RESPONSES("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"),
	 .expected = {INTERIM(100), RESPONSE(200, 3)}},
	{"several interim responses",
	 RESPONSES("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
		   "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 5\r\n\r\n"
		   "HTTP/1.1 199 x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"),
	 .expected = {INTERIM(100), INTERIM(102), INTERIM(103), INTERIM(199), RESPONSE(204, 0)}},
	{"an interim response alone", RESPONSES("HTTP/1.1 100 Continue\r\n\r\n"),
	 .expected = {INTERIM(100)}},
	{"101",
	 RESPONSES("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x02hi"),
	 .expected = {TUNNEL(101)}},
	{"CONNECT, answered by 200", .connect_mask = 1,
	 RESPONSES("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n\x16\x03\x01"),
	 .expected = {TUNNEL(200)}},
	{"CONNECT, answered by 407", .connect_mask = 1,
	 RESPONSES("HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nnoHTTP/1.1 204 No\r\n\r\n"),
	 .expected = {RESPONSE(407, 2), RESPONSE(204, 0)}},
	{"the answer to HEAD has no body", .head_mask = 1,
	 RESPONSES("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
		   "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"),
	 .expected = {RESPONSE(200, 0), RESPONSE(200, 1)}},
	{"the answer to HEAD has no chunks", .head_mask = 5,
	 RESPONSES("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"
		   "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"),
	 .expected = {RESPONSE(200, 0), RESPONSE(200, 1), RESPONSE(200, 0), RESPONSE(404, 0)}},
	{"an interim answer to HEAD", .head_mask = 1,
	 RESPONSES("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
		   "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"),
	 .expected = {INTERIM(103), RESPONSE(200, 0), RESPONSE(200, 1)}},
	{"204 and 304 have no body",
	 RESPONSES("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"
		   "HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\nETag: x\r\n\r\n"
		   "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"
		   "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n"),
	 .expected = {RESPONSE(204, 0), RESPONSE(304, 0), RESPONSE(304, 0), RESPONSE(205, 0)}},

	/* ---- responses: bodies ---- */
	{"chunked response",
	 RESPONSES("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n"
		   "4\r\nWiki\r\n5\r\npedia\r\n0\r\nDigest: x\r\n\r\n"
		   "HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
	 .expected = {RESPONSE(200, 9), RESPONSE(500, 0)}},
	{"response until the connection closes", RESPONSES("HTTP/1.0 200 OK\r\n\r\nabc\r\n\r\n"),
	 .expected = {UNTIL_CLOSE(200, 7, 1)}},
	{"empty response until the connection closes", RESPONSES("HTTP/1.0 200 OK\r\n\r\n"),
	 .expected = {UNTIL_CLOSE(200, 0, 1)}},
	{"a body until the close that looks like a response",
	 RESPONSES("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nHTTP/1.1 500 No\r\n\r\n"),
	 .expected = {UNTIL_CLOSE(200, 19, 1)}},
	{"100000 bytes until the close", RESPONSES("HTTP/1.1 200 OK\r\n\r\n"), .fill = 'a',
	 .n_fill = 100000, .expected = {UNTIL_CLOSE(200, 100000, 0)}},
	{"response with a coding, but not chunked",
	 RESPONSES("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\n\r\nabc"),
	 .expected = {UNTIL_CLOSE(200, 3, 0)}},
	{"response with chunked not last",
	 RESPONSES("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"),
	 .expected = {UNTIL_CLOSE(200, 5, 0)}},
	{"response with a bad length",
	 RESPONSES("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc"),
	 .expected = {UNTIL_CLOSE(200, 3, 0)}},
	{"response with different lengths",
	 RESPONSES("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabcd"),
	 .expected = {UNTIL_CLOSE(200, 4, 0)}},
	{"response with equal lengths",
	 RESPONSES("HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\nContent-Length: 2\r\n\r\nab"),
	 .expected = {RESPONSE(200, 2)}},
	{"response with a folded coding",
	 RESPONSES(
		 "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip,\r\n chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"),
	 .expected = {RESPONSE(200, 1)}},
	{"response that is not complete",
	 RESPONSES("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"),
	 .expected = {OPEN_RESPONSE(200, 3)}},
	{"chunked response that is not complete",
	 RESPONSES("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n"),
	 .expected = {OPEN_RESPONSE(200, 5)}},
	{"response with bad chunks",
	 RESPONSES("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\nzz\r\n"),
	 .expected = {BAD_RESPONSE(200, 1)}},
	{"garbage behind a response", RESPONSES("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab"),
	 .expected = {RESPONSE(200, 1), BAD}},
	{"pipelined responses",
	 RESPONSES(
		 "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 100 C\r\n\r\n"
		 "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nab\r\n0\r\n\r\n"
		 "HTTP/1.1 304 Not Modified\r\n\r\nHTTP/1.1 200 OK\r\n\r\nrest"),
	 .expected = {RESPONSE(200, 1), INTERIM(100), RESPONSE(201, 2), RESPONSE(304, 0),
		      UNTIL_CLOSE(200, 4, 0)}},
	{"response head of 64 KiB", RESPONSES("HTTP/1.1 200 OK\r\nSet-Cookie: "), .fill = 'c',
	 .n_fill = 65536, TAIL("\r\nContent-Length: 3\r\n\r\nabc"), .expected = {RESPONSE(200, 3)}},
	{"user agents mean nothing in a response",
	 RESPONSES("HTTP/1.1 200 OK\r\nUser-Agent: wrk\r\nContent-Length: 0\r\n\r\n"),
	 .expected = {RESPONSE(200, 0)}},
};

enum {
	N_HTTP1_VECTORS = sizeof(http1_vectors) / sizeof(http1_vectors[0]),
};

#endif
