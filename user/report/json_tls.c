/* SPDX-License-Identifier: GPL-2.0-only */
/* TLS as JSON: what is probed, and who attaches. */
#include "base/json_values.h"
#include "report/json.h"

static json_t *file_json(const struct snapshot_tls_file *file)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "path", json_nonempty_or_null(file->path));
	failed |= json_put(object, "library", json_text_or_null(file->library));
	failed |= json_put(object, "version", json_text_or_null(file->version));
	failed |= json_put(object, "probes", json_count(file->probes));
	failed |= json_put(object, "processes", json_count(file->processes));
	failed |= json_put(object, "unprobed", json_text_or_null(file->unprobed));
	return json_checked(object, failed);
}

json_t *json_tls_value(const struct snapshot_tls *tls)
{
	json_t *object = json_object(), *files = json_array();
	int failed = 0;

	for (size_t i = 0; i < tls->n_files; i++)
		failed |= json_push(files, file_json(&tls->files[i]));
	failed |= json_put(object, "mode", json_text_or_null(tls->mode));
	failed |= json_put(object, "state", json_text_or_null(tls->state));
	failed |= json_put(object, "reason", json_nonempty_or_null(tls->helper.reason));
	failed |= json_put(object, "attach", json_text_or_null(tls->attach));
	failed |= json_put(object, "files", files);
	return json_checked(object, failed);
}

json_t *json_helper_value(const struct snapshot_tls *tls)
{
	json_t *object = json_object();
	int failed = 0;

	failed |= json_put(object, "pid",
			   tls->helper.pid ? json_count((uint64_t)tls->helper.pid) : json_null());
	failed |= json_put(object, "capabilities",
			   json_texts(tls->helper.capabilities, tls->helper.n_capabilities));
	failed |= json_put(object, "state", json_text_or_null(tls->helper.state));
	failed |= json_put(object, "reason", json_nonempty_or_null(tls->helper.reason));
	failed |= json_put(object, "restarts", json_count(tls->helper.restarts));
	return json_checked(object, failed);
}
