/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/options.h"

#include <getopt.h>

#include "base/format.h"

int ctl_usage_error(const struct ctl *ctl, const char *command, const char *what, const char *which)
{
	fprintf(ctl->err, "slictl: %s", what);
	if (which) {
		fprintf(ctl->err, ": ");
		format_write_safe(which, ctl->err);
	}
	fprintf(ctl->err, "; see slictl %s%s--help\n", command ? command : "", command ? " " : "");
	return CTL_CANNOT_TELL;
}

/* Names the list of commands, not the command, if that has no options and so no help of its own. */
static int refuse(const struct ctl *ctl, char **argv, size_t n_options, const char *what,
		  const char *which)
{
	return ctl_usage_error(ctl, n_options ? argv[0] : NULL, what, which);
}

static int refuse_option(const struct ctl *ctl, int argc, char **argv, size_t n_options)
{
	char letter[] = {'-', (char)optopt, '\0'};

	return refuse(ctl, argv, n_options, "unrecognized option",
		      optopt || optind > argc ? letter : argv[optind - 1]);
}

/* Reads the options; optind is then the first argument's index. */
static int read_options(const struct ctl *ctl, int argc, char **argv,
			const struct ctl_option *options, size_t n_options)
{
	struct option known[CTL_OPTIONS_MAX + 1] = {};
	int i;

	for (size_t o = 0; o < n_options && o < CTL_OPTIONS_MAX; o++)
		known[o] = (struct option){.name = options[o].name,
					   .has_arg = options[o].value ? required_argument :
									 no_argument};
	optind = 0; /* glibc: starts afresh */
	opterr = 0;
	for (int c; (c = getopt_long(argc, argv, ":", known, &i)) != -1;) {
		if (c == ':')
			return refuse(ctl, argv, n_options, "a value is expected",
				      argv[optind - 1]);
		if (c != 0)
			return refuse_option(ctl, argc, argv, n_options);
		if (options[i].value)
			*options[i].value = optarg;
		else
			*options[i].flag = true;
	}
	return CTL_DONE;
}

int ctl_options(const struct ctl *ctl, int argc, char **argv, const struct ctl_option *options,
		size_t n_options, const char *argument, const char **ret_argument)
{
	bool optional = argument && *argument == '[';
	int n_arguments = argument ? 1 : 0;
	int r = read_options(ctl, argc, argv, options, n_options);

	if (r != CTL_DONE || (optional && optind == argc))
		return r;
	if (optind + n_arguments > argc)
		return refuse(ctl, argv, n_options, "an argument is expected", argument);
	if (optind + n_arguments < argc)
		return refuse(ctl, argv, n_options, "unexpected argument",
			      argv[optind + n_arguments]);
	if (argument)
		*ret_argument = argv[optind];
	return CTL_DONE;
}

int ctl_options_many(const struct ctl *ctl, int argc, char **argv, const struct ctl_option *options,
		     size_t n_options, const char *argument, char ***ret_arguments)
{
	int r = read_options(ctl, argc, argv, options, n_options);

	if (r != CTL_DONE)
		return r;
	if (optind == argc)
		return refuse(ctl, argv, n_options, "an argument is expected", argument);
	*ret_arguments = argv + optind;
	return CTL_DONE;
}

int ctl_options_any(const struct ctl *ctl, int argc, char **argv, const struct ctl_option *options,
		    size_t n_options, char ***ret_arguments)
{
	int r = read_options(ctl, argc, argv, options, n_options);

	if (r == CTL_DONE)
		*ret_arguments = argv + optind;
	return r;
}
