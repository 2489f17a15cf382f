/* SPDX-License-Identifier: GPL-2.0-only */
/* The families of TLS: what is probed, and whether more can be. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/metrics_families.h"

static void file(struct writer *writer, const struct snapshot_tls_file *probed)
{
	char profile[12], *label_text;

	snprintf(profile, sizeof(profile), "%u", probed->profile);
	label_text = labels(writer, "profile", profile, "path", probed->path, "library",
			    probed->library ?: "", "version", probed->version ?: "", NULL);

	if (label_text)
		sample_u64(writer, "sliprobe_tls_probes", label_text, probed->probes);
	free(label_text);
}

void metrics_tls(struct writer *writer, const struct snapshot *snapshot)
{
	const struct snapshot_tls *tls = &snapshot->tls;

	family(writer, "sliprobe_tls_up", "gauge", "",
	       "1 if TLS libraries are probed as they come into use, 0 if that is off or fails.");
	sample_u64(writer, "sliprobe_tls_up", NULL, tls->state && !strcmp(tls->state, "on"));
	family(writer, "sliprobe_tls_probes", "gauge", "",
	       "Sites at which a TLS library or executable is probed.");
	for (size_t i = 0; i < tls->n_files; i++)
		file(writer, &tls->files[i]);
	family(writer, "sliprobe_helper_restarts", "counter", "",
	       "Times that the process which attaches to TLS libraries had to be started again.");
	sample_u64(writer, "sliprobe_helper_restarts_total", NULL, tls->helper.restarts);
}
