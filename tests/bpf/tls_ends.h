/* SPDX-License-Identifier: GPL-2.0-only */
/* Both ends of TLS connections in one process, over loopback. */
#ifndef SLIPROBE_TESTS_BPF_TLS_ENDS_H
#define SLIPROBE_TESTS_BPF_TLS_ENDS_H

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "tests/bpf/loaded.h"

enum {
	END_BYTES = 1 << 16,
};

static SSL_CTX *ends_server;
static SSL_CTX *ends_client;

static inline void ends_open(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x509 = X509_new();

	ends_server = SSL_CTX_new(TLS_server_method());
	ends_client = SSL_CTX_new(TLS_client_method());
	assert_non_null(key);
	assert_non_null(x509);
	X509_set_version(x509, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
	X509_gmtime_adj(X509_getm_notBefore(x509), 0);
	X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
	X509_set_pubkey(x509, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
				   (const unsigned char *)"localhost", -1, -1, 0);
	X509_set_issuer_name(x509, X509_get_subject_name(x509));
	assert_true(X509_sign(x509, key, EVP_sha256()) > 0);
	assert_int_equal(SSL_CTX_use_certificate(ends_server, x509), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ends_server, key), 1);
	SSL_CTX_set_mode(ends_server,
			 SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	X509_free(x509);
	EVP_PKEY_free(key);
}

static inline void ends_close(void)
{
	SSL_CTX_free(ends_server);
	SSL_CTX_free(ends_client);
}

/* A connection, each end on its socket. */
struct tls_pair {
	struct pair pair;
	SSL *client;
	SSL *server;
	/* the server's end with memory in place of its socket; NULL: it has the socket */
	BIO *in;
	BIO *out;
};

static inline void ends_block(int fd, bool block)
{
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, block ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

/* Moves what is between the server's memory and its socket. Returns whether anything was moved. */
static inline bool tls_pair_pump(struct tls_pair *p)
{
	static __thread char buf[END_BYTES];
	bool moved = false;
	ssize_t n;

	if (!p->in)
		return false;
	while ((n = BIO_read(p->out, buf, sizeof(buf))) > 0) {
		assert_int_equal(send(p->pair.server, buf, (size_t)n, 0), n);
		moved = true;
	}
	while ((n = recv(p->pair.server, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		assert_int_equal(BIO_write(p->in, buf, (int)n), n);
		moved = true;
	}
	return moved;
}

/* `memory`: the server's object has no socket. `version`: TLS1_2_VERSION, TLS1_3_VERSION. */
static inline void tls_pair_begin(struct tls_pair *p, bool memory, int version)
{
	*p = (struct tls_pair){};
	pair_dial(&p->pair);
	ends_block(p->pair.client, false);
	ends_block(p->pair.server, false);
	p->client = SSL_new(ends_client);
	p->server = SSL_new(ends_server);
	assert_non_null(p->client);
	assert_non_null(p->server);
	SSL_set_max_proto_version(p->client, version);
	SSL_set_min_proto_version(p->client, version);
	SSL_set_fd(p->client, p->pair.client);
	if (memory) {
		p->in = BIO_new(BIO_s_mem());
		p->out = BIO_new(BIO_s_mem());
		SSL_set_bio(p->server, p->in, p->out);
	} else {
		SSL_set_fd(p->server, p->pair.server);
	}
	SSL_set_connect_state(p->client);
	SSL_set_accept_state(p->server);
}

static inline void tls_pair_shake(struct tls_pair *p)
{
	for (int i = 0; i < 1000; i++) {
		int client = SSL_do_handshake(p->client), server;

		tls_pair_pump(p);
		server = SSL_do_handshake(p->server);
		tls_pair_pump(p);
		if (client == 1 && server == 1)
			return;
		usleep(100);
	}
	fail_msg("no handshake");
}

static inline void tls_pair_open(struct tls_pair *p, bool memory, int version)
{
	tls_pair_begin(p, memory, version);
	tls_pair_shake(p);
}

static inline void tls_pair_close(struct tls_pair *p)
{
	SSL_free(p->client);
	SSL_free(p->server);
	hang_up(&p->pair);
}

/* Writes all of it. `ex`: by SSL_write_ex(). */
static inline void tls_put(struct tls_pair *p, SSL *ssl, const char *text, size_t len, bool ex)
{
	for (int i = 0; len && i < 100000; i++) {
		size_t done = 0;
		int n;

		if (ex)
			n = SSL_write_ex(ssl, text, len, &done) == 1 ? (int)done : -1;
		else
			n = SSL_write(ssl, text, (int)len);
		if (ssl == p->server)
			tls_pair_pump(p);
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		} else {
			usleep(10);
		}
	}
	assert_int_equal(len, 0);
}

/* Reads `len` bytes, by pieces of at most `step`. */
static inline void tls_get(struct tls_pair *p, SSL *ssl, size_t len, size_t step, bool ex)
{
	static __thread char buf[END_BYTES];

	for (int i = 0; len && i < 100000; i++) {
		size_t want = len < step ? len : step, done = 0;
		int n;

		if (want > sizeof(buf))
			want = sizeof(buf);
		if (ssl == p->server)
			tls_pair_pump(p);
		if (ex)
			n = SSL_read_ex(ssl, buf, want, &done) == 1 ? (int)done : -1;
		else
			n = SSL_read(ssl, buf, (int)want);
		if (n > 0)
			len -= (size_t)n;
		else
			usleep(10);
	}
	assert_int_equal(len, 0);
}

#endif
