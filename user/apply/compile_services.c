/* SPDX-License-Identifier: GPL-2.0-only */
#include "apply/compile_services.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

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

static bool port_fits(const struct config_match *match, size_t number, const void *port)
{
	(void)number;
	return !match->port || match->port == *(const __u16 *)port;
}

static int compile_ports(struct compiler *c)
{
	__u16 none = 0;
	int r = add_set(c, port_fits, &none, &c->out.live.any_port);

	for (size_t s = 0; !r && s < c->config->n_services; s++) {
		__u16 port = c->config->services[s].match.port;
		bool known = !port;

		for (size_t i = 0; i < c->out.n_ports; i++)
			known = known || c->out.ports[i].port == port;
		if (known)
			continue;
		r = compiler_grow(&c->out.ports, &c->out.n_ports, 1, sizeof(*c->out.ports));
		if (r)
			return r;
		c->out.ports[c->out.n_ports - 1].port = port;
		r = add_set(c, port_fits, &port, &c->out.ports[c->out.n_ports - 1].set);
	}
	return r;
}

/* Chooses the services whose glob on one property is matched, and those that have no such glob. */
struct glob_fit {
	char *const *(*glob)(const struct config_match *match);
	const struct automaton *automaton;
	__u32 set;
};

static char *const *glob_process(const struct config_match *match)
{
	return &match->process;
}

static char *const *glob_exe(const struct config_match *match)
{
	return &match->exe;
}

static bool glob_fits(const struct config_match *match, size_t number, const void *argument)
{
	const struct glob_fit *fit = argument;

	if (!*fit->glob(match))
		return true;
	return fit->automaton && automaton_set_has(fit->automaton, fit->set, number);
}

static int compile_globs(struct compiler *c, struct glob_fit fit, const char *what,
			 __u32 *ret_start, __u32 *ret_any)
{
	size_t n = c->config->n_services;
	_cleanup_free_ struct pattern *patterns = calloc(n ?: 1, sizeof(*patterns));
	_cleanup_(automaton_clear) struct automaton automaton = {};
	__u32 first_accept;
	bool any = false;
	int r;

	r = add_set(c, glob_fits, &fit, ret_any);
	if (r)
		return r;
	if (!patterns)
		return -ENOMEM;
	/* one pattern a service, in its place; where there is no glob, one that matches nothing */
	for (size_t s = 0; s < n; s++) {
		char *glob = *fit.glob(&c->config->services[s].match);

		any = any || glob;
		patterns[s] = (struct pattern){glob ?: "", PATTERN_GLOB, 0};
	}
	*ret_start = DFA_DEAD;
	if (!any)
		return 0;
	r = compiler_match(c, patterns, n, what, "all services", &automaton);
	if (r)
		return r;
	r = compiler_append(c, &automaton, ret_start, &first_accept);
	fit.automaton = &automaton;
	for (fit.set = 1; !r && fit.set < automaton.n_sets; fit.set++)
		r = add_set(c, glob_fits, &fit, &c->out.accepts[first_accept + fit.set - 1].value);
	return r;
}

int compile_services(struct compiler *c)
{
	int r = compile_ports(c);

	r = r	  ?:
		    compile_globs(c, (struct glob_fit){.glob = glob_process}, "match.process",
				  &c->out.live.process_start, &c->out.live.any_process);
	return r     ?:
		       compile_globs(c, (struct glob_fit){.glob = glob_exe}, "match.exe",
				     &c->out.live.exe_start, &c->out.live.any_exe);
}
