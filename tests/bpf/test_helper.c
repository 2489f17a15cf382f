/* SPDX-License-Identifier: GPL-2.0-only */
/* The privileged helper, as a process: what it holds, what it is told and says, and how it ends. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "helper/attach.h"
#include "helper/packets.h"
#include "helper/start.h"
#include "kernel/pins.h"
#include "hits.skel.h"

#define PINS "/sys/fs/bpf/sliprobe-test-helper"

enum { WAIT_MS = 10000 };

static const enum bpf_attach_type multi_attach_type = 48; /* BPF_TRACE_UPROBE_MULTI */

static struct helper helper;
static struct hits_bpf *skel;
static bool multi;
static int pins;

/* ---- talking ---- */

static struct tls_packet receive(enum tls_packet_kind kind)
{
	struct tls_packet packet;

	assert_int_equal(tls_packet_receive(helper.fd, TLS_TO_AGENT, &packet, NULL, WAIT_MS), 1);
	if (packet.kind != kind)
		fail_msg("packet %u: %s", packet.kind,
			 packet.kind == TLS_FAILED || packet.kind == TLS_DIED ? packet.text : "");
	return packet;
}

static void send_kind(struct tls_packet packet, int fd)
{
	assert_int_equal(tls_packet_send(helper.fd, &packet, fd, true), 0);
}

static void give(enum tls_gift what, int fd)
{
	send_kind((struct tls_packet){.kind = TLS_GIVE, .give = what}, fd);
}

static void give_all(void)
{
	give(TLS_GIFT_ENTER, bpf_program__fd(skel->progs.tls_enter));
	give(TLS_GIFT_RETURN, bpf_program__fd(skel->progs.tls_return));
	give(TLS_GIFT_PROFILES, bpf_map__fd(skel->maps.tls_profiles));
	give(TLS_GIFT_OBJECTS, bpf_map__fd(skel->maps.tls_objects));
	give(TLS_GIFT_PINS, pins);
}

static void ask_to_begin(void)
{
	send_kind((struct tls_packet){.kind = TLS_BEGIN,
				      .begin = {.way = multi ? TLS_WAY_MULTI : TLS_WAY_PERF}},
		  -1);
}

static void ask_to_look(pid_t pid)
{
	send_kind((struct tls_packet){.kind = TLS_LOOK, .look = {.tgid = (__u32)pid}}, -1);
}

/* ---- processes ---- */

static unsigned long long status_of(pid_t pid, const char *key, int base)
{
	char path[64], line[256];
	_cleanup_fclose_ FILE *file = NULL;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		if (!strncmp(line, key, strlen(key)) && line[strlen(key)] == ':')
			return strtoull(line + strlen(key) + 1, NULL, base);
	}
	fail_msg("%s has no %s", path, key);
	return 0;
}

/* The one that works: the child of the one that stays. */
static pid_t worker(void)
{
	char path[64];
	_cleanup_fclose_ FILE *file = NULL;
	int pid = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", helper.pid, helper.pid);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &pid), 1);
	return pid;
}

static void wait_gone(pid_t pid)
{
	for (int i = 0; i < WAIT_MS / 10; i++) {
		if (kill(pid, 0))
			return;
		usleep(10000);
	}
	fail_msg("process %d lives", pid);
}

/* ---- each test ---- */

static int setup(__attribute__((unused)) void **state)
{
	struct error error;

	if (pins_dirs_host.mount(&error))
		return -1;
	mkdir(PINS, 0777);
	chmod(PINS, 0777);
	pins = open(PINS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	multi = attach_has_multi();
	skel = hits_bpf__open();
	if (!skel || pins < 0)
		return -1;
	if (multi) {
		bpf_program__set_expected_attach_type(skel->progs.tls_enter, multi_attach_type);
		bpf_program__set_expected_attach_type(skel->progs.tls_return, multi_attach_type);
	}
	if (hits_bpf__load(skel))
		return -1;
	if (tls_helper_start(false, &helper, &error)) {
		fprintf(stderr, "%s\n", error.text);
		return -1;
	}
	assert_int_equal(receive(TLS_STARTED).started.starts, 1);
	return 0;
}

/* The helper leaves its links to the next one, and there is none. Returns 0 or -1. */
static int remove_pins(void)
{
	DIR *dir = fdopendir(pins);
	struct dirent *entry;

	if (!dir)
		return -1;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] != '.')
			unlinkat(pins, entry->d_name, 0);
	}
	closedir(dir);
	return rmdir(PINS);
}

static int teardown(__attribute__((unused)) void **state)
{
	helper_end(&helper);
	hits_bpf__destroy(skel);
	return remove_pins();
}

static __u64 expected_capabilities(void)
{
	return 1ULL << CAP_BPF | 1ULL << CAP_PERFMON | 1ULL << CAP_SYS_PTRACE |
	       1ULL << CAP_DAC_READ_SEARCH | (multi ? 0 : 1ULL << CAP_SYS_ADMIN);
}

TEST(holds_what_attaching_takes_and_nothing_else)
{
	const pid_t both[] = {helper.pid, worker()};

	for (int i = 0; i < 2; i++) {
		assert_int_equal(status_of(both[i], "CapEff", 16), expected_capabilities());
		assert_int_equal(status_of(both[i], "CapPrm", 16), expected_capabilities());
		assert_int_equal(status_of(both[i], "CapInh", 16), 0);
		assert_int_equal(status_of(both[i], "CapAmb", 16), 0);
		assert_int_equal(status_of(both[i], "CapBnd", 16), 0);
		assert_int_equal(status_of(both[i], "NoNewPrivs", 10), 1);
		assert_int_equal(status_of(both[i], "Seccomp", 10), 2);
		assert_int_not_equal(status_of(both[i], "Uid", 10), 0);
	}
}

TEST(says_what_it_holds)
{
	struct tls_packet ready;

	give_all();
	ask_to_begin();
	ready = receive(TLS_READY);
	assert_int_equal(ready.ready.capabilities, expected_capabilities());
	assert_int_equal(ready.ready.confined, 1);
	assert_int_equal(ready.ready.adopted, 0);
}

TEST(refuses_what_is_not_what_it_should_be)
{
	_cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	ask_to_begin(); /* nothing was given */
	receive(TLS_FAILED);
	give_all();
	give(TLS_GIFT_ENTER, bpf_map__fd(skel->maps.tls_profiles));
	ask_to_begin();
	assert_non_null(strstr(receive(TLS_FAILED).text, "beginning of calls"));
	give_all();
	give(TLS_GIFT_PROFILES, bpf_map__fd(skel->maps.bss));
	ask_to_begin();
	assert_non_null(strstr(receive(TLS_FAILED).text, "map of profiles"));
	give_all();
	give(TLS_GIFT_OBJECTS, bpf_map__fd(skel->maps.tls_profiles));
	ask_to_begin();
	assert_non_null(strstr(receive(TLS_FAILED).text, "map of objects"));
	give_all();
	give(TLS_GIFT_PINS, root);
	ask_to_begin();
	assert_non_null(strstr(receive(TLS_FAILED).text, "directory of pins"));
	give_all();
	ask_to_begin();
	receive(TLS_READY);
	ask_to_begin(); /* once is enough */
	receive(TLS_FAILED);
}

static bool has_mapped(pid_t pid, const char *library)
{
	char path[32], *line = NULL;
	bool found = false;
	size_t room = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	maps = fopen(path, "r");
	while (maps && !found && getline(&line, &room, maps) > 0)
		found = strstr(line, library);
	if (maps)
		fclose(maps);
	free(line);
	return found;
}

/* Returns once it has that library. */
static pid_t start_program(const char *const *arguments, const char *library)
{
	const pid_t pid = fork();

	if (!pid) {
		const int nothing = open("/dev/null", O_RDWR);

		dup2(nothing, 0);
		dup2(nothing, 1);
		dup2(nothing, 2);
		closefrom(3);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp(arguments[0], (char *const *)arguments);
		_exit(1);
	}
	for (int i = 0; i < WAIT_MS / 10 && !has_mapped(pid, library); i++)
		usleep(10000);
	return pid;
}

static void end_program(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

TEST(looks_at_a_process)
{
	static const char *const sleep_arguments[] = {"sleep", "100", NULL};
	const pid_t pid = start_program(sleep_arguments, "libc.so");
	struct tls_packet found;

	ask_to_look(pid); /* too early */
	assert_int_equal(receive(TLS_FOUND).found.reason, TLS_NOT_BUSY);
	receive(TLS_LOOKED);
	give_all();
	ask_to_begin();
	receive(TLS_READY);
	ask_to_look(pid);
	found = receive(TLS_FOUND);
	assert_int_equal(found.found.tgid, pid);
	assert_int_equal(found.found.reason, TLS_NOT_NO_LIBRARY);
	assert_int_equal(receive(TLS_LOOKED).looked.probed, 0);
	end_program(pid);
	ask_to_look(pid);
	assert_int_equal(receive(TLS_FOUND).found.reason, TLS_NOT_ENDED);
	receive(TLS_LOOKED);
}

/* ---- a library ---- */

static pid_t start_tls(void)
{
	static const char *const arguments[] = {"openssl", "s_server", "-accept", "127.0.0.1:0",
						"-nocert", "-quiet",   NULL};

	return start_program(arguments, "libssl");
}

/* The packet of libssl; others may come with it. */
static struct tls_packet look_for_library(pid_t pid)
{
	struct tls_packet packet, library = {};

	ask_to_look(pid);
	for (;;) {
		assert_int_equal(
			tls_packet_receive(helper.fd, TLS_TO_AGENT, &packet, NULL, WAIT_MS), 1);
		if (packet.kind == TLS_LOOKED)
			return library;
		if (packet.kind == TLS_FOUND && strstr(packet.found.path, "libssl"))
			library = packet;
	}
}

TEST(probes_a_library_once_and_takes_it_over)
{
	const pid_t pid = start_tls(), second = start_tls();
	struct tls_packet found, adopted;
	__u32 profile;

	give_all();
	ask_to_begin();
	receive(TLS_READY);
	found = look_for_library(pid);
	if (found.found.kind != TLS_FOUND_ATTACHED)
		fail_msg("kind %u: %s %s", found.found.kind, tls_not_words(found.found.reason),
			 found.found.text);
	assert_true(found.found.probes >= 4);
	profile = found.found.profile;
	assert_int_equal(look_for_library(second).found.kind, TLS_FOUND_ALREADY);
	end_program(second);

	/* killed: probes stay, and who is started in its place knows them */
	kill(worker(), SIGKILL);
	assert_string_equal(receive(TLS_DIED).text, "signal 9");
	assert_int_equal(receive(TLS_STARTED).started.starts, 2);
	give_all();
	ask_to_begin();
	adopted = receive(TLS_ADOPTED);
	assert_int_equal(adopted.found.profile, profile);
	assert_int_equal(adopted.found.probes, found.found.probes);
	assert_int_equal(adopted.found.file.ino, found.found.file.ino);
	assert_int_equal(receive(TLS_READY).ready.adopted, 1);
	found = look_for_library(pid);
	assert_int_equal(found.found.kind, TLS_FOUND_ALREADY);
	assert_int_equal(found.found.profile, profile);
	end_program(pid);
}

/* ---- ends ---- */

TEST(is_started_again_when_it_is_killed)
{
	for (__u32 i = 2; i <= 3; i++) {
		kill(worker(), SIGKILL);
		receive(TLS_DIED);
		assert_int_equal(receive(TLS_STARTED).started.starts, i);
	}
}

TEST(ends_with_the_agent)
{
	const pid_t working = worker();

	helper_end(&helper);
	wait_gone(working);
}

TEST(ends_whole)
{
	const pid_t working = worker();

	kill(helper.pid, SIGKILL);
	wait_gone(working);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(holds_what_attaching_takes_and_nothing_else),
		WITH_SETUP(says_what_it_holds),
		WITH_SETUP(refuses_what_is_not_what_it_should_be),
		WITH_SETUP(looks_at_a_process),
		WITH_SETUP(probes_a_library_once_and_takes_it_over),
		WITH_SETUP(is_started_again_when_it_is_killed),
		WITH_SETUP(ends_with_the_agent),
		WITH_SETUP(ends_whole),
	};

	return cmocka_run_group_tests_name("helper", tests, NULL, NULL);
}
