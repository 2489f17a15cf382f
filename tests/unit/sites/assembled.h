/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions assembled for a test into a shared library of their own, in a directory that a test removes: as the
 * compiler on the host makes it, with a table for unwinding.
 */
#ifndef SLIPROBE_TESTS_SITES_ASSEMBLED_H
#define SLIPROBE_TESTS_SITES_ASSEMBLED_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sites/elf.h"
#include "tests/unit/fixtures/test.h"

static char assembled_directory[] = "/tmp/sliprobe-sites-XXXXXX";

static inline int assembled_setup(__attribute__((unused)) void **state)
{
	return mkdtemp(assembled_directory) ? 0 : -1;
}

static inline int assembled_teardown(__attribute__((unused)) void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", assembled_directory);
	return system(command);
}

/* Builds the text with gcc, options and libraries into NAME.so; fails the test if that fails. */
static inline int assembled_open(const char *name, const char *text, const char *options,
				 const char *libraries)
{
	char path[128], command[512];
	FILE *file;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", assembled_directory, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	snprintf(command, sizeof(command), "cd %s && gcc %s %s %s -o %s.so", assembled_directory,
		 options, name, libraries, name);
	assert_int_equal(system(command), 0);
	snprintf(path, sizeof(path), "%s/%s.so", assembled_directory, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

/* A library of the assembler text alone. */
static inline void assembled_elf(const char *name, const char *text, struct elf *ret)
{
	struct error error;
	int fd = assembled_open(name, text, "-shared -nostdlib -x assembler", "");

	assert_int_equal(elf_open(fd, ret, &error), 0);
}

static inline void assembled_close(struct elf *elf)
{
	int fd = elf->fd;

	elf_close(elf);
	close(fd);
}

#endif
