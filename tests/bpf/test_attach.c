/* SPDX-License-Identifier: GPL-2.0-only */
/* Programs attached to the functions of this test itself, in both ways; pinned, and taken over. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/fixtures/test.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/cleanup.h"
#include "helper/attach.h"
#include "helper/pins.h"
#include "helper/probed.h"
#include "kernel/pins.h"
#include "hits.skel.h"

/* As a compiler writes them: an entry that the kernel emulates, and one return. */
__asm__(".text\n"
	".globl hit_read\n"
	"hit_read: push %rbp\n mov %rdi, %rax\n pop %rbp\n"
	"hit_read_return: ret\n"
	".globl hit_write\n"
	"hit_write: push %rbp\n mov %rdi, %rax\n pop %rbp\n"
	"hit_write_return: ret\n");
long hit_read(long value);
long hit_write(long value);
extern const char hit_read_return[], hit_write_return[];

#define PINS "/sys/fs/bpf/sliprobe-test-attach"

static struct hits_bpf *skel;
static int self = -1, pins = -1;
static struct site sites[4];

/* Its segments lie in the file as in memory only by their own offsets. */
static __u64 offset_of(uintptr_t address)
{
	_cleanup_fclose_ FILE *file = fopen("/proc/self/maps", "re");
	unsigned long long start, end, offset;
	char line[512];

	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%llx-%llx %*s %llx", &start, &end, &offset) == 3 &&
		    address >= start && address < end)
			return address - start + offset;
	}
	return 0;
}

static int begin(void **state)
{
	struct error error;

	(void)state;
	sites[0] = (struct site){.at = offset_of((uintptr_t)hit_read), .call = TLS_CALL_READ};
	sites[1] = (struct site){.at = offset_of((uintptr_t)hit_read_return),
				 .call = TLS_CALL_READ,
				 .returns = true};
	sites[2] = (struct site){.at = offset_of((uintptr_t)hit_write), .call = TLS_CALL_WRITE};
	sites[3] = (struct site){.at = offset_of((uintptr_t)hit_write_return),
				 .call = TLS_CALL_WRITE,
				 .returns = true};
	self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (pins_dirs_host.mount(&error))
		return -1;
	mkdir(PINS, 0700);
	pins = open(PINS, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return self < 0 || pins < 0 ? -1 : 0;
}

static void load(enum tls_way way)
{
	skel = hits_bpf__open();
	assert_non_null(skel);
	if (way == TLS_WAY_MULTI) {
		bpf_program__set_expected_attach_type(skel->progs.tls_enter, 48);
		bpf_program__set_expected_attach_type(skel->progs.tls_return, 48);
	}
	assert_int_equal(hits_bpf__load(skel), 0);
}

static struct attach_programs programs(void)
{
	return (struct attach_programs){bpf_program__fd(skel->progs.tls_enter),
					bpf_program__fd(skel->progs.tls_return)};
}

static void assert_hits(__u64 reads, __u64 writes)
{
	assert_int_equal(skel->bss->enters[TLS_CALL_READ], reads);
	assert_int_equal(skel->bss->exits[TLS_CALL_READ], reads);
	assert_int_equal(skel->bss->enters[TLS_CALL_WRITE], writes);
	assert_int_equal(skel->bss->exits[TLS_CALL_WRITE], writes);
}

/* Until a call hits the probes of so many sets: what is taken off is so once the kernel comes to it. */
static void wait_for_sets(__u64 sets)
{
	for (int i = 0; i < 1000; i++) {
		memset(skel->bss->enters, 0, sizeof(skel->bss->enters));
		memset(skel->bss->exits, 0, sizeof(skel->bss->exits));
		hit_read(1);
		if (skel->bss->enters[TLS_CALL_READ] == sets &&
		    skel->bss->exits[TLS_CALL_READ] == sets)
			return;
		usleep(10000);
	}
	fail_msg("%llu sets are still probed", skel->bss->enters[TLS_CALL_READ]);
}

static void call_in_child(void)
{
	const pid_t pid = fork();
	int status;

	if (!pid) {
		hit_read(1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void attach_and_count(enum tls_way way, __u32 tgid)
{
	const struct attach_file file = {self, sites, 4, 7, tgid};
	struct attach_programs both;
	struct attach_links links;
	struct error error;
	int r;

	if (way == TLS_WAY_MULTI && !attach_has_multi())
		skip();
	load(way);
	both = programs();
	r = attach_to(way, &both, &file, &links, &error);
	if (r)
		fail_msg("%s", error.text);
	assert_int_equal(links.n, way == TLS_WAY_MULTI ? 2 : 4);
	for (int i = 0; i < 23; i++)
		assert_int_equal(hit_read(i), i);
	hit_write(1);
	assert_hits(23, 1);
	assert_int_equal(skel->bss->last_profile, 7);
	call_in_child();
	assert_hits(tgid ? 23 : 24, 1);
	attach_end(&links);
	hit_read(1);
	assert_hits(tgid ? 23 : 24, 1);
	hits_bpf__destroy(skel);
}

TEST(multi_links_count_each_call)
{
	attach_and_count(TLS_WAY_MULTI, 0);
}

TEST(multi_links_count_one_process)
{
	attach_and_count(TLS_WAY_MULTI, (__u32)getpid());
}

TEST(perf_events_count_each_call)
{
	attach_and_count(TLS_WAY_PERF, 0);
}

TEST(perf_events_count_one_process)
{
	attach_and_count(TLS_WAY_PERF, (__u32)getpid());
}

TEST(attaches_to_all_sites_or_to_none)
{
	struct site bad[4];
	const struct attach_file file = {self, bad, 4, 7, 0};
	struct attach_links links;
	struct attach_programs both;
	struct error error;

	memcpy(bad, sites, sizeof(bad));
	bad[2].at = 1ULL << 40;
	for (enum tls_way way = 0; way < TLS_WAYS; way++) {
		if (way == TLS_WAY_MULTI && !attach_has_multi())
			continue;
		load(way);
		both = programs();
		assert_int_not_equal(attach_to(way, &both, &file, &links, &error), 0);
		assert_int_equal(links.n, 0);
		hit_read(1);
		assert_hits(0, 0);
		hits_bpf__destroy(skel);
	}
}

/* ---- pins ---- */

static struct probed *new_probed(enum tls_way way)
{
	struct probed *probed = calloc(1, sizeof(*probed));

	probed->pins = pins;
	probed->profiles = bpf_map__fd(skel->maps.tls_profiles);
	probed->objects = bpf_map__fd(skel->maps.tls_objects);
	probed->profiles_are_array = true;
	probed->way = way;
	probed->programs = programs();
	return probed;
}

static void free_probed(struct probed *probed)
{
	probed_close(probed);
	free(probed);
}

static struct known_file known(void)
{
	struct known_file file = {.sites = sites, .n = 4};

	assert_int_equal(mapped_state(self, &file.state), 0);
	file.profile.file = file.state.id;
	file.profile.library = TLS_LIBRARY_OPENSSL;
	strcpy(file.name, "of a test");
	return file;
}

static int pinned(void)
{
	FILE *out = popen("ls " PINS " | wc -l", "r");
	int n = 0;

	assert_int_equal(fscanf(out, "%d", &n), 1);
	pclose(out);
	return n;
}

static struct probed_set *attach_pinned(struct probed *probed, const struct probed_process *process)
{
	const struct known_file file = known();
	struct probed_set *set = NULL;
	struct error error;

	assert_int_equal(probed_attach(probed, self, &file, process, "/a", &set, &error),
			 TLS_NOT_NONE);
	return set;
}

/* As a helper that is killed does. */
static void leave_pinned(void)
{
	struct probed *probed = new_probed(TLS_WAY_PERF);

	attach_pinned(probed, NULL);
	free_probed(probed);
}

/* Takes over nothing, and removes what is there. */
static void adopt_nothing(void)
{
	struct probed *probed = new_probed(TLS_WAY_PERF);

	assert_int_equal(probed_adopt(probed), 0);
	assert_int_equal(pinned(), 0);
	free_probed(probed);
}

static void pin_and_take_over(enum tls_way way)
{
	const struct known_file file = known();
	const struct probed_process process = {(__u32)getpid(), 42};
	struct probed_set *set, *own;
	struct tls_packet_found told;
	struct probed *probed;

	load(way);
	probed = new_probed(way);
	set = attach_pinned(probed, NULL);
	own = attach_pinned(probed, &process);
	assert_int_equal(set->key.profile, own->key.profile);
	hit_read(1);
	/* both sets are of one consumer each */
	assert_hits(2, 0);
	/* its helper is killed */
	free_probed(probed);
	hit_read(1);
	assert_hits(4, 0);

	probed = new_probed(way);
	assert_int_equal(probed_adopt(probed), 1);
	set = probed_find(probed, &file.state.id, NULL);
	own = probed_find(probed, &file.state.id, &process);
	assert_non_null(set);
	assert_non_null(own);
	probed_tell(probed, set->key.profile, &told);
	assert_int_equal(told.probes, 4);
	assert_string_equal(told.path, "");
	probed_name(probed, set, &file, "/a");
	probed_tell(probed, set->key.profile, &told);
	assert_string_equal(told.path, "/a");
	hit_read(1);
	assert_hits(6, 0);

	assert_int_equal(probed_end(probed, own), 0);
	wait_for_sets(1);
	hit_read(1);
	assert_hits(2, 0);
	assert_int_not_equal(probed_end(probed, set), 0);
	wait_for_sets(0);
	assert_int_equal(pinned(), 0);
	free_probed(probed);
	hits_bpf__destroy(skel);
}

TEST(multi_links_are_taken_over)
{
	if (!attach_has_multi())
		skip();
	pin_and_take_over(TLS_WAY_MULTI);
}

TEST(perf_events_are_taken_over)
{
	pin_and_take_over(TLS_WAY_PERF);
}

TEST(links_of_other_programs_are_removed)
{
	load(TLS_WAY_PERF);
	leave_pinned();
	assert_int_equal(pinned(), 4);
	hits_bpf__destroy(skel);
	load(TLS_WAY_PERF);
	adopt_nothing();
	hits_bpf__destroy(skel);
}

static __u64 hits_of_a_read(void)
{
	const __u64 was = skel->bss->enters[TLS_CALL_READ] + skel->bss->exits[TLS_CALL_READ];

	hit_read(1);
	return skel->bss->enters[TLS_CALL_READ] + skel->bss->exits[TLS_CALL_READ] - was;
}

TEST(a_set_that_is_not_whole_is_removed)
{
	load(TLS_WAY_PERF);
	leave_pinned();
	assert_int_equal(system("rm " PINS "/*_e3_*"), 0);
	assert_int_equal(pinned(), 3);
	adopt_nothing();
	/* the kernel frees a link that was pinned in its own time */
	for (int i = 0; i < 1000 && hits_of_a_read(); i++)
		usleep(1000);
	assert_int_equal(hits_of_a_read(), 0);
	hits_bpf__destroy(skel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(multi_links_count_each_call),
		cmocka_unit_test(multi_links_count_one_process),
		cmocka_unit_test(perf_events_count_each_call),
		cmocka_unit_test(perf_events_count_one_process),
		cmocka_unit_test(attaches_to_all_sites_or_to_none),
		cmocka_unit_test(multi_links_are_taken_over),
		cmocka_unit_test(perf_events_are_taken_over),
		cmocka_unit_test(links_of_other_programs_are_removed),
		cmocka_unit_test(a_set_that_is_not_whole_is_removed),
	};
	const int failed = cmocka_run_group_tests_name("attach", tests, begin, NULL);

	if (rmdir(PINS)) {
		print_error("%s is left behind: %s\n", PINS, strerror(errno));
		return 1;
	}
	return failed;
}
