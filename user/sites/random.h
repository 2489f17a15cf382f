/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a TLS object has its client_random, by what the library's own functions compute of the object's address. Both
 * randoms of a handshake stand side by side in all libraries known, which is checked.
 */
#ifndef SLIPROBE_SITES_RANDOM_H
#define SLIPROBE_SITES_RANDOM_H

#include "abi/tls.h"
#include "sites/functions.h"

/* Each sets has_random, random_at and random_in of the profile if the place is found. */

/* By SSL_get_client_random and SSL_get_server_random. */
void random_of_openssl(struct elf *elf, const struct function *client,
		       const struct function *server, struct tls_profile *profile);

/* By gnutls_session_get_random, which computes the client's first. */
void random_of_gnutls(struct elf *elf, const struct function *get, struct tls_profile *profile);

#endif
