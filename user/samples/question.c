/* SPDX-License-Identifier: GPL-2.0-only */
#include "samples/question.h"

#include <errno.h>
#include <stdarg.h>

#include "base/clock.h"

static const double meanwhile_seconds = 0.1;

const char *question_text(const struct question *question, const char *key)
{
	return json_string_value(json_object_get(question->json, key));
}

bool question_go_on(struct question *question)
{
	const double now = clock_seconds(CLOCK_MONOTONIC);

	if (question->meanwhile && now >= question->meanwhile_at + meanwhile_seconds) {
		question->meanwhile(question->context);
		question->meanwhile_at = now;
	}
	return now < question->deadline;
}

int answer_refuse(struct answer *answer, unsigned int code, const char *format, ...)
{
	va_list args;

	answer->code = code;
	va_start(args, format);
	vsnprintf(answer->error.text, sizeof(answer->error.text), format, args);
	va_end(args);
	return -EINVAL;
}
