/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The other end of every connection that the program makes, with libcurl or by itself: an answer that waits
 * there before anything is asked, and then the end. No network, no thread, nothing that differs
 * from run to run.
 */
#ifndef SLIPROBE_TESTS_PEER_H
#define SLIPROBE_TESTS_PEER_H

#include <sys/socket.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

enum { PEER_ANSWERS_MAX = 8, PEER_CONNECTIONS_MAX = 128 };

static struct {
	struct peer_answer {
		const char *head;
		const char *bytes;
		size_t len;
	} answers[PEER_ANSWERS_MAX]; /* to one connection each, the last one to all that follow */
	size_t n_answers;
	size_t n; /* connections */
	int fds[PEER_CONNECTIONS_MAX]; /* our ends of them */
} peer;

/* The linker prefers this one to the C library's, for shared libraries, too. */
int connect(int fd, const struct sockaddr *address, socklen_t len)
{
	const struct peer_answer *answer;
	int pair[2], flags = SOCK_CLOEXEC | SOCK_NONBLOCK;

	(void)address;
	(void)len;
	if (peer.n == PEER_CONNECTIONS_MAX || socketpair(AF_UNIX, SOCK_STREAM | flags, 0, pair)) {
		errno = ECONNREFUSED;
		return -1;
	}
	answer = &peer.answers[peer.n < peer.n_answers ? peer.n : peer.n_answers - 1];
	peer.fds[peer.n++] = pair[1];
	/* inputs are shorter than what fits into a socket */
	require(send(pair[1], answer->head, strlen(answer->head), 0) >= 0 &&
			send(pair[1], answer->bytes, answer->len, 0) == (ssize_t)answer->len &&
			!shutdown(pair[1], SHUT_WR),
		"no answer");
	require(dup2(pair[0], fd) == fd, "no connection");
	close(pair[0]);
	return 0;
}

static inline void peer_begin(void)
{
	peer.n = peer.n_answers = 0;
}

static inline void peer_end(void)
{
	for (size_t i = 0; i < peer.n; i++)
		close(peer.fds[i]);
	peer.n = 0;
}

#endif
