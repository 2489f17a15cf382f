/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What agent and `sliprobe-helper` say to each other: packets of this size, over a socket of packets (base/helper).
 * Neither trusts the other: the agent names processes, never files; the helper's texts are bounded and printable.
 *
 * The helper's process stays, and starts the one that works; when that has died, again after a pause. Each that begins
 * says TLS_STARTED, and knows nothing: the agent then sends TLS_GIVE of each gift, TLS_EXCLUDE of each pattern, and
 * TLS_BEGIN. The answer is TLS_ADOPTED of each file whose probes were pinned before, and TLS_READY; or TLS_FAILED, of
 * which the text says why. From then on the agent sends TLS_LOOK; the answer is TLS_FOUND of each library of the
 * process, or one of none, and TLS_LOOKED.
 */
#ifndef SLIPROBE_HELPER_PACKETS_H
#define SLIPROBE_HELPER_PACKETS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "abi/tls.h"

enum tls_packet_kind {
	TLS_PACKET_NONE,
	/* to the helper */
	TLS_GIVE, /* `give`, and one descriptor */
	TLS_EXCLUDE, /* `text`: a pattern of paths of executables, as fnmatch(3) has them */
	TLS_BEGIN, /* `begin` */
	TLS_LOOK, /* `look`: what does this process use? */
	TLS_LIST, /* TLS_FOUND of each profile in use (TLS_FOUND_LISTED), then TLS_LOOKED of process 0 */
	/* from the helper */
	TLS_STARTED, /* `started` */
	TLS_DIED, /* `text`: how the process that works has ended; it is started again */
	TLS_READY, /* `ready` */
	TLS_ADOPTED, /* `found`: probes that an earlier agent has attached */
	TLS_FOUND, /* `found` */
	TLS_LOOKED, /* `looked`: all was said of that process */
	TLS_GONE, /* `gone`: no process uses the file any more, its probes are off */
	TLS_FAILED, /* `text`: why nothing can be attached */
	TLS_PACKET_KINDS,
};

/* What the agent gives: descriptors. */
enum tls_gift {
	TLS_GIFT_ENTER, /* the program at the beginning of calls */
	TLS_GIFT_RETURN, /* the program at their ends */
	TLS_GIFT_PROFILES, /* the map tls_profiles */
	TLS_GIFT_OBJECTS, /* the map tls_objects */
	TLS_GIFT_PINS, /* the directory of this agent's pins, opened with O_PATH or for reading */
	TLS_GIFTS,
};

/* How programs are attached. */
enum tls_way {
	TLS_WAY_MULTI, /* multi links (6.6): CAP_BPF and CAP_PERFMON */
	TLS_WAY_PERF, /* perf events, a link for each: CAP_SYS_ADMIN besides */
	TLS_WAYS,
};

enum tls_mode {
	TLS_MODE_SERVERS, /* processes that the agent names */
	TLS_MODE_ALL, /* besides, those that the helper meets with a TLS library */
	TLS_MODES,
};

enum tls_found_kind {
	TLS_FOUND_NOT, /* not probed: `reason`, and `text` if there is more to say */
	TLS_FOUND_ATTACHED, /* probed from now on */
	TLS_FOUND_ALREADY, /* its probes were there */
	TLS_FOUND_LISTED, /* the answer to TLS_LIST */
	TLS_FOUND_KINDS,
};

/* Why a file, or a process, is not probed; the words are for people. */
#define TLS_NOT_REASONS(X)                                                                         \
	X(NONE, "")                                                                                \
	X(NO_LIBRARY, "no TLS library that is known")                                              \
	X(REFUSED, "its functions cannot be followed")                                             \
	X(STRIPPED, "a TLS library inside it, without symbols")                                    \
	X(RUSTLS, "rustls")                                                                        \
	X(JAVA, "Java")                                                                            \
	X(GO, "Go, without what is needed to find its functions")                                  \
	X(EXCLUDED, "excluded by the configuration")                                               \
	X(NOT_SERVED, "its executable is looked at once it has served")                            \
	X(REPLACED, "its file was replaced on disk: start the process again")                      \
	X(UNREADABLE, "its file cannot be read")                                                   \
	X(STUCK, "its file could not be read in time, or ended who read it")                       \
	X(NOT_ATTACHED, "the kernel does not attach")                                              \
	X(TOO_MANY, "too many libraries are probed")                                               \
	X(BUSY, "too many processes to look at: it is looked at later")                            \
	X(ENDED, "the process has ended")

enum tls_not_reason {
#define X(id, words) TLS_NOT_##id,
	TLS_NOT_REASONS(X)
#undef X
		TLS_NOT_COUNT,
};

/* Words of a reason; "" of an unknown one. */
const char *tls_not_words(unsigned int reason);

/* Copies what fits of a text; of a path its end. */
void tls_text_begin(char *to, size_t size, const char *text);
void tls_text_end(char *to, size_t size, const char *text);

enum {
	TLS_TEXT_BYTES = 256,
	TLS_LIBRARY_BYTES = 64,
	TLS_PATH_BYTES = 256, /* a longer one is kept from its end */
	TLS_EXCLUDES_MAX = 64,
};

struct tls_packet_begin {
	__u32 way; /* enum tls_way */
	__u32 mode; /* enum tls_mode */
};

struct tls_packet_look {
	__u64 start_ns; /* of the process, as in struct tls_wanted; 0: whichever has the id now */
	__u32 tgid;
	__u32 why; /* enum tls_wanted_why */
	__u32 allow_executable; /* 0, 1: the executable itself may be probed, as it has served */
	__u32 pad;
};

struct tls_packet_started {
	__u32 starts; /* from 1 on */
	__u32 pad;
};

struct tls_packet_ready {
	__u64 capabilities; /* in effect: bit N is capability N */
	__u32 way;
	__u32 adopted;
	__u32 confined; /* 0, 1: by a filter of system calls */
	__u32 pad;
};

struct tls_packet_found {
	__u64 start_ns;
	__u32 tgid; /* 0 in TLS_ADOPTED and TLS_FOUND_LISTED */
	__u32 kind; /* enum tls_found_kind */
	__u32 reason; /* enum tls_not_reason; TLS_NOT_NONE if it is probed */
	__u32 profile; /* 0: none */
	__u32 probes; /* sites at which the file is probed */
	__u32 library; /* enum tls_library */
	struct file_id file; /* 0: no file */
	__u32 executable; /* 0, 1: the process's executable itself */
	__u32 sendfile; /* 0, 1: the library has SSL_sendfile */
	char name[TLS_LIBRARY_BYTES]; /* "OpenSSL 3.0.17"; "": not known */
	char path[TLS_PATH_BYTES]; /* as the process sees it; "": no file */
	char text[TLS_TEXT_BYTES]; /* more of the reason, or functions that are not probed; or "" */
};

struct tls_packet_looked {
	__u64 start_ns;
	__u32 tgid;
	__u32 probed; /* files of it that are */
};

struct tls_packet_gone {
	__u32 profile;
	__u32 pad;
};

struct tls_packet {
	__u32 kind; /* enum tls_packet_kind */
	__u32 give; /* enum tls_gift, in TLS_GIVE */
	union {
		struct tls_packet_begin begin;
		struct tls_packet_look look;
		struct tls_packet_started started;
		struct tls_packet_ready ready;
		struct tls_packet_found found;
		struct tls_packet_looked looked;
		struct tls_packet_gone gone;
		char text[TLS_TEXT_BYTES];
	};
};

enum tls_packet_to { TLS_TO_HELPER, TLS_TO_AGENT };

/*
 * Whether `len` bytes are a packet that may be sent in that direction, with or without a descriptor. Texts end within
 * their bounds; what is no printable ASCII or UTF-8 byte in them becomes '?'. Returns 0 or -EPROTO.
 */
int tls_packet_check(struct tls_packet *packet, size_t len, enum tls_packet_to to, bool has_fd);

/* fd: what is given, or -1. wait: until there is room. Returns 0 or -errno. */
int tls_packet_send(int socket, const struct tls_packet *packet, int fd, bool wait);

/*
 * Waits for a packet, timeout_ms at most; -1: for ever. *ret_fd, if that is not NULL, gets the descriptor, or -1.
 * Returns 1; 0 at the end; or -errno: -ETIMEDOUT, or -EPROTO of what is no valid packet, and was thrown away.
 */
int tls_packet_receive(int socket, enum tls_packet_to to, struct tls_packet *ret, int *ret_fd,
		       int timeout_ms);

#endif
