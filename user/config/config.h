/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration file: YAML, read once, checked whole, immutable afterwards.
 *
 * Every refusal names file, line, key and what was expected, e.g.
 *   sliprobe.yaml:12: slos[0].objective: expected a percentage above 0 and below 100, got "100"
 */
#ifndef SLIPROBE_CONFIG_CONFIG_H
#define SLIPROBE_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slo/alerts.h"
#include "status.h"
#include "terms.h"

#define CONFIG_DEFAULT_SOCKET "/run/sliprobe/status.sock"

enum {
	CONFIG_MAX_BYTES = 4 << 20,
	CONFIG_MAX_SERVICES = 1024,
	CONFIG_MAX_ROUTES =
		1024, /* a service; the automaton limits what they cost together, see dfa.h */
	CONFIG_MAX_SLOS = 1024,
	CONFIG_MAX_SLOS_PER_SERVICE = 64,
	CONFIG_MAX_RECEIVERS = 64,
	CONFIG_MAX_NAME = 63, /* bytes of a service or SLO name */
	CONFIG_MAX_DESCRIPTION = 4200, /* bytes: 1050 characters, as in OpenSLO */
	CONFIG_MAX_LABELS = 16, /* of an SLO */
	CONFIG_MAX_LABEL_BYTES = 255, /* of a value */
	CONFIG_STATUS_WORDS = 10, /* bitmap over status codes 0 .. 639 */
	CONFIG_MAX_SAMPLE_HEADERS = 8,
	CONFIG_MAX_PROXIES = 64,
	CONFIG_MAX_VERSION_ENV = 6,
	CONFIG_MAX_VERSION_ENV_BYTES = 63,
	CONFIG_MAX_TLS_EXCLUDE = 64,
};

#define CONFIG_NETNS_HOST "host"
#define CONFIG_NETNS_ANY "any"

#define CONFIG_EVERY_SERVICE "*" /* of an SLO, in a service's place */
#define CONFIG_SERVICE_MARK "{service}" /* in the name of such an SLO */

struct config_match {
	uint16_t port; /* 0: any */
	char *process; /* glob on the process's name (comm of the thread group's leader), or NULL */
	char *exe; /* glob on the executable's absolute path, or NULL */
	char *user; /* a name or a number, or NULL: any */
	uint32_t uid; /* of that user */
	bool user_known; /* to this host, as its number or by name */
	char *netns; /* CONFIG_NETNS_HOST, CONFIG_NETNS_ANY, or a path; NULL: as `netns` of docs/configuration.md */
	char *unit; /* globs on the systemd unit, the cgroup's path, the container's id; NULL: any */
	char *cgroup;
	char *container;
};

/*
 * True if the service is named by what only the host's root decides: then it matches whatever its mounts are, and,
 * without `netns`, in any network namespace. Else in those that are the host's own.
 */
bool config_match_is_placed(const struct config_match *match);

/* The network namespaces that it matches in: never NULL. */
const char *config_match_netns(const struct config_match *match);

struct config_about {
	char *owner;
	char *purpose;
	char *importance; /* why it matters */
	char *mitigation;
	char *runbook;
};

struct config_service {
	char *name;
	struct config_match match;
	char **routes; /* templates as in match/pattern, each starts with '/' */
	size_t n_routes;
	struct config_about about;
	bool samples_off; /* no sample of its requests is taken */
	bool refused; /* while it is checked: it could not be read whole */
};

/* Whether a request whose client gave up is eligible; if it is, it is bad. */
enum config_client_abort {
	CLIENT_ABORT_IGNORE, /* never */
	CLIENT_ABORT_BAD, /* always */
	CLIENT_ABORT_LATE, /* if that took longer than the latency threshold; the default */
};

/* A label of the owner's choice. */
struct config_label {
	char *name; /* of a label in Prometheus; none that alerts or metrics of an SLO have already */
	char *value;
};

struct config_slo {
	char *file; /* the OpenSLO file that it is from; NULL: the main file */
	unsigned int line;
	char *name; /* unique; holds "{service}" if and only if service is "*" */
	char *description; /* what it means to its users; NULL if not given */
	struct config_label *labels;
	size_t n_labels;
	char *service; /* a service's name, or "*": for every service found on the host */
	double objective; /* ratio nearest to the written percentage, 0 < objective < 1 */
	/* rolling, 30 d if not given; calendar month: 31 d, the longest one */
	uint64_t window_seconds;
	bool calendar_month;
	char *time_zone; /* of the calendar month; "UTC" if not given; NULL unless calendar_month */
	/* budgeting: occurrences if slice_seconds is 0 */
	uint64_t slice_seconds;
	double slice_target; /* ratio */
	struct {
		char **routes; /* templates, each one of the service's routes or "_other"; none: all */
		size_t n_routes;
		uint32_t methods; /* bit per enum http_method; all bits if not given */
		char **exclude_paths; /* route templates */
		size_t n_exclude_paths;
		char **exclude_user_agents; /* globs */
		size_t n_exclude_user_agents;
		uint32_t exclude_methods; /* bits as in `methods`, which lose these */
		uint8_t client_abort; /* enum config_client_abort */
		/* CLIENT_ABORT_LATE: latency_ns; agent.unanswered_after_ns of an SLO without */
		uint64_t late_after_ns;
	} eligible;
	struct {
		uint64_t status
			[CONFIG_STATUS_WORDS]; /* bit s: status s is good; 100-499 if not given */
		/* bit per enum grpc_status that is good, if that of HTTP is; GRPC_GOOD if not given */
		uint32_t grpc_status;
		/* 0: no threshold; good is latency_of <= latency_ns; never above agent.unanswered_after_ns */
		uint64_t latency_ns;
		uint8_t latency_of; /* enum latency_of; total if not given; with latency_ns alone */
		uint64_t min_body_bytes; /* good is body >= min_body_bytes; "1k" is 1000 */
	} good;
	struct alert_rule *alerts; /* names are unique within the SLO */
	size_t n_alerts;
	bool refused; /* while it is checked: it could not be read whole */
};

enum config_receiver_kind {
	RECEIVER_ALERTMANAGER,
	RECEIVER_WEBHOOK,
	RECEIVER_COMMAND,
	RECEIVER_JOURNAL, /* one line on standard error */
	RECEIVER_KINDS,
};

struct config_receiver {
	enum config_receiver_kind kind;
	char *name; /* tells receivers at one address apart for people; or NULL */
	/*
	 * alertmanager (base, without /api/v2/alerts), webhook: given, or read from url_file. A secret: base/url
	 * says what may be shown. NULL also if the file cannot be read, which only a configuration may have that
	 * is read away from its host.
	 */
	char *url;
	char *url_file;
	bool exposed; /* others may read the file that it is configured in; */
	bool url_file_exposed; /* this one; */
	bool header_file_exposed; /* this one */
	bool header_file_missing; /* as url, if it is NULL */
	char **argv; /* command; not NULL-terminated */
	size_t n_argv;
	/* of a webhook: what is sent (config/body); NULL: the message as JSON */
	char *body;
	char *content_type; /* NULL: application/json */
	/* alertmanager, webhook: more of them, each "Name: value", first those given, then those of the file */
	char **headers;
	size_t n_headers;
	size_t n_headers_given;
	char *header_file;
	uint64_t timeout_ns; /* 10 s if not given */
	uint32_t severities; /* bit per enum alert_severity; page and ticket if not given */
};

/* Planned work: no notification is sent, or nothing is eligible, while it lasts. */
struct config_maintenance {
	char *name;
	char **services; /* all, if neither services nor SLOs are named */
	size_t n_services;
	char **slos;
	size_t n_slos;
	/* once: [start, end) in Unix seconds; weekly: from that weekday and minute of the day on */
	int64_t start_unix_seconds;
	int64_t end_unix_seconds;
	bool weekly;
	int weekday; /* 0: Sunday */
	int minute_of_day;
	char *time_zone; /* weekly; "UTC" if not given */
	uint64_t duration_seconds; /* weekly */
	bool exclude_eligible; /* `exclude: eligible`: its events are left out of the SLO, too */
	bool refused; /* while it is checked: it could not be read whole */
};

/* What is kept of a path that no template spells out. */
enum config_redact_paths {
	REDACT_PATHS_KEEP, /* all of it */
	REDACT_PATHS_MASK, /* `*` for each segment that the template of its route does not spell out */
	REDACT_PATHS_TEMPLATE, /* the template alone */
};

/* Which requests are kept as samples, and what of them. */
struct config_samples {
	bool off;
	uint64_t bad_per_second; /* of each SLO, at most; 0: none */
	uint64_t good_per_second; /* of each service, about; 0: none */
	uint64_t head_bytes; /* of a request's head: 0 to 1024 */
	char **headers; /* that are kept, in lower case; x-request-id if not given */
	size_t n_headers;
	bool headers_given;
	uint64_t keep_seconds;
	uint64_t keep_bytes;
	uint8_t redact_paths; /* enum config_redact_paths */
	char **redact_headers; /* `*` in place of their values, in lower case; user-agent and host, too */
	size_t n_redact_headers;
	bool redact_clients; /* the network of a client's address alone */
	char **trusted_proxies; /* networks as base/cidr reads them: what these say of the client is taken */
	size_t n_trusted_proxies;
	char **version_env; /* names in the environment of a process that have its version */
	size_t n_version_env;
};

/* Whose TLS is measured: docs/tls.md. */
enum config_tls_mode {
	CONFIG_TLS_OFF,
	CONFIG_TLS_SERVERS, /* of processes that listen: the default */
	CONFIG_TLS_ALL, /* of every process, before it has served */
};

struct config_tls {
	uint8_t mode; /* enum config_tls_mode */
	char **exclude; /* globs on executables' paths: nothing of such a process is probed */
	size_t n_exclude;
};

struct config_agent {
	char *socket;
	char *state_dir;
	char *admin_group; /* may change what the agent does, besides root; NULL: nobody else */
	char *metrics_listen; /* of a TCP listener, as base/address reads it; NULL: none */
	char *page_listen; /* likewise, for the page */
	char *page_hosts; /* names that it is asked under, with spaces between them; NULL: none */
	bool page_listen_anywhere; /* beyond the host itself */
	uint64_t interval_ns;
	uint64_t unanswered_after_ns;
};

struct config {
	char *file; /* as given, or "(built-in)" */
	struct config_agent agent;
	struct config_service *services;
	size_t n_services;
	struct config_slo *slos;
	size_t n_slos;
	char **slo_files; /* globs of OpenSLO files, whose SLOs are in slos, too */
	size_t n_slo_files;
	struct config_receiver *receivers; /* notify: */
	size_t n_receivers;
	uint64_t remind_seconds; /* alerting.remind, 4 h if not given; 0: never (`never`) */
	struct config_maintenance *maintenance;
	size_t n_maintenance;
	struct config_samples samples;
	struct config_tls tls;
	/* one sentence for each setting that is valid and has no effect, or is not wise */
	char **warnings;
	size_t n_warnings;
};

void config_clear(struct config *config);

/* "late", "bad", "ignore" */
const char *config_client_abort_name(enum config_client_abort client_abort);

/* "keep", "mask", "template" */
const char *config_redact_paths_name(enum config_redact_paths paths);

/* "off", "servers", "all" */
const char *config_tls_mode_name(enum config_tls_mode mode);

/* "alertmanager", "webhook", "command", "journal" */
const char *config_receiver_kind_name(enum config_receiver_kind kind);

void config_slo_clear(struct config_slo *slo);
void config_receiver_clear(struct config_receiver *receiver);

/* True if both have one address: kind, URL (or the file that it could not be read from) and command. */
bool config_receiver_is_same(const struct config_receiver *a, const struct config_receiver *b);

/* True if it has a URL whose path and query may be secret: that of an Alertmanager has only user and password. */
bool config_receiver_has_secret_url(const struct config_receiver *receiver);

/* The configured service of that name, or NULL. */
const struct config_service *config_service_named(const struct config *config, const char *name);

/* Adds to config->warnings. Returns 0 or -ENOMEM. */
int config_warn(struct config *config, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Whether a complete request of that status (status.h) can be good; false for a status of HTTP that the bitmap has no
 * bit of, and for one that is not known. Of a class: whether one of its statuses can.
 */
bool config_slo_status_is_good(const struct config_slo *slo, unsigned int status);
/*
 * The first run of good statuses of HTTP from `from` on: *ret_first to *ret_last. Returns false if there is none, and
 * then writes nothing. The next run is found from *ret_last + 1 on.
 */
bool config_slo_good_run(const struct config_slo *slo, unsigned int from, unsigned int *ret_first,
			 unsigned int *ret_last);

/* True if the SLO is for every service found: its service is "*". */
bool config_slo_is_wildcard(const struct config_slo *slo);

/*
 * The name that an SLO has for a service: `name` is the configured one, in which {service} is
 * replaced. slo_name_write() cuts it to `size` bytes with the end; slo_name_for() returns it to be
 * freed, or NULL when out of memory.
 */
void slo_name_write(const char *name, const char *service, char *ret_text, size_t size);
char *slo_name_for(const char *name, const char *service);

/* True if an SLO configured as `pattern` has this name, as configured or for some service. */
bool config_slo_is_named(const char *pattern, const char *name);

/* The SLO that has this name, as configured or for some service; NULL if none has. */
const struct config_slo *config_find_slo(const struct config *config, const char *name);

#endif
