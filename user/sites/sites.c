/* SPDX-License-Identifier: GPL-2.0-only */
#include "sites/sites.h"

#include <errno.h>

#include "base/cleanup.h"
#include "sites/go.h"
#include "sites/libraries.h"

const char *sites_kind_word(enum sites_kind kind)
{
	static const char *const WORDS[SITES_KINDS] = {
		[SITES_NOTHING] = "no TLS library", [SITES_FOUND] = "found",
		[SITES_REFUSED] = "refused",	    [SITES_STRIPPED] = "stripped static library",
		[SITES_RUSTLS] = "rustls",	    [SITES_JAVA] = "Java",
		[SITES_GO_REFUSED] = "Go",
	};

	return WORDS[kind];
}

int sites_find(int fd, struct sites *ret, struct error *ret_reason)
{
	static int (*const LIBRARIES[])(struct elf * elf, struct sites * ret,
					struct error * reason) = {
		go_find,
		openssl_find,
		gnutls_find,
	};
	_cleanup_(elf_close) struct elf elf = {.fd = -1};
	int r = elf_open(fd, &elf, ret_reason);

	if (r)
		return r;
	for (size_t i = 0; i < sizeof(LIBRARIES) / sizeof(LIBRARIES[0]); i++) {
		r = LIBRARIES[i](&elf, ret, ret_reason);
		if (!r && ret->kind == SITES_FOUND)
			ret_reason->text[0] = '\0';
		if (r != -ENOENT)
			return r;
	}
	traces_find(&elf, ret, ret_reason);
	return 0;
}
