/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Times one kind of work on one thread, pinned to the last CPU it may use:
 *
 *	pingpong WORK LOOPS [PORT [TARGET [USER-AGENT]]]
 *
 * http      a minimal GET of TARGET ("/") and its 200 over loopback TCP: client write, server read,
 *           server write, client read. All four are done here, so that no wake-up and no other
 *           process is timed.
 * head      as http, with a request head of 4 KiB
 * write     as http, with a body of 1 MiB in the answer, by send()
 * sendfile  as write, by sendfile()
 * pipeline  16 requests in one write, answered one by one
 * series    500 routes with 20 status codes in turn: 10000 series
 * redis     a PING and its PONG in Redis's protocol: four calls
 * bulk      64 KiB in one direction, of no protocol
 * getppid   the cheapest system call
 * read      4 KiB of a cached file
 *
 * Prints ns a loop, CPU ns a loop and loops, and on a second line HTTP requests and socket calls a
 * loop. The first is wall time, the median of many short batches: those in which something else got
 * the CPU fall out. The second is the mean of this thread's CPU time over all of them. Loops and
 * requests include warming up.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/sendfile.h>

#include "loopback.h"

enum {
	BATCHES = 512,
	WARM_BATCHES = 32,
	PAGE_BYTES = 4096,
	HEAD_BYTES = 4096,
	BODY_BYTES = 1 << 20,
	BULK_BYTES = 64 << 10,
	BUFFER_BYTES = 4 << 20,
	READ_BYTES = 256 << 10, /* at most at once by the reader of large answers */
	DEPTH = 16,
	ROUTES = 500,
	STATUSES = 20,
};

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
static const char big_ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n";

static const char *target = "/", *agent;
static char request[DEPTH * 1024 + HEAD_BYTES], body[BODY_BYTES];
static size_t request_len;
static int client_fd, server_fd, file_fd, body_fd;
static unsigned long calls;

static size_t put_request(char *at, size_t room, size_t fill_to)
{
	size_t len = snprintf(at, room, "GET %s HTTP/1.1\r\nHost: bench\r\n", target);

	if (agent)
		len += snprintf(at + len, room - len, "User-Agent: %s\r\n", agent);
	/* as cookies are: few long lines */
	for (int i = 0; len + 2 < fill_to; i++) {
		size_t line = fill_to - len - 2 > 512 ? 256 : fill_to - len - 2;
		size_t name = snprintf(at + len, room - len, "Cookie-%d: ", i);

		memset(at + len + name, 'c', line - name - 2);
		memcpy(at + len + line - 2, "\r\n", 2);
		len += line;
	}
	memcpy(at + len, "\r\n", 2);
	return len + 2;
}

static void work_http(unsigned long loops)
{
	while (loops--)
		exchange(client_fd, server_fd, request, request_len, ok, sizeof(ok) - 1);
}

/* Hands @len bytes to the kernel by @send and reads them on the other side, as far as each goes. */
static void transfer(ssize_t (*hand)(size_t at, size_t len), int to, size_t skip, size_t len)
{
	static char buf[READ_BYTES];
	size_t sent = 0, got = 0;

	while (got < skip + len) {
		ssize_t n = 0;

		if (sent < len) {
			n = hand(sent, len - sent);
			calls++;
			if (n < 0 && errno != EAGAIN)
				die("send");
			sent += n > 0 ? n : 0;
		}
		do {
			n = recv(to, buf, sizeof(buf), MSG_DONTWAIT);
			calls++;
			if (n < 0 && errno != EAGAIN)
				die("recv");
			got += n > 0 ? n : 0;
		} while (n > 0 && got < skip + sent);
	}
}

static ssize_t hand_body(size_t at, size_t len)
{
	return send(server_fd, body + at, len, MSG_DONTWAIT);
}

static ssize_t hand_file(size_t at, size_t len)
{
	off_t from = at;

	return sendfile(server_fd, body_fd, &from, len);
}

static void large(unsigned long loops, ssize_t (*hand)(size_t at, size_t len))
{
	char buf[1024];

	while (loops--) {
		if (write(client_fd, request, request_len) != (ssize_t)request_len ||
		    read(server_fd, buf, sizeof(buf)) != (ssize_t)request_len ||
		    send(server_fd, big_ok, sizeof(big_ok) - 1, MSG_MORE) != sizeof(big_ok) - 1)
			die("loopback");
		calls += 3;
		transfer(hand, client_fd, sizeof(big_ok) - 1, BODY_BYTES);
	}
}

static void work_write(unsigned long loops)
{
	large(loops, hand_body);
}

static void work_sendfile(unsigned long loops)
{
	large(loops, hand_file);
}

static void work_pipeline(unsigned long loops)
{
	const size_t answers = DEPTH * (sizeof(ok) - 1);
	char buf[DEPTH * 1024];

	while (loops--) {
		if (write(client_fd, request, request_len) != (ssize_t)request_len ||
		    recv(server_fd, buf, request_len, MSG_WAITALL) != (ssize_t)request_len)
			die("loopback");
		for (int i = 0; i < DEPTH; i++) {
			if (write(server_fd, ok, sizeof(ok) - 1) != sizeof(ok) - 1)
				die("loopback");
		}
		if (recv(client_fd, buf, answers, MSG_WAITALL) != (ssize_t)answers)
			die("loopback");
	}
}

static void work_series(unsigned long loops)
{
	static unsigned int next;
	char path[64], answer[64];

	while (loops--) {
		size_t path_len = snprintf(path, sizeof(path),
					   "GET /r%u/items/42 HTTP/1.1\r\nHost: bench\r\n\r\n",
					   next % ROUTES);
		size_t len = snprintf(answer, sizeof(answer),
				      "HTTP/1.1 %u X\r\nContent-Length: 0\r\n\r\n",
				      400 + next / ROUTES % STATUSES);

		exchange(client_fd, server_fd, path, path_len, answer, len);
		next++;
	}
}

static void work_redis(unsigned long loops)
{
	static const char ping[] = "*1\r\n$4\r\nPING\r\n", pong[] = "+PONG\r\n";

	while (loops--)
		exchange(client_fd, server_fd, ping, sizeof(ping) - 1, pong, sizeof(pong) - 1);
}

static void work_bulk(unsigned long loops)
{
	while (loops--)
		transfer(hand_body, client_fd, 0, BULK_BYTES);
}

static void work_getppid(unsigned long loops)
{
	while (loops--)
		getppid();
}

static void work_read(unsigned long loops)
{
	char buf[PAGE_BYTES];

	while (loops--) {
		if (pread(file_fd, buf, sizeof(buf), 0) != sizeof(buf))
			die("read");
	}
}

static const struct work {
	const char *name;
	void (*run)(unsigned long loops);
	unsigned long requests; /* HTTP, a loop */
	unsigned long calls; /* socket calls a loop; 0: it counts them itself */
} works[] = {
	{"http", work_http, 1, 4},
	{"head", work_http, 1, 4},
	{"write", work_write, 1, 0},
	{"sendfile", work_sendfile, 1, 0},
	{"pipeline", work_pipeline, DEPTH, 3 + DEPTH},
	{"series", work_series, 1, 4},
	{"redis", work_redis, 0, 4},
	{"bulk", work_bulk, 0, 0},
	{"getppid", work_getppid, 0, 0},
	{"read", work_read, 0, 0},
};

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void measure(const struct work *work, unsigned long batch_loops)
{
	static uint64_t wall_ns[BATCHES];
	unsigned long loops = (BATCHES + WARM_BATCHES) * batch_loops;
	double median_ns, calls_a_loop;
	uint64_t cpu_ns;

	for (int i = 0; i < WARM_BATCHES; i++)
		work->run(batch_loops);
	cpu_ns = now_ns(CLOCK_THREAD_CPUTIME_ID);
	for (int i = 0; i < BATCHES; i++) {
		uint64_t start_ns = now_ns(CLOCK_MONOTONIC);

		work->run(batch_loops);
		wall_ns[i] = now_ns(CLOCK_MONOTONIC) - start_ns;
	}
	cpu_ns = now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
	qsort(wall_ns, BATCHES, sizeof(*wall_ns), by_value);
	median_ns = (wall_ns[BATCHES / 2 - 1] + wall_ns[BATCHES / 2]) / 2.0;
	calls_a_loop = work->calls ? work->calls : (double)calls / loops;
	printf("%.2f %.2f %lu\n%lu %.2f\n", median_ns / batch_loops,
	       (double)cpu_ns / BATCHES / batch_loops, loops, loops * work->requests, calls_a_loop);
}

/* Large answers fit the sockets' buffers, so that each takes the same calls every time. */
static void widen(int fd)
{
	int bytes = BUFFER_BYTES;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
}

static void prepare(const struct work *work, unsigned int port)
{
	unsigned int n = work->run == work_pipeline ? DEPTH : 1;
	struct sockaddr_in address;

	for (unsigned int i = 0; i < n; i++)
		request_len += put_request(request + request_len, sizeof(request) - request_len,
					   strcmp(work->name, "head") ? 0 : HEAD_BYTES);
	connect_pair(listen_on(1, port, &address), &address, &client_fd, &server_fd);
	widen(client_fd);
	widen(server_fd);
	file_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	memset(body, 'b', sizeof(body));
	body_fd = memfd_create("body", MFD_CLOEXEC);
	if (file_fd < 0 || body_fd < 0 || write(body_fd, body, sizeof(body)) != sizeof(body))
		die("files");
	/* sendfile() has no flag for it */
	if (work->run == work_sendfile &&
	    fcntl(server_fd, F_SETFL, fcntl(server_fd, F_GETFL) | O_NONBLOCK))
		die("fcntl");
}

int main(int argc, char **argv)
{
	unsigned long loops = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (argc > 4)
		target = argv[4];
	if (argc > 5)
		agent = argv[5];
	for (size_t i = 0; loops && i < sizeof(works) / sizeof(works[0]); i++) {
		if (strcmp(argv[1], works[i].name) != 0)
			continue;
		pin();
		prepare(&works[i], argc > 3 ? strtoul(argv[3], NULL, 10) : 0);
		measure(&works[i], (loops + BATCHES - 1) / BATCHES);
		return 0;
	}
	fprintf(stderr, "usage: pingpong WORK LOOPS [PORT [TARGET [USER-AGENT]]]\n");
	return 2;
}
