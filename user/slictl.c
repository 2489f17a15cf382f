/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * slictl: the human face of the agent's status socket.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "ctl_backtest.h"
#include "ctl_client.h"
#include "ctl_export.h"
#include "ctl_options.h"
#include "ctl_views.h"
#include "support.h"

struct command {
	const char *name;
	const char *arguments; /* for the list of commands; or NULL */
	const char *help; /* one line, for the list */
	/* checks its own arguments; argv[0] is the command's name, argv[argc] NULL */
	int (*run)(const struct ctl *ctl, int argc, char **argv);
	const char *details; /* for COMMAND --help; or NULL */
};

struct command_group {
	const char *title;
	const struct command *commands; /* the last one has no name */
};

static int run_status(const struct ctl *ctl, int argc, char **argv)
{
	int r = ctl_options(ctl, argc, argv, NULL, 0, NULL, NULL);

	return r == CTL_DONE ? ctl_show(ctl, "/v1/status", NULL, ctl_view_status) : r;
}

static int run_services(const struct ctl *ctl, int argc, char **argv)
{
	int r = ctl_options(ctl, argc, argv, NULL, 0, NULL, NULL);

	return r == CTL_DONE ? ctl_show(ctl, "/v1/services", NULL, ctl_view_services) : r;
}

static int run_slo(const struct ctl *ctl, int argc, char **argv)
{
	const char *name;
	int r = ctl_options(ctl, argc, argv, NULL, 0, "NAME", &name);

	return r == CTL_DONE ? ctl_show(ctl, "/v1/slos/", name, ctl_view_slo) : r;
}

static int run_check(const struct ctl *ctl, int argc, char **argv)
{
	const char *file;
	int r = ctl_options(ctl, argc, argv, NULL, 0, "FILE", &file);

	return r == CTL_DONE ? ctl_check(ctl, file) : r;
}

static int run_support(const struct ctl *ctl, int argc, char **argv)
{
	int r = ctl_options(ctl, argc, argv, NULL, 0, NULL, NULL);

	if (r != CTL_DONE)
		return r;
	r = support_print(ctl->out, ctl->json);
	if (r < 0) {
		fprintf(ctl->err, "slictl: cannot find out what this kernel supports: %s\n",
			strerror(-r));
		return CTL_CANNOT_TELL;
	}
	return r ? CTL_NO : CTL_DONE;
}

static const struct command state_commands[] = {
	{"status", NULL, "availability, error budget and burn of every SLO", run_status,
	 "Below the SLOs it lists what was lost and what could not be measured.\n"},
	{"services", NULL, "what was found: processes, ports, routes", run_services,
	 "Each route with its rate, errors and latency.\n"},
	{"slo", "NAME", "everything about one SLO", run_slo, NULL},
	{},
};

static const struct command decision_commands[] = {
	{"backtest", "--config F --slo NAME --events CSV", "what would have been alerted",
	 ctl_backtest, NULL},
	{"export", "prometheus-rules|openslo", "the SLOs in others' formats", ctl_export,
	 ctl_export_details},
	{},
};

static const struct command setup_commands[] = {
	{"check", "FILE", "check a configuration as the agent would", run_check, NULL},
	{"support", NULL, "what this kernel offers, and the hooks to be used", run_support, NULL},
	{},
};

static const struct command_group groups[] = {
	{"What is", state_commands},
	{"Deciding", decision_commands},
	{"Setting up", setup_commands},
};

enum {
	N_GROUPS = sizeof(groups) / sizeof(groups[0]),
	USAGE_COLUMN = 28, /* where help begins: after two spaces and as much of name, arguments */
};

static const struct command *find_command(const char *name)
{
	for (size_t g = 0; g < N_GROUPS; g++) {
		for (const struct command *c = groups[g].commands; c->name; c++) {
			if (strcmp(c->name, name) == 0)
				return c;
		}
	}
	return NULL;
}

static void usage_line(const struct command *command, FILE *out)
{
	int width = fprintf(out, "  %s%s%s", command->name, command->arguments ? " " : "",
			    command->arguments ? command->arguments : "");

	if (width > USAGE_COLUMN) {
		fputc('\n', out);
		width = 0;
	}
	fprintf(out, "%*s  %s\n", USAGE_COLUMN - width, "", command->help);
}

static void usage(FILE *out)
{
	fprintf(out, "usage: slictl [--socket PATH] [--json] COMMAND\n");
	for (size_t g = 0; g < N_GROUPS; g++) {
		fprintf(out, "\n%s\n", groups[g].title);
		for (const struct command *c = groups[g].commands; c->name; c++)
			usage_line(c, out);
	}
	fprintf(out,
		"\n"
		"  --socket PATH  the agent's socket (default: " CTL_DEFAULT_SOCKET ")\n"
		"  --json         for machines: the answer as JSON\n"
		"  --help, --version; COMMAND --help\n"
		"\n"
		"Exit status: 0 done, 1 the answer is no, 2 usage or cannot tell, 3 no agent.\n");
}

static void command_usage(const struct command *command, FILE *out)
{
	fprintf(out, "usage: slictl [--socket PATH] [--json] %s%s%s\n\n%s\n", command->name,
		command->arguments ? " " : "", command->arguments ? command->arguments : "",
		command->help);
	if (command->details)
		fprintf(out, "\n%s", command->details);
}

/* The exit status, once it is sure that what was written has arrived. */
static int finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "slictl: cannot write the output: %s\n", strerror(errno));
	return CTL_CANNOT_TELL;
}

struct invocation {
	struct ctl ctl;
	bool help;
	bool version;
};

/*
 * Takes what every command understands out of its argv, so that it may stand after the command,
 * too. Returns the new argc.
 */
static int take_common(struct invocation *invocation, int argc, char **argv)
{
	int n = 0;

	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0) {
			while (i < argc)
				argv[n++] = argv[i++];
		} else if (strcmp(argv[i], "--json") == 0) {
			invocation->ctl.json = true;
		} else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			invocation->help = true;
		} else if (strcmp(argv[i], "--version") == 0) {
			invocation->version = true;
		} else if (strcmp(argv[i], "--socket") == 0) {
			invocation->ctl.socket = i + 1 < argc ? argv[++i] : NULL;
		} else if (strncmp(argv[i], "--socket=", strlen("--socket=")) == 0) {
			invocation->ctl.socket = argv[i] + strlen("--socket=");
		} else {
			argv[n++] = argv[i];
		}
	}
	argv[n] = NULL;
	return n;
}

/* What stands before the command. Returns false after a message. */
static bool take_first(struct invocation *invocation, int argc, char **argv)
{
	static const struct option options[] = {
		{"socket", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{},
	};
	int option;

	while ((option = getopt_long(argc, argv, "+h", options, NULL)) >= 0) {
		switch (option) {
		case 's':
			invocation->ctl.socket = optarg;
			break;
		case 'j':
			invocation->ctl.json = true;
			break;
		case 'h':
			invocation->help = true;
			break;
		case 'V':
			invocation->version = true;
			break;
		default:
			return false; /* getopt_long() has said why */
		}
	}
	return true;
}

static int run(struct invocation *invocation, int argc, char **argv)
{
	const struct command *command = argc ? find_command(argv[0]) : NULL;

	argc = take_common(invocation, argc, argv);
	if (invocation->version) {
		printf("slictl %s\n", SLIPROBE_VERSION);
		return CTL_DONE;
	}
	if (invocation->help) {
		if (command)
			command_usage(command, stdout);
		else
			usage(stdout);
		return CTL_DONE;
	}
	if (argc == 0) {
		usage(stderr);
		return CTL_CANNOT_TELL;
	}
	if (!invocation->ctl.socket)
		return ctl_usage_error(&invocation->ctl, NULL, "a value is expected", "--socket");
	if (!command)
		return ctl_usage_error(&invocation->ctl, NULL, "unknown command", argv[0]);
	optind = 0; /* glibc: a command may start afresh with getopt */
	return command->run(&invocation->ctl, argc, argv);
}

int main(int argc, char **argv)
{
	const char *no_color = getenv("NO_COLOR"); /* https://no-color.org: set and not empty */
	struct invocation invocation = {
		.ctl =
			{
				.socket = CTL_DEFAULT_SOCKET,
				.colour = isatty(STDOUT_FILENO) && !(no_color && *no_color),
				.out = stdout,
				.err = stderr,
			},
	};

	if (!take_first(&invocation, argc, argv))
		return CTL_CANNOT_TELL;
	return finish(run(&invocation, argc - optind, argv + optind));
}
