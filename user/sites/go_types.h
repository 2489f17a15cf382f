/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The types of a Go executable, by the descriptions of them that reflection uses: where the fields are that lead from
 * a tls.Conn to the descriptor of its socket. Nothing is taken for known: each field is found by its name.
 */
#ifndef SLIPROBE_SITES_GO_TYPES_H
#define SLIPROBE_SITES_GO_TYPES_H

#include "abi/tls.h"
#include "sites/go_words.h"

/* Methods of a type that is a net.Conn, by which its itab is known. */
struct go_methods {
	__u64 read, write;
};

/*
 * Fills in all of *ret but that `tcp_type` is the address as linked. Returns 0, or -ENOTSUP with the reason.
 */
int go_types_conn(struct go_words *words, const struct go_methods *tls,
		  const struct go_methods *tcp, struct tls_go *ret, struct error *reason);

#endif
