/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Talks of a real client with a real server over memory, as a recording: what went over the socket and what the
 * server's calls returned, in the order in which the kernel side would see it. By libssl. Needs cmocka before it.
 */
#ifndef SLIPROBE_TESTS_TLS_TALK_H
#define SLIPROBE_TESTS_TLS_TALK_H

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tests/vectors/tls_play.h"

enum {
	TALK_BYTES = 1 << 20,
	TALK_STEPS = 4096,
};

/* How the server's library reaches the socket. */
enum talk_bio {
	TALK_DESCRIPTOR, /* it sends inside of the call that writes */
	TALK_MEMORY, /* the process sends afterwards */
	TALK_LAZY, /* likewise, and what the handshake leaves goes out with the first answer */
	TALK_BIOS,
};

struct talk_config {
	const char *name;
	int version;
	const char *suite;
	unsigned int padding; /* of the client's and the server's records, to a multiple */
	bool client_cert;
	bool retry; /* the server wants another group: HelloRetryRequest */
	enum talk_bio bio;
};

struct talk {
	struct talk_config config;
	SSL_CTX *client_ctx, *server_ctx;
	SSL *client, *server;
	SSL_SESSION *session;
	unsigned char bytes[TALK_BYTES];
	__u32 n_bytes;
	struct tls_step steps[TALK_STEPS];
	__u32 n_steps;
};

static unsigned char talk_plain[300000];

static inline struct tls_step *talk_step(struct talk *talk, enum tls_step_kind kind,
					 enum tls_way way, size_t n)
{
	struct tls_step *step = &talk->steps[talk->n_steps++];

	assert_true(talk->n_steps <= TALK_STEPS);
	*step = (struct tls_step){.kind = kind, .way = way, .n = (__u32)n};
	return step;
}

/* All that `from` has written goes to `to`, which reads it inside of its calls. Returns how much. */
static inline size_t talk_move(struct talk *talk, SSL *from, SSL *to, bool nested)
{
	unsigned char buf[16384];
	size_t total = 0;
	int n;

	while ((n = BIO_read(SSL_get_wbio(from), buf, sizeof(buf))) > 0) {
		struct tls_step *step =
			talk_step(talk, TLS_STEP_WIRE,
				  from == talk->client ? TLS_WAY_READ : TLS_WAY_WRITE, (size_t)n);

		assert_true(talk->n_bytes + (__u32)n <= TALK_BYTES);
		step->at = talk->n_bytes;
		step->nested = nested || from == talk->client;
		memcpy(talk->bytes + talk->n_bytes, buf, (size_t)n);
		talk->n_bytes += (__u32)n;
		assert_int_equal(BIO_write(SSL_get_rbio(to), buf, n), n);
		total += (size_t)n;
	}
	return total;
}

static inline void talk_flush(struct talk *talk)
{
	talk_move(talk, talk->server, talk->client, false);
}

/* The server reads all that there is, `asked` bytes a call; each call may be a different size. */
static inline void talk_serve_read(struct talk *talk, int asked)
{
	static unsigned char buf[65536];
	int n;

	while ((n = SSL_read(talk->server, buf, asked)) > 0)
		talk_step(talk, TLS_STEP_TOLD, TLS_WAY_READ, (size_t)n)->asked = (__u32)asked;
	ERR_clear_error();
	if (talk->config.bio != TALK_LAZY)
		talk_flush(talk);
}

static inline void talk_client_reads(struct talk *talk)
{
	static unsigned char buf[65536];

	while (SSL_read(talk->client, buf, sizeof(buf)) > 0)
		;
	ERR_clear_error();
}

/* The client sends `n` bytes, the server reads them. */
static inline void talk_ask(struct talk *talk, int n, int asked)
{
	assert_int_equal(SSL_write(talk->client, talk_plain, n), n);
	talk_move(talk, talk->client, talk->server, false);
	talk_serve_read(talk, asked);
}

/* The server writes `n` bytes by one call. */
static inline void talk_write(struct talk *talk, int n)
{
	const bool nested = talk->config.bio == TALK_DESCRIPTOR;

	assert_int_equal(SSL_write(talk->server, talk_plain, n), n);
	if (nested)
		talk_move(talk, talk->server, talk->client, true);
	talk_step(talk, TLS_STEP_TOLD, TLS_WAY_WRITE, (size_t)n)->asked = (__u32)n;
}

static inline void talk_answered(struct talk *talk)
{
	talk_flush(talk);
	talk_client_reads(talk);
	talk_step(talk, TLS_STEP_SETTLED, TLS_WAY_WRITE, 0);
}

static inline void talk_answer(struct talk *talk, int n)
{
	talk_write(talk, n);
	talk_answered(talk);
}

static inline void talk_handshake(struct talk *talk)
{
	for (int i = 0; i < 8; i++) {
		SSL_do_handshake(talk->client);
		talk_move(talk, talk->client, talk->server, false);
		SSL_do_handshake(talk->server);
		if (talk->config.bio == TALK_LAZY && SSL_version(talk->server) == TLS1_3_VERSION &&
		    SSL_is_init_finished(talk->server))
			break;
		talk_flush(talk);
	}
	ERR_clear_error();
	assert_true(SSL_is_init_finished(talk->client));
	assert_true(SSL_is_init_finished(talk->server));
	if (talk->config.bio != TALK_LAZY)
		talk_client_reads(talk);
}

/* ---- set-up ---- */

static inline EVP_PKEY *talk_key(void)
{
	static EVP_PKEY *key;

	if (!key)
		key = EVP_RSA_gen(2048);
	assert_non_null(key);
	return key;
}

static inline X509 *talk_cert(void)
{
	static X509 *cert;
	X509_NAME *name;

	if (cert)
		return cert;
	cert = X509_new();
	name = X509_get_subject_name(cert);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"talk", -1, -1,
				   0);
	X509_set_version(cert, 2);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	X509_set_issuer_name(cert, name);
	X509_set_pubkey(cert, talk_key());
	assert_true(X509_sign(cert, talk_key(), EVP_sha256()) > 0);
	return cert;
}

static inline int talk_accept_all(int ok, X509_STORE_CTX *store)
{
	(void)ok;
	(void)store;
	return 1;
}

static inline SSL_CTX *talk_ctx(const struct talk_config *config, const SSL_METHOD *method,
				bool has_cert)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	assert_non_null(ctx);
	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_min_proto_version(ctx, config->version);
	SSL_CTX_set_max_proto_version(ctx, config->version);
	if (config->version == TLS1_3_VERSION)
		assert_int_equal(SSL_CTX_set_ciphersuites(ctx, config->suite), 1);
	else
		assert_int_equal(SSL_CTX_set_cipher_list(ctx, config->suite), 1);
	SSL_CTX_set_dh_auto(ctx, 1);
	if (config->padding)
		SSL_CTX_set_block_padding(ctx, config->padding);
	if (has_cert) {
		assert_int_equal(SSL_CTX_use_certificate(ctx, talk_cert()), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(ctx, talk_key()), 1);
	}
	return ctx;
}

/* A new connection, of the session before it if there is one. */
static inline void talk_connect(struct talk *talk)
{
	SSL_free(talk->client);
	SSL_free(talk->server);
	talk->n_bytes = talk->n_steps = 0;
	talk->client = SSL_new(talk->client_ctx);
	talk->server = SSL_new(talk->server_ctx);
	SSL_set_bio(talk->client, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_bio(talk->server, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_connect_state(talk->client);
	SSL_set_accept_state(talk->server);
	if (talk->session)
		assert_int_equal(SSL_set_session(talk->client, talk->session), 1);
}

static inline struct talk *talk_new(const struct talk_config *config)
{
	struct talk *talk = calloc(1, sizeof(*talk));

	assert_non_null(talk);
	talk->config = *config;
	talk->client_ctx = talk_ctx(config, TLS_client_method(), config->client_cert);
	talk->server_ctx = talk_ctx(config, TLS_server_method(), true);
	SSL_CTX_set_session_id_context(talk->server_ctx, (const unsigned char *)"talk", 4);
	SSL_CTX_set_max_early_data(talk->server_ctx, 16384);
	if (config->client_cert)
		SSL_CTX_set_verify(talk->server_ctx, SSL_VERIFY_PEER, talk_accept_all);
	if (config->retry) {
		assert_int_equal(SSL_CTX_set1_groups_list(talk->client_ctx, "X25519:P-384"), 1);
		assert_int_equal(SSL_CTX_set1_groups_list(talk->server_ctx, "P-384"), 1);
	}
	talk_connect(talk);
	return talk;
}

static inline void talk_free(struct talk *talk)
{
	SSL_SESSION_free(talk->session);
	SSL_free(talk->client);
	SSL_free(talk->server);
	SSL_CTX_free(talk->client_ctx);
	SSL_CTX_free(talk->server_ctx);
	free(talk);
}

/* Both say that they will send no more, the client first. */
static inline void talk_close(struct talk *talk)
{
	SSL_shutdown(talk->client);
	talk_move(talk, talk->client, talk->server, false);
	talk_serve_read(talk, 4096);
	SSL_shutdown(talk->server);
	talk_flush(talk);
	ERR_clear_error();
}

#endif
