/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An HTTP server that reads by io_uring, and answers by io_uring or by send().
 *
 *	uring wait|poll
 *
 * `wait` blocks for each completion in io_uring_enter(). `poll` reads a file over and over
 * meanwhile, so that the completion runs at the end of an unrelated read(2): the registers then
 * point at the file's bytes, which look like a request.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

static void check(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

static int listen_anywhere(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	check(!bind(fd, (struct sockaddr *)&address, len) && !listen(fd, 1024), "listen");
	check(!getsockname(fd, (struct sockaddr *)&address, &len), "getsockname");
	printf("listening %d\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

static int file_like_a_request(void)
{
	int fd = memfd_create("fake", 0);

	for (int i = 0; i < 64; i++)
		check(write(fd, "DELETE /fake HTTP/1.1\r\n\r\n", 25) == 25, "write");
	return fd;
}

static int complete(struct io_uring *ring, int fake)
{
	struct io_uring_cqe *cqe;
	char unrelated[1024];
	int result;

	if (fake < 0) {
		io_uring_submit_and_wait(ring, 1);
	} else {
		io_uring_submit(ring);
		while (io_uring_peek_cqe(ring, &cqe)) {
			lseek(fake, 0, SEEK_SET);
			check(read(fake, unrelated, sizeof(unrelated)) > 0, "read");
		}
	}
	check(!io_uring_wait_cqe(ring, &cqe), "io_uring_wait_cqe");
	result = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return result;
}

int main(int argc, char **argv)
{
	int fake = argc > 1 && !strcmp(argv[1], "poll") ? file_like_a_request() : -1;
	int listener = listen_anywhere();
	struct io_uring ring;
	char head[4096];

	check(!io_uring_queue_init(8, &ring, 0), "io_uring_queue_init");
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		for (;;) {
			io_uring_prep_recv(io_uring_get_sqe(&ring), fd, head, sizeof(head), 0);
			if (complete(&ring, fake) <= 0)
				break;
			check(send(fd, answer, strlen(answer), MSG_NOSIGNAL) > 0, "send");
		}
		close(fd);
	}
}
