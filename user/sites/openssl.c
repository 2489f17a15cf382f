/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * OpenSSL 1.1.1 to 3.5, and what has its functions: BoringSSL, LibreSSL, AWS-LC.
 *
 * In OpenSSL all reading of plaintext goes through ssl_read_internal(ssl, buffer, size, &n), and all writing through
 * ssl_write_internal(), which from 3.3 on takes flags before the last argument. Where a build has kept them apart, they
 * alone are probed: the target of the first call in SSL_read_ex, which SSL_read calls, too, with the address of a
 * number on its own stack. They end by a jump to the protocol's function, so their calls end in their callers.
 * Else each exported function is probed that does not itself call one that is.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "sites/collect.h"
#include "sites/libraries.h"
#include "sites/random.h"
#include "sites/role.h"

enum openssl_function {
	SSL_READ,
	SSL_READ_EX,
	SSL_READ_EARLY_DATA,
	SSL_WRITE,
	SSL_WRITE_EX,
	SSL_WRITE_EX2,
	SSL_WRITE_EARLY_DATA,
	SSL_SENDFILE,
	SSL_GET_CLIENT_RANDOM,
	SSL_GET_SERVER_RANDOM,
	SSL_IS_SERVER,
	READ_INTERNAL,
	WRITE_INTERNAL,
	GNUTLS_RECORD_RECV,
	OPENSSL_FUNCTIONS,
};

static const char *const NAMES[OPENSSL_FUNCTIONS] = {
	[SSL_READ] = "SSL_read",
	[SSL_READ_EX] = "SSL_read_ex",
	[SSL_READ_EARLY_DATA] = "SSL_read_early_data",
	[SSL_WRITE] = "SSL_write",
	[SSL_WRITE_EX] = "SSL_write_ex",
	[SSL_WRITE_EX2] = "SSL_write_ex2",
	[SSL_WRITE_EARLY_DATA] = "SSL_write_early_data",
	[SSL_SENDFILE] = "SSL_sendfile",
	[SSL_GET_CLIENT_RANDOM] = "SSL_get_client_random",
	[SSL_GET_SERVER_RANDOM] = "SSL_get_server_random",
	[SSL_IS_SERVER] = "SSL_is_server",
	[READ_INTERNAL] = "ssl_read_internal",
	[WRITE_INTERNAL] = "ssl_write_internal",
	[GNUTLS_RECORD_RECV] = "gnutls_record_recv",
};

/* One direction. */
struct direction {
	enum openssl_function plain, ex, internal, early, more;
	enum tls_call calls[OPENSSL_FUNCTIONS];
};

static const struct direction READING = {
	.plain = SSL_READ,
	.ex = SSL_READ_EX,
	.internal = READ_INTERNAL,
	.early = SSL_READ_EARLY_DATA,
	.more = OPENSSL_FUNCTIONS,
	.calls = {[SSL_READ] = TLS_CALL_READ,
		  [SSL_READ_EX] = TLS_CALL_READ_AT,
		  [READ_INTERNAL] = TLS_CALL_READ_AT,
		  [SSL_READ_EARLY_DATA] = TLS_CALL_READ_AT},
};

static const struct direction WRITING = {
	.plain = SSL_WRITE,
	.ex = SSL_WRITE_EX,
	.internal = WRITE_INTERNAL,
	.early = SSL_WRITE_EARLY_DATA,
	.more = SSL_WRITE_EX2,
	.calls = {[SSL_WRITE] = TLS_CALL_WRITE,
		  [SSL_WRITE_EX] = TLS_CALL_WRITE_AT,
		  [SSL_WRITE_EX2] = TLS_CALL_WRITE_FLAGS_AT,
		  [WRITE_INTERNAL] = TLS_CALL_WRITE_AT,
		  [SSL_WRITE_EARLY_DATA] = TLS_CALL_WRITE_AT},
};

static const struct code_insn *first_call(const struct code_insn *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i].flow == CODE_CALL)
			return &list[i];
	}
	return NULL;
}

/*
 * What the call that SSL_read or SSL_write makes to `target` hands over: `at` if the address of a number on the stack is
 * the fourth argument, `flags_at` if the fifth; TLS_CALL_NONE if it is no such call, or object and buffer are changed
 * before.
 */
static enum tls_call call_shape(struct elf *elf, const struct function *plain, __u64 target,
				enum tls_call at, enum tls_call flags_at)
{
	_cleanup_free_ struct code_insn *list = NULL;
	size_t n = function_insns(elf, plain, &list);
	__u32 writes = 0, from_stack = 0;

	for (size_t i = 0; i < n; i++) {
		if (list[i].flow == CODE_CALL && list[i].target == target) {
			if (writes & (CODE_DI | CODE_SI))
				return TLS_CALL_NONE;
			if (from_stack & CODE_R8)
				return writes & CODE_CX ? flags_at : TLS_CALL_NONE;
			return from_stack & CODE_CX ? at : TLS_CALL_NONE;
		}
		if (list[i].flow == CODE_CALL || list[i].flow == CODE_CALL_AWAY)
			return TLS_CALL_NONE;
		writes |= list[i].writes;
		from_stack &= ~list[i].writes;
		if (list[i].from_stack)
			from_stack |= list[i].writes;
	}
	return TLS_CALL_NONE;
}

/* The function behind, if the first call in `from` is of it. */
static enum tls_call internal_of(struct elf *elf, const struct direction *direction,
				 const struct function *functions, enum openssl_function from,
				 __u64 *ret_address)
{
	const struct function *internal = &functions[direction->internal];
	_cleanup_free_ struct code_insn *list = NULL;
	size_t n = function_insns(elf, &functions[from], &list);
	const struct code_insn *call = first_call(list, n);

	if (!call || (internal->address && internal->address != call->target))
		return TLS_CALL_NONE;
	*ret_address = call->target;
	return call_shape(elf, &functions[direction->plain], call->target,
			  direction->calls[direction->internal],
			  direction == &WRITING ? TLS_CALL_WRITE_FLAGS_AT : TLS_CALL_NONE);
}

/*
 * Adds the internal function. Returns -ENOENT if it is not told apart. From OpenSSL 3.3 on, SSL_write_ex may itself be
 * a jump to SSL_write_ex2.
 */
static int add_internal(struct collection *collection, const struct direction *direction,
			struct function *functions, struct error *reason)
{
	struct function found = {.name = NAMES[direction->internal]};
	enum tls_call shape =
		internal_of(collection->elf, direction, functions, direction->ex, &found.address);
	int r;

	if (shape == TLS_CALL_NONE && direction->more < OPENSSL_FUNCTIONS)
		shape = internal_of(collection->elf, direction, functions, direction->more,
				    &found.address);
	if (shape == TLS_CALL_NONE)
		return -ENOENT;
	r = collect_function(collection, &found, shape, reason);
	if (r == -ENOTSUP)
		r = collect_by_callers(collection, &found, shape, reason);
	return r == -ENOTSUP ? -ENOENT : r;
}

/* True if the function passes its plaintext on to another exported one of its direction. */
static bool is_wrapper(struct elf *elf, const struct direction *direction,
		       const struct function *functions, enum openssl_function which)
{
	const enum openssl_function others[] = {direction->plain, direction->ex, direction->more};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (others[i] < OPENSSL_FUNCTIONS && others[i] != which &&
		    functions[others[i]].address &&
		    function_called_by(elf, &functions[others[i]], &functions[which]))
			return true;
	}
	return false;
}

static int add_exported(struct collection *collection, const struct direction *direction,
			const struct function *functions, struct error *reason)
{
	const enum openssl_function list[] = {direction->plain, direction->ex, direction->more,
					      direction->early};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		const struct function *function;
		struct error why;
		int r;

		if (list[i] >= OPENSSL_FUNCTIONS || !functions[list[i]].address ||
		    is_wrapper(collection->elf, direction, functions, list[i]))
			continue;
		function = &functions[list[i]];
		r = collect_function(collection, function, direction->calls[list[i]], &why);
		if (!r)
			continue;
		if (r != -ENOTSUP || list[i] == direction->plain) {
			*reason = why;
			return r;
		}
		collect_missing(collection, function->name);
	}
	return 0;
}

static int add_direction(struct collection *collection, const struct direction *direction,
			 struct function *functions, struct error *reason)
{
	int r = add_internal(collection, direction, functions, reason);

	return r == -ENOENT ? add_exported(collection, direction, functions, reason) : r;
}

static int add_all(struct collection *collection, struct function *functions, struct error *reason)
{
	int r = add_direction(collection, &READING, functions, reason);

	return r ? r : add_direction(collection, &WRITING, functions, reason);
}

int openssl_find(struct elf *elf, struct sites *ret, struct error *reason)
{
	struct function functions[OPENSSL_FUNCTIONS] = {0};
	struct sites sites = {0};
	struct collection collection = {.elf = elf, .sites = &sites};
	int r;

	for (size_t i = 0; i < OPENSSL_FUNCTIONS; i++)
		functions[i].name = NAMES[i];
	functions_find(elf, functions, OPENSSL_FUNCTIONS);
	/* GnuTLS has a library of OpenSSL's names over its own, which are probed */
	if (!functions[SSL_READ].address || !functions[SSL_WRITE].address ||
	    functions[GNUTLS_RECORD_RECV].n_slots)
		return -ENOENT;
	sites.profile.library = TLS_LIBRARY_OPENSSL;
	sites.has_sendfile = functions[SSL_SENDFILE].address != 0;
	openssl_name(elf, sites.name, sizeof(sites.name));
	random_of_openssl(elf, &functions[SSL_GET_CLIENT_RANDOM], &functions[SSL_GET_SERVER_RANDOM],
			  &sites.profile);
	role_of_openssl(elf, &functions[SSL_IS_SERVER], &sites.profile);
	r = collect_all(&collection, add_all, functions, reason);
	if (r)
		return r;
	*ret = sites;
	return 0;
}
