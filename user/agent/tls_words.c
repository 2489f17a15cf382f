/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/tls_words.h"

#include <stdio.h>
#include <string.h>

/* Of several findings the one that says most: a library that is there before none. */
static const struct tls_finding *worst(const struct tls_process *process)
{
	const struct tls_finding *none = NULL;

	for (size_t i = 0; i < process->n; i++) {
		const struct tls_finding *finding = &process->findings[i];

		if (finding->reason != TLS_NOT_NONE && finding->reason != TLS_NOT_NO_LIBRARY)
			return finding;
		if (finding->reason == TLS_NOT_NO_LIBRARY)
			none = finding;
	}
	return none;
}

static char *of_finding(const struct tls_finding *finding)
{
	const char *words = tls_not_words(finding->reason);
	char *text;

	if (asprintf(&text, "tls: %s%s%s", words[0] ? words : "not probed",
		     finding->text[0] ? ": " : "", finding->text) < 0)
		return NULL;
	return text;
}

char *tls_words(const struct tls_table *table, enum config_tls_mode mode,
		const struct blind_listener *listener)
{
	const struct tls_process *process;
	const struct tls_finding *finding;

	if (listener->key.reason != BLIND_TLS || mode == CONFIG_TLS_OFF)
		return NULL;
	process = tls_table_process(table, listener->blind.tgid);
	if (!process)
		process = tls_table_at_port(table, listener->key.endpoint.port);
	if (!process)
		return NULL;
	if (process->state != TLS_LOOKED_AT && !process->n)
		return strdup("tls: not looked at yet");
	finding = worst(process);
	if (finding)
		return of_finding(finding);
	return process->probed ? strdup("tls: before its library was probed") : NULL;
}
