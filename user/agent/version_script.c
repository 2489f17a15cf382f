/* SPDX-License-Identifier: GPL-2.0-only */
/* Which script or jar an interpreter was started with. */
#include "agent/version_name.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { ARGS_MAX = 64 };

struct args {
	const char *list[ARGS_MAX];
	size_t n;
	char text[ARGS_BYTES + 1];
};

static void args_split(const struct process_facts *facts, struct args *ret)
{
	size_t bytes = facts->args_bytes < ARGS_BYTES ? facts->args_bytes : ARGS_BYTES, at = 0;

	memcpy(ret->text, facts->args, bytes);
	ret->text[bytes] = 0;
	ret->n = 0;
	while (at < bytes && ret->n < ARGS_MAX) {
		size_t len = strlen(ret->text + at);

		/* one that was cut is no path */
		if (at + len >= bytes && bytes == ARGS_BYTES)
			break;
		ret->list[ret->n++] = ret->text + at;
		at += len + 1;
	}
}

static bool is_one_of(const char *text, const char *const *list)
{
	for (; *list; list++) {
		if (!strcmp(text, *list))
			return true;
	}
	return false;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Puts the working directory in front of a relative path. */
static bool absolute(const struct process_facts *facts, const char *path, size_t len,
		     const char *suffix, char ret[static SCRIPT_BYTES])
{
	int n;

	if (!len || !memcmp(facts->cwd, "...", 3))
		return len && path[0] == '/' &&
		       snprintf(ret, SCRIPT_BYTES, "%.*s%s", (int)len, path, suffix) < SCRIPT_BYTES;
	if (path[0] == '/')
		n = snprintf(ret, SCRIPT_BYTES, "%.*s%s", (int)len, path, suffix);
	else
		n = snprintf(ret, SCRIPT_BYTES, "%.*s/%.*s%s", EXE_BYTES, facts->cwd, (int)len,
			     path, suffix);
	return n < SCRIPT_BYTES && ret[0] == '/';
}

/* Python's "package.module:application" or "package.module": a file below the working directory. */
static bool python_module(const struct process_facts *facts, const char *module,
			  char ret[static SCRIPT_BYTES])
{
	char path[SCRIPT_BYTES];
	size_t len = strcspn(module, ":");

	if (!len || len >= sizeof(path) || strchr(module, '/'))
		return false;
	for (size_t i = 0; i < len; i++)
		path[i] = module[i] == '.' ? '/' : module[i];
	return absolute(facts, path, len, ".py", ret);
}

/* The first argument from `i` on that names an application: "module:application". */
static bool launched(const struct process_facts *facts, const struct args *args, size_t i,
		     char ret[static SCRIPT_BYTES])
{
	for (; i < args->n; i++) {
		const char *arg = args->list[i], *colon = strchr(arg, ':');

		if (arg[0] != '-' && colon && colon != arg && colon[1] && !strchr(arg, '/') &&
		    strspn(colon + 1, "0123456789") != strlen(colon + 1))
			return python_module(facts, arg, ret);
	}
	return false;
}

static bool java_jar(const struct process_facts *facts, const struct args *args,
		     char ret[static SCRIPT_BYTES])
{
	static const char *const paths[] = {"-cp", "-classpath", "--class-path", NULL};

	for (size_t i = 1; i + 1 < args->n; i++) {
		const char *next = args->list[i + 1];

		if (!strcmp(args->list[i], "-jar"))
			return absolute(facts, next, strlen(next), "", ret);
		if (!is_one_of(args->list[i], paths))
			continue;
		for (size_t len; *next; next += len + (next[len] == ':')) {
			len = strcspn(next, ":");
			if (text_ends_in(next, len, ".jar"))
				return absolute(facts, next, len, "", ret);
		}
	}
	return false;
}

bool version_script_path(const struct process_facts *facts, char ret[static SCRIPT_BYTES],
			 bool *ret_jar)
{
	static const char *const with_value[] = {"-W",	     "-X",	 "-r", "--require",
						 "--import", "--loader", "-I", "-C",
						 "-S",	     "-d",	 "-t", NULL};
	static const char *const launchers[] = {"gunicorn", "uvicorn",	      "hypercorn",
						"daphne",   "waitress-serve", NULL};
	const char *exe = base_name(facts->exe_path);
	struct args args;

	*ret_jar = false;
	if (facts->foreign_mnt_ns)
		return false;
	args_split(facts, &args);
	if (!strcmp(exe, "java")) {
		*ret_jar = true;
		return java_jar(facts, &args, ret);
	}
	for (size_t i = 1; i < args.n; i++) {
		const char *arg = args.list[i];

		if (!strcmp(arg, "-m") && i + 1 < args.n && !strncmp(exe, "py", 2))
			return is_one_of(args.list[i + 1], launchers) ?
				       launched(facts, &args, i + 2, ret) :
				       python_module(facts, args.list[i + 1], ret);
		if (!strcmp(arg, "-c") || !strcmp(arg, "-e") || !strcmp(arg, "-m"))
			return false;
		if (is_one_of(arg, with_value))
			i++;
		else if (arg[0] != '-')
			return is_one_of(base_name(arg), launchers) ?
				       launched(facts, &args, i + 1, ret) :
				       absolute(facts, arg, strlen(arg), "", ret);
	}
	return false;
}
