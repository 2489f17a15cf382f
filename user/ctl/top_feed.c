/* SPDX-License-Identifier: GPL-2.0-only */
#include "ctl/top_feed.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "ctl/client.h"
#include "ctl/json.h"
#include "ctl/show.h"

struct slot {
	char *path; /* NULL: nothing is asked */
	double every;
	double due;
	bool answered;
	struct top_answer answer;
};

struct top_feed {
	struct ctl ctl; /* with a stream of its own for complaints */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int fd;
	struct slot slots[TOP_SLOTS];
};

void top_answer_clear(struct top_answer *answer)
{
	free(answer->path);
	json_decref(answer->json);
	free(answer->why);
	*answer = (struct top_answer){};
}

/* slictl's own complaints begin with its name and end with a line; the first line is enough. */
static char *first_line(char *text)
{
	static const char name[] = "slictl: ";
	const char *from = strncmp(text, name, strlen(name)) ? text : text + strlen(name);

	return strndup(from, strcspn(from, "\n"));
}

static struct top_answer ask(const struct top_feed *feed, const char *path)
{
	struct top_answer ret = {};
	const struct ctl_request request = {.method = "GET", .path = path};
	_cleanup_(ctl_answer_clear) struct ctl_answer answer = {};
	_cleanup_free_ char *said = NULL;
	struct ctl ctl = feed->ctl;
	size_t len;
	int r;

	ctl.err = open_memstream(&said, &len);
	if (!ctl.err)
		return ret;
	r = ctl_ask(&ctl, &request, &answer);
	fclose(ctl.err);
	if (r != CTL_DONE) {
		ret.unreachable = r == CTL_UNREACHABLE;
		ret.why = first_line(said);
		return ret;
	}
	ret.json = ctl_answer_json(&answer);
	if (answer.status == CTL_STATUS_OK && ret.json)
		return ret;
	ret.why = strdup(ctl_string(ret.json, "error") ?: "the agent does not tell");
	json_decref(ret.json);
	ret.json = NULL;
	return ret;
}

/* The slot that is due first; NULL: none. */
static struct slot *next_slot(struct top_feed *feed)
{
	struct slot *next = NULL;

	for (size_t i = 0; i < TOP_SLOTS; i++) {
		struct slot *slot = &feed->slots[i];

		if (slot->path && (!next || slot->due < next->due))
			next = slot;
	}
	return next;
}

static void wait_until(struct top_feed *feed, double due)
{
	const struct timespec until = {.tv_sec = (time_t)due,
				       .tv_nsec = (long)(fmod(due, 1) * 1e9)};

	pthread_cond_timedwait(&feed->changed, &feed->lock, &until);
}

static void *run(void *context)
{
	struct top_feed *feed = context;

	pthread_mutex_lock(&feed->lock);
	for (;;) {
		struct slot *slot = next_slot(feed);
		const double now = clock_seconds(CLOCK_MONOTONIC);
		struct top_answer answer;
		char *path;

		if (!slot) {
			pthread_cond_wait(&feed->changed, &feed->lock);
			continue;
		}
		if (slot->due > now) {
			wait_until(feed, slot->due);
			continue;
		}
		path = strdup(slot->path);
		slot->due = now + slot->every;
		if (!path)
			continue;
		pthread_mutex_unlock(&feed->lock);
		answer = ask(feed, path);
		answer.path = path;
		pthread_mutex_lock(&feed->lock);
		top_answer_clear(&slot->answer);
		slot->answer = answer;
		slot->answered = true;
		eventfd_write(feed->fd, 1);
	}
	return NULL;
}

/* Signals are for the thread that has the terminal. */
static int start(struct top_feed *feed)
{
	pthread_t thread;
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	r = pthread_create(&thread, NULL, run, feed);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!r)
		pthread_detach(thread);
	return -r;
}

int top_feed_new(const struct ctl *ctl, struct top_feed **ret)
{
	struct top_feed *feed = calloc(1, sizeof(*feed));
	pthread_condattr_t monotonic;
	int r;

	if (!feed)
		return -ENOMEM;
	feed->ctl = *ctl;
	feed->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&feed->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&feed->changed, &monotonic);
	r = feed->fd < 0 ? -errno : start(feed);
	if (r) {
		if (feed->fd >= 0)
			close(feed->fd);
		free(feed);
		return r;
	}
	*ret = feed;
	return 0;
}

int top_feed_fd(const struct top_feed *feed)
{
	return feed->fd;
}

void top_feed_want(struct top_feed *feed, enum top_slot which, const char *path, double every)
{
	struct slot *slot = &feed->slots[which];

	pthread_mutex_lock(&feed->lock);
	slot->every = every;
	if (!path || !slot->path || strcmp(path, slot->path) != 0) {
		free(slot->path);
		slot->path = path ? strdup(path) : NULL;
		slot->due = 0;
		pthread_cond_signal(&feed->changed);
	}
	pthread_mutex_unlock(&feed->lock);
}

bool top_feed_take(struct top_feed *feed, enum top_slot which, struct top_answer *ret)
{
	struct slot *slot = &feed->slots[which];
	eventfd_t n;
	bool answered;

	eventfd_read(feed->fd, &n);
	pthread_mutex_lock(&feed->lock);
	answered = slot->answered;
	if (answered) {
		*ret = slot->answer;
		slot->answer = (struct top_answer){};
		slot->answered = false;
	}
	pthread_mutex_unlock(&feed->lock);
	return answered;
}
