/* SPDX-License-Identifier: GPL-2.0-only */
#include "apply/compile_services.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

static void set_add(struct service_set *set, size_t service)
{
	set->words[service / 64] |= 1ULL << (service % 64);
}

/* True if the service, whose index is `number`, belongs in a set. */
typedef bool (*wanted_fn)(const struct config_match *match, size_t number, const void *argument);

/* Appends the set of the services that are wanted; *ret is the set's absolute number. */
static int add_set(struct compiler *c, wanted_fn wanted, const void *argument, __u32 *ret)
{
	int r = compiler_grow(&c->out.sets, &c->out.n_sets, 1, sizeof(*c->out.sets));

	if (r)
		return r;
	for (size_t s = 0; s < c->config->n_services; s++) {
		if (wanted(&c->config->services[s].match, s, argument))
			set_add(&c->out.sets[c->out.n_sets - 1], s);
	}
	*ret = c->region.sets + c->out.n_sets - 1;
	return 0;
}

/* ---- numbers ---- */

#define NO_NUMBER (~0ULL) /* none has it: a user that is not known is nobody, not root */

/* A number that services may be matched by; the argument of wanted_fn. */
struct number {
	enum fact_kind kind;
	__u64 value;
};

static bool number_of(const struct config_match *match, enum fact_kind kind, __u64 *ret)
{
	if (kind == FACT_PORT) {
		*ret = match->port;
		return match->port != 0;
	}
	*ret = match->user_known ? match->uid : NO_NUMBER;
	return match->user != NULL;
}

static bool number_fits(const struct config_match *match, size_t number, const void *argument)
{
	const struct number *wanted = argument;
	__u64 own;

	(void)number;
	if (!number_of(match, wanted->kind, &own))
		return true;
	return wanted->value != NO_NUMBER && own == wanted->value;
}

static bool knows_fact(const struct compiler *c, const struct tables_fact *fact)
{
	for (size_t i = 0; i < c->out.n_facts; i++) {
		if (c->out.facts[i].kind == fact->kind &&
		    c->out.facts[i].value.ino == fact->value.ino)
			return true;
	}
	return false;
}

/* Sets for each number that a service has, and *ret_any for all others. */
static int compile_numbers(struct compiler *c, enum fact_kind kind, __u32 *ret_any)
{
	const struct number none = {kind, NO_NUMBER};
	int r = add_set(c, number_fits, &none, ret_any);

	for (size_t s = 0; !r && s < c->config->n_services; s++) {
		const struct config_match *match = &c->config->services[s].match;
		struct number number = {.kind = kind};
		struct tables_fact fact = {.kind = kind};

		if (!number_of(match, kind, &number.value) || number.value == NO_NUMBER)
			continue;
		fact.value.ino = number.value;
		if (knows_fact(c, &fact))
			continue;
		r = add_set(c, number_fits, &number, &fact.set);
		r = r ?: compiler_grow(&c->out.facts, &c->out.n_facts, 1, sizeof(*c->out.facts));
		if (!r)
			c->out.facts[c->out.n_facts - 1] = fact;
	}
	return r;
}

/* ---- what is looked up on the host ---- */

/* The services of a lookup; the argument of wanted_fn. */
struct place {
	enum fact_kind kind;
	const char *path; /* NULL: the host's own network namespace */
};

/* Whatever the network namespace is. */
static bool any_netns_fits(const struct config_match *match, size_t number, const void *argument)
{
	(void)number;
	(void)argument;
	return !strcmp(config_match_netns(match), CONFIG_NETNS_ANY);
}

/* The path at which a service's fact is looked up; "" for the host's own, NULL for none. */
static const char *lookup_path(const struct config_match *match, enum fact_kind kind)
{
	if (kind == FACT_FILE)
		return match->exe && !strpbrk(match->exe, "*?") ? match->exe : NULL;
	if (any_netns_fits(match, 0, NULL))
		return NULL;
	return match->netns && strcmp(match->netns, CONFIG_NETNS_HOST) != 0 ? match->netns : "";
}

static bool place_fits(const struct config_match *match, size_t number, const void *argument)
{
	const struct place *place = argument;
	const char *path = lookup_path(match, place->kind);

	(void)number;
	if (place->kind == FACT_NETNS && any_netns_fits(match, number, NULL))
		return true;
	return path && !strcmp(path, place->path ?: "");
}

static int add_lookup(struct compiler *c, enum fact_kind kind, const char *path, int host)
{
	const struct place place = {kind, path};
	struct tables_lookup lookup = {.kind = kind, .host = host};
	int r = add_set(c, place_fits, &place, &lookup.set);

	r = r ?: compiler_grow(&c->out.lookups, &c->out.n_lookups, 1, sizeof(*c->out.lookups));
	if (r)
		return r;
	lookup.services = c->out.sets[c->out.n_sets - 1];
	lookup.path = path ? strdup(path) : NULL;
	c->out.lookups[c->out.n_lookups - 1] = lookup;
	return !path || lookup.path ? 0 : -ENOMEM;
}

static bool knows_lookup(const struct compiler *c, enum fact_kind kind, const char *path)
{
	for (size_t i = 0; i < c->out.n_lookups; i++) {
		const struct tables_lookup *lookup = &c->out.lookups[i];

		if (lookup->kind == kind && lookup->path && !strcmp(lookup->path, path))
			return true;
	}
	return false;
}

static int compile_lookups(struct compiler *c, enum fact_kind kind)
{
	int r = 0;

	for (size_t s = 0; !r && s < c->config->n_services; s++) {
		const char *path = lookup_path(&c->config->services[s].match, kind);

		if (path && *path && !knows_lookup(c, kind, path))
			r = add_lookup(c, kind, path, 0);
	}
	return r;
}

static int compile_netns(struct compiler *c)
{
	int r = add_set(c, any_netns_fits, NULL, &c->out.live.any_netns);

	for (int host = 0; !r && host < 2; host++)
		r = add_lookup(c, FACT_NETNS, NULL, host);
	return r ?: compile_lookups(c, FACT_NETNS);
}

/* ---- mounts ---- */

static bool any_mounts_fit(const struct config_match *match, size_t number, const void *argument)
{
	(void)number;
	(void)argument;
	return config_match_is_placed(match);
}

static bool any_exe_mounts_fit(const struct config_match *match, size_t number,
			       const void *argument)
{
	return !match->exe || any_mounts_fit(match, number, argument);
}

static bool any_exe_file_fits(const struct config_match *match, size_t number, const void *argument)
{
	(void)number;
	(void)argument;
	return !lookup_path(match, FACT_FILE) || config_match_is_placed(match);
}

static int compile_mounts(struct compiler *c)
{
	int r = add_set(c, any_mounts_fit, NULL, &c->out.live.any_mounts);

	r = r ?: add_set(c, any_exe_mounts_fit, NULL, &c->out.live.any_exe_mounts);
	return r ?: add_set(c, any_exe_file_fits, NULL, &c->out.live.any_exe_file);
}

/* ---- texts ---- */

static const struct {
	size_t offset; /* of a glob in struct config_match */
	const char *name;
} texts[SERVICE_TEXTS] = {
	[TEXT_PROCESS] = {offsetof(struct config_match, process), "match.process"},
	[TEXT_EXE] = {offsetof(struct config_match, exe), "match.exe"},
	[TEXT_CGROUP] = {offsetof(struct config_match, cgroup), "match.cgroup"},
	[TEXT_UNIT] = {offsetof(struct config_match, unit), "match.unit"},
	[TEXT_CONTAINER] = {offsetof(struct config_match, container), "match.container"},
};

static const char *glob_of(const struct config_match *match, enum service_text text)
{
	return *(char *const *)((const char *)match + texts[text].offset);
}

/* Chooses the services whose glob on one text is matched, and those that have no such glob. */
struct glob_fit {
	enum service_text text;
	const struct automaton *automaton;
	__u32 set;
};

static bool glob_fits(const struct config_match *match, size_t number, const void *argument)
{
	const struct glob_fit *fit = argument;

	if (!glob_of(match, fit->text))
		return true;
	return fit->automaton && automaton_set_has(fit->automaton, fit->set, number);
}

static int compile_text(struct compiler *c, enum service_text text)
{
	size_t n = c->config->n_services;
	_cleanup_free_ struct pattern *patterns = calloc(n ?: 1, sizeof(*patterns));
	_cleanup_(automaton_clear) struct automaton automaton = {};
	struct glob_fit fit = {.text = text};
	__u32 *start = &c->out.live.text_start[text];
	__u32 first_accept;
	bool any = false;
	int r;

	r = add_set(c, glob_fits, &fit, &c->out.live.any_text[text]);
	if (r)
		return r;
	if (!patterns)
		return -ENOMEM;
	/* one pattern a service, in its place; where there is no glob, one that matches nothing */
	for (size_t s = 0; s < n; s++) {
		const char *glob = glob_of(&c->config->services[s].match, text);

		any = any || glob;
		patterns[s] = (struct pattern){glob ?: "", PATTERN_GLOB, 0};
	}
	*start = DFA_DEAD;
	if (!any)
		return 0;
	r = compiler_match(c, patterns, n, texts[text].name, "all services", &automaton);
	if (r)
		return r;
	r = compiler_append(c, &automaton, start, &first_accept);
	fit.automaton = &automaton;
	for (fit.set = 1; !r && fit.set < automaton.n_sets; fit.set++)
		r = add_set(c, glob_fits, &fit, &c->out.accepts[first_accept + fit.set - 1].value);
	return r;
}

int compile_services(struct compiler *c)
{
	int r = compile_numbers(c, FACT_PORT, &c->out.live.any_port);

	r = r ?: compile_numbers(c, FACT_USER, &c->out.live.any_user);
	r = r ?: compile_netns(c);
	r = r ?: compile_lookups(c, FACT_FILE);
	r = r ?: compile_mounts(c);
	for (enum service_text text = 0; !r && text < SERVICE_TEXTS; text++)
		r = compile_text(c, text);
	return r;
}
