// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server that speaks TLS as it is told, step by step:
 *
 *	tls_scripted CONTROL CERTIFICATE KEY
 *
 * It prints "listening PORT", and takes commands from the descriptor CONTROL, one a line. It answers each by a line
 * that begins with "ok" or "error". Sockets and objects are numbered by whoever gives the commands.
 *
 *	accept S             takes the next connection
 *	dial S               makes one to this server itself
 *	slow S               the socket does not block, and has little room for what is sent
 *	relay S T            what comes on either is sent on the other, from now on
 *	close S, reset S
 *	object O KIND ON     makes a TLS object. fd, gnutls: on socket ON. mem: on memory, its records are moved from and
 *	                     to socket ON. pair: likewise, of a pair of BIOs. hand: on memory, alone. over, gnutls-over: on the plaintext of object ON
 *	again O KIND ON      likewise, of a cleared object
 *	certify O            asks for the client's certificate, and takes any
 *	address O            where it is
 *	shake O, renew O     the handshake; a KeyUpdate
 *	renegotiate O        asks the client for another handshake, which the next read does
 *	feed O S, drain O S  moves records of a `hand` to, from it
 *	request O STEP       reads a request in calls for STEP bytes; says how many bytes it had
 *	read O N STEP        reads N bytes
 *	peek O
 *	answer O STATUS BYTES
 *	held O STATUS BYTES  likewise; the records are kept until `drain`
 *	within O P STEP      the next operation on O's BIO reads a request of P first
 *	free O
 *	fork, exit           a child goes on, until its exit
 *
 * "@T COMMAND" is done by thread T.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SSL_OP_ALLOW_CLIENT_RENEGOTIATION /* OpenSSL 1.1.1 allows it */
#define SSL_OP_ALLOW_CLIENT_RENEGOTIATION 0
#endif

enum { SOCKETS = 64, OBJECTS = 64, THREADS = 8, ROOM = 1 << 16, BODY_MAX_BYTES = 8 << 20 };

struct object {
	SSL *ssl;
	gnutls_session_t session;
	BIO *in, *out; /* on memory, or the other end of a pair */
	bool paired;
	int fd; /* that records are moved from and to; -1: none */
	struct object *over;
	struct object *within; /* whose request is read first */
	size_t step; /* of these reads */
};

struct thread {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t change;
	char *line, *answer; /* one that is to be done */
	bool runs;
};

static const char *certificate, *key;
static SSL_CTX *context;
static BIO_METHOD *carried;
static gnutls_certificate_credentials_t credentials;
static int listener, sockets[SOCKETS];
static struct object objects[OBJECTS];
static struct thread threads[THREADS];
static struct sockaddr_in at = {.sin_family = AF_INET};

static long object_read(struct object *o, char *to, size_t n, bool peek);
static long object_write(struct object *o, const char *from, size_t n);
static long read_request(struct object *o, size_t step);

/* ---- records on memory ---- */

static bool send_all(int fd, const char *from, size_t n)
{
	while (n) {
		ssize_t part = send(fd, from, n, 0);
		struct pollfd ready = {.fd = fd, .events = POLLOUT};

		if (part < 0 && errno == EAGAIN)
			poll(&ready, 1, -1);
		else if (part <= 0)
			return false;
		else {
			from += part;
			n -= part;
		}
	}
	return true;
}

static bool drain(struct object *o, int fd)
{
	char records[ROOM];
	int n;

	while ((n = BIO_read(o->out, records, sizeof(records))) > 0) {
		if (!send_all(fd, records, n))
			return false;
	}
	return true;
}

static bool feed(struct object *o, int fd)
{
	char records[ROOM];
	size_t room = o->paired ? BIO_ctrl_get_write_guarantee(o->in) : sizeof(records);
	ssize_t n = recv(fd, records, room < sizeof(records) ? room : sizeof(records), 0);

	return n > 0 && BIO_write(o->in, records, n) == n;
}

/* ---- objects on objects, and the callback of a BIO ---- */

static int carried_read(BIO *bio, char *to, int n)
{
	return object_read(BIO_get_data(bio), to, n, false);
}

static ssize_t push(gnutls_transport_ptr_t over, const void *from, size_t n)
{
	struct object *o = over;
	long done = object_write(o, from, n);

	return !o->in || drain(o, o->fd) ? done : -1;
}

static int carried_write(BIO *bio, const char *from, int n)
{
	return push(BIO_get_data(bio), from, n);
}

static long carried_ctrl(BIO *bio, int command, long n, void *arg)
{
	(void)bio, (void)n, (void)arg;
	return command == BIO_CTRL_FLUSH;
}

static BIO *bio_over(struct object *over)
{
	BIO *bio;

	if (!carried) {
		carried = BIO_meth_new(BIO_TYPE_SOURCE_SINK | 100, "carried");
		BIO_meth_set_read(carried, carried_read);
		BIO_meth_set_write(carried, carried_write);
		BIO_meth_set_ctrl(carried, carried_ctrl);
	}
	bio = BIO_new(carried);
	BIO_set_data(bio, over);
	BIO_set_init(bio, 1);
	return bio;
}

static long in_bio(BIO *bio, int what, const char *bytes, size_t n, int i, long l, int result,
		   size_t *done)
{
	struct object *o = (struct object *)BIO_get_callback_arg(bio), *within = o->within;

	(void)bytes, (void)n, (void)i, (void)l, (void)done;
	if (within && (what == BIO_CB_READ || what == BIO_CB_WRITE)) {
		o->within = NULL;
		read_request(within, o->step);
	}
	return result;
}

static ssize_t pull(gnutls_transport_ptr_t over, void *to, size_t n)
{
	return object_read(over, to, n, false);
}

static int wait_for(gnutls_transport_ptr_t over, unsigned int ms)
{
	(void)over, (void)ms;
	return 1;
}

/* ---- objects ---- */

static void open_gnutls(struct object *o)
{
	if (!credentials) {
		gnutls_certificate_allocate_credentials(&credentials);
		if (gnutls_certificate_set_x509_key_file(credentials, certificate, key,
							 GNUTLS_X509_FMT_PEM))
			exit(3);
	}
	gnutls_init(&o->session, GNUTLS_SERVER);
	gnutls_set_default_priority(o->session);
	gnutls_credentials_set(o->session, GNUTLS_CRD_CERTIFICATE, credentials);
	if (!o->over) {
		gnutls_transport_set_int(o->session, o->fd);
		return;
	}
	gnutls_transport_set_ptr(o->session, o->over);
	gnutls_transport_set_pull_function(o->session, pull);
	gnutls_transport_set_push_function(o->session, push);
	gnutls_transport_set_pull_timeout_function(o->session, wait_for);
}

static void open_ssl(struct object *o, bool on_memory, bool paired)
{
	if (paired) {
		BIO *its;

		o->paired = BIO_new_bio_pair(&its, 0, &o->in, 0);
		o->out = o->in;
		SSL_set_bio(o->ssl, its, its);
	} else if (on_memory) {
		o->in = BIO_new(BIO_s_mem());
		o->out = BIO_new(BIO_s_mem());
		BIO_set_mem_eof_return(o->in, -1);
		SSL_set_bio(o->ssl, o->in, o->out);
	} else if (o->over) {
		BIO *bio = bio_over(o->over);

		SSL_set_bio(o->ssl, bio, bio);
	} else {
		SSL_set_fd(o->ssl, o->fd);
	}
	BIO_set_callback_ex(SSL_get_rbio(o->ssl), in_bio);
	BIO_set_callback_arg(SSL_get_rbio(o->ssl), (char *)o);
	SSL_set_accept_state(o->ssl);
}

static bool object_open(struct object *o, const char *kind, int on, SSL *cleared)
{
	*o = (struct object){.fd = -1};
	if (strstr(kind, "over"))
		o->over = &objects[on];
	else if (strcmp(kind, "hand") != 0)
		o->fd = sockets[on];
	if (!strncmp(kind, "gnutls", 6)) {
		open_gnutls(o);
		return true;
	}
	o->ssl = cleared ? cleared : SSL_new(context);
	open_ssl(o, !strcmp(kind, "mem") || !strcmp(kind, "hand"), !strcmp(kind, "pair"));
	return true;
}

/* Whether the call that gave `r` is to be tried again. */
static bool tries_again(struct object *o, int r)
{
	int error = SSL_get_error(o->ssl, r);
	struct pollfd ready = {.fd = o->fd,
			       .events = error == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN};

	if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
		return false;
	if (o->in)
		return o->fd >= 0 && drain(o, o->fd) &&
		       (error == SSL_ERROR_WANT_WRITE || feed(o, o->fd));
	return !o->over && poll(&ready, 1, -1) == 1;
}

static bool shake(struct object *o)
{
	int r;

	if (o->session) {
		do
			r = gnutls_handshake(o->session);
		while (r < 0 && !gnutls_error_is_fatal(r));
		return !r;
	}
	while ((r = SSL_do_handshake(o->ssl)) != 1) {
		if (!tries_again(o, r))
			return false;
	}
	return !o->in || o->fd < 0 || drain(o, o->fd);
}

static long object_read(struct object *o, char *to, size_t n, bool peek)
{
	int r;

	if (o->session)
		return gnutls_record_recv(o->session, to, n);
	do
		r = peek ? SSL_peek(o->ssl, to, n) : SSL_read(o->ssl, to, n);
	while (r <= 0 && tries_again(o, r));
	return r;
}

static long object_write(struct object *o, const char *from, size_t n)
{
	long r;

	if (o->session)
		return gnutls_record_send(o->session, from, n);
	do
		r = SSL_write(o->ssl, from, n);
	while (r <= 0 && tries_again(o, r));
	return r;
}

static int take_any(int ok, X509_STORE_CTX *store)
{
	(void)ok, (void)store;
	return 1;
}

static bool certify(struct object *o)
{
	SSL_set_verify(o->ssl, SSL_VERIFY_PEER, take_any);
	return true;
}

static bool renew(struct object *o)
{
	return SSL_key_update(o->ssl, SSL_KEY_UPDATE_REQUESTED) == 1 && shake(o);
}

static bool renegotiate(struct object *o)
{
	return SSL_renegotiate(o->ssl) == 1 && SSL_do_handshake(o->ssl) == 1 &&
	       (!o->in || drain(o, o->fd));
}

/* ---- HTTP ---- */

/* Its length; < 0: none came. */
static long read_request(struct object *o, size_t step)
{
	char text[ROOM];
	size_t n = 0;
	long r;

	while (n < 4 || !memmem(text, n, "\r\n\r\n", 4)) {
		r = object_read(o, text + n, step < ROOM - n ? step : ROOM - n, false);
		if (r <= 0)
			return -1;
		n += r;
	}
	return n;
}

static bool read_bytes(struct object *o, size_t left, size_t step)
{
	char text[ROOM];
	long n = 0;

	step = step < ROOM ? step : ROOM;
	for (; left; left -= n) {
		n = object_read(o, text, step < left ? step : left, false);
		if (n <= 0)
			return false;
	}
	return true;
}

static bool answer(struct object *o, int status, size_t bytes)
{
	char *text = malloc(BODY_MAX_BYTES + 256);
	size_t n, done = 0;
	long r;

	bytes = bytes < BODY_MAX_BYTES ? bytes : BODY_MAX_BYTES;
	n = sprintf(text, "HTTP/1.1 %d Told So\r\nContent-Length: %zu\r\n\r\n", status, bytes);
	memset(text + n, 'x', bytes);
	for (n += bytes; done < n; done += r) {
		r = object_write(o, text + done, n - done);
		if (r <= 0)
			break;
	}
	free(text);
	return done == n;
}

/* ---- commands ---- */

static bool slow(int fd)
{
	int small = 1;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	return !fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static void *copy(void *arg)
{
	int *ends = arg;
	char bytes[ROOM];
	ssize_t n;

	while ((n = recv(ends[0], bytes, sizeof(bytes), 0)) > 0 && send_all(ends[1], bytes, n))
		;
	shutdown(ends[1], SHUT_WR);
	return NULL;
}

static bool relay(int one, int other)
{
	int *ends = calloc(4, sizeof(*ends));
	pthread_t thread;

	ends[0] = ends[3] = one;
	ends[1] = ends[2] = other;
	return !pthread_create(&thread, NULL, copy, ends) &&
	       !pthread_create(&thread, NULL, copy, ends + 2);
}

static bool reset(int fd)
{
	struct linger now = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	return !close(fd);
}

static bool dial(int *ret)
{
	*ret = socket(AF_INET, SOCK_STREAM, 0);
	return !connect(*ret, (struct sockaddr *)&at, sizeof(at));
}

static bool object_free(struct object *o)
{
	if (o->session)
		gnutls_deinit(o->session);
	SSL_free(o->ssl);
	if (o->paired)
		BIO_free(o->in);
	return true;
}

/* The next operation of o's BIO reads a request of `within` first. */
static bool read_within(struct object *o, struct object *within, size_t step)
{
	o->within = within;
	o->step = step;
	return true;
}

/* The parent goes on behind its child's end. */
static bool fork_off(void)
{
	pid_t child = fork();
	int status;

	if (child)
		return waitpid(child, &status, 0) == child;
	memset(threads, 0, sizeof(threads));
	return true;
}

static const char *obey(const char *line)
{
	static __thread char said[64];
	char command[16] = "", kind[16] = "";
	char buf[ROOM];
	int a = 0, b = 0, c = 0;
	struct object *o;
	bool ok = false;
	long n = 0;

	if (sscanf(line, "%15s %d %d %d", command, &a, &b, &c) < 3)
		sscanf(line, "%15s %d %15s %d", command, &a, kind, &b);
	if (a < 0 || a >= OBJECTS || a >= SOCKETS)
		return "error";
	o = &objects[a];
	if (!strcmp(command, "accept"))
		ok = (sockets[a] = accept(listener, NULL, NULL)) >= 0;
	else if (!strcmp(command, "dial"))
		ok = dial(&sockets[a]);
	else if (!strcmp(command, "slow"))
		ok = slow(sockets[a]);
	else if (!strcmp(command, "relay"))
		ok = relay(sockets[a], sockets[b]);
	else if (!strcmp(command, "close"))
		ok = !close(sockets[a]);
	else if (!strcmp(command, "reset"))
		ok = reset(sockets[a]);
	else if (!strcmp(command, "object"))
		ok = object_open(o, kind, b, NULL);
	else if (!strcmp(command, "again"))
		ok = SSL_clear(o->ssl) == 1 && object_open(o, kind, b, o->ssl);
	else if (!strcmp(command, "certify"))
		ok = certify(o);
	else if (!strcmp(command, "address"))
		ok = (n = (long)o->ssl) != 0;
	else if (!strcmp(command, "shake"))
		ok = shake(o);
	else if (!strcmp(command, "renew"))
		ok = renew(o);
	else if (!strcmp(command, "renegotiate"))
		ok = renegotiate(o);
	else if (!strcmp(command, "feed"))
		ok = feed(o, sockets[b]);
	else if (!strcmp(command, "drain"))
		ok = drain(o, sockets[b]);
	else if (!strcmp(command, "request"))
		ok = (n = read_request(o, b)) > 0;
	else if (!strcmp(command, "read"))
		ok = read_bytes(o, b, c);
	else if (!strcmp(command, "peek"))
		ok = (n = object_read(o, buf, sizeof(buf), true)) > 0;
	else if (!strcmp(command, "answer") || !strcmp(command, "held"))
		ok = answer(o, b, c) && (!o->in || o->fd < 0 || *command == 'h' || drain(o, o->fd));
	else if (!strcmp(command, "within"))
		ok = read_within(o, &objects[b], c);
	else if (!strcmp(command, "free"))
		ok = object_free(o);
	else if (!strcmp(command, "fork"))
		ok = fork_off();
	snprintf(said, sizeof(said), ok ? "ok %ld" : "error %ld", n);
	return said;
}

/* ---- threads ---- */

static void *obey_apart(void *arg)
{
	struct thread *t = arg;

	pthread_mutex_lock(&t->lock);
	for (;;) {
		while (!t->line)
			pthread_cond_wait(&t->change, &t->lock);
		strcpy(t->answer, obey(t->line));
		t->line = NULL;
		pthread_cond_broadcast(&t->change);
	}
	return NULL;
}

static void obey_by(struct thread *t, char *line, char *answer)
{
	if (!t->runs) {
		pthread_mutex_init(&t->lock, NULL);
		pthread_cond_init(&t->change, NULL);
		t->runs = !pthread_create(&t->thread, NULL, obey_apart, t);
	}
	pthread_mutex_lock(&t->lock);
	t->answer = answer;
	t->line = line;
	pthread_cond_broadcast(&t->change);
	while (t->line)
		pthread_cond_wait(&t->change, &t->lock);
	pthread_mutex_unlock(&t->lock);
}

int main(int argc, char **argv)
{
	socklen_t at_len = sizeof(at);
	char line[256], said[256];
	FILE *control;

	if (argc != 4)
		return 2;
	certificate = argv[2];
	key = argv[3];
	signal(SIGPIPE, SIG_IGN);
	context = SSL_CTX_new(TLS_server_method());
	SSL_CTX_set_mode(context,
			 SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_options(context, SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
	if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
	    SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
		return 3;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	control = fdopen(atoi(argv[1]), "r+");
	if (!control || bind(listener, (struct sockaddr *)&at, sizeof(at)) || listen(listener, 64))
		return 1;
	setvbuf(control, NULL, _IONBF, 0); /* what a child has not read is its parent's */
	getsockname(listener, (struct sockaddr *)&at, &at_len);
	printf("listening %u\n", ntohs(at.sin_port));
	fflush(stdout);
	while (fgets(line, sizeof(line), control) && strncmp(line, "exit", 4) != 0) {
		if (*line == '@')
			obey_by(&threads[(line[1] - '0') % THREADS], line + 3, said);
		else
			strcpy(said, obey(line));
		dprintf(fileno(control), "%s\n", said);
	}
	return 0;
}
