/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * GnuTLS 3.6 to 3.8. gnutls_record_recv and gnutls_record_recv_seq end by a jump to one function that they share.
 * gnutls_record_send is a jump to gnutls_record_send2, as is what sends a file without kTLS. Not probed, and named:
 * packets that are lent to the caller, and ranges, which end in the probed functions only sometimes.
 */
#include <errno.h>
#include <string.h>

#include "sites/collect.h"
#include "sites/libraries.h"
#include "sites/random.h"
#include "sites/role.h"

static const struct {
	const char *name;
	enum tls_call call; /* TLS_CALL_NONE: not probed, but missed */
	bool needed;
} PROBED[] = {
	{"gnutls_record_recv", TLS_CALL_READ, true},
	{"gnutls_record_recv_seq", TLS_CALL_READ, false},
	{"gnutls_record_recv_early_data", TLS_CALL_READ, false},
	{"gnutls_record_send2", TLS_CALL_WRITE, false},
	{"gnutls_record_send", TLS_CALL_WRITE, true},
	{"gnutls_record_recv_packet", TLS_CALL_NONE, false},
	{"gnutls_record_send_range", TLS_CALL_NONE, false},
};

enum {
	PROBED_N = sizeof(PROBED) / sizeof(PROBED[0]),
	SEND2 = 3,
	SEND = 4,
	GET_RANDOM = PROBED_N,
	NAME_SET,
	GNUTLS_FUNCTIONS,
};

static int add_all(struct collection *collection, struct function *functions, struct error *reason)
{
	for (size_t i = 0; i < PROBED_N; i++) {
		struct error why;
		int r;

		if (!functions[i].address)
			continue;
		if (i == SEND && functions[SEND2].address &&
		    function_called_by(collection->elf, &functions[SEND2], &functions[SEND]))
			continue;
		r = PROBED[i].call == TLS_CALL_NONE ?
			    -ENOTSUP :
			    collect_function(collection, &functions[i], PROBED[i].call, &why);
		if (!r)
			continue;
		if (r != -ENOTSUP || PROBED[i].needed || i == SEND2) {
			*reason = why;
			return r;
		}
		collect_missing(collection, PROBED[i].name);
	}
	return 0;
}

int gnutls_find(struct elf *elf, struct sites *ret, struct error *reason)
{
	struct function functions[GNUTLS_FUNCTIONS] = {0};
	struct sites sites = {0};
	struct collection collection = {.elf = elf, .sites = &sites};
	int r;

	for (size_t i = 0; i < PROBED_N; i++)
		functions[i].name = PROBED[i].name;
	functions[GET_RANDOM].name = "gnutls_session_get_random";
	functions[NAME_SET].name = "gnutls_server_name_set";
	functions_find(elf, functions, GNUTLS_FUNCTIONS);
	if (!functions[0].address || !functions[SEND].address)
		return -ENOENT;
	sites.profile.library = TLS_LIBRARY_GNUTLS;
	gnutls_name(elf, sites.name, sizeof(sites.name));
	random_of_gnutls(elf, &functions[GET_RANDOM], &sites.profile);
	role_of_gnutls(elf, &functions[NAME_SET], &sites.profile);
	r = collect_all(&collection, add_all, functions, reason);
	if (r)
		return r;
	*ret = sites;
	return 0;
}
