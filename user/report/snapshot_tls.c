/* SPDX-License-Identifier: GPL-2.0-only */
#include "report/snapshot_tls.h"

#include <stdlib.h>

void snapshot_tls_clear(struct snapshot_tls *tls)
{
	for (size_t i = 0; i < tls->n_files; i++) {
		free(tls->files[i].path);
		free(tls->files[i].library);
		free(tls->files[i].version);
		free(tls->files[i].unprobed);
	}
	free(tls->files);
	for (size_t i = 0; i < tls->helper.n_capabilities; i++)
		free(tls->helper.capabilities[i]);
	free(tls->helper.capabilities);
	free(tls->helper.reason);
	*tls = (struct snapshot_tls){};
}
