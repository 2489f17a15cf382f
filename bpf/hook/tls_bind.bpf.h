/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which connection a library's object is of, by evidence: the random of the ClientHello is in the object, and was seen
 * on the socket in clear. Else it is a socket that an operation inside of the object's own call was on, if nothing
 * says otherwise. It is never the last socket of the thread.
 *
 * What is found is remembered by the object's address, with the random that it had. Each call reads that again: memory
 * that was freed and given to another connection's object has another one.
 */
#ifndef SLIPROBE_HOOK_TLS_BIND_BPF_H
#define SLIPROBE_HOOK_TLS_BIND_BPF_H

#include "abi/tls.h"
#include "hook/tls_call.bpf.h"
#include "hook/tls_objects.bpf.h"
#include "kernel/helpers.bpf.h"
#include "protocol/tls_conns.bpf.h"

/* Written before a file is probed. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TLS_PROFILES_MAX);
	__type(key, __u32);
	__type(value, struct tls_profile);
} tls_profiles SEC(".maps");

union tls_random_words {
	struct tls_random_key key;
	__u64 words[TLS_RANDOM_BYTES / 8];
};

enum {
	TLS_RANDOM_LAST =
		TLS_RANDOM_BYTES / 8 - 1, /* the words that clients put a time into come first */
};

/* Reads the object's random. Returns false if it cannot be known, or there is none yet. */
static __always_inline bool tls_read_random(const struct tls_profile *profile, __u64 object,
					    union tls_random_words *ret)
{
	__u64 at = object;

	if (!profile->has_random)
		return false;
	if (profile->random_in != TLS_RANDOM_DIRECT &&
	    bpf_probe_read_user(&at, sizeof(at), (void *)(object + profile->random_in)))
		return false;
	if (bpf_probe_read_user(ret, sizeof(*ret), (void *)(at + profile->random_at)))
		return false;
	return ret->words[TLS_RANDOM_LAST];
}

/* Of a server that runs here and of its client, both objects have the same random. */
static __always_inline bool tls_is_client(const struct tls_profile *profile, __u64 object)
{
	__u8 bits = 0;

	return profile->server_bits &&
	       !bpf_probe_read_user(&bits, sizeof(bits), (void *)(object + profile->server_at)) &&
	       !(bits & profile->server_bits);
}

static __always_inline bool tls_is_own_random(const struct tls_conn *tls,
					      const union tls_random_words *random)
{
	const __u64 *own = (const __u64 *)tls->client_random;

	return own[0] == random->words[0] && own[1] == random->words[1] &&
	       own[2] == random->words[2] && own[3] == random->words[3];
}

/* The object is in the role of the connection's end that the socket is, as far as that is known. */
static __always_inline bool tls_is_own_role(const struct tls_conn *tls,
					    const struct tls_profile *profile,
					    const struct tls_entered *call)
{
	return profile->server_bits || call->nested == tls->conn.open.origin.id ||
	       tls->tgid == (__u32)(bpf_get_current_pid_tgid() >> 32);
}

/*
 * An operation on the socket of `tls` was nested in the object's call: whether that shows that the object is its. A
 * connection whose ClientHello was seen has an object with that random, or with the one of a renegotiation, which
 * nobody else sees; one of which it was not seen has the first object that shows it.
 */
static __always_inline bool tls_is_shown(struct tls_conn *tls, const union tls_random_words *random,
					 bool was_its)
{
	__u64 last = random->words[TLS_RANDOM_LAST];

	if (tls->hello_seen)
		return !last || was_its || tls_is_own_random(tls, random);
	if (!was_its && tls->object_random && tls->object_random != last)
		return false;
	tls->object_random = last;
	return true;
}

/*
 * The cookie of the socket of the call's object; 0: it is of none that is measured, or there is no evidence. Not
 * inlined: its stack is not its callers'.
 */
static __noinline __u64 tls_bind(struct tls_entered *call, struct tls_profile *profile)
{
	struct tls_object_key key = {.object = call->object};
	union tls_random_words random = {};
	struct tls_object object = {};
	struct tls_object *known;
	void *objects;
	struct tls_conn *tls;
	bool same, has_random;

	if (!call->object)
		return 0;
	has_random = tls_read_random(profile, call->object, &random);
	if (profile->has_random && !has_random)
		return 0;
	key.tgid = bpf_get_current_pid_tgid() >> 32;
	object.random = random.words[TLS_RANDOM_LAST];
	objects = tls_objects_made();
	if (!objects)
		return 0;
	known = bpf_map_lookup_elem(objects, &key);
	same = known && known->random == object.random;
	if (same && has_random && (!call->nested || call->nested == known->cookie))
		return known->cookie;
	if (tls_is_client(profile, call->object)) {
		if (!same)
			bpf_map_update_elem(objects, &key, &object, BPF_ANY);
		return 0;
	}
	if (!same && has_random) {
		object.cookie = tls_find_random(&random.key);
		tls = object.cookie ? tls_find(object.cookie) : NULL;
		if (tls && !tls_is_own_role(tls, profile, call))
			object.cookie = 0;
	}
	if (same && (has_random || !call->nested))
		object.cookie = known->cookie;
	if (!object.cookie && call->nested) {
		tls = tls_find(call->nested);
		if (tls && tls_is_shown(tls, &random, known && known->cookie == call->nested))
			object.cookie = call->nested;
	}
	if (!same || known->cookie != object.cookie)
		bpf_map_update_elem(objects, &key, &object, BPF_ANY);
	return object.cookie;
}

#endif
