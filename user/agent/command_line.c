/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/command_line.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/say.h"

static const char default_config[] = "/etc/sliprobe/sliprobe.yaml";

static void usage(FILE *out)
{
	fprintf(out,
		"usage: sliprobed [--config FILE] [--foreground] [--socket PATH] [--state-dir DIR]\n"
		"                 [--hook auto|tracepoint|fexit] [--keep]\n"
		"       sliprobed --remove [--config FILE] [--state-dir DIR]\n"
		"\n"
		"Measures every HTTP service on this host. Without --config, %s\n"
		"is read if it exists, else a built-in configuration applies.\n"
		"Without --foreground it goes to the background once it is counting.\n"
		"--keep: when it is stopped, the kernel goes on counting, for the next one to take over\n"
		"(as it does when the agent is killed). --remove: ends that, and what it has counted\n"
		"since the last step is lost.\n",
		default_config);
}

static int parse_hook(const char *text, enum probe_hook *ret)
{
	static const struct {
		const char *name;
		enum probe_hook hook;
	} hooks[] = {
		{"auto", PROBE_HOOK_AUTO},
		{"tracepoint", PROBE_HOOK_TRACEPOINT},
		{"fexit", PROBE_HOOK_FEXIT},
	};

	for (size_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++) {
		if (!strcmp(text, hooks[i].name)) {
			*ret = hooks[i].hook;
			return 0;
		}
	}
	say("--hook: expected auto, tracepoint or fexit, got \"%s\"", text);
	return -EINVAL;
}

/* Returns 0, or the exit code + 1. */
static int take_option(int option, struct command_line *ret)
{
	switch (option) {
	case 'c':
		ret->config = optarg;
		return 0;
	case 'f':
		ret->foreground = true;
		return 0;
	case 's':
		ret->socket = optarg;
		return 0;
	case 'd':
		ret->state_dir = optarg;
		return 0;
	case 'k':
		return parse_hook(optarg, &ret->hook) ? 1 + 2 : 0;
	case 'e':
		ret->keep = true;
		return 0;
	case 'r':
		ret->remove = true;
		return 0;
	case 'h':
		usage(stdout);
		return 1 + 0;
	case 'v':
		printf("sliprobed %s\n", SLIPROBE_VERSION);
		return 1 + 0;
	default:
		usage(stderr);
		return 1 + 2;
	}
}

int command_line_parse(int argc, char **argv, struct command_line *ret)
{
	static const struct option table[] = {
		{"config", required_argument, NULL, 'c'},
		{"foreground", no_argument, NULL, 'f'},
		{"socket", required_argument, NULL, 's'},
		{"state-dir", required_argument, NULL, 'd'},
		{"hook", required_argument, NULL, 'k'},
		{"keep", no_argument, NULL, 'e'},
		{"remove", no_argument, NULL, 'r'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{},
	};
	int option, r;

	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		r = take_option(option, ret);
		if (r)
			return r;
	}
	if (optind < argc) {
		say("unexpected argument \"%s\"", argv[optind]);
		return 1 + 2;
	}
	if (!ret->config && !access(default_config, F_OK))
		ret->config = default_config;
	return 0;
}
