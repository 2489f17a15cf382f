/* SPDX-License-Identifier: GPL-2.0-only */
/* The talks that tests record: suites, versions, requests and answers. */
#ifndef SLIPROBE_TESTS_TLS_TALKS_H
#define SLIPROBE_TESTS_TLS_TALKS_H

#include "tests/vectors/tls_talk.h"

static const struct talk_config talk_configs[] = {
	{.name = "1.3 GCM", .version = TLS1_3_VERSION, .suite = "TLS_AES_128_GCM_SHA256"},
	{.name = "1.3 GCM 384", .version = TLS1_3_VERSION, .suite = "TLS_AES_256_GCM_SHA384"},
	{.name = "1.3 ChaCha", .version = TLS1_3_VERSION, .suite = "TLS_CHACHA20_POLY1305_SHA256"},
	{.name = "1.3 CCM", .version = TLS1_3_VERSION, .suite = "TLS_AES_128_CCM_SHA256"},
	{.name = "1.3 CCM8", .version = TLS1_3_VERSION, .suite = "TLS_AES_128_CCM_8_SHA256"},
	{.name = "1.3 retry",
	 .version = TLS1_3_VERSION,
	 .suite = "TLS_AES_128_GCM_SHA256",
	 .retry = true},
	{.name = "1.3 client certificate",
	 .version = TLS1_3_VERSION,
	 .suite = "TLS_AES_128_GCM_SHA256",
	 .client_cert = true},
	{.name = "1.3 padded to 16",
	 .version = TLS1_3_VERSION,
	 .suite = "TLS_AES_128_GCM_SHA256",
	 .padding = 16},
	{.name = "1.3 padded to 100",
	 .version = TLS1_3_VERSION,
	 .suite = "TLS_AES_256_GCM_SHA384",
	 .padding = 100},
	{.name = "1.3 padded to 4096",
	 .version = TLS1_3_VERSION,
	 .suite = "TLS_AES_128_GCM_SHA256",
	 .padding = 4096},
	{.name = "1.2 GCM", .version = TLS1_2_VERSION, .suite = "ECDHE-RSA-AES128-GCM-SHA256"},
	{.name = "1.2 RSA GCM", .version = TLS1_2_VERSION, .suite = "AES256-GCM-SHA384"},
	{.name = "1.2 ChaCha", .version = TLS1_2_VERSION, .suite = "ECDHE-RSA-CHACHA20-POLY1305"},
	{.name = "1.2 CCM", .version = TLS1_2_VERSION, .suite = "DHE-RSA-AES128-CCM"},
	{.name = "1.2 CCM8", .version = TLS1_2_VERSION, .suite = "AES128-CCM8"},
	{.name = "1.2 CBC SHA", .version = TLS1_2_VERSION, .suite = "ECDHE-RSA-AES128-SHA"},
	{.name = "1.2 CBC SHA256", .version = TLS1_2_VERSION, .suite = "AES128-SHA256"},
	{.name = "1.2 CBC SHA384", .version = TLS1_2_VERSION, .suite = "ECDHE-RSA-AES256-SHA384"},
	{.name = "1.2 CBC Camellia", .version = TLS1_2_VERSION, .suite = "CAMELLIA128-SHA"},
	{.name = "1.2 client certificate",
	 .version = TLS1_2_VERSION,
	 .suite = "ECDHE-RSA-AES128-GCM-SHA256",
	 .client_cert = true},
	{.name = "1.0 CBC SHA", .version = TLS1_VERSION, .suite = "AES128-SHA"},
};

#define N_TALKS (sizeof(talk_configs) / sizeof(talk_configs[0]))

/* Small and big, and the smallest; ends in order. */
static inline void talk_requests(struct talk *talk)
{
	talk_handshake(talk);
	talk_ask(talk, 300, 4096);
	talk_answer(talk, 500);
	talk_ask(talk, 36, 16384);
	talk_answer(talk, 1);
	talk_ask(talk, 16384, 65536);
	talk_write(talk, 200);
	talk_write(talk, 250000);
	talk_answer(talk, 5);
	talk_ask(talk, 100000, 5000);
	talk_answer(talk, 16384);
	talk_close(talk);
}

#endif
