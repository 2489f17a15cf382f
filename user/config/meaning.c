/* SPDX-License-Identifier: GPL-2.0-only */
/* Warns of what is valid, and can hardly be meant. */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/term_names.h"
#include "config/check.h"
#include "match/pattern.h"

/* An objective below this is taken for a ratio that was written for a percentage. */
#define RATIO_LIKE_PERCENT 1

__attribute__((format(printf, 4, 5))) static int warn_at(struct document *doc,
							 struct config *config, const char *path,
							 const char *format, ...)
{
	const yaml_node_t *node = document_find(doc, path);
	char text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!node)
		return config_warn(config, "%s: %s", path, text);
	return config_warn(config, "%s:%zu: %s: %s", doc->file, node->start_mark.line + 1, path,
			   text);
}

/* Of an SLO's key, in the main file or in the OpenSLO file that the SLO is from. */
__attribute__((format(printf, 5, 6))) static int warn_slo(struct document *doc,
							  struct config *config, size_t i,
							  const char *key, const char *format, ...)
{
	const struct config_slo *slo = &config->slos[i];
	char path[DOCUMENT_PATH_BYTES], text[400];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!slo->file)
		return warn_at(doc, config, PATH("slos[%zu].%s", i, key), "%s", text);
	return config_warn(config, "%s:%u: SLO \"%s\": %s: %s", slo->file, slo->line, slo->name,
			   key, text);
}

/* ---- templates ---- */

/* Why a template may not mean what its text says, or NULL. */
static const char *odd_template(const char *template)
{
	if (strstr(template, "/:"))
		return "\":name\" is taken literally: write * or {name} for one segment";
	if (strpbrk(template, "^$()[]\\|") || strstr(template, "/.*"))
		return "this is no regular expression: * stands for one segment, ** for the rest";
	return NULL;
}

/* ---- services ---- */

/* Whatever fits the later glob fits the earlier one; false also where that is hard to tell. */
static bool glob_covers(const char *earlier, const char *later)
{
	if (!earlier)
		return true;
	/* even * covers nothing that may lack the text: a process of no unit, or of no known path */
	if (!later)
		return false;
	if (!strcmp(earlier, later) || !strcmp(earlier, "*"))
		return true;
	/* a bracket is nothing special here, but it is to fnmatch() */
	return !strpbrk(later, "*?") && !strchr(earlier, '[') &&
	       !fnmatch(earlier, later, FNM_NOESCAPE);
}

static bool match_covers(const struct config_match *earlier, const struct config_match *later)
{
	const char *netns = config_match_netns(earlier);

	return (!earlier->port || earlier->port == later->port) &&
	       glob_covers(earlier->process, later->process ?: "") &&
	       glob_covers(earlier->exe, later->exe) &&
	       (!earlier->user || (later->user && !strcmp(earlier->user, later->user))) &&
	       (!strcmp(netns, CONFIG_NETNS_ANY) || !strcmp(netns, config_match_netns(later))) &&
	       (config_match_is_placed(earlier) || !config_match_is_placed(later)) &&
	       glob_covers(earlier->unit, later->unit) &&
	       glob_covers(earlier->cgroup, later->cgroup) &&
	       glob_covers(earlier->container, later->container);
}

static int warn_of_hidden_service(struct document *doc, struct config *config, size_t i)
{
	char path[DOCUMENT_PATH_BYTES];

	for (size_t j = 0; j < i; j++) {
		if (match_covers(&config->services[j].match, &config->services[i].match))
			return warn_at(doc, config, PATH("services[%zu].match", i),
				       "service \"%s\" gets no request: whatever it matches is "
				       "service \"%s\" already, which stands before it",
				       config->services[i].name, config->services[j].name);
	}
	return 0;
}

static int warn_of_service(struct document *doc, struct config *config, size_t i)
{
	const struct config_service *service = &config->services[i];
	char path[DOCUMENT_PATH_BYTES];
	int r = warn_of_hidden_service(doc, config, i);

	if (!r && service->match.user && !service->match.user_known)
		r = warn_at(doc, config, PATH("services[%zu].match.user", i),
			    "no user \"%s\" is known here: the service gets no request",
			    service->match.user);

	for (size_t k = 0; k < service->n_routes && !r; k++) {
		const char *why = odd_template(service->routes[k]);

		if (why)
			r = warn_at(doc, config, PATH("services[%zu].routes[%zu]", i, k), "%s",
				    why);
	}
	return r;
}

/* ---- SLOs ---- */

static int warn_of_objective(struct document *doc, struct config *config, size_t i)
{
	const double percent = config->slos[i].objective * 100;

	if (percent >= RATIO_LIKE_PERCENT)
		return 0;
	return warn_slo(doc, config, i, "objective",
			"%.6g is %.6g %%, so that nearly all requests may fail: was %.6g meant?",
			percent, percent, percent * 100);
}

static int warn_of_good_errors(struct document *doc, struct config *config, size_t i)
{
	enum { FIRST_SERVER_ERROR = 500, LAST_STATUS = 599 };

	for (unsigned int s = FIRST_SERVER_ERROR; s <= LAST_STATUS; s++) {
		if (config_slo_status_is_good(&config->slos[i], s))
			return warn_slo(doc, config, i, "good.status",
					"a server's error (%u) counts as good", s);
	}
	return 0;
}

/* As a server's error of HTTP; and a list of what is bad, where one of what is good is asked for. */
static int warn_of_good_grpc(struct document *doc, struct config *config, size_t i)
{
	const uint32_t good = config->slos[i].good.grpc_status, failures = good & GRPC_FAILURES;

	if (!(good >> GRPC_OK & 1))
		return warn_slo(doc, config, i, "good.grpc_status",
				"OK is not among the statuses that are good: no gRPC request that "
				"succeeds is good");
	if (failures)
		return warn_slo(doc, config, i, "good.grpc_status",
				"a server's error (%s) counts as good",
				grpc_status_name((enum grpc_status)__builtin_ctz(failures)));
	return 0;
}

/* An excluded path takes nothing out if no eligible route can have it. */
static bool excludes_nothing(const struct config_slo *slo, const char *path)
{
	for (size_t k = 0; k < slo->eligible.n_routes; k++) {
		/* _other is any path that no route has */
		if (slo->eligible.routes[k][0] != '/' ||
		    route_may_overlap(slo->eligible.routes[k], path))
			return false;
	}
	return slo->eligible.n_routes > 0;
}

static int warn_of_exclusion(struct document *doc, struct config *config, size_t i, size_t p)
{
	const struct config_slo *slo = &config->slos[i];
	const char *excluded = slo->eligible.exclude_paths[p], *why = odd_template(excluded);
	char key[64];

	snprintf(key, sizeof(key), "eligible.exclude.paths[%zu]", p);
	if (why)
		return warn_slo(doc, config, i, key, "%s", why);
	if (excludes_nothing(slo, excluded))
		return warn_slo(doc, config, i, key,
				"\"%.100s\" is on none of the eligible routes: nothing is excluded",
				excluded);
	return 0;
}

static int warn_of_slo(struct document *doc, struct config *config, size_t i)
{
	int r = warn_of_objective(doc, config, i);

	r = r ?: warn_of_good_errors(doc, config, i);
	r = r ?: warn_of_good_grpc(doc, config, i);
	for (size_t p = 0; p < config->slos[i].eligible.n_exclude_paths && !r; p++)
		r = warn_of_exclusion(doc, config, i, p);
	return r;
}

/* ---- receivers ---- */

#define READERS "others than root and the group sliprobe"

/* Of a secret in the configuration itself. */
static int warn_of_exposed(struct document *doc, struct config *config, size_t i, const char *key,
			   const char *file_key)
{
	const struct config_receiver *receiver = &config->receivers[i];
	char path[DOCUMENT_PATH_BYTES];

	return warn_at(doc, config,
		       PATH("notify[%zu].%s.%s", i, config_receiver_kind_name(receiver->kind), key),
		       "a secret that " READERS " may read: chmod the file 0640, or put the secret "
		       "into one of its own (%s)",
		       file_key);
}

/* Of a file that a secret is in. */
static int warn_of_file(struct document *doc, struct config *config, size_t i, const char *key,
			const char *file, bool exposed, bool missing)
{
	const struct config_receiver *receiver = &config->receivers[i];
	char path[DOCUMENT_PATH_BYTES];

	snprintf(path, sizeof(path), "notify[%zu].%s.%s", i,
		 config_receiver_kind_name(receiver->kind), key);
	if (missing)
		return warn_at(doc, config, path,
			       "%.200s cannot be opened here, so that what is in it is not checked",
			       file);
	if (exposed)
		return warn_at(doc, config, path,
			       "%.200s holds a secret that " READERS " may read: chmod it 0640",
			       file);
	return 0;
}

static int warn_of_secrets(struct document *doc, struct config *config, size_t i)
{
	const struct config_receiver *receiver = &config->receivers[i];
	int r = 0;

	if (receiver->exposed && !receiver->url_file && config_receiver_has_secret_url(receiver))
		r = warn_of_exposed(doc, config, i, "url", "url_file");
	if (!r && receiver->exposed && receiver->n_headers_given)
		r = warn_of_exposed(doc, config, i, "headers", "header_file");
	if (!r && receiver->url_file)
		r = warn_of_file(doc, config, i, "url_file", receiver->url_file,
				 receiver->url_file_exposed, !receiver->url);
	if (!r && receiver->header_file)
		r = warn_of_file(doc, config, i, "header_file", receiver->header_file,
				 receiver->header_file_exposed, receiver->header_file_missing);
	return r;
}

static int warn_of_command(struct document *doc, struct config *config, size_t i)
{
	const struct config_receiver *receiver = &config->receivers[i];
	char path[DOCUMENT_PATH_BYTES];

	if (receiver->kind != RECEIVER_COMMAND || !access(receiver->argv[0], X_OK))
		return 0;
	return warn_at(doc, config, PATH("notify[%zu].command.argv[0]", i),
		       "%.200s cannot be run here: %s", receiver->argv[0], strerror(errno));
}

int config_check_meaning(struct document *doc, struct config *config)
{
	int r = 0;

	for (size_t i = 0; i < config->n_services && !r; i++)
		r = warn_of_service(doc, config, i);
	for (size_t i = 0; i < config->n_slos && !r; i++)
		r = warn_of_slo(doc, config, i);
	for (size_t i = 0; i < config->n_receivers && !r; i++)
		r = warn_of_command(doc, config, i) ?: warn_of_secrets(doc, config, i);
	return r;
}
