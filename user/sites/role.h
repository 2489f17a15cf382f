/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a TLS object says that it is a server's, by what the library's own functions read. */
#ifndef SLIPROBE_SITES_ROLE_H
#define SLIPROBE_SITES_ROLE_H

#include "sites/functions.h"

/* The object is a server's if the byte at `at` has one of `bits`. */
struct role_place {
	__u16 at;
	__u8 bits;
};

/* By SSL_is_server. */
bool role_of_openssl(struct elf *elf, const struct function *is_server, struct role_place *ret);

/* By gnutls_server_name_set, which begins by asking whether it is a server's: GNUTLS_SERVER is 1, GNUTLS_CLIENT 2. */
bool role_of_gnutls(struct elf *elf, const struct function *name_set, struct role_place *ret);

#endif
