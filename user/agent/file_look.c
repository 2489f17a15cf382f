/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/file_look.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"

struct look_question {
	__u64 question;
	char path[SCRIPT_BYTES];
	struct version_file file;
	bool found;
};

/* What a thread and its asker share. Whoever lets go last frees it: a stuck thread is left behind with it. */
struct look_work {
	pthread_mutex_t lock;
	pthread_cond_t change;
	struct look_question list[FILE_LOOK_WAITING]; /* [0, done) are answered, [done, n) wait */
	size_t n, done;
	double since_seconds; /* it has been at list[done]; 0: at none */
	bool left; /* by the asker: the thread ends */
};

struct file_look {
	struct look_work *work; /* NULL: no thread runs */
	unsigned int stuck;
};

static bool look_at(const char *path, struct version_file *ret)
{
	struct stat status;

	if (stat(path, &status) || !S_ISREG(status.st_mode))
		return false;
	*ret = (struct version_file){
		.bytes = (__u64)status.st_size,
		.changed_ns =
			(__u64)status.st_mtim.tv_sec * 1000000000 + (__u64)status.st_mtim.tv_nsec,
		.touched_ns =
			(__u64)status.st_ctim.tv_sec * 1000000000 + (__u64)status.st_ctim.tv_nsec,
	};
	return true;
}

static void work_free(struct look_work *work)
{
	pthread_cond_destroy(&work->change);
	pthread_mutex_destroy(&work->lock);
	free(work);
}

static void *work_run(void *at)
{
	struct look_work *work = at;
	struct look_question question;

	pthread_mutex_lock(&work->lock);
	while (!work->left) {
		if (work->done == work->n) {
			pthread_cond_wait(&work->change, &work->lock);
			continue;
		}
		question = work->list[work->done];
		work->since_seconds = clock_seconds(CLOCK_MONOTONIC);
		pthread_mutex_unlock(&work->lock);
		question.found = look_at(question.path, &question.file);
		pthread_mutex_lock(&work->lock);
		work->since_seconds = 0;
		work->list[work->done++] = question;
		pthread_cond_broadcast(&work->change);
	}
	pthread_mutex_unlock(&work->lock);
	work_free(work);
	return NULL;
}

static struct look_work *work_new(void)
{
	struct look_work *work = calloc(1, sizeof(*work));
	pthread_attr_t detached;
	pthread_t thread;
	int r;

	if (!work)
		return NULL;
	pthread_mutex_init(&work->lock, NULL);
	pthread_cond_init(&work->change, NULL);
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	r = pthread_create(&thread, &detached, work_run, work);
	pthread_attr_destroy(&detached);
	if (!r)
		return work;
	work_free(work);
	return NULL;
}

/* The thread frees what they share. */
static void work_leave(struct look_work *work)
{
	pthread_mutex_lock(&work->lock);
	work->left = true;
	pthread_cond_broadcast(&work->change);
	pthread_mutex_unlock(&work->lock);
}

struct file_look *file_look_new(void)
{
	return calloc(1, sizeof(struct file_look));
}

void file_look_free(struct file_look *look)
{
	if (look && look->work)
		work_leave(look->work);
	free(look);
}

int file_look_ask(struct file_look *look, const char *path, __u64 question)
{
	struct look_work *work;
	int r = 0;

	if (!look->work && look->stuck < FILE_LOOK_STUCK_MAX)
		look->work = work_new();
	work = look->work;
	if (!work)
		return look->stuck < FILE_LOOK_STUCK_MAX ? -ENOMEM : -EAGAIN;
	pthread_mutex_lock(&work->lock);
	if (work->n < FILE_LOOK_WAITING) {
		struct look_question *asked = &work->list[work->n++];

		*asked = (struct look_question){.question = question};
		snprintf(asked->path, sizeof(asked->path), "%s", path);
		pthread_cond_broadcast(&work->change);
	} else {
		r = -EAGAIN;
	}
	pthread_mutex_unlock(&work->lock);
	return r;
}

static void wait_for(struct look_work *work, unsigned int wait_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += (long)wait_ms * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (work->done < work->n && !pthread_cond_timedwait(&work->change, &work->lock, &until))
		;
}

/* Of a thread that is stuck: all that was asked of it gets no answer. */
static bool is_stuck(const struct look_work *work)
{
	return work->since_seconds > 0 &&
	       clock_seconds(CLOCK_MONOTONIC) - work->since_seconds > FILE_LOOK_STUCK_SECONDS;
}

void file_look_take(struct file_look *look, unsigned int wait_ms,
		    void (*fn)(void *context, __u64 question, const struct version_file *file),
		    void *context)
{
	struct look_work *work = look->work;
	struct look_question *taken;
	size_t n, waiting;
	bool stuck;

	if (!work)
		return;
	taken = calloc(FILE_LOOK_WAITING, sizeof(*taken));
	if (!taken)
		return;
	pthread_mutex_lock(&work->lock);
	if (wait_ms)
		wait_for(work, wait_ms);
	stuck = is_stuck(work);
	n = stuck ? work->n : work->done;
	for (size_t i = 0; i < n; i++) {
		taken[i] = work->list[i];
		taken[i].found = taken[i].found && i < work->done;
	}
	/* while the thread is at a question, it writes to list[done]: nothing is moved under it */
	waiting = work->n - work->done;
	if (!waiting || work->since_seconds == 0) {
		for (size_t i = 0; !stuck && i < waiting; i++)
			work->list[i] = work->list[work->done + i];
		work->n = waiting;
		work->done = 0;
	} else {
		n = stuck ? n : 0;
	}
	pthread_mutex_unlock(&work->lock);
	for (size_t i = 0; i < n; i++)
		fn(context, taken[i].question, taken[i].found ? &taken[i].file : NULL);
	free(taken);
	if (!stuck)
		return;
	work_leave(work);
	look->work = NULL;
	look->stuck++;
}
