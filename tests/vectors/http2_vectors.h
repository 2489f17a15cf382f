/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames of HTTP/2 and what the follower must make of them: RFC 9113, the examples of RFC 7541, appendix C, and what real
 * peers send beside that.
 *
 * A payload is written as hexadecimal digits and, in single quotes, text.
 */
#ifndef SLIPROBE_TESTS_HTTP2_VECTORS_H
#define SLIPROBE_TESTS_HTTP2_VECTORS_H

enum {
	VECTOR_FRAMES = 10,
};

/* How the bytes begin. */
enum http2_ahead {
	AHEAD_ALL, /* of the requests: the preface; then an empty SETTINGS frame */
	AHEAD_NONE,
	AHEAD_JOINED, /* nothing, and the follower joins here */
};

struct http2_frame {
	const char *payload; /* NULL: no more frames */
	__u8 type;
	__u8 flags;
	__u8 raw; /* the payload has the header, too */
	__u8 fill; /* more bytes of the payload */
	__u32 stream;
};

struct http2_wanted {
	__u8 event;
	__u8 ends_stream, promise, hidden, grpc, protocol;
	__u8 method;
	__u16 status;
	__u16 grpc_status;
	__u32 content; /* as in struct http2_result */
	__u32 stream;
	__u32 number;
	/* texts, as the automata must have read them; NULL: there is none. */
	const char *path, *agent;
	__u32 agent_bytes; /* if it has a zero byte */
};

#define HIDDEN_TEXT "\n" /* HTTP2_UNKNOWN */

struct http2_vector {
	const char *name;
	enum http2_side side;
	enum http2_ahead ahead;
	struct http2_frame frames[VECTOR_FRAMES];
	struct http2_wanted wanted[VECTOR_FRAMES]; /* up to the first HTTP2_EV_NONE */
	__u32 announced; /* UDP port, by the last answer that says one */
};

#define FRAMES(...) .frames = {__VA_ARGS__}
#define WANTED(...) .wanted = {__VA_ARGS__}
#define REQUESTS_OF(...) .side = HTTP2_REQUESTS, FRAMES(__VA_ARGS__)
#define RESPONSES_OF(...) .side = HTTP2_RESPONSES, FRAMES(__VA_ARGS__)
#define FRAME(t, f, s, text)                                                                       \
	{                                                                                          \
		.type = HTTP2_##t, .flags = f, .stream = s, .payload = text                        \
	}
/* a block in one frame, which ends its stream */
#define BLOCK(s, text) FRAME(HEADERS, HTTP2_END_HEADERS | HTTP2_END_STREAM, s, text)
#define RAW(text)                                                                                  \
	{                                                                                          \
		.raw = 1, .payload = text                                                          \
	}

#define EVENT(e, ...)                                                                              \
	{                                                                                          \
		.event = HTTP2_EV_##e, __VA_ARGS__                                                 \
	}
#define NO_GRPC .grpc_status = GRPC_ABSENT
#define ENDS .ends_stream = 1
#define ON(s) .stream = s
/* blocks that end their stream */
#define GETS(s, text) EVENT(HEADERS, ON(s), ENDS, NO_GRPC, .method = HTTP_METHOD_GET, .path = text)
#define SAYS(s, code) EVENT(HEADERS, ON(s), ENDS, NO_GRPC, .status = code)
#define DATA_OF(s, n, ...) EVENT(DATA, ON(s), .number = n, __VA_ARGS__)
#define FAULT(f) EVENT(BAD, .number = HTTP2_FAULT_##f)

static const char every_byte[] = ""; /* 0 to 255 */

static const struct http2_vector http2_vectors[] = {
	/* ---- RFC 7541, appendix C ---- */
	{
		"C.2: literals with and without indexing, never indexed, an index",
		REQUESTS_OF(BLOCK(1, "40 0a 'custom-key' 0d 'custom-header'"),
			    BLOCK(3, "04 0c '/sample/path'"),
			    BLOCK(5, "10 08 'password' 06 'secret'"), BLOCK(7, "82"),
			    BLOCK(9, "be")),
		WANTED(EVENT(HEADERS, ON(1), ENDS, NO_GRPC),
		       EVENT(HEADERS, ON(3), ENDS, NO_GRPC, .path = "/sample/path"),
		       EVENT(HEADERS, ON(5), ENDS, NO_GRPC),
		       EVENT(HEADERS, ON(7), ENDS, NO_GRPC, .method = HTTP_METHOD_GET),
		       EVENT(HEADERS, ON(9), ENDS, NO_GRPC)),
	},
	{
		"C.3: requests without Huffman coding",
		REQUESTS_OF(BLOCK(1, "828684410f 'www.example.com'"),
			    BLOCK(3, "828684be5808 'no-cache'"),
			    BLOCK(5, "828785bf400a 'custom-key' 0c 'custom-value'")),
		WANTED(GETS(1, "/"), GETS(3, "/"), GETS(5, "/index.html")),
	},
	{
		"C.4: requests with Huffman coding",
		REQUESTS_OF(BLOCK(1, "828684418cf1e3c2e5f23a6ba0ab90f4ff"),
			    BLOCK(3, "828684be5886a8eb10649cbf"),
			    BLOCK(5, "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf")),
		WANTED(GETS(1, "/"), GETS(3, "/"), GETS(5, "/index.html")),
	},
	{
		"C.5: responses without Huffman coding, whose table of 256 bytes evicts",
		RESPONSES_OF(
			BLOCK(1,
			      "48 03 '302' 58 07 'private' 61 1d 'Mon, 21 Oct 2013 20:13:21 GMT' "
			      "6e 17 'https://www.example.com'"),
			BLOCK(3, "48 03 '307' c1c0bf"),
			BLOCK(5,
			      "88c1 61 1d 'Mon, 21 Oct 2013 20:13:22 GMT' c0 5a 04 'gzip' "
			      "77 38 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'")),
		WANTED(SAYS(1, 302), SAYS(3, 307), SAYS(5, 200)),
	},
	{
		"C.6: responses with Huffman coding",
		RESPONSES_OF(
			BLOCK(1,
			      "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1b"
			      "ff6e919d29ad171863c78f0b97c8e9ae82ae43d3"),
			BLOCK(3, "4883640effc1c0bf"),
			BLOCK(5,
			      "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad"
			      "94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f95873160"
			      "65c003ed4ee5b1063d5007")),
		WANTED(SAYS(1, 302), SAYS(3, 307), SAYS(5, 200)),
	},
	/* ---- fields ---- */
	{
		"all of the static table that is of interest",
		REQUESTS_OF(BLOCK(1, "8384 9f ba"), BLOCK(3, "8885"), BLOCK(5, "89"),
			    BLOCK(7, "8a"), BLOCK(9, "8b"), BLOCK(11, "8c"), BLOCK(13, "8d"),
			    BLOCK(15, "8e 81 bd")),
		WANTED(EVENT(HEADERS, ON(1), ENDS, NO_GRPC, .method = HTTP_METHOD_POST,
			     .path = "/"),
		       EVENT(HEADERS, ON(3), ENDS, NO_GRPC, .status = 200, .path = "/index.html"),
		       SAYS(5, 204), SAYS(7, 206), SAYS(9, 304), SAYS(11, 400), SAYS(13, 404),
		       SAYS(15, 500)),
	},
	{
		"every symbol of Huffman's code",
		REQUESTS_OF(
			BLOCK(1,
			      "7a ffc803"
			      "ffc7fffd8fffffe2fffffe3fffffe4fffffe5fffffe6fffffe7fffffe8ffffeafffffff3fffffa7fffff"
			      "abffffffdfffffebfffffecfffffedfffffeefffffefffffff0ffffff1ffffff2fffffffbfffffcfffff"
			      "fd3fffffd7fffffdbfffffdffffffe3fffffe7fffffebfffffed4fe3f9ffaffcabf1febfafefe7fdfd2c"
			      "bb00089969b71d79fb9f7fff20ffbff3ff50ddbd7f061c58f265cd9f469d5af66dddbf871e5f9cff7ff7"
			      "fffc3ff9ffe45fff4719242cb34e6e9d68a6a3d7dac426defe3cfaf7fffbfe7ffbffdffffffcfffe6fff"
			      "f4bfff9ffffa3fffd3ffff53fffd5ffffb3fffeb7fffdaffffb7ffff73fffeeffffdeffffebffffbffff"
			      "fd9ffffdbfffebffffe0ffffeeffffc3ffff8bffff1ffffe4fffee7fffb1ffff97fffd9ffffcdffff9ff"
			      "fffbffffdafffeeffff4ffffb7fffee7fffe8ffffd3fffdeffffd5fffeeffffbdffffe1fffdfffff7fff"
			      "ff5ffffecffff07fff87fffe0ffff17fffedffff87ffff77fffeffffeaffff8bfffe3ffff93ffff87fff"
			      "cbffff37ffff1fffff83ffffe1fffebfffe3ffff3fffff2ffffa3ffffd9fffff17ffffc7fffff27ffffd"
			      "efffffbffffff2fffff8fffffb7fff97fff8fffffe6fffffc1fffff87ffffe7fffffc5ffffe5fffe4fff"
			      "f2fffffd1fffff4ffffffefffffe3fffffc9fffff97fffb3ffffcffffb7fffcdffff4ffff9ffffd1ffff"
			      "cffffeaffffafffffddffffeffffff4fffff5fffffabffffa7ffffd7fffff9bffffecfffffb7fffff3ff"
			      "fffe8fffffd3fffffabfffff5fffffff7ffffecfffffdbfffffbbfffff7ffffff0fffffbbf"),
			BLOCK(3, "be")),
		WANTED(EVENT(HEADERS, ON(1), ENDS, NO_GRPC, .agent = every_byte,
			     .agent_bytes = 256),
		       EVENT(HEADERS, ON(3), ENDS, NO_GRPC, .agent = every_byte,
			     .agent_bytes = 256)),
	},
	{
		"names in letters",
		REQUESTS_OF(
			BLOCK(1, "00 07 ':method' 03 'PUT' 00 05 ':path' 05 '/a?b=' "
				 "00 0a 'user-agent' 05 'wrk/4'"),
			BLOCK(3,
			      "00 07 ':status' 03 '418' 00 0b 'grpc-status' 02 '14' "
			      "00 0c 'content-type' 10 'application/grpc' 00 09 ':protocol' 01 'x' "
			      "00 0e 'content-length' 0a '4294967294'")),
		WANTED(EVENT(HEADERS, ON(1), ENDS, NO_GRPC, .method = HTTP_METHOD_PUT, .path = "/a",
			     .agent = "wrk/4"),
		       EVENT(HEADERS, ON(3), ENDS, .status = 418, .grpc_status = GRPC_UNAVAILABLE,
			     .grpc = 1, .protocol = 1, .content = 0xffffffff)),
	},
	{
		"names in Huffman's code",
		REQUESTS_OF(BLOCK(1, "00 85b9495339e4 83c5837f 00 84b958d33f 84607fe47f "
				     "00 87b505b161cc5a93 84f167561a"),
			    BLOCK(3, "00 85b8848d36a3 83682f7f 00 889acac8b21234da8f 820b5f "
				     "00 8921ea496a4ac9f5597f 8b1d75d0620d263d4c4d6564 "
				     "00 87b95d8749c87a3f 00")),
		WANTED(EVENT(HEADERS, ON(1), ENDS, NO_GRPC, .method = HTTP_METHOD_GET, .path = "/a",
			     .agent = "wrk/4"),
		       EVENT(HEADERS, ON(3), ENDS, .status = 418, .grpc_status = GRPC_UNAVAILABLE,
			     .grpc = 1, .protocol = 1)),
	},
	{
		"a path ends at its query or fragment, with and without insertion, in both codings",
		REQUESTS_OF(BLOCK(1, "44 04 '/a?b'"), BLOCK(3, "be"), BLOCK(5, "04 84 607fe47f"),
			    BLOCK(7, "44 83 607ff5"), BLOCK(9, "be bf"), BLOCK(11, "04 03 '/b#'"),
			    BLOCK(13, "04 01 '?'")),
		WANTED(EVENT(HEADERS, ON(1), ENDS, NO_GRPC, .path = "/a"),
		       EVENT(HEADERS, ON(3), ENDS, NO_GRPC, .path = "/a"),
		       EVENT(HEADERS, ON(5), ENDS, NO_GRPC, .path = "/a"),
		       EVENT(HEADERS, ON(7), ENDS, NO_GRPC, .path = "/a"),
		       EVENT(HEADERS, ON(9), ENDS, NO_GRPC, .path = "/a"),
		       EVENT(HEADERS, ON(11), ENDS, NO_GRPC, .path = "/b"),
		       EVENT(HEADERS, ON(13), ENDS, NO_GRPC)),
	},
	{
		"what is no path: the asterisk of OPTIONS, a URL, nothing",
		REQUESTS_OF(BLOCK(1, "02 07 'OPTIONS' 44 01 '*'"), BLOCK(3, "be"),
			    BLOCK(5, "04 0a 'http://h/x'"), BLOCK(7, "44 00"), BLOCK(9, "be"),
			    BLOCK(11, "42 07 'CONNECT'"), BLOCK(13, "44 81 f9")),
		WANTED(EVENT(HEADERS, ON(1), ENDS, NO_GRPC, .method = HTTP_METHOD_OPTIONS),
		       EVENT(HEADERS, ON(3), ENDS, NO_GRPC), EVENT(HEADERS, ON(5), ENDS, NO_GRPC),
		       EVENT(HEADERS, ON(7), ENDS, NO_GRPC), EVENT(HEADERS, ON(9), ENDS, NO_GRPC),
		       EVENT(HEADERS, ON(11), ENDS, NO_GRPC, .method = HTTP_METHOD_CONNECT),
		       EVENT(HEADERS, ON(13), ENDS, NO_GRPC)),
	},
	{
		"methods that have no name here",
		REQUESTS_OF(BLOCK(1, "02 08 'PROPFIND'"), BLOCK(3, "02 03 'get'"),
			    BLOCK(5, "02 00"), BLOCK(7, "02 08 'GET' 0000000000"),
			    BLOCK(9, "02 02 'GE'")),
		WANTED(EVENT(HEADERS, ON(1), ENDS, NO_GRPC), EVENT(HEADERS, ON(3), ENDS, NO_GRPC),
		       EVENT(HEADERS, ON(5), ENDS, NO_GRPC), EVENT(HEADERS, ON(7), ENDS, NO_GRPC),
		       EVENT(HEADERS, ON(9), ENDS, NO_GRPC)),
	},
	{
		"an extended CONNECT",
		REQUESTS_OF(BLOCK(1,
				  "42 07 'CONNECT' 40 09 ':protocol' 09 'websocket' 04 05 '/chat'"),
			    BLOCK(3, "be bf"), BLOCK(5, "bf")),
		WANTED(EVENT(HEADERS, ON(1), ENDS, NO_GRPC, .method = HTTP_METHOD_CONNECT,
			     .protocol = 1, .path = "/chat"),
		       EVENT(HEADERS, ON(3), ENDS, NO_GRPC, .method = HTTP_METHOD_CONNECT,
			     .protocol = 1),
		       EVENT(HEADERS, ON(5), ENDS, NO_GRPC, .method = HTTP_METHOD_CONNECT)),
	},
	{
		"an integer in more bytes than it needs, at most five",
		REQUESTS_OF(
			BLOCK(1,
			      "44 7f 80 80 80 80 00 '/23456789012345678901234567890123456789012345678901234567890"
			      "1234567890123456789012345678901234567890123456789012345678901234567'"),
			BLOCK(3, "ff 80 80 00")),
		WANTED(EVENT(HEADERS, ON(1), ENDS, NO_GRPC,
			     .path = "/23456789012345678901234567890123456789012345678901234567890"
				     "1234567890123456789012345678901234567890123456789012345678901234567"),
		       EVENT(HEADERS, ON(3), ENDS, .hidden = 1, .grpc_status = GRPC_HIDDEN,
			     .method = HTTP_METHOD_UNKNOWN, .path = HIDDEN_TEXT,
			     .agent = HIDDEN_TEXT)),
	},
	{
		"an integer in six bytes",
		REQUESTS_OF(BLOCK(1, "04 7f 80 80 80 80 80 00")),
		WANTED(FAULT(INTEGER)),
	},
	{
		"an integer of 2^32",
		REQUESTS_OF(BLOCK(1, "04 7f 81 ff ff ff 0f")),
		WANTED(FAULT(INTEGER)),
	},
	{
		"index 0",
		REQUESTS_OF(BLOCK(1, "82 80")),
		WANTED(FAULT(INDEX)),
	},
	{
		"an index that was never inserted, and a name of one",
		REQUESTS_OF(BLOCK(1, "82 be"), BLOCK(3, "82 84"), BLOCK(5, "7e 01 'x'"),
			    BLOCK(7, "be")),
		WANTED(EVENT(HEADERS, ON(1), ENDS, .hidden = 1, .method = HTTP_METHOD_GET,
			     .grpc_status = GRPC_HIDDEN, .path = HIDDEN_TEXT, .agent = HIDDEN_TEXT),
		       GETS(3, "/"),
		       EVENT(HEADERS, ON(5), ENDS, .hidden = 1, .method = HTTP_METHOD_UNKNOWN,
			     .grpc_status = GRPC_HIDDEN, .path = HIDDEN_TEXT, .agent = HIDDEN_TEXT),
		       EVENT(HEADERS, ON(7), ENDS, .hidden = 1, .method = HTTP_METHOD_UNKNOWN,
			     .grpc_status = GRPC_HIDDEN, .path = HIDDEN_TEXT,
			     .agent = HIDDEN_TEXT)),
	},
	{
		"a name by an insertion",
		REQUESTS_OF(BLOCK(1, "44 02 '/a'"), BLOCK(3, "7e 02 '/b'"), BLOCK(5, "be"),
			    BLOCK(7, "bf"), BLOCK(9, "0f2f 02 '/c'"), BLOCK(11, "1f30 02 '/d'")),
		WANTED(EVENT(HEADERS, ON(1), ENDS, NO_GRPC, .path = "/a"),
		       EVENT(HEADERS, ON(3), ENDS, NO_GRPC, .path = "/b"),
		       EVENT(HEADERS, ON(5), ENDS, NO_GRPC, .path = "/b"),
		       EVENT(HEADERS, ON(7), ENDS, NO_GRPC, .path = "/a"),
		       EVENT(HEADERS, ON(9), ENDS, NO_GRPC, .path = "/c"),
		       EVENT(HEADERS, ON(11), ENDS, NO_GRPC, .path = "/d")),
	},
	{
		"padding of Huffman's code: seven ones are the most",
		REQUESTS_OF(BLOCK(1, "04 82 63 ff")),
		WANTED(FAULT(HUFFMAN)),
	},
	{
		"padding of Huffman's code that is not of ones",
		REQUESTS_OF(BLOCK(1, "04 81 62")),
		WANTED(FAULT(HUFFMAN)),
	},
	{
		"Huffman's code of the end of a string",
		REQUESTS_OF(BLOCK(1, "04 84 ffffffff")),
		WANTED(FAULT(HUFFMAN)),
	},
	{
		"the end of a string behind what tells the value: what is skipped is not judged",
		RESPONSES_OF(BLOCK(1, "08 99 00000000000000000000000000000cb2cb2cb2cb2cffffffff")),
		WANTED(SAYS(1, 0)),
	},
	{
		"nothing but padding in Huffman's code",
		REQUESTS_OF(BLOCK(1, "04 81 ff")),
		WANTED(FAULT(HUFFMAN)),
	},
	{
		"statuses that are none",
		RESPONSES_OF(BLOCK(1, "08 02 '20'"), BLOCK(3, "08 04 '2000'"),
			     BLOCK(5, "08 03 '099'"), BLOCK(7, "08 03 '2 0'"), BLOCK(9, "08 00"),
			     BLOCK(11, "08 03 '999'"),
			     BLOCK(13, "08 1e '200xxxxxxxxxxxxxxxxxxxxxxxxxxx'")),
		WANTED(SAYS(1, 0), SAYS(3, 0), SAYS(5, 0), SAYS(7, 0), SAYS(9, 0), SAYS(11, 999),
		       SAYS(13, 0)),
	},
	{
		"statuses of gRPC",
		RESPONSES_OF(BLOCK(1, "40 0b 'grpc-status' 01 '0'"), BLOCK(3, "7e 02 '16'"),
			     BLOCK(5, "7e 02 '17'"), BLOCK(7, "7e 02 '00'"), BLOCK(9, "7e 00"),
			     BLOCK(11, "be"), BLOCK(13, "c1"), BLOCK(15, "0f 33 01 '9'")),
		WANTED(EVENT(HEADERS, ON(1), ENDS, .grpc_status = GRPC_OK),
		       EVENT(HEADERS, ON(3), ENDS, .grpc_status = GRPC_UNAUTHENTICATED),
		       EVENT(HEADERS, ON(5), ENDS, .grpc_status = GRPC_OTHER),
		       EVENT(HEADERS, ON(7), ENDS, .grpc_status = GRPC_OTHER),
		       EVENT(HEADERS, ON(9), ENDS, .grpc_status = GRPC_OTHER),
		       EVENT(HEADERS, ON(11), ENDS, .grpc_status = GRPC_OTHER),
		       EVENT(HEADERS, ON(13), ENDS, .grpc_status = GRPC_UNAUTHENTICATED),
		       EVENT(HEADERS, ON(15), ENDS, .grpc_status = GRPC_FAILED_PRECONDITION)),
	},
	{
		"content types of gRPC and gRPC-Web",
		RESPONSES_OF(BLOCK(1, "5f 10 'application/grpc'"), BLOCK(3, "be"),
			     BLOCK(5, "0f10 14 'application/grpc-web'"),
			     BLOCK(7, "0f10 1a 'application/grpc-web+proto'"),
			     BLOCK(9, "0f10 16 'APPLICATION/grpc+proto'"),
			     BLOCK(11, "0f10 0f 'application/grp'"),
			     BLOCK(13, "0f10 13 'application/grpc-we'"), BLOCK(15, "9f"),
			     BLOCK(17, "0f10 09 'text/html'")),
		WANTED(EVENT(HEADERS, ON(1), ENDS, NO_GRPC, .grpc = 1),
		       EVENT(HEADERS, ON(3), ENDS, NO_GRPC, .grpc = 1),
		       EVENT(HEADERS, ON(5), ENDS, NO_GRPC, .grpc = 2),
		       EVENT(HEADERS, ON(7), ENDS, NO_GRPC, .grpc = 2),
		       EVENT(HEADERS, ON(9), ENDS, NO_GRPC, .grpc = 1),
		       EVENT(HEADERS, ON(11), ENDS, NO_GRPC),
		       EVENT(HEADERS, ON(13), ENDS, NO_GRPC, .grpc = 1),
		       EVENT(HEADERS, ON(15), ENDS, NO_GRPC),
		       EVENT(HEADERS, ON(17), ENDS, NO_GRPC)),
	},
	/* ---- HTTP/3 ---- */
	{
		"an announced port: by name, by index, by a name's index, and without one",
		RESPONSES_OF(BLOCK(1, "88 40 07 'alt-svc' 14 'h3=\":8443\"; ma=86400'"),
			     BLOCK(3, "88 be"), BLOCK(5, "88 7e 05 'clear'")),
		WANTED(SAYS(1, 200), SAYS(3, 200), SAYS(5, 200)),
		.announced = 8443,
	},
	{
		"an announced port in Huffman's code",
		RESPONSES_OF(BLOCK(1, "88 00 85 1d09591dc9 90 9d983f9b8d34cff3f6a52381e71a003f")),
		WANTED(SAYS(1, 200)),
		.announced = 443,
	},
	{
		"an announced port behind another protocol's, with a host",
		RESPONSES_OF(
			BLOCK(1, "88 00 07 'alt-svc' 1f 'h2=\":1\",h3-29=\"example.org:444\"'")),
		WANTED(SAYS(1, 200)),
		.announced = 444,
	},
	{
		"no port of HTTP/3",
		RESPONSES_OF(BLOCK(1, "88 00 07 'alt-svc' 09 'h2=\":444\"'"),
			     BLOCK(3, "88 00 07 'alt-svc' 00"),
			     BLOCK(5, "88 00 07 'alt-svx' 09 'h3=\":444\"'"),
			     BLOCK(7, "88 00 07 'alt-svc' 0a 'h3=\":70000'")),
		WANTED(SAYS(1, 200), SAYS(3, 200), SAYS(5, 200), SAYS(7, 200)),
	},
	{
		"an announcement that a client makes",
		REQUESTS_OF(BLOCK(1, "82 84 40 07 'alt-svc' 09 'h3=\":444\"'"),
			    BLOCK(3, "82 84 be")),
		WANTED(GETS(1, "/"), GETS(3, "/")),
	},
	/* ---- the table's size ---- */
	{
		"a smaller table, and back: entries that are evicted are not referred to",
		REQUESTS_OF(BLOCK(1, "44 02 '/a'"), BLOCK(3, "20 3fe11f 44 02 '/b'"),
			    BLOCK(5, "be")),
		WANTED(EVENT(HEADERS, ON(1), ENDS, NO_GRPC, .path = "/a"),
		       EVENT(HEADERS, ON(3), ENDS, NO_GRPC, .path = "/b"),
		       EVENT(HEADERS, ON(5), ENDS, NO_GRPC, .path = "/b")),
	},
	{
		"a larger table",
		REQUESTS_OF(BLOCK(1, "3fe21f 82 84"), BLOCK(3, "82")),
		WANTED(EVENT(GROW, .number = 4097), GETS(1, "/"),
		       EVENT(HEADERS, ON(3), ENDS, NO_GRPC, .method = HTTP_METHOD_GET)),
	},
	{
		"a larger table, told at the end of a frame, of a block, and of a padded block",
		REQUESTS_OF(FRAME(HEADERS, 0, 1, "3fe1ff03"),
			    FRAME(CONTINUATION, HTTP2_END_HEADERS, 1, "82"), BLOCK(3, "3fe1ff03"),
			    BLOCK(5, "82"),
			    FRAME(HEADERS, HTTP2_END_HEADERS | HTTP2_PADDED, 7,
				  "02 3fe1ff03 0000")),
		WANTED(EVENT(GROW, .number = 65536),
		       EVENT(HEADERS, ON(1), NO_GRPC, .method = HTTP_METHOD_GET),
		       EVENT(HEADERS, ON(3), ENDS, NO_GRPC), EVENT(GROW, .number = 65536),
		       EVENT(HEADERS, ON(5), ENDS, NO_GRPC, .method = HTTP_METHOD_GET),
		       EVENT(GROW, .number = 65536), EVENT(HEADERS, ON(7), NO_GRPC)),
	},
	{
		"a larger table, told at the end of a block, and then no frame",
		REQUESTS_OF(BLOCK(1, "3fe1ff03"), FRAME(DATA, 0, 0, "")),
		WANTED(EVENT(HEADERS, ON(1), ENDS, NO_GRPC), EVENT(GROW, .number = 65536),
		       FAULT(FRAME)),
	},
	/* ---- frames ---- */
	{
		"a request with a body",
		REQUESTS_OF(FRAME(HEADERS, HTTP2_END_HEADERS, 1, "83 84"),
			    FRAME(DATA, 0, 1, "'hello'"), FRAME(DATA, HTTP2_END_STREAM, 1, "")),
		WANTED(EVENT(HEADERS, ON(1), NO_GRPC, .method = HTTP_METHOD_POST, .path = "/"),
		       DATA_OF(1, 5), DATA_OF(1, 0, ENDS)),
	},
	{
		"padding and priority",
		REQUESTS_OF(FRAME(HEADERS, HTTP2_END_HEADERS | HTTP2_PADDED | HTTP2_HAS_PRIORITY, 1,
				  "03 80000000ff 82 84 000000"),
			    FRAME(DATA, HTTP2_PADDED, 1, "02 'abc' 0000"),
			    FRAME(DATA, HTTP2_PADDED, 1, "00 'abc'"),
			    FRAME(DATA, HTTP2_PADDED | HTTP2_END_STREAM, 1, "05 0000000000"),
			    FRAME(DATA, HTTP2_PADDED | HTTP2_END_STREAM, 3, "00"),
			    FRAME(HEADERS, HTTP2_END_HEADERS | HTTP2_PADDED, 5, "02 0000"),
			    FRAME(HEADERS, HTTP2_END_HEADERS | HTTP2_HAS_PRIORITY, 7, "0000000000"),
			    FRAME(HEADERS, HTTP2_END_HEADERS | HTTP2_HAS_PRIORITY, 9,
				  "0000000000 83")),
		WANTED(EVENT(HEADERS, ON(1), NO_GRPC, .method = HTTP_METHOD_GET, .path = "/"),
		       DATA_OF(1, 3), DATA_OF(1, 3), DATA_OF(1, 0, ENDS), DATA_OF(3, 0, ENDS),
		       EVENT(HEADERS, ON(5), NO_GRPC), EVENT(HEADERS, ON(7), NO_GRPC),
		       EVENT(HEADERS, ON(9), NO_GRPC, .method = HTTP_METHOD_POST)),
	},
	{
		"padding as long as what is left",
		REQUESTS_OF(FRAME(DATA, HTTP2_PADDED, 1, "02 0000"),
			    FRAME(DATA, HTTP2_PADDED, 1, "03 0000")),
		WANTED(DATA_OF(1, 0), FAULT(PADDING)),
	},
	{
		"padded, and no length of it",
		REQUESTS_OF(FRAME(HEADERS, HTTP2_END_HEADERS | HTTP2_PADDED, 1, "")),
		WANTED(FAULT(PADDING)),
	},
	{
		"padding into the priority",
		REQUESTS_OF(FRAME(HEADERS, HTTP2_END_HEADERS | HTTP2_PADDED | HTTP2_HAS_PRIORITY, 1,
				  "02 00000000 0000")),
		WANTED(FAULT(FRAME)),
	},
	{
		"a block in pieces: inside an index, a length, a name, a code",
		REQUESTS_OF(
			FRAME(HEADERS, HTTP2_END_STREAM | HTTP2_PADDED, 1, "01 82 04 86 60 00"),
			FRAME(CONTINUATION, 0, 1, "c92d2861"), FRAME(CONTINUATION, 0, 1, ""),
			FRAME(CONTINUATION, 0, 1, "bf 7f"),
			FRAME(CONTINUATION, HTTP2_END_HEADERS, 1, "01 01 'x'"),
			FRAME(HEADERS, 0, 3, "40 0a 'user-a'"),
			FRAME(CONTINUATION, 0, 3, "'gent' 7f 80"),
			FRAME(CONTINUATION, HTTP2_END_HEADERS, 3,
			      "00 '123456789012345678901234567890123456789012345678901234567890"
			      "1234567890123456789012345678901234567890123456789012345678901234567'")),
		WANTED(EVENT(HEADERS, ON(1), ENDS, .hidden = 1, .method = HTTP_METHOD_GET,
			     .grpc_status = GRPC_HIDDEN, .path = "/items/5", .agent = HIDDEN_TEXT),
		       EVENT(HEADERS, ON(3), NO_GRPC,
			     .agent =
				     "123456789012345678901234567890123456789012345678901234567890"
				     "1234567890123456789012345678901234567890123456789012345678901234567")),
	},
	{
		"a block that ends inside a field",
		REQUESTS_OF(BLOCK(1, "82 44")),
		WANTED(FAULT(CUT)),
	},
	{
		"a block that ends inside a value",
		REQUESTS_OF(BLOCK(1, "44 03 '/a'")),
		WANTED(FAULT(CUT)),
	},
	{
		"a frame inside a block",
		REQUESTS_OF(FRAME(HEADERS, 0, 1, "82"), FRAME(PING, 0, 0, "'12345678'")),
		WANTED(FAULT(ORDER)),
	},
	{
		"a block inside a block",
		REQUESTS_OF(FRAME(HEADERS, 0, 1, "82"), BLOCK(1, "84")),
		WANTED(FAULT(ORDER)),
	},
	{
		"the block of another stream goes on",
		REQUESTS_OF(FRAME(HEADERS, 0, 1, "82"),
			    FRAME(CONTINUATION, HTTP2_END_HEADERS, 3, "84")),
		WANTED(FAULT(ORDER)),
	},
	{
		"CONTINUATION without a block",
		REQUESTS_OF(BLOCK(1, "82"), FRAME(CONTINUATION, HTTP2_END_HEADERS, 1, "84")),
		WANTED(EVENT(HEADERS, ON(1), ENDS, NO_GRPC, .method = HTTP_METHOD_GET),
		       FAULT(ORDER)),
	},
	{
		"an interim response, a response, trailers",
		RESPONSES_OF(FRAME(HEADERS, HTTP2_END_HEADERS, 1, "08 03 '103'"),
			     FRAME(HEADERS, HTTP2_END_HEADERS, 1, "88 5f 10 'application/grpc'"),
			     FRAME(DATA, 0, 1, "0000000000"),
			     BLOCK(1, "40 0b 'grpc-status' 01 '0' 40 0c 'grpc-message' 00")),
		WANTED(EVENT(HEADERS, ON(1), NO_GRPC, .status = 103),
		       EVENT(HEADERS, ON(1), NO_GRPC, .status = 200, .grpc = 1), DATA_OF(1, 5),
		       EVENT(HEADERS, ON(1), ENDS, .grpc_status = GRPC_OK)),
	},
	{
		"a gRPC response of trailers only",
		RESPONSES_OF(BLOCK(1, "88 5f 10 'application/grpc' 40 0b 'grpc-status' 02 '12'")),
		WANTED(EVENT(HEADERS, ON(1), ENDS, .status = 200, .grpc = 1,
			     .grpc_status = GRPC_UNIMPLEMENTED)),
	},
	{
		"promises move the table",
		RESPONSES_OF(
			FRAME(PUSH_PROMISE, HTTP2_END_HEADERS, 1, "00000002 82 44 06 '/a.css'"),
			FRAME(PUSH_PROMISE, HTTP2_PADDED, 1, "01 00000004 be 00"),
			FRAME(CONTINUATION, HTTP2_END_HEADERS, 1, "48 03 '299'"), BLOCK(2, "be"),
			FRAME(PUSH_PROMISE, HTTP2_END_HEADERS | HTTP2_END_STREAM, 1, "00000006")),
		WANTED(EVENT(HEADERS, ON(1), NO_GRPC, .promise = 1),
		       EVENT(HEADERS, ON(1), NO_GRPC, .promise = 1, .status = 299), SAYS(2, 299),
		       EVENT(HEADERS, ON(1), NO_GRPC, .promise = 1)),
	},
	{
		"a promise that is shorter than its stream",
		RESPONSES_OF(FRAME(PUSH_PROMISE, HTTP2_END_HEADERS, 1, "000000")),
		WANTED(FAULT(FRAME)),
	},
	{
		"a client promises nothing",
		REQUESTS_OF(FRAME(PUSH_PROMISE, HTTP2_END_HEADERS, 1, "00000002 82")),
		WANTED(FAULT(FRAME)),
	},
	{
		"streams are reset, and the connection ends",
		RESPONSES_OF(FRAME(RST_STREAM, 0, 5, "00000008"),
			     FRAME(GOAWAY, 0, 0, "80000007 00000002"),
			     FRAME(GOAWAY, 0, 0, "7fffffff 00000000 'bye'"),
			     FRAME(RST_STREAM, 0, 0x7fffffff, "ffffffff")),
		WANTED(EVENT(RESET, ON(5), .number = 8), EVENT(GOAWAY, .number = 7),
		       EVENT(GOAWAY, .number = 0x7fffffff),
		       EVENT(RESET, ON(0x7fffffff), .number = 0xffffffff)),
	},
	{
		"frames of no interest, and of types that are not known",
		REQUESTS_OF(
			FRAME(SETTINGS, HTTP2_ACK, 0, ""), FRAME(SETTINGS, 0, 0, "0003 00000064"),
			FRAME(PING, HTTP2_ACK, 0, "'12345678'"),
			FRAME(WINDOW_UPDATE, 0, 0, "00000001"), FRAME(PRIORITY, 0, 3, "00000000ff"),
			{.type = 0x10, .flags = 0xff, .stream = 9, .payload = "'u=3'"},
			{.type = 0xbb, .payload = ""}, BLOCK(1, "82")),
		WANTED(EVENT(HEADERS, ON(1), ENDS, NO_GRPC, .method = HTTP_METHOD_GET)),
	},
	{
		"the reserved bit of a stream",
		REQUESTS_OF(BLOCK(0x80000001, "82")),
		WANTED(EVENT(HEADERS, ON(1), ENDS, NO_GRPC, .method = HTTP_METHOD_GET)),
	},
#define NO_FRAME(title, ...)                                                                       \
	{                                                                                          \
		title, REQUESTS_OF(__VA_ARGS__), WANTED(FAULT(FRAME))                              \
	}
	NO_FRAME("DATA of no stream", FRAME(DATA, 0, 0, "'x'")),
	NO_FRAME("HEADERS of no stream", BLOCK(0, "82")),
	NO_FRAME("PRIORITY of no stream", FRAME(PRIORITY, 0, 0, "0000000000")),
	NO_FRAME("CONTINUATION of no stream", FRAME(CONTINUATION, 0, 0, "82")),
	NO_FRAME("RST_STREAM of no stream", FRAME(RST_STREAM, 0, 0, "00000000")),
	NO_FRAME("RST_STREAM of three bytes", FRAME(RST_STREAM, 0, 1, "000000")),
	NO_FRAME("RST_STREAM of five bytes", FRAME(RST_STREAM, 0, 1, "0000000000")),
	NO_FRAME("SETTINGS of a stream", FRAME(SETTINGS, 0, 1, "")),
	NO_FRAME("SETTINGS of five bytes", FRAME(SETTINGS, 0, 0, "0000000000")),
	NO_FRAME("an ACK of SETTINGS with settings", FRAME(SETTINGS, HTTP2_ACK, 0, "000000000000")),
	NO_FRAME("PING of a stream", FRAME(PING, 0, 1, "'12345678'")),
	NO_FRAME("PING of seven bytes", FRAME(PING, 0, 0, "'1234567'")),
	NO_FRAME("GOAWAY of a stream", FRAME(GOAWAY, 0, 1, "'12345678'")),
	NO_FRAME("GOAWAY of seven bytes", FRAME(GOAWAY, 0, 0, "'1234567'")),
	NO_FRAME("WINDOW_UPDATE of five bytes", FRAME(WINDOW_UPDATE, 0, 0, "'12345'")),
	/* ---- beginnings ---- */
	{
		"something else than the preface",
		.ahead = AHEAD_NONE,
		REQUESTS_OF(RAW("'PRI * HTTP/2.0' 0d0a0d0a 'SM' 0d0a0d0b")),
		WANTED(FAULT(PREFACE)),
	},
	{
		"HTTP/1.1",
		.ahead = AHEAD_NONE,
		REQUESTS_OF(RAW("'GET / HTTP/1.1' 0d0a0d0a")),
		WANTED(FAULT(PREFACE)),
	},
	{
		"an answer of HTTP/1.1",
		.ahead = AHEAD_NONE,
		RESPONSES_OF(RAW("'HTTP/1.1 200 OK' 0d0a0d0a")),
		WANTED(FAULT(FRAME)),
	},
	{
		"a first frame that is not SETTINGS",
		.ahead = AHEAD_NONE,
		RESPONSES_OF(BLOCK(1, "88")),
		WANTED(FAULT(FRAME)),
	},
	{
		"a first frame that acknowledges SETTINGS",
		.ahead = AHEAD_NONE,
		RESPONSES_OF(FRAME(SETTINGS, HTTP2_ACK, 0, "")),
		WANTED(FAULT(FRAME)),
	},
	{
		"in the middle of a connection what was inserted is hidden, until it is inserted again",
		.ahead = AHEAD_JOINED,
		REQUESTS_OF(BLOCK(5, "82 bf 04 02 '/x'"), BLOCK(7, "82 44 02 '/a'"),
			    BLOCK(9, "82 be"), BLOCK(11, "82 bf")),
		WANTED(EVENT(HEADERS, ON(5), ENDS, .hidden = 1, .method = HTTP_METHOD_GET,
			     .grpc_status = GRPC_HIDDEN, .path = "/x", .agent = HIDDEN_TEXT),
		       GETS(7, "/a"), GETS(9, "/a"),
		       EVENT(HEADERS, ON(11), ENDS, .hidden = 1, .method = HTTP_METHOD_GET,
			     .grpc_status = GRPC_HIDDEN, .path = HIDDEN_TEXT,
			     .agent = HIDDEN_TEXT)),
	},
	{
		"an answer in the middle of a connection",
		.ahead = AHEAD_JOINED,
		RESPONSES_OF(BLOCK(1, "be"), BLOCK(3, "88")),
		WANTED(EVENT(HEADERS, ON(1), ENDS, .hidden = 1, .grpc_status = GRPC_HIDDEN),
		       SAYS(3, 200)),
	},
};

#define N_HTTP2_VECTORS (sizeof(http2_vectors) / sizeof(http2_vectors[0]))

#endif
