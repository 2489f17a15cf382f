/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a TLS object says that it is a server's, by what the library's own functions read. */
#ifndef SLIPROBE_SITES_ROLE_H
#define SLIPROBE_SITES_ROLE_H

#include "abi/tls.h"
#include "sites/functions.h"

/* Each sets server_at and server_bits of the profile if the place is found. */

/* By SSL_is_server. */
void role_of_openssl(struct elf *elf, const struct function *is_server,
		     struct tls_profile *profile);

/* By gnutls_server_name_set, which begins by asking whether it is a server's: GNUTLS_SERVER is 1, GNUTLS_CLIENT 2. */
void role_of_gnutls(struct elf *elf, const struct function *name_set, struct tls_profile *profile);

#endif
