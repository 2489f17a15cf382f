// SPDX-License-Identifier: GPL-2.0-only
/*
 * A small HTTPS/1.1 server, a thread for each connection:
 *
 *	tlsd PORT fd|ktls|bio|gnutls CERTIFICATE KEY
 *
 * fd: OpenSSL reads and writes the socket. ktls: likewise, and hands what it can to the kernel. bio: OpenSSL works on
 * memory, the server moves the records. gnutls: GnuTLS.
 * It prints "listening PORT" once it does. Paths: /status/CODE, /bytes/N; of ktls also /file/N, which is sent by
 * SSL_sendfile(), and /spliced/N: as much as the kernel decrypts, or encrypts, is spliced. At SIGUSR1 it forks, and
 * leaves accepting to the child; at SIGUSR2 to one that executes the program anew.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <openssl/ssl.h>
#ifdef WITH_GNUTLS
#include <gnutls/gnutls.h>
#endif
#ifndef SSL_OP_ENABLE_KTLS /* BoringSSL */
#define SSL_OP_ENABLE_KTLS 0
#define SSL_sendfile(ssl, fd, at, n, flags) ((void)(ssl), (void)(fd), -1)
#define BIO_get_ktls_recv(bio) ((void)(bio), 0)
#endif

enum { ROOM = 1 << 16, BODY_MAX_BYTES = 8 << 20, PIPE_BYTES = 1 << 16 };

struct conn {
	int fd;
	SSL *ssl;
	BIO *in, *out; /* of bio */
	void *session; /* of gnutls */
	char buffer[ROOM];
	size_t n;
};

struct library {
	bool (*begin)(struct conn *conn);
	long (*read)(struct conn *conn, void *to, size_t n);
	long (*write)(struct conn *conn, const void *from, size_t n);
	void (*end)(struct conn *conn);
	bool (*send_file)(struct conn *conn, int file, size_t n); /* NULL: it cannot */
};

static const char *certificate, *key;
static const struct library *library;
static SSL_CTX *context;

static const struct library with_ktls;

static SSL *new_ssl(void)
{
	if (!context) {
		context = SSL_CTX_new(TLS_server_method());
		if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
		    SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
			exit(3);
		if (library == &with_ktls)
			SSL_CTX_set_options(context, SSL_OP_ENABLE_KTLS);
	}
	return SSL_new(context);
}

/* ---- fd ---- */

static bool fd_begin(struct conn *conn)
{
	conn->ssl = new_ssl();
	SSL_set_fd(conn->ssl, conn->fd);
	return SSL_accept(conn->ssl) == 1;
}

static long fd_read(struct conn *conn, void *to, size_t n)
{
	return SSL_read(conn->ssl, to, n);
}

static long fd_write(struct conn *conn, const void *from, size_t n)
{
	return SSL_write(conn->ssl, from, n);
}

static bool fd_send_file(struct conn *conn, int file, size_t n)
{
	for (size_t done = 0; done < n;) {
		ssize_t part = SSL_sendfile(conn->ssl, file, done, n - done, 0);

		if (part <= 0)
			return false;
		done += part;
	}
	return true;
}

static void fd_end(struct conn *conn)
{
	SSL_shutdown(conn->ssl);
	SSL_free(conn->ssl);
}

/* Through a pipe, as much as one holds at a time. */
static bool fd_splice_out(struct conn *conn, const char *from, size_t n)
{
	int ends[2];
	bool ok = !pipe(ends);

	for (size_t done = 0, part; ok && done < n; done += part) {
		part = n - done < PIPE_BYTES ? n - done : PIPE_BYTES;
		ok = write(ends[1], from + done, part) == (ssize_t)part;
		for (size_t left = part; ok && left;) {
			ssize_t moved = splice(ends[0], NULL, conn->fd, NULL, left, 0);

			ok = moved > 0;
			left -= ok ? moved : 0;
		}
	}
	close(ends[0]);
	close(ends[1]);
	return ok;
}

static bool fd_splice_in(struct conn *conn, size_t n)
{
	char bytes[PIPE_BYTES];
	int ends[2];
	bool ok = !pipe(ends);

	while (ok && n) {
		ssize_t moved =
			splice(conn->fd, NULL, ends[1], NULL, n < PIPE_BYTES ? n : PIPE_BYTES, 0);

		ok = moved > 0 && read(ends[0], bytes, moved) == moved;
		n -= ok ? moved : 0;
	}
	close(ends[0]);
	close(ends[1]);
	return ok;
}

/* ---- bio ---- */

static bool flush_out(struct conn *conn)
{
	char records[ROOM];
	int n;

	while ((n = BIO_read(conn->out, records, sizeof(records))) > 0) {
		for (int done = 0, part; done < n; done += part) {
			part = write(conn->fd, records + done, n - done);
			if (part <= 0)
				return false;
		}
	}
	return true;
}

static bool fill_in(struct conn *conn)
{
	char records[4096];
	int n = flush_out(conn) ? read(conn->fd, records, sizeof(records)) : -1;

	return n > 0 && BIO_write(conn->in, records, n) == n;
}

static bool bio_begin(struct conn *conn)
{
	conn->ssl = new_ssl();
	conn->in = BIO_new(BIO_s_mem());
	conn->out = BIO_new(BIO_s_mem());
	BIO_set_mem_eof_return(conn->in, -1);
	SSL_set_bio(conn->ssl, conn->in, conn->out);
	while (SSL_accept(conn->ssl) != 1) {
		if (!fill_in(conn))
			return false;
	}
	return flush_out(conn);
}

static long bio_read(struct conn *conn, void *to, size_t n)
{
	int got;

	while ((got = SSL_read(conn->ssl, to, n)) <= 0) {
		if (SSL_get_error(conn->ssl, got) != SSL_ERROR_WANT_READ || !fill_in(conn))
			return -1;
	}
	return got;
}

static long bio_write(struct conn *conn, const void *from, size_t n)
{
	int done = SSL_write(conn->ssl, from, n);

	return flush_out(conn) ? done : -1;
}

static void bio_end(struct conn *conn)
{
	SSL_shutdown(conn->ssl);
	flush_out(conn);
	SSL_free(conn->ssl);
}

/* ---- gnutls ---- */

#ifdef WITH_GNUTLS
static gnutls_certificate_credentials_t credentials;

static bool with_gnutls_begin(struct conn *conn)
{
	gnutls_session_t session;
	int r;

	if (!credentials && (gnutls_certificate_allocate_credentials(&credentials) ||
			     gnutls_certificate_set_x509_key_file(credentials, certificate, key,
								  GNUTLS_X509_FMT_PEM)))
		exit(3);
	gnutls_init(&session, GNUTLS_SERVER);
	gnutls_set_default_priority(session);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
	gnutls_transport_set_int(session, conn->fd);
	conn->session = session;
	do
		r = gnutls_handshake(session);
	while (r < 0 && !gnutls_error_is_fatal(r));
	return !r;
}

static long with_gnutls_read(struct conn *conn, void *to, size_t n)
{
	return gnutls_record_recv(conn->session, to, n);
}

/* At most a record's worth is taken at once. */
static long with_gnutls_write(struct conn *conn, const void *from, size_t n)
{
	for (size_t done = 0; done < n;) {
		ssize_t part =
			gnutls_record_send(conn->session, (const char *)from + done, n - done);

		if (part <= 0)
			return -1;
		done += part;
	}
	return n;
}

static void with_gnutls_end(struct conn *conn)
{
	gnutls_bye(conn->session, GNUTLS_SHUT_WR);
	gnutls_deinit(conn->session);
}

static const struct library with_gnutls = {with_gnutls_begin, with_gnutls_read, with_gnutls_write,
					   with_gnutls_end, NULL};
#endif
static const struct library with_ktls = {fd_begin, fd_read, fd_write, fd_end, fd_send_file},
			    with_fd = {fd_begin, fd_read, fd_write, fd_end, NULL},
			    with_bio = {bio_begin, bio_read, bio_write, bio_end, NULL};

/* ---- HTTP ---- */

/* The length of the head; 0: the connection has ended. */
static size_t read_head(struct conn *conn)
{
	const char *end;
	long n;

	while (!(end = memmem(conn->buffer, conn->n, "\r\n\r\n", 4))) {
		n = library->read(conn, conn->buffer + conn->n, ROOM - 1 - conn->n);
		if (n <= 0)
			return 0;
		conn->n += n;
		conn->buffer[conn->n] = 0;
	}
	return end + 4 - conn->buffer;
}

static void consume(struct conn *conn, size_t n)
{
	memmove(conn->buffer, conn->buffer + n, conn->n - n);
	conn->n -= n;
}

static bool read_body(struct conn *conn, size_t left)
{
	while (left) {
		size_t part = conn->n < left ? conn->n : left;
		long n;

		consume(conn, part);
		left -= part;
		if (!left)
			break;
		n = library->read(conn, conn->buffer, ROOM - 1);
		if (n <= 0)
			return false;
		conn->n = n;
	}
	return true;
}

/* Of what is left, the library may have some by now. */
static bool splice_body(struct conn *conn, size_t left)
{
	size_t part = conn->n < left ? conn->n : left;

	consume(conn, part);
	left -= part;
	while (left && SSL_pending(conn->ssl)) {
		part = SSL_pending(conn->ssl);
		if (library->read(conn, conn->buffer, part < left ? part : left) <= 0)
			return false;
		left -= part < left ? part : left;
	}
	return BIO_get_ktls_recv(SSL_get_rbio(conn->ssl)) ? fd_splice_in(conn, left) :
							    read_body(conn, left);
}

static bool answer(struct conn *conn, const char *path, bool last)
{
	unsigned int status = 200, bytes = 5;
	char *text = malloc(256 + BODY_MAX_BYTES);
	bool is_file = library->send_file && sscanf(path, "/file/%u", &bytes) == 1, ok;
	bool is_spliced = library->send_file && sscanf(path, "/spliced/%u", &bytes) == 1;
	int n, file;

	sscanf(path, "/status/%u", &status);
	sscanf(path, "/bytes/%u", &bytes);
	bytes = bytes < BODY_MAX_BYTES ? bytes : BODY_MAX_BYTES;
	n = sprintf(text, "HTTP/1.1 %u Told So\r\nContent-Length: %u\r\n%s\r\n", status, bytes,
		    last ? "Connection: close\r\n" : "");
	memset(text + n, 'x', bytes);
	if (is_spliced) {
		ok = library->write(conn, text, n) == n && fd_splice_out(conn, text + n, bytes);
	} else if (is_file) {
		file = memfd_create("file", 0);
		ok = write(file, text + n, bytes) == bytes && library->write(conn, text, n) == n &&
		     library->send_file(conn, file, bytes);
		close(file);
	} else {
		ok = library->write(conn, text, n + bytes) == (long)(n + bytes);
	}
	free(text);
	return ok;
}

static bool serve_one(struct conn *conn)
{
	size_t head = read_head(conn), body = 0;
	char path[256], *length;
	bool last, ok;

	if (!head || sscanf(conn->buffer, "%*s %255s", path) != 1)
		return false;
	conn->buffer[head - 1] = 0;
	length = strcasestr(conn->buffer, "content-length:");
	if (length)
		body = strtoul(length + strlen("content-length:"), NULL, 10);
	last = strcasestr(conn->buffer, "connection: close");
	consume(conn, head);
	ok = library->send_file && !strncmp(path, "/spliced/", 9) ? splice_body(conn, body) :
								    read_body(conn, body);
	return ok && answer(conn, path, last) && !last;
}

static void *serve(void *arg)
{
	struct conn *conn = calloc(1, sizeof(*conn));

	conn->fd = (int)(long)arg;
	if (library->begin(conn)) {
		while (serve_one(conn))
			;
	}
	library->end(conn);
	close(conn->fd);
	free(conn);
	return NULL;
}

static volatile sig_atomic_t hand_over;

static void on_signal(int number)
{
	hand_over = number;
}

#define LISTENER "TLSD_LISTENER" /* of a child that is to accept: the descriptor */

/* Returns in the child. */
static void leave_to_child(int listener, char **argv)
{
	const bool anew = hand_over == SIGUSR2;
	char text[16];

	hand_over = 0;
	if (fork() <= 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		snprintf(text, sizeof(text), "%d", listener);
		setenv(LISTENER, text, 1);
		if (anew)
			execv(argv[0], argv);
		return;
	}
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	const struct sigaction at_signal = {.sa_handler = on_signal};
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t at_len = sizeof(at);
	int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	if (argc != 5)
		return 2;
	certificate = argv[3];
	key = argv[4];
	library = !strcmp(argv[2], "bio")  ? &with_bio :
		  !strcmp(argv[2], "ktls") ? &with_ktls :
					     &with_fd;
#ifdef WITH_GNUTLS
	if (!strcmp(argv[2], "gnutls"))
		library = &with_gnutls;
#endif
	signal(SIGPIPE, SIG_IGN);
	sigaction(SIGUSR1, &at_signal, NULL); /* accept() ends */
	sigaction(SIGUSR2, &at_signal, NULL);
	SSL_free(new_ssl());
	at.sin_port = htons(atoi(argv[1]));
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (getenv(LISTENER))
		listener = atoi(getenv(LISTENER));
	else if (bind(listener, (struct sockaddr *)&at, sizeof(at)) || listen(listener, 1024))
		return 1;
	getsockname(listener, (struct sockaddr *)&at, &at_len);
	printf("listening %u\n", ntohs(at.sin_port));
	fflush(stdout);
	for (;;) {
		long fd = accept(listener, NULL, NULL);
		pthread_t thread;

		if (hand_over)
			leave_to_child(listener, argv);
		if (fd < 0)
			continue;
		pthread_create(&thread, NULL, serve, (void *)fd);
		pthread_detach(thread);
	}
}
