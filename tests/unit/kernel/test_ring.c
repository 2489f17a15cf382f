/* SPDX-License-Identifier: GPL-2.0-only */
/* A ring in memory, as the kernel lays it out, and as it never would. */
#include "tests/unit/fixtures/test.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kernel/ring.h"

enum {
	BYTES = 16384,
	BUSY = 1U << 31,
	DISCARDED = 1U << 30,
};

static unsigned char *data; /* twice BYTES of it */
static unsigned long *consumer, *producer;
static struct ring *ring;
static char got[64][64];
static size_t got_len[64];
static int n_got;

/* A file that is laid out as the kernel lays out a ring. */
static int setup(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), all = 2 * page + 2 * (size_t)BYTES;
	int fd = memfd_create("ring", MFD_CLOEXEC);
	unsigned char *memory;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)all), 0);
	memory = mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(memory != MAP_FAILED);
	consumer = (unsigned long *)(void *)memory;
	producer = (unsigned long *)(void *)(memory + page);
	data = memory + 2 * page;
	assert_int_equal(ring_open(fd, BYTES, &ring), 0);
	close(fd);
	n_got = 0;
	return 0;
}

static int teardown(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	(void)state;
	ring_close(ring);
	munmap(consumer, 2 * page + 2 * (size_t)BYTES);
	return 0;
}

static void take(void *context, const void *record, size_t len)
{
	(void)context;
	memcpy(got[n_got], record, len < sizeof(got[0]) ? len : sizeof(got[0]));
	got_len[n_got++] = len;
}

/* Both images of the data. */
static void store(unsigned long at, const void *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t to = (at + i) % BYTES;

		data[to] = data[to + BYTES] = ((const unsigned char *)bytes)[i];
	}
}

static void put_as(uint32_t flags, const char *text)
{
	uint32_t header[2] = {(uint32_t)strlen(text) | flags, 0};

	store(*producer, header, sizeof(header));
	store(*producer + sizeof(header), text, strlen(text));
	*producer += (sizeof(header) + strlen(text) + 7) / 8 * 8;
}

TEST(an_empty_ring_has_nothing)
{
	assert_int_equal(ring_drain(ring, 10, take, NULL), 0);
}

TEST(records_come_in_order_and_once)
{
	put_as(0, "one");
	put_as(0, "the second");
	assert_int_equal(ring_drain(ring, 10, take, NULL), 2);
	assert_int_equal(ring_drain(ring, 10, take, NULL), 0);
	assert_int_equal(got_len[0], 3);
	assert_memory_equal(got[0], "one", 3);
	assert_int_equal(got_len[1], 10);
	assert_memory_equal(got[1], "the second", 10);
	assert_int_equal(*consumer, *producer);
}

TEST(no_more_than_asked_for)
{
	for (int i = 0; i < 5; i++)
		put_as(0, "x");
	assert_int_equal(ring_drain(ring, 2, take, NULL), 2);
	assert_int_equal(ring_drain(ring, 1, take, NULL), 1);
	assert_int_equal(ring_drain(ring, 10, take, NULL), 2);
}

TEST(what_was_given_up_is_passed)
{
	put_as(DISCARDED, "gone");
	put_as(0, "here");
	assert_int_equal(ring_drain(ring, 1, take, NULL), 1);
	assert_memory_equal(got[0], "here", 4);
}

TEST(what_is_being_written_waits)
{
	unsigned long at = *producer;

	put_as(BUSY, "later");
	put_as(0, "behind");
	assert_int_equal(ring_drain(ring, 10, take, NULL), 0);
	*producer = at;
	put_as(0, "later");
	put_as(0, "behind");
	assert_int_equal(ring_drain(ring, 10, take, NULL), 2);
}

TEST(a_record_goes_over_the_end)
{
	*consumer = *producer = 10 * (unsigned long)BYTES - 8;
	put_as(0, "around the end");
	assert_int_equal(ring_drain(ring, 10, take, NULL), 1);
	assert_memory_equal(got[0], "around the end", 14);
}

/* What no kernel writes is never read out of bounds. */
TEST(nonsense_is_refused)
{
	uint32_t header[2] = {BYTES * 8, 0};

	store(0, header, sizeof(header));
	*producer = 16;
	assert_int_equal(ring_drain(ring, 10, take, NULL), 0);
	header[0] = (1U << 30) - 1;
	store(0, header, sizeof(header));
	assert_int_equal(ring_drain(ring, 10, take, NULL), 0);
	*producer = BYTES + 8;
	header[0] = 0;
	store(0, header, sizeof(header));
	assert_int_equal(ring_drain(ring, 10, take, NULL), 0);
	*producer = 64;
	*consumer = 4;
	assert_int_equal(ring_drain(ring, 10, take, NULL), 0);
	assert_int_equal(n_got, 0);
}

TEST(no_size_of_a_ring)
{
	struct ring *other = NULL;

	assert_int_equal(ring_open(-1, 0, &other), -EINVAL);
	assert_int_equal(ring_open(-1, 12288, &other), -EINVAL);
	assert_int_equal(ring_open(-1, BYTES, &other), -EBADF);
	assert_null(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SETUP(an_empty_ring_has_nothing),	 WITH_SETUP(records_come_in_order_and_once),
		WITH_SETUP(no_more_than_asked_for),	 WITH_SETUP(what_was_given_up_is_passed),
		WITH_SETUP(what_is_being_written_waits), WITH_SETUP(a_record_goes_over_the_end),
		WITH_SETUP(nonsense_is_refused),	 WITH_SETUP(no_size_of_a_ring),
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
