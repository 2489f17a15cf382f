/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/serving.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "agent/version_name.h"

static const __u64 second_ns = 1000000000;
/* Workers of one generation begin within this. */
static const __u64 generation_ns = second_ns / 2;
/* A worker that begins so soon after another one has crashed takes its place. */
static const __u64 respawn_ns = 2 * second_ns;
/* A version that was served so lately has not come anew when a process of it starts: it was restarted. */
static const __u64 lately_ns = 600 * second_ns;

enum { LATELY_MAX = 8 };

/* What is remembered of a service. */
struct serving_service {
	__u32 id;
	size_t instances; /* as last told */
	bool counted; /* it has been */
	char current[VERSION_NAME_BYTES]; /* of the last process that has started; "": none yet */
	struct {
		char name[VERSION_NAME_BYTES];
		__u64 at_ns;
	} lately[LATELY_MAX]; /* versions whose processes have ended */
	size_t n_lately;
	__u64 crashed_ns;
	struct {
		__u64 root_start_ns, begun_ns;
	} workers; /* of nginx: the newest generation of the last master */
	__u64 told_from_ns;
	unsigned int told, left_out;
};

void serving_init(struct serving_list *serving, __u64 now_ns)
{
	*serving = (struct serving_list){.begin_ns = now_ns, .serial = 1};
}

static void process_free(struct serving_process *process)
{
	free(process->exe);
	free(process->cgroup);
	free(process);
}

void serving_clear(struct serving_list *serving)
{
	for (size_t i = 0; i < serving->n; i++)
		process_free(serving->list[i]);
	for (size_t i = 0; i < serving->n_services; i++)
		free(serving->services[i]);
	free(serving->list);
	free(serving->services);
	*serving = (struct serving_list){};
}

static struct serving_service *service_of(struct serving_list *serving, __u32 id)
{
	struct serving_service **grown, *service;

	for (size_t i = 0; i < serving->n_services; i++) {
		if (serving->services[i]->id == id)
			return serving->services[i];
	}
	service = calloc(1, sizeof(*service));
	grown = realloc(serving->services,
			(serving->n_services + 1) * sizeof(struct serving_service *));
	if (grown)
		serving->services = grown;
	if (!grown || !service) {
		free(service);
		return NULL;
	}
	service->id = id;
	grown[serving->n_services++] = service;
	return service;
}

static void tell(struct serving_list *serving, const struct serving_tells *tells,
		 struct serving_change change)
{
	struct serving_service *service = service_of(serving, change.service);
	char detail[TIMELINE_TEXT_BYTES];

	if (!service)
		return;
	/* they do not come in the order of their times */
	if (change.at_ns > service->told_from_ns + CHANGES_SECONDS * second_ns) {
		service->told_from_ns = change.at_ns;
		service->told = 0;
	}
	if (service->told >= CHANGES_OF_SERVICE) {
		service->left_out++;
		return;
	}
	service->told++;
	if (service->left_out) {
		snprintf(detail, sizeof(detail), "%s%s%u changes before it were left out",
			 change.detail ?: "", change.detail ? "; " : "", service->left_out);
		change.detail = detail;
		service->left_out = 0;
	}
	tells->change(tells->context, &change);
}

static void remove_at(struct serving_list *serving, size_t i)
{
	process_free(serving->list[i]);
	serving->n--;
	memmove(&serving->list[i], &serving->list[i + 1],
		(serving->n - i) * sizeof(struct serving_process *));
	serving->serial++;
}

static bool is_same(const struct process_key *a, const struct process_key *b)
{
	return a->tgid == b->tgid && a->start_ns == b->start_ns;
}

/* Another process of the instance that serves the service; NULL: there is none. */
static struct serving_process *mate_of(const struct serving_list *serving,
				       const struct serving_process *process)
{
	for (size_t i = 0; i < serving->n; i++) {
		struct serving_process *other = serving->list[i];

		if (other != process && other->service == process->service &&
		    other->root_start_ns == process->root_start_ns &&
		    other->root_tgid == process->root_tgid)
			return other;
	}
	return NULL;
}

/* ---- starts ---- */

static bool is_nginx(const struct serving_process *process)
{
	static const char *const names[] = {"nginx", "openresty", "angie", "tengine"};
	const char *exe = process->exe ?: "", *slash = strrchr(exe, '/');

	exe = slash ? slash + 1 : exe;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strncmp(exe, names[i], strlen(names[i])))
			return true;
	}
	return false;
}

/* A worker of nginx serves for the first time: is it of a newer generation than those known? */
static void look_for_reload(struct serving_list *serving, const struct serving_process *process,
			    bool has_mate, const struct serving_tells *tells)
{
	struct serving_service *service = service_of(serving, process->service);
	__u64 start_ns = process->key.start_ns;

	if (!service || !is_nginx(process))
		return;
	if (service->workers.root_start_ns != process->root_start_ns || !has_mate) {
		bool again = service->workers.root_start_ns == process->root_start_ns &&
			     start_ns > service->workers.begun_ns + generation_ns &&
			     start_ns >= serving->begin_ns &&
			     start_ns - service->crashed_ns > respawn_ns;

		if (again)
			tell(serving, tells,
			     (struct serving_change){
				     .at_ns = start_ns,
				     .service = process->service,
				     .what = TIMELINE_RELOAD,
				     .pid = process->root_tgid,
				     .detail = "new workers under the same master",
			     });
		service->workers.root_start_ns = process->root_start_ns;
		service->workers.begun_ns = start_ns;
		return;
	}
	if (start_ns <= service->workers.begun_ns + generation_ns)
		return;
	service->workers.begun_ns = start_ns;
	if (start_ns - service->crashed_ns <= respawn_ns || start_ns < serving->begin_ns)
		return;
	tell(serving, tells,
	     (struct serving_change){
		     .at_ns = start_ns,
		     .service = process->service,
		     .what = TIMELINE_RELOAD,
		     .pid = process->root_tgid,
		     .detail = "new workers under the same master",
	     });
}

static struct serving_process *process_new(const struct process_facts *facts)
{
	struct serving_process *process = calloc(1, sizeof(*process));

	if (!process)
		return NULL;
	*process = (struct serving_process){
		.key = facts->process,
		.root_start_ns = facts->root_start_ns,
		.root_tgid = facts->root_tgid,
		.uid = facts->uid,
		.seen_ns = facts->seen_ns,
		.service = facts->service,
		.version = facts->version,
		.exe = strndup(facts->exe_path, EXE_BYTES - 1),
		.cgroup = strndup(facts->cgroup, EXE_BYTES - 1),
	};
	memcpy(process->comm, facts->comm, COMM_BYTES - 1);
	if (process->exe && process->cgroup)
		return process;
	process_free(process);
	return NULL;
}

/* Of the same process: it is known, or it has begun another program since. Returns the one that is known. */
static struct serving_process *known_process(struct serving_list *serving,
					     const struct process_facts *facts)
{
	for (size_t i = 0; i < serving->n;) {
		struct serving_process *process = serving->list[i];

		const bool same = is_same(&process->key, &facts->process);

		if (same && process->key.exec_id != facts->process.exec_id)
			remove_at(serving, i);
		else if (same && process->service == facts->service)
			return process;
		else
			i++;
	}
	return NULL;
}

void serving_told(struct serving_list *serving, const struct process_facts *facts,
		  const struct serving_tells *tells)
{
	struct serving_process *process = known_process(serving, facts), **grown;
	bool has_mate;

	if (process) {
		process->version = facts->version ?: process->version;
		return;
	}
	if (serving->n == SERVING_KNOWN_MAX)
		remove_at(serving, 0);
	process = process_new(facts);
	grown = realloc(serving->list, (serving->n + 1) * sizeof(struct serving_process *));
	if (grown)
		serving->list = grown;
	if (!process || !grown) {
		if (process)
			process_free(process);
		return;
	}
	has_mate = mate_of(serving, process) != NULL;
	grown[serving->n++] = process;
	serving->serial++;
	look_for_reload(serving, process, has_mate, tells);
	process->decided = has_mate;
}

static void set_current(struct serving_service *service, const char *name)
{
	snprintf(service->current, sizeof(service->current), "%s", name);
}

/* Whether the version was served a while ago, or is now by another instance. */
static bool was_lately(const struct serving_list *serving, const struct serving_service *service,
		       const struct serving_process *process, const char *name,
		       const struct serving_tells *tells)
{
	for (size_t i = 0; i < service->n_lately; i++) {
		if (!strcmp(service->lately[i].name, name) &&
		    process->seen_ns - service->lately[i].at_ns < lately_ns)
			return true;
	}
	for (size_t i = 0; i < serving->n; i++) {
		const struct serving_process *other = serving->list[i];
		const char *its =
			other != process && other->decided && other->service == process->service ?
				tells->version(tells->context, other->version) :
				NULL;

		if (its && !strcmp(its, name))
			return true;
	}
	return false;
}

static void decide_one(struct serving_list *serving, struct serving_process *process,
		       const struct serving_tells *tells)
{
	struct serving_service *service = service_of(serving, process->service);
	const char *name = tells->version(tells->context, process->version);
	struct serving_change change = {
		.at_ns = process->root_start_ns,
		.service = process->service,
		.what = TIMELINE_STARTED,
		.to = name,
		.pid = process->root_tgid,
	};
	bool known;

	if (!service || !name)
		return;
	known = was_lately(serving, service, process, name, tells);
	process->decided = true;
	serving->decided_serial = 0;
	if (process->root_start_ns < serving->begin_ns)
		service->counted = false; /* it was there before: no change */
	if (process->root_start_ns >= serving->begin_ns) {
		if (service->current[0] && strcmp(service->current, name) != 0 && !known) {
			change.what = TIMELINE_VERSION;
			change.from = service->current;
		}
		tell(serving, tells, change);
	}
	if (process->root_start_ns >= serving->begin_ns || !service->current[0])
		set_current(service, name);
}

static size_t instances_of(const struct serving_list *serving, __u32 service)
{
	return serving_instances(serving, service, NULL, NULL);
}

static void decide_instances(struct serving_list *serving, struct serving_service *service,
			     __u64 now_ns, const struct serving_tells *tells)
{
	size_t n = instances_of(serving, service->id);
	char from[24], to[24];

	if (n == service->instances)
		return;
	snprintf(from, sizeof(from), "%zu", service->instances);
	snprintf(to, sizeof(to), "%zu", n);
	if (service->counted)
		tell(serving, tells,
		     (struct serving_change){
			     .at_ns = now_ns,
			     .service = service->id,
			     .what = TIMELINE_INSTANCES,
			     .from = from,
			     .to = to,
		     });
	service->instances = n;
	service->counted = true;
}

void serving_decide(struct serving_list *serving, __u64 now_ns, const struct serving_tells *tells)
{
	for (size_t i = 0; i < serving->n; i++) {
		if (!serving->list[i]->decided)
			decide_one(serving, serving->list[i], tells);
		else
			service_of(serving, serving->list[i]->service);
	}
	if (serving->decided_serial == serving->serial)
		return;
	serving->decided_serial = serving->serial;
	for (size_t i = 0; i < serving->n_services; i++)
		decide_instances(serving, serving->services[i], now_ns, tells);
}

/* ---- ends ---- */

/* Those by which a process is asked to end. */
static bool is_asked(int number)
{
	return number == SIGTERM || number == SIGINT || number == SIGHUP;
}

static void remember_version(struct serving_service *service, const char *name, __u64 at_ns)
{
	size_t i;

	for (i = 0; i < service->n_lately && strcmp(service->lately[i].name, name) != 0; i++)
		;
	if (i == service->n_lately && i == LATELY_MAX) {
		memmove(&service->lately[0], &service->lately[1],
			(LATELY_MAX - 1) * sizeof(service->lately[0]));
		i = LATELY_MAX - 1;
	} else if (i == service->n_lately) {
		service->n_lately++;
	}
	snprintf(service->lately[i].name, sizeof(service->lately[i].name), "%s", name);
	service->lately[i].at_ns = at_ns;
}

static void end_one(struct serving_list *serving, const struct serving_process *process,
		    const struct process_exit *exit, const struct serving_tells *tells)
{
	struct serving_service *service = service_of(serving, process->service);
	const char *name = tells->version(tells->context, process->version);
	int code = exit ? (int)exit->code : 0, number = WTERMSIG(code);
	struct serving_change change = {
		.at_ns = exit ? exit->ended_ns : process->seen_ns,
		.service = process->service,
		.what = TIMELINE_ENDED,
		.from = name,
		.pid = process->key.tgid,
	};
	char detail[64] = "";

	if (!service)
		return;
	if (name)
		remember_version(service, name, change.at_ns);
	if (exit && exit->oom) {
		change.what = TIMELINE_OOM;
		snprintf(detail, sizeof(detail), "killed when the kernel was out of memory");
	} else if (exit && WIFSIGNALED(code)) {
		const char *word = sigabbrev_np(number);

		change.what = is_asked(number) ? TIMELINE_ENDED : TIMELINE_CRASHED;
		if (word)
			snprintf(detail, sizeof(detail), "SIG%s", word);
		else
			snprintf(detail, sizeof(detail), "signal %d", number);
	} else if (exit) {
		snprintf(detail, sizeof(detail), "exit code %d", WEXITSTATUS(code));
	}
	if (change.what == TIMELINE_ENDED && mate_of(serving, process))
		return; /* a worker: others go on */
	if (change.what != TIMELINE_ENDED)
		service->crashed_ns = change.at_ns;
	change.detail = detail[0] ? detail : NULL;
	tell(serving, tells, change);
}

static void end_all(struct serving_list *serving, const struct process_key *key,
		    const struct process_exit *exit, const struct serving_tells *tells)
{
	for (size_t i = 0; i < serving->n;) {
		if (!is_same(&serving->list[i]->key, key)) {
			i++;
			continue;
		}
		end_one(serving, serving->list[i], exit, tells);
		remove_at(serving, i);
	}
}

void serving_ended(struct serving_list *serving, const struct process_exit *exit,
		   const struct serving_tells *tells)
{
	end_all(serving, &exit->process, exit, tells);
}

void serving_vanished(struct serving_list *serving, const struct process_key *key, __u64 now_ns,
		      const struct serving_tells *tells)
{
	for (size_t i = 0; i < serving->n; i++) {
		if (is_same(&serving->list[i]->key, key))
			serving->list[i]->seen_ns = now_ns;
	}
	end_all(serving, key, NULL, tells);
}

void serving_forget(struct serving_list *serving, __u32 service)
{
	for (size_t i = 0; i < serving->n;) {
		if (serving->list[i]->service == service)
			remove_at(serving, i);
		else
			i++;
	}
	for (size_t i = 0; i < serving->n_services; i++) {
		if (serving->services[i]->id != service)
			continue;
		free(serving->services[i]);
		serving->services[i] = serving->services[--serving->n_services];
		return;
	}
}

/* ---- counts ---- */

size_t serving_of_version(const struct serving_list *serving, __u32 version)
{
	size_t n = 0;

	for (size_t i = 0; i < serving->n; i++)
		n += serving->list[i]->version == version;
	return n;
}

size_t serving_instances(const struct serving_list *serving, __u32 service,
			 bool (*of)(void *context, __u32 version), void *context)
{
	size_t n = 0;

	for (size_t i = 0; i < serving->n; i++) {
		const struct serving_process *process = serving->list[i];
		size_t j = 0;

		if (process->service != service || (of && !of(context, process->version)))
			continue;
		/* counted once, with its first process */
		while (j < i && (serving->list[j]->service != service ||
				 serving->list[j]->root_start_ns != process->root_start_ns ||
				 serving->list[j]->root_tgid != process->root_tgid))
			j++;
		n += j == i;
	}
	return n;
}
