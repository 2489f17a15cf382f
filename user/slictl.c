/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * slictl: questions of people to the agent, over its status socket, and commands that need no agent.
 * The commands are in ctl/.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/suggest.h"
#include "ctl/ctl.h"
#include "ctl/options.h"
#include "ctl/show.h"
#include "ctl/table.h"
#include "ctl/views.h"
#include "kernel/support.h"

struct command {
	const char *name;
	const char *arguments; /* for the list of commands; or NULL */
	const char *help; /* one line, for the list */
	/* checks its own arguments; argv[0] is the command's name, argv[argc] NULL */
	int (*run)(const struct ctl *ctl, int argc, char **argv);
	const char *details; /* for COMMAND --help; NULL: none; own_help: it takes --help itself */
};

static const char own_help[] = "";

struct command_group {
	const char *title;
	const struct command *commands; /* the last one has no name */
};

static int run_slo(const struct ctl *ctl, int argc, char **argv)
{
	const char *name;
	int r = ctl_options(ctl, argc, argv, NULL, 0, "NAME", &name);

	return r == CTL_DONE ? ctl_show(ctl, "/v1/slos/", name, ctl_view_slo) : r;
}

static int run_reload(const struct ctl *ctl, int argc, char **argv)
{
	int r = ctl_options(ctl, argc, argv, NULL, 0, NULL, NULL);

	return r == CTL_DONE ? ctl_reload(ctl) : r;
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
	{"status", "[--filter T] [--sort S]", "availability, budget and burn of every SLO",
	 ctl_status,
	 "  --filter TEXT  SLOs that have TEXT in their name or their service's; * and ? match\n"
	 "  --sort S       worst (default), budget, burn, bad, eligible, name\n"
	 "\n"
	 "Below the SLOs it lists what was lost and what could not be measured.\n"},
	{"top", NULL, "all of it live, on the whole terminal", ctl_top,
	 "SLOs by budget and burn; with Enter a service's routes, latency over time, versions and\n"
	 "bad requests; e explains. ? lists the keys, q quits.\n"},
	{"services", "[NAME] [OPTIONS]", "what was found, and how it answers of late", ctl_services,
	 "Each route with its rate, errors and latency over the last 5 minutes, beside the\n"
	 "hour before. With NAME: all of one service, in numbers.\n"
	 "  --window 15m   instead of 5 minutes (more than an hour: beside as much before)\n"
	 "  --since TIME   from then to now; with --window: for so long from then.\n"
	 "                 TIME is a duration (2h: two hours ago), 14:30, \"2030-01-02 14:30\"\n"
	 "                 (local time), 2030-01-02T14:30:00Z, or Unix seconds\n"},
	{"slo", "NAME", "everything about one SLO", run_slo, NULL},
	{"alerts", "[--all]", "what is active, what changed, who was told", ctl_alerts,
	 "Active alerts, open notices, the last 20 changes (--all: up to 200), receivers,\n"
	 "silences and maintenance windows.\n"},
	{"incidents", "[OPTIONS]", "what burned, since when, and what it cost", ctl_incidents,
	 "Each burn that a page or ticket fired for, the newest first. They are kept for a year.\n"
	 "  --slo NAME     those of one SLO\n"
	 "  --since TIME, --until TIME\n"
	 "                 those that were open then: 7d (so long ago), \"2030-01-02 14:30\"\n"
	 "  --limit N      up to 512 (default: 100)\n"},
	{"incident", "N [--markdown]", "all about one of them", ctl_incident,
	 "What it cost, what stood out, what changed before, who was told when.\n"
	 "  --markdown     a draft for the review of it: facts filled in, follow-ups left blank\n"},
	{"explain", "SLO [OPTIONS]", "why it burns: what the bad requests have in common",
	 ctl_explain,
	 "Compares bad with good requests since the burn began, over every dimension, and says\n"
	 "in one sentence what stands out, or that nothing does.\n"
	 "  --since TIME   look for the onset from then on (default: what the agent remembers\n"
	 "                 in steps); --until TIME\n"
	 "                 a duration (2h: two hours ago), 14:30, \"2030-01-02 14:30\" (local\n"
	 "                 time), 2030-01-02T14:30:00Z, or Unix seconds\n"},
	{"history", "NAME [OPTIONS]", "when what was counted, and what failed", ctl_history,
	 "NAME is an SLO's, or a service's (--service where both have the name).\n"
	 "  --by minute|hour|day  (default: hours for up to 2 days, else days)\n"
	 "  --since TIME, --until TIME\n"
	 "                 a duration (2h: two hours ago), 14:30, \"2030-01-02 14:30\" (local\n"
	 "                 time), 2030-01-02T14:30:00Z; by the minute, the last hour\n"
	 "  --route R, --status S  of these requests alone: /cart/*; 503, 5xx, server_abort\n"
	 "  --csv          with one of these options: a record for each row and kind of\n"
	 "                 request. Alone: t_seconds,good,bad,step_seconds of every step of an\n"
	 "                 SLO, t its end in Unix seconds, as slictl backtest takes it.\n"
	 "  --former [N]   what was counted before the SLO's definition of eligible or good was\n"
	 "                 changed: 1 (default) is the one before, 2 the one before that\n"},
	{"events", "[FILTER] [OPTIONS]",
	 "single requests: what they had, and what they have in common", ctl_events,
	 "Samples of the last hour, the newest last: bad requests, and some of the good ones.\n"
	 "FILTER, such as 'status>=500 and route=/checkout and total>200ms', joins comparisons\n"
	 "of fields by and, or, not and parentheses: = != < <= > >= ~ !~ in (A,B). ~ takes a\n"
	 "part of the text, or a glob for all of it: user_agent~\"curl/*\". A field alone: it is\n"
	 "known (bad: it is true). A wrong field is told with those that there are.\n"
	 "  --by FIELD[,FIELD[,FIELD]]\n"
	 "                 groups: requests that the samples stand for, those that are bad, their\n"
	 "                 share, p50 and p99; the group with most bad requests first\n"
	 "  --follow       goes on with each sample as it comes\n"
	 "  --since TIME, --until TIME\n"
	 "                 a duration (2h: two hours ago), 14:30, \"2030-01-02 14:30\" (local\n"
	 "                 time), 2030-01-02T14:30:00Z\n"
	 "  --limit N      the last N (default: 50; with --json and --csv 10000)\n"
	 "  --fields FIELD[,FIELD]  these columns\n"
	 "  --csv; --json  a line for each sample\n"},
	{"report", "--html FILE [OPTIONS]", "the page as a file, for a review", ctl_report,
	 "One file that shows SLOs, why they burned, incidents and samples, in any browser and\n"
	 "without the agent. Only its owner may read it at first: it has clients' addresses.\n"
	 "  --html FILE        replaced in one step\n"
	 "  --slo NAME         of this SLO alone\n"
	 "  --days N           so far back (default: 30)\n"
	 "  --without-samples  without single requests\n"},
	{"health", "[--ready]", "does the agent answer? 0 yes, 1 no, 3 no agent", ctl_health,
	 "For probes: it is answered at once, whatever else is asked of the agent.\n"
	 "  --ready        whether it can read the kernel's counters, too\n"},
	{"metrics", "[--output FILE]", "what Prometheus scrapes", ctl_metrics,
	 "  --output FILE  replaces FILE in one step: node_exporter's textfile collector reads\n"
	 "                 every *.prom of its directory.\n"},
	{},
};

static const struct command decision_commands[] = {
	{"gate", "NAME... [OPTIONS]", "may one ship? 0 go, 1 freeze, 2 cannot tell", ctl_gate,
	 "  --min-budget P   this much of the error budget must be left (default: 0%)\n"
	 "  --min-counted D  this much of the window must have been counted (default: a day,\n"
	 "                   or half of a window shorter than two days)\n"
	 "  --max-blind P    this much of the service's traffic may be in no count:\n"
	 "                   connections that cannot be read, requests lost (default: 1%)\n"
	 "\n"
	 "Freezes while a page that is not silenced fires, and when the budget is spent or\n"
	 "less than P of it is left. Cannot tell when too little of the window was counted,\n"
	 "less than half of it since the SLO was first counted, too much was blind or lost,\n"
	 "nothing was eligible, or fewer bad requests than the alerts ask for are all there is\n"
	 "against it. Of several SLOs the worst answer is the exit status.\n"},
	{"risk", "FILE [--config F] [--slo NAME]", "is the objective affordable? 0 yes, 1 no",
	 ctl_risk,
	 "  --slo NAME  beside it, what alerts of this SLO really cost (default: of all);\n"
	 "              with {service} in it, as in the configuration: of all services\n"
	 "  --config F  the objective is that of the SLO in this configuration\n"
	 "\n"
	 "FILE is a risk catalogue after Google SRE, in YAML:\n"
	 "  objective: 99.9\n"
	 "  risks:\n"
	 "    - {name: bad deploy, detect_minutes: 10, repair_minutes: 30,\n"
	 "       impact_percent: 50, days_between_failures: 30}\n"},
	{"backtest", "--config F --slo NAME --events CSV", "what would have been alerted",
	 ctl_backtest, own_help},
	{"export", "FORMAT [OPTIONS]", "the SLOs in others' formats", ctl_export,
	 ctl_export_details},
	{},
};

static const struct command notify_commands[] = {
	{"silence", "add|list|remove", "keep alerts quiet for a while", ctl_silence,
	 "  silence add [OPTIONS] --for 2h\n"
	 "    --from TIME                 when it begins: in 30m, or 2026-03-01T02:00:00Z\n"
	 "    --slo NAME, --service NAME  which alerts, for 72 h at most, or:\n"
	 "    --all                       those of every service, for 4 h at most\n"
	 "    --force                     for longer, up to 31d; with --all --exclude eligible always\n"
	 "    --severity page|ticket|notice\n"
	 "    --comment TEXT\n"
	 "    --exclude alerts|eligible   eligible: nothing that comes meanwhile is judged\n"
	 "  silence list\n"
	 "  silence remove ID\n"},
	{"notify-test", "[--severity S]", "send a test to the receivers, and see it arrive",
	 ctl_notify_test,
	 "  --severity page|ticket|notice  (default: page)\n"
	 "\n"
	 "Waits up to 15 s. Exit status: 0 all have taken it, 1 some have not, 2 there is\n"
	 "no receiver.\n"},
	{},
};

static const struct command setup_commands[] = {
	{"check", "FILE...", "check configurations as the agent would", ctl_check,
	 "Tells all that is wrong, and warns of what can hardly be meant. FILE may be - for\n"
	 "standard input, or OpenSLO documents by themselves: then the services that they\n"
	 "name are not looked for. Exit status: 1 if one is refused, 2 if one cannot be read.\n"},
	{"reload", NULL, "put the changed configuration in force", run_reload,
	 "Says what has changed, and what takes a restart. Exit status: 1 if the agent has\n"
	 "refused the file: the configuration before stays in force.\n"},
	{"support", NULL, "what this kernel offers, and the hooks to be used", run_support, NULL},
	{},
};

static int run_help(const struct ctl *ctl, int argc, char **argv);
static int run_version(const struct ctl *ctl, int argc, char **argv);

static const struct command about_commands[] = {
	{"help", "[COMMAND]", "this list, or what a command does", run_help, NULL},
	{"version", NULL, "of slictl, and of the agent that answers", run_version, NULL},
	{},
};

static const struct command_group groups[] = {
	{"What is", state_commands},	  {"What to do", decision_commands},
	{"Who is told", notify_commands}, {"Setting up", setup_commands},
	{"About", about_commands},
};

enum {
	N_GROUPS = sizeof(groups) / sizeof(groups[0]),
	USAGE_COLUMN = 28, /* width of a command's name and arguments, before its help */
};

static const struct command *find_command(const char *name)
{
	for (size_t g = 0; g < N_GROUPS; g++) {
		for (const struct command *c = groups[g].commands; c->name; c++) {
			if (!strcmp(c->name, name))
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
		"  --socket PATH  the agent's socket (default: SLIPROBE_SOCKET of the environment, else\n"
		"                 " CTL_DEFAULT_SOCKET ")\n"
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

/* Says that there is no such command, and which one may have been meant. */
static int refuse_command(const struct ctl *ctl, const char *name)
{
	struct suggestion suggestion = suggestion_for(name);
	char what[64] = "unknown command";

	for (size_t g = 0; g < N_GROUPS; g++) {
		for (const struct command *c = groups[g].commands; c->name; c++)
			suggestion_try(&suggestion, c->name);
	}
	if (suggestion.best)
		snprintf(what, sizeof(what), "unknown command (did you mean \"%s\"?)",
			 suggestion.best);
	return ctl_usage_error(ctl, NULL, what, name);
}

static int show_help(const struct ctl *ctl, const char *name)
{
	const struct command *command = find_command(name);
	char help[] = "--help";

	if (!command)
		return refuse_command(ctl, name);
	if (command->details == own_help)
		return command->run(ctl, 2, (char *[]){(char *)command->name, help, NULL});
	command_usage(command, ctl->out);
	return CTL_DONE;
}

static int run_help(const struct ctl *ctl, int argc, char **argv)
{
	if (argc > 2)
		return ctl_usage_error(ctl, NULL, "unexpected argument", argv[2]);
	if (argc == 2)
		return show_help(ctl, argv[1]);
	usage(ctl->out);
	return CTL_DONE;
}

/* The agent's version is told where an agent answers: it may be another one than slictl's. */
static int run_version(const struct ctl *ctl, int argc, char **argv)
{
	int r = ctl_options(ctl, argc, argv, NULL, 0, NULL, NULL);

	return r == CTL_DONE ? ctl_version(ctl) : r;
}

/* The exit status. It says so if not all that was written has arrived. */
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
 * Takes the options that all commands have out of a command's argv: they may stand behind the
 * command, too. Returns the new argc.
 */
static int take_common(struct invocation *invocation, int argc, char **argv)
{
	int n = 0;

	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--")) {
			while (i < argc)
				argv[n++] = argv[i++];
		} else if (!strcmp(argv[i], "--json")) {
			invocation->ctl.json = true;
		} else if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			invocation->help = true;
		} else if (!strcmp(argv[i], "--version")) {
			invocation->version = true;
		} else if (!strcmp(argv[i], "--socket")) {
			invocation->ctl.socket = i + 1 < argc ? argv[++i] : NULL;
		} else if (!strncmp(argv[i], "--socket=", strlen("--socket="))) {
			invocation->ctl.socket = argv[i] + strlen("--socket=");
		} else {
			argv[n++] = argv[i];
		}
	}
	argv[n] = NULL;
	return n;
}

/* Takes the options that stand before the command. Returns false after a message. */
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
	if (invocation->help && command)
		return show_help(&invocation->ctl, command->name);
	if (invocation->help) {
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
		return refuse_command(&invocation->ctl, argv[0]);
	optind = 0; /* glibc: a command may start afresh with getopt */
	return command->run(&invocation->ctl, argc, argv);
}

static size_t terminal_width(void)
{
	enum { USUAL = 80 };
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col ? USUAL : size.ws_col;
}

int main(int argc, char **argv)
{
	const char *no_color = getenv("NO_COLOR"); /* https://no-color.org: set and not empty */
	const char *socket = getenv("SLIPROBE_SOCKET");
	struct invocation invocation = {
		.ctl =
			{
				.socket = socket && *socket ? socket : CTL_DEFAULT_SOCKET,
				.colour = isatty(STDOUT_FILENO) && !(no_color && *no_color),
				.out = stdout,
				.err = stderr,
			},
	};

	if (isatty(STDOUT_FILENO))
		ctl_table_set_width(terminal_width());
	if (!take_first(&invocation, argc, argv))
		return CTL_CANNOT_TELL;
	return finish(run(&invocation, argc - optind, argv + optind));
}
