/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * slictl: the human face of the agent's status socket.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "ctl_backtest.h"
#include "ctl_client.h"
#include "ctl_export.h"
#include "ctl_format.h"
#include "ctl_views.h"
#include "support.h"

struct command {
	const char *name;
	const char *argument; /* name of its one argument, or NULL */
	const char *help;
	int (*run)(const struct ctl *ctl, const char *argument);
	/* instead, for a command with options of its own; argv[0] is its name */
	int (*run_options)(const struct ctl *ctl, int argc, char **argv);
};

typedef int view_fn(const json_t *json, bool colour, FILE *out);

/* Fetches one address and shows it: as it is with --json, else through `view`. */
static int show(const struct ctl *ctl, const char *path, const char *name, view_fn *view)
{
	_cleanup_free_ char *body = NULL;
	_cleanup_json_ json_t *json = NULL;
	size_t len = 0;
	int r = ctl_get(ctl, path, name, &body, &len);

	if (r != CTL_DONE)
		return r;
	if (ctl->json) {
		fwrite(body, 1, len, ctl->out);
		return CTL_DONE;
	}
	json = json_loadb(body, len, 0, NULL);
	r = json ? view(json, ctl->colour, ctl->out) : -EINVAL;
	if (r < 0) {
		fprintf(ctl->err, "slictl: %s\n",
			r == -ENOMEM ? "out of memory" : "the agent's answer is not understood");
		return CTL_CANNOT_TELL;
	}
	return CTL_DONE;
}

static int run_status(const struct ctl *ctl, const char *argument)
{
	(void)argument;
	return show(ctl, "/v1/status", NULL, ctl_view_status);
}

static int run_services(const struct ctl *ctl, const char *argument)
{
	(void)argument;
	return show(ctl, "/v1/services", NULL, ctl_view_services);
}

static int run_slo(const struct ctl *ctl, const char *name)
{
	return show(ctl, "/v1/slos/", name, ctl_view_slo);
}

static int run_support(const struct ctl *ctl, const char *argument)
{
	int r = support_print(ctl->out, ctl->json);

	(void)argument;
	if (r < 0) {
		fprintf(ctl->err, "slictl: cannot find out what this kernel supports: %s\n",
			strerror(-r));
		return CTL_CANNOT_TELL;
	}
	return r ? CTL_NO : CTL_DONE;
}

static const struct command commands[] = {
	{"status", NULL, "availability, error budget and burn of every SLO, and blind spots",
	 run_status, NULL},
	{"services", NULL, "what was found: process, port, routes with rate, errors, latency",
	 run_services, NULL},
	{"slo", "NAME", "everything about one SLO", run_slo, NULL},
	{"check", "FILE", "check a configuration file as the agent would", ctl_check, NULL},
	{"backtest", "...", "what an SLO's alerts would have done: see slictl backtest --help",
	 NULL, ctl_backtest},
	{"export", "FORMAT", "the SLOs as Prometheus rules or OpenSLO: see slictl export --help",
	 NULL, ctl_export},
	{"support", NULL, "what this kernel offers, and which hooks the agent would use",
	 run_support, NULL},
};

static void usage(FILE *out)
{
	fprintf(out, "usage: slictl [--socket PATH] [--json] COMMAND\n\n");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const struct command *command = &commands[i];

		fprintf(out, "  %-8s %-5s %s\n", command->name,
			command->argument ? command->argument : "", command->help);
	}
	fprintf(out,
		"\n"
		"  --socket PATH  the agent's socket (default: " CTL_DEFAULT_SOCKET ")\n"
		"  --json         for machines: the answer as JSON\n"
		"  --help, --version\n"
		"\n"
		"Exit status: 0 done, 1 the answer is no, 2 usage or cannot tell, 3 no agent.\n");
}

static int usage_error(const char *what, const char *which)
{
	fprintf(stderr, "slictl: %s", what);
	if (which) {
		fprintf(stderr, ": ");
		ctl_write_safe(which, stderr);
	}
	fprintf(stderr, "; see slictl --help\n");
	return CTL_CANNOT_TELL;
}

static int run(const struct ctl *ctl, int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const struct command *command = &commands[i];
		char **rest = argv + 1;

		if (strcmp(command->name, argv[0]) != 0)
			continue;
		if (command->run_options)
			return command->run_options(ctl, argc, argv);
		if (command->argument && !*rest)
			return usage_error("an argument is expected", command->argument);
		if (rest[command->argument ? 1 : 0])
			return usage_error("unexpected argument", rest[command->argument ? 1 : 0]);
		return command->run(ctl, *rest);
	}
	return usage_error("unknown command", argv[0]);
}

/* The exit status, once it is sure that what was written has arrived. */
static int finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "slictl: cannot write the output: %s\n", strerror(errno));
	return CTL_CANNOT_TELL;
}

enum {
	OPTION_VERSION = 256,
	OPTIONS_DONE = -1, /* go on with the command */
};

static bool has_options(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return commands[i].run_options;
	}
	return false;
}

/* Takes --json and --socket out of the arguments of a command that has options of its own. */
static int take_common_options(struct ctl *ctl, int argc, char **argv)
{
	static const char socket[] = "--socket", equals[] = "--socket=";
	int n = 1;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			ctl->json = true;
		else if (strcmp(argv[i], socket) == 0 && i + 1 < argc)
			ctl->socket = argv[++i];
		else if (strncmp(argv[i], equals, strlen(equals)) == 0)
			ctl->socket = argv[i] + strlen(equals);
		else
			argv[n++] = argv[i];
	}
	argv[n] = NULL;
	return n;
}

/* OPTIONS_DONE with optind at the first argument, or the exit status. */
static int parse_options(struct ctl *ctl, int argc, char **argv, const char *short_options)
{
	static const struct option options[] = {
		{"socket", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, OPTION_VERSION},
		{},
	};
	int option;

	optind = 0; /* glibc: begin anew */
	while ((option = getopt_long(argc, argv, short_options, options, NULL)) >= 0) {
		switch (option) {
		case 's':
			ctl->socket = optarg;
			break;
		case 'j':
			ctl->json = true;
			break;
		case 'h':
			usage(stdout);
			return CTL_DONE;
		case OPTION_VERSION:
			printf("slictl %s\n", SLIPROBE_VERSION);
			return CTL_DONE;
		default:
			return CTL_CANNOT_TELL; /* getopt_long() has said why */
		}
	}
	return OPTIONS_DONE;
}

int main(int argc, char **argv)
{
	const char *no_color = getenv("NO_COLOR"); /* https://no-color.org: set and not empty */
	struct ctl ctl = {
		.socket = CTL_DEFAULT_SOCKET,
		.colour = isatty(STDOUT_FILENO) && !(no_color && *no_color),
		.out = stdout,
		.err = stderr,
	};
	/* up to the command: those behind it may be its own */
	int status = parse_options(&ctl, argc, argv, "+h");

	if (status != OPTIONS_DONE)
		return finish(status);
	if (optind < argc && has_options(argv[optind])) {
		argv += optind;
		argc = take_common_options(&ctl, argc - optind, argv);
		return finish(run(&ctl, argc, argv));
	}
	status = parse_options(&ctl, argc, argv, "h");
	if (status != OPTIONS_DONE)
		return finish(status);
	if (optind == argc) {
		usage(stderr);
		return CTL_CANNOT_TELL;
	}
	return finish(run(&ctl, argc - optind, argv + optind));
}
