/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * slictl against an agent that lies: whatever it answers, each command ends with one of its exit codes and
 * says nothing that could command a terminal.
 *
 * Input: a byte that chooses the command, and one of how the rest is sent: as the body of an answer with
 * status 200 or another one, or as the bytes of the whole answer. "\n--\n" stands between the
 * answers to the first, the second and later requests.
 */
#include <sys/mman.h>
#include <time.h>

#include "base/utf8.h"
#include "ctl/ctl.h"
#include "ctl/show.h"
#include "ctl/table.h"
#include "ctl/views.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/json_mutate.h"
#include "tests/fuzz/peer.h"

enum { WORDS_MAX = 12 };

typedef int command_fn(const struct ctl *ctl, int argc, char **argv);

static int slo(const struct ctl *ctl, int argc, char **argv)
{
	return ctl_show(ctl, "/v1/slos/", argv[argc - 1], ctl_view_slo);
}

static int reload(const struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return ctl_reload(ctl);
}

static int version(const struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return ctl_version(ctl);
}

static const struct {
	command_fn *run;
	const char *line;
} commands[] = {
	{ctl_status, "status"},
	{ctl_status, "status --sort budget --filter s*"},
	{ctl_services, "services"},
	{ctl_services, "services shop"},
	{slo, "slo checkout"},
	{ctl_alerts, "alerts"},
	{ctl_alerts, "alerts --all"},
	{ctl_history, "history checkout"},
	{ctl_history, "history checkout --csv"},
	{ctl_history, "history shop --by minute --service"},
	{ctl_history, "history shop --by hour --csv"},
	{ctl_history, "history checkout --former 2 --csv"},
	{ctl_gate, "gate checkout"},
	{ctl_gate, "gate checkout shop --min-budget 10% --max-blind 1%"},
	{ctl_risk, "risk CATALOGUE --slo checkout"},
	{ctl_silence, "silence list"},
	{ctl_silence, "silence add --slo x --for 1h"},
	{ctl_silence, "silence remove x"},
	{ctl_notify_test, "notify-test"},
	{reload, "reload"},
	{version, "version"},
	{ctl_metrics, "metrics"},
	{ctl_events, "events status>=500 and bad"},
	{ctl_events, "events --by user_agent,status"},
	{ctl_events, "events --fields time,total,header.x"},
	{ctl_events, "events --csv"},
};

enum { N_COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static const char catalogue[] = "objective: 99.9\n"
				"risks:\n"
				"  - {name: bad deploy, detect_minutes: 10, repair_minutes: 30,\n"
				"     impact_percent: 50, days_between_failures: 30}\n";

static char catalogue_path[32]; /* a file in memory */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int fd = memfd_create("catalogue", MFD_CLOEXEC);

	(void)argc;
	(void)argv;
	require(write(fd, catalogue, strlen(catalogue)) == (ssize_t)strlen(catalogue), "no file");
	snprintf(catalogue_path, sizeof(catalogue_path), "/proc/self/fd/%d", fd);
	return 0;
}

/* notify-test waits between its questions. */
int __wrap_nanosleep(const struct timespec *time, struct timespec *left);

int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
	(void)time;
	(void)left;
	return 0;
}

/* Names come from processes and files: what is shown of them cannot move the cursor. */
static void check_shown(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)text[i];

		if (c == '\n' || (c >= ' ' && c < 127))
			continue;
		fprintf(stderr, "byte 0x%02x at %zu of:\n%.*s\n", c, i, (int)len, text);
		require(false, "a byte that is no printable ASCII");
	}
}

/* What is for programs may be looked at on a terminal, too. */
static void check_text(const char *text, size_t len)
{
	uint32_t code;

	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_decode(text + i, len - i, &code);
		require(n && (code == '\n' || code == '\t' || code == '\r' ||
			      !utf8_is_unsafe(code)),
			"a character that deceives, for programs");
	}
}

static void check_json(const char *text, size_t len)
{
	json_error_t error;
	json_t *json = json_loadb(text, len, JSON_DISABLE_EOF_CHECK, &error);

	require(json != NULL, "what --json prints is no JSON");
	json_decref(json);
}

static void run(size_t which, bool json, bool narrow)
{
	char words[128], *argv[WORDS_MAX] = {}, *out = NULL, *err = NULL, *rest;
	size_t out_len, err_len;
	int argc = 0, status;
	struct ctl ctl = {
		.socket = "/run/agent",
		.json = json,
		.out = open_memstream(&out, &out_len),
		.err = open_memstream(&err, &err_len),
	};

	ctl_table_set_width(narrow ? 40 : 0);
	snprintf(words, sizeof(words), "%s", commands[which].line);
	for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		argv[argc++] = !strcmp(word, "CATALOGUE") ? catalogue_path : word;
	status = commands[which].run(&ctl, argc, argv);
	fclose(ctl.out);
	fclose(ctl.err);
	require(status >= CTL_DONE && status <= CTL_UNREACHABLE, "an unknown exit code");
	require(status == CTL_DONE || status == CTL_NO || err_len || out_len,
		"it failed without a word");
	check_shown(err, err_len);
	if (json && status == CTL_DONE && out_len && commands[which].run != ctl_metrics)
		check_json(out, out_len);
	if (json || commands[which].run == ctl_metrics || strstr(commands[which].line, "--csv"))
		check_text(out, out_len);
	else
		check_shown(out, out_len);
	free(out);
	free(err);
}

/* Where answers part in the input. */
static const char between[] = "\n--\n";

static void take_answers(const char *text, size_t size, const char *head)
{
	while (peer.n_answers < PEER_ANSWERS_MAX) {
		const char *end = memmem(text, size, between, strlen(between));
		const size_t len = end ? (size_t)(end - text) : size;

		peer.answers[peer.n_answers++] = (struct peer_answer){head, text, len};
		if (!end)
			return;
		text = end + strlen(between);
		size -= len + strlen(between);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const heads[] = {
		"HTTP/1.1 200 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n",
		"HTTP/1.1 404 Not Found\r\n\r\n",
		"HTTP/1.1 422 Unprocessable Content\r\n\r\n",
		"",
	};
	char *text;

	if (size < 2)
		return 0;
	text = fuzz_text(data + 2, size - 2);
	peer_begin();
	take_answers(text, size - 2, heads[data[1] % 5]);
	run(data[0] % N_COMMANDS, data[1] & 64, data[1] & 128);
	peer_end();
	free(text);
	return 0;
}

/* One of the answers, most of which are JSON. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	random_seed(seed);
	if (size < 3 || random_below(16) == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	return fuzz_mutate_any_part(data, size, max_size, 2, between, json_mutate);
}
